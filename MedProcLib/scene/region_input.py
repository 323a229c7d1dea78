"""A region of interest in the scene as a mask: a segment, all segments of a segmentation, a label map, or a ROI.

source = region_source(node, segment_id)         # main thread; equal as long as it stands for the same voxels
mask = source.mask(grid, reader, progress)       # any thread
"""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import SimpleITK as sitk

from MedProcLib.core.errors import InputError
from MedProcLib.core.geometry import Geometry, resample
from MedProcLib.core.progress import SILENT, Progress
from MedProcLib.scene.node_reader import NodeReader
from MedProcLib.scene.rois import RoiBox
from MedProcLib.scene.slice_preview import content_key
from MedProcLib.scene.volumes import geometry_of_volume


@dataclass(frozen=True)
class RegionSource:
    """A node that selects voxels, and the id of a segment, or a label of a label map ('' for all). key: of what it
    selected when asked."""

    node: Any = field(compare=False)
    segment_id: str
    name: str
    key: tuple

    def mask(
        self,
        grid: Geometry,
        reader: NodeReader | None = None,
        progress: Progress = SILENT,
        where: str = "the volume",
    ) -> sitk.Image:
        """Mask (0 or 1) on a grid, in any thread; progress.ask brings what nodes are asked into the main thread.

        Label maps on another grid are resampled (nearest neighbor). where: what the grid is of, for a reader. Raises
        InputError, also when no voxel of the grid is selected; Cancelled.
        """
        reader = reader or NodeReader()
        if self.node.IsA("vtkMRMLMarkupsROINode"):
            return progress.ask(lambda: RoiBox.of(self.node)).mask(grid)
        if self.node.IsA("vtkMRMLSegmentationNode"):
            ids = [self.segment_id] if self.segment_id else None
            mask = reader.segments(self.node, grid, ids, progress).labels(later_wins=True) != 0
        else:
            image = reader.image(self.node, progress)
            mask = image == int(self.segment_id) if self.segment_id else image != 0
            if not Geometry.of(mask).same_grid(grid):
                mask = resample(mask, grid, interpolator=sitk.sitkNearestNeighbor)
        if not np.any(sitk.GetArrayViewFromImage(mask)):
            raise InputError(f"'{self.name}' selects no voxel of {where}: it is empty, or lies somewhere else.")
        return mask


def region_source(node: Any, segment_id: str = "") -> RegionSource | None:
    """What a node selects (main thread): a segmentation, a label map or a markups ROI; None without a node."""
    if node is None:
        return None
    return RegionSource(node, segment_id, region_name(node, segment_id), (node.GetID(), *made_at(node)))


def region_name(node: Any, segment_id: str = "") -> str:
    """What a region is called: its node, and which segment or label of it."""
    if not segment_id:
        return node.GetName()
    segment = node.GetSegmentation().GetSegment(segment_id) if node.IsA("vtkMRMLSegmentationNode") else None
    return f"{node.GetName()}, {segment.GetName() if segment is not None else f'label {segment_id}'}"


def is_resampled(node: Any, reference: Any) -> bool:
    """Whether a mask's voxels are not those of the reference volume, so that it is resampled."""
    if node is None or not node.IsA("vtkMRMLVolumeNode"):
        return False
    return not geometry_of_volume(node).same_grid(geometry_of_volume(reference))


def made_at(node: Any) -> tuple:
    """Modification times of the voxels of a mask, or of painted seeds, and of what says where they lie."""
    if node.IsA("vtkMRMLMarkupsROINode"):
        place = node.GetObjectToWorldMatrix()
        return (*node.GetSize(), *(place.GetElement(row, column) for row in range(3) for column in range(4)))
    if not node.IsA("vtkMRMLSegmentationNode"):
        return content_key(node)
    segmentation = node.GetSegmentation()
    name = segmentation.GetSourceRepresentationName()
    data = [segmentation.GetSegment(each).GetRepresentation(name) for each in segmentation.GetSegmentIDs()]
    parent = node.GetParentTransformNode()
    return (
        tuple(each.GetMTime() for each in data if each is not None),
        None if parent is None else (parent.GetID(), parent.GetTransformToWorldMTime()),
    )
