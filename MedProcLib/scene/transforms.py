"""SimpleITK transforms (LPS, from points of the fixed to points of the moving image) and MRML transform nodes.

A node under which the moving volume is put shows it in the fixed image's space: its transform FROM parent is the
SimpleITK transform in RAS, its transform TO parent the inverse. Slicer's reader takes .tfm and .h5 files the same way.
"""

import tempfile
from pathlib import Path

import numpy as np
import SimpleITK as sitk
import slicer
import vtk

from MedProcLib.core.errors import InputError
from MedProcLib.scene.coordinates import FLIP, array_of_matrix, lps_of, matrix_of_array, ras_of
from MedProcLib.scene.nodes import new_node


def transform_node_from(transform: sitk.Transform, name: str, scene=None):
    """Add a transform node that brings the moving image into the fixed image's space.

    transform: maps points of the fixed to points of the moving image (LPS, mm). Linear ones become a linear
    transform node, exactly; B-spline, displacement field and composite ones a transform node that inverts them
    numerically where needed. scene: slicer.mrmlScene by default. Raises InputError for another kind or dimension.
    """
    if transform.GetDimension() != 3:
        raise InputError(f"The transform is {transform.GetDimension()}D; a 3D one is needed.")
    scene = scene or slicer.mrmlScene
    linear = transform.IsLinear()
    node = new_node("vtkMRMLLinearTransformNode" if linear else "vtkMRMLTransformNode", name, scene)
    if linear:
        node.SetMatrixTransformFromParent(matrix_of_array(FLIP @ matrix_of_transform(transform) @ FLIP))
    else:
        _read_into(node, transform)
    scene.AddNode(node)
    return node


def points_to_world(node, points: np.ndarray) -> np.ndarray:
    """World positions (n, 3) of positions (n, 3) of what is under a transform node; LPS, mm. None moves nothing."""
    to_world = vtk.vtkGeneralTransform()
    slicer.vtkMRMLTransformNode.GetTransformBetweenNodes(node, None, to_world)
    return lps_of([to_world.TransformPoint(point) for point in ras_of(np.reshape(points, (-1, 3))).tolist()])


def transform_of_node(node) -> sitk.Transform:
    """SimpleITK transform of a transform node with all its parents: from world points to points of what is under it.

    sitk.Resample(image, grid, transform_of_node(node)) gives what Slicer shows of the image under the node.
    None gives the identity. Raises InputError for transforms that ITK does not know (thin-plate splines).
    """
    if node is None:
        return sitk.AffineTransform(3)
    if node.IsTransformToWorldLinear():
        matrix = vtk.vtkMatrix4x4()
        node.GetMatrixTransformFromWorld(matrix)
        lps = FLIP @ array_of_matrix(matrix) @ FLIP
        transform = sitk.AffineTransform(3)
        transform.SetMatrix(lps[:3, :3].ravel().tolist())
        transform.SetTranslation(lps[:3, 3].tolist())
        return transform
    chain = vtk.vtkGeneralTransform()
    node.GetTransformFromWorld(chain)
    flat = slicer.vtkMRMLTransformNode()
    flat.SetName(node.GetName())
    flat.SetAndObserveTransformFromParent(chain)
    return _written_from(flat)


def matrix_of_transform(transform: sitk.Transform) -> np.ndarray:
    """(4, 4) matrix of a linear 3D transform, LPS."""
    origin = np.array(transform.TransformPoint((0.0, 0.0, 0.0)))
    matrix = np.eye(4)
    for axis in range(3):
        matrix[:3, axis] = np.array(transform.TransformPoint(tuple(np.eye(3)[axis].tolist()))) - origin
    matrix[:3, 3] = origin
    return matrix


# Slicer's and ITK's transform file reader and writer translate between the two; nothing else does it for all kinds.


def _read_into(node, transform: sitk.Transform) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder) / "transform.h5")
        sitk.WriteTransform(transform, path)
        if not _storage(path).ReadData(node):
            raise InputError(f"Slicer has no transform like {transform.GetName()}: use a linear, B-spline or grid one.")


def _written_from(node) -> sitk.Transform:
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder) / "transform.h5")
        try:
            if _storage(path).WriteData(node):
                return sitk.ReadTransform(path)
        except RuntimeError:  # written, but of a kind that SimpleITK cannot read
            pass
    raise InputError(
        f"Transform '{node.GetName()}' has no counterpart in ITK: make it a grid in the Transforms module."
    )


def _storage(path: str):
    storage = slicer.vtkMRMLTransformStorageNode()
    storage.SetFileName(path)
    return storage
