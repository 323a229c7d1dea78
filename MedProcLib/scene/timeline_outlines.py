"""Outlines that a reader drew in a time point's segmentation, brought into the patient; what lacks figures measured."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import SimpleITK as sitk
from vtkmodules.vtkCommonMath import vtkMatrix4x4

from MedProcLib.comparison.following import outline_uncertainty_mm
from MedProcLib.comparison.tracks.measuring import usual_settings
from MedProcLib.comparison.tracks.model import Patient
from MedProcLib.comparison.tracks.redraw import measure_missing, redraw
from MedProcLib.core.errors import InputError
from MedProcLib.core.geometry import Geometry
from MedProcLib.core.progress import SILENT, Progress
from MedProcLib.quantification.measure import Measure
from MedProcLib.scene.coordinates import array_of_matrix
from MedProcLib.scene.decisions import timestamp
from MedProcLib.scene.segment_snapshot import SegmentSnapshot, snapshot_of
from MedProcLib.scene.timeline_display import segments_by_label, set_label
from MedProcLib.scene.timeline_nodes import patient_of_node, require_in_place, segmentation_at, transform_at, volume_at
from MedProcLib.scene.transforms import transform_of_node
from MedProcLib.scene.value_unit import unit_of_values
from MedProcLib.scene.volumes import image_of_volume, require_volume
from MedProcLib.scene.voxel_grid import geometry_of_grid, image_of_vtk


@dataclass(frozen=True)
class Outlines:
    """Some outlines of a time point as they are now, in its own space, read from the scene; compute in any thread.

    labels: label values of the snapshot's segments, by their values in it.
    """

    patient: Patient
    time_point: str
    image: sitk.Image
    snapshot: SegmentSnapshot
    labels: Mapping[int, int]
    from_common: sitk.Transform | None
    intensity_unit: str

    def redrawn(self, changed: Sequence[int], who: str, progress: Progress = SILENT) -> Patient:
        """The patient with these labels' outlines as they are now; see comparison.tracks.redraw."""
        return redraw(
            self.patient,
            self.time_point,
            self.image,
            self.label_map(),
            changed,
            who,
            timestamp(),
            self.from_common,
            self._settings(),
            progress,
        )

    def measured(self, progress: Progress = SILENT) -> Patient:
        """The patient with those observations of the time point measured that have no figures."""
        label_map = self.label_map()
        return measure_missing(self.patient, self.time_point, self.image, label_map, self._settings(), progress)

    def _settings(self) -> Measure:
        """As the comparison measured, see comparison.following."""
        follow = self.patient.settings
        unsure = replace(follow, outline_mm=outline_uncertainty_mm(follow))
        return usual_settings(replace(self.patient, settings=unsure), self.intensity_unit)

    def label_map(self) -> sitk.Image:
        """The outlines with the values that the patient's observations name."""
        values = sitk.GetArrayFromImage(self.snapshot.labels(later_wins=True))
        table = np.zeros(max(self.labels, default=0) + 1, np.uint32)
        table[list(self.labels)] = list(self.labels.values())
        return self.snapshot.grid.image_of(table[values])


def outlines_of(node, time_point: str, labels: Sequence[int]) -> Outlines:
    """The outlines of these labels, and of all others of their findings, as a time point's segmentation has them now.

    Main thread. Raises InputError when the segmentation or the volume is gone, or lies elsewhere than it was compared.
    """
    patient = patient_of_node(node)
    volume, segmentation = volume_at(node, time_point), segmentation_at(node, time_point)
    if volume is None or segmentation is None:
        raise InputError(f"The volume or the segmentation of time point '{time_point}' is not in the scene anymore.")
    require_volume(volume)
    require_in_place(node, time_point)
    seen = [o.labels for t in patient.tracks if (o := t.at(time_point)) is not None]
    wanted = sorted({*labels, *(value for group in seen if set(group) & set(labels) for value in group)})
    transform = transform_at(node, time_point)
    image = own_image(volume, transform)
    snapshot, there = _snapshot(segmentation, wanted, Geometry.of(image), transform)
    unit = unit_of_values(volume)
    from_common = transform_of_node(transform) if transform is not None else None
    return Outlines(patient, time_point, image, snapshot, there, from_common, unit)


def _snapshot(segmentation, labels: Sequence[int], grid: Geometry, transform) -> tuple[SegmentSnapshot, dict[int, int]]:
    """Those of the labels that have a segment, on a grid of the time point's own space, and which value has which."""
    ids = segments_by_label(segmentation)
    there = [label for label in labels if label in ids]
    if there:
        snapshot = snapshot_of(segmentation, grid, [ids[label] for label in there])
    else:  # all were removed
        snapshot = SegmentSnapshot(grid, {}, (), sitk.AffineTransform(3))
    if transform is not None:  # image and outlines are both under it: in their own space nothing is between them
        snapshot = replace(snapshot, to_node=sitk.AffineTransform(3))
    return snapshot, dict(enumerate(there, 1))


def claim_segments(node, time_point: str, segment_ids: Sequence[str]) -> list[int]:
    """Label values of segments that a reader changed; one that stands for none yet gets the next free value."""
    patient, segmentation = patient_of_node(node), segmentation_at(node, time_point)
    known = {segment: label for label, segment in segments_by_label(segmentation).items()}
    used = {v for t in patient.tracks if (o := t.at(time_point)) is not None for v in o.labels} | set(known.values())
    labels = []
    for segment_id in segment_ids:
        segment = segmentation.GetSegmentation().GetSegment(segment_id)
        if segment is not None and segment_id not in known:
            known[segment_id] = max(used, default=0) + 1
            used.add(known[segment_id])
            set_label(segment, known[segment_id])
        if segment_id in known:
            labels.append(known[segment_id])
    return labels


def erased_labels(node, time_point: str) -> list[int]:
    """Label values of observations that count though their segment was removed."""
    seen = [o for t in patient_of_node(node).tracks if (o := t.at(time_point)) is not None and o.counts]
    there = segments_by_label(segmentation_at(node, time_point))
    return [label for o in seen for label in o.labels if label not in there]


def unmeasured(patient: Patient) -> list[str]:
    """Ids of the time points at which an observation has no figures."""
    return [
        point.id
        for point in patient.time_points
        if any((o := t.at(point.id)) is not None and not o.estimates for t in patient.tracks)
    ]


def unmeasured_outlines(node, time_point: str) -> Outlines:
    """The outlines of a time point's observations that have no figures; see outlines_of."""
    tracks = patient_of_node(node).tracks
    bare = [v for t in tracks if (o := t.at(time_point)) is not None and not o.estimates for v in o.labels]
    return outlines_of(node, time_point, bare)


def own_image(volume, transform=None) -> sitk.Image:
    """Image of a volume node (LPS, mm) in the space under its registration; in world space without one.

    Copies the voxels once. Raises InputError like image_of_volume.
    """
    if transform is None:
        return image_of_volume(volume)
    require_volume(volume)
    matrix = vtkMatrix4x4()
    volume.GetIJKToRASMatrix(matrix)
    grid = geometry_of_grid(array_of_matrix(matrix), volume.GetImageData().GetExtent(), f"Volume '{volume.GetName()}'")
    return image_of_vtk(volume.GetImageData(), grid)
