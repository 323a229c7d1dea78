"""Outlines as they were before a reader drew, so that a correction taken back takes its voxels back too."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk
import slicer
import vtk
from scipy import ndimage
from vtkmodules.util.numpy_support import vtk_to_numpy

from MedProcLib.comparison.tracks.history import last_standing, last_undone
from MedProcLib.comparison.tracks.redraw import REDRAWN
from MedProcLib.core.errors import InputError
from MedProcLib.core.geometry import Geometry
from MedProcLib.scene.coordinates import array_of_matrix, matrix_of_array
from MedProcLib.scene.segmentations import BINARY_LABELMAP
from MedProcLib.scene.timeline_display import segments_by_label, set_label
from MedProcLib.scene.timeline_nodes import patient_of_node, segmentation_at
from MedProcLib.scene.voxel_grid import geometry_of_grid, ijk_to_ras_of, vtk_of_image

Masks = Mapping[int, sitk.Image | None]


@dataclass(frozen=True)
class _Drawn:
    """The outlines of a time point before (or after) the entry of the history that drew them anew; None where there are
    none."""

    time_point: str
    entry: int
    masks: Masks


class OutlineHistory:
    """Remembers outlines for as long as the scene is open; what is loaded has none to go back to."""

    def __init__(self) -> None:
        self._drawn: dict[tuple[str, int], _Drawn] = {}
        self._undone: dict[tuple[str, int], _Drawn] = {}

    def remember(self, node, time_point: str, before: Masks) -> None:
        """Keep the outlines that the newest entry of a patient's history replaced."""
        entry = len(patient_of_node(node).history) - 1
        self._drawn[node.GetID(), entry] = _Drawn(time_point, entry, before)

    def forget(self) -> None:
        """The scene closes."""
        self._drawn.clear()
        self._undone.clear()

    def require(self, node) -> _Drawn | None:
        """What the next undo has to put back; None where it is no outline.

        Raises InputError where the outline is not known anymore.
        """
        return self._known(node, last_standing(patient_of_node(node)), self._drawn, "taken back")

    def require_again(self, node) -> _Drawn | None:
        """What the next redo has to draw again; as require."""
        patient = patient_of_node(node)
        entry = last_undone(patient)
        index = patient.history[entry].undoes if entry is not None else None
        return self._known(node, index, self._undone, "done again")

    def restore(self, node, drawn: _Drawn) -> None:
        """Put outlines back as they were, and keep those they replace for doing it again."""
        segmentation = segmentation_at(node, drawn.time_point)
        if segmentation is None:
            return
        now, content = masks_of(segmentation), segmentation.GetSegmentation()
        others = self._undone if self._drawn.get((node.GetID(), drawn.entry)) is drawn else self._drawn
        kept = {label: now.get(label) for label in drawn.masks}
        others[node.GetID(), drawn.entry] = _Drawn(drawn.time_point, drawn.entry, kept)
        ids = segments_by_label(segmentation)
        for label, mask in drawn.masks.items():
            if mask is None:
                if label in ids:
                    content.RemoveSegment(ids[label])
                continue
            if label not in ids:
                ids[label] = content.AddEmptySegment(f"Finding_{label}")
                set_label(content.GetSegment(ids[label]), label)
            draw_mask(content, ids[label], mask)

    def _known(self, node, entry: int | None, among: dict[tuple[str, int], _Drawn], what: str) -> _Drawn | None:
        words = patient_of_node(node).history[entry].what if entry is not None else ""
        if entry is None or not words.endswith(REDRAWN):
            return None
        drawn = among.get((node.GetID(), entry))
        if drawn is None:
            raise InputError(
                f"'{words}' cannot be {what}: the outline as it was is not kept with a saved scene. Draw it again in "
                "the Segment Editor."
            )
        return drawn


def masks_of(segmentation) -> dict[int, sitk.Image]:
    """Cropped masks (0 or 1) of a segmentation node's labelled segments, in its own space, by label; empty ones are one
    voxel of 0."""
    content, masks = segmentation.GetSegmentation(), {}
    layers: dict = {}
    for label, segment_id in segments_by_label(segmentation).items():
        segment = content.GetSegment(segment_id)
        layers.setdefault(segment.GetRepresentation(BINARY_LABELMAP), {})[segment.GetLabelValue()] = label
    for data, labels in layers.items():
        values, grid = _values(data)
        boxes = ndimage.find_objects(values, max(labels))
        for value, label in labels.items():
            box = boxes[value - 1] or (slice(0, 1),) * 3
            inside = values[box] == value
            masks[label] = _part(grid, box, inside.shape).image_of(inside.astype(np.uint8))
    return masks


def _values(data) -> tuple[np.ndarray, Geometry]:
    if data is None or data.IsEmpty():
        one = Geometry((1, 1, 1), (1.0,) * 3, (0.0,) * 3, (1.0, 0, 0, 0, 1.0, 0, 0, 0, 1.0))
        return np.zeros((1, 1, 1), np.uint8), one
    matrix = vtk.vtkMatrix4x4()
    data.GetImageToWorldMatrix(matrix)
    grid = geometry_of_grid(array_of_matrix(matrix), data.GetExtent(), "The segmentation")
    return vtk_to_numpy(data.GetPointData().GetScalars()).reshape(tuple(reversed(grid.size))), grid


def _part(grid: Geometry, box, shape: tuple[int, ...]) -> Geometry:
    first = np.array([side.start for side in reversed(box)])
    return Geometry(tuple(reversed(shape)), grid.spacing, tuple(grid.points(first)[0].tolist()), grid.direction)


def draw_mask(content, segment_id: str, mask: sitk.Image) -> None:
    """Have a segment of a vtkSegmentation be this mask (0 or 1; LPS, in the segmentation's own space)."""
    image = slicer.vtkOrientedImageData()
    image.ShallowCopy(vtk_of_image(mask))
    image.SetGeometryFromImageToWorldMatrix(matrix_of_array(ijk_to_ras_of(Geometry.of(mask))))
    segment = content.GetSegment(segment_id)
    surface = "Closed surface" if segment.GetRepresentation("Closed surface") is not None else ""
    segment.SetLabelValue(1)
    segment.AddRepresentation(BINARY_LABELMAP, image)
    segment.Modified()
    if surface:
        content.CreateRepresentation(surface, True)
