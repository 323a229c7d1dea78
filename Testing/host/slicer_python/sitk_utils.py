"""sitkUtils: volumes between MRML and SimpleITK."""

import numpy as np
import SimpleITK as sitk
import slicer
import vtk

__all__ = ["PullVolumeFromSlicer", "PushVolumeToSlicer"]

LPS = np.diag([-1.0, -1.0, 1.0, 1.0])


def PullVolumeFromSlicer(nodeObjectOrName):
    """SimpleITK image of a volume node; parent transforms are ignored, as in Slicer."""
    node = _node(nodeObjectOrName)
    matrix = vtk.vtkMatrix4x4()
    node.GetIJKToRASMatrix(matrix)
    ijk_to_lps = LPS @ slicer.util.arrayFromVTKMatrix(matrix)
    spacing = np.linalg.norm(ijk_to_lps[:3, :3], axis=0)
    is_vector = node.GetImageData().GetNumberOfScalarComponents() > 1
    image = sitk.GetImageFromArray(slicer.util.arrayFromVolume(node), isVector=is_vector)
    image.SetSpacing(spacing.tolist())
    image.SetOrigin(ijk_to_lps[:3, 3].tolist())
    image.SetDirection((ijk_to_lps[:3, :3] / spacing).ravel().tolist())
    return image


def PushVolumeToSlicer(sitkimage, targetNode=None, name=None, className="vtkMRMLScalarVolumeNode"):
    """Volume node of a SimpleITK image."""
    node = _node(targetNode) if targetNode is not None else None
    if node is None:
        node = slicer.mrmlScene.AddNewNodeByClass(className, name or className)
    slicer.util.updateVolumeFromArray(node, sitk.GetArrayFromImage(sitkimage))
    ijk_to_lps = np.eye(4)
    ijk_to_lps[:3, :3] = np.reshape(sitkimage.GetDirection(), (3, 3)) * sitkimage.GetSpacing()
    ijk_to_lps[:3, 3] = sitkimage.GetOrigin()
    node.SetIJKToRASMatrix(slicer.util.vtkMatrixFromArray(LPS @ ijk_to_lps))
    return node


def _node(node_or_name):
    return slicer.util.getNode(node_or_name) if isinstance(node_or_name, str) else node_or_name
