"""A patient's time points as nodes: each study outlined in its own space, shown in the common one."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import SimpleITK as sitk
import slicer

from MedProcLib.comparison.result import Change, Verdict
from MedProcLib.comparison.tracks.model import Alignment, Patient, TimePoint
from MedProcLib.core.provenance import Provenance
from MedProcLib.scene.color_tables import color_of_change
from MedProcLib.scene.hierarchy import place_under
from MedProcLib.scene.provenance import write_provenance
from MedProcLib.scene.segmentations import SegmentInfo, segmentation_from_labels
from MedProcLib.scene.terminology import LESION
from MedProcLib.scene.timeline_display import set_label
from MedProcLib.scene.timeline_edits import show_patient
from MedProcLib.scene.timeline_nodes import (
    FINDINGS_TABLE,
    PLACES,
    add_patient_node,
    patient_of_node,
    set_time_point,
    transform_at,
)

VERDICT, REASONS = "MedProc.Verdict", "MedProc.Reasons"  # attributes of a registration's transform node
LEFT_OUT = "MedProc.LeftOut"  # attribute of a patient's node: studies that could not be registered, and why
FILL_OPACITY = 0.15  # of later studies, so that then and now can be told apart where both are shown


@dataclass(frozen=True)
class TimePointNodes:
    """Nodes of a time point: its volume, and the transform it is under (None: it lies in the common space).

    labels: the label map whose values the patient's observations name, on the study's own grid (LPS, mm);
    item: of the subject hierarchy, under which the segmentation is put; images: further volumes under the transform;
    source: the reader's volume that this one is a copy of.
    """

    volume: Any
    labels: sitk.Image
    item: int
    transform: Any = None
    images: Sequence[Any] = ()
    source: Any = None


def add_timeline(
    patient: Patient,
    time_points: Mapping[str, TimePointNodes],
    results_item: int,
    provenance: Provenance,
    name: str,
    scene=None,
):
    """Add a patient's findings to the scene; returns the text node that holds them (see timeline_nodes).

    time_points: by id. A segmentation for each, under the time point's transform, and tables and places under
    results_item. Main thread; use within commit.commit.
    """
    scene = scene or slicer.mrmlScene
    node = add_patient_node(patient, name, scene)
    place_under(node, results_item)
    for point in patient.time_points:
        add_time_point(node, patient, point.id, time_points[point.id], provenance)
    show_patient(node)
    for made in (node, node.GetNodeReference(FINDINGS_TABLE), node.GetNodeReference(PLACES)):
        write_provenance(made, provenance)
    return node


def add_time_point(node, patient: Patient, time_point: str, given: TimePointNodes, provenance: Provenance) -> None:
    """Add the segmentation of a time point and have the patient's node refer to what belongs to it; see add_timeline.

    Its segments are named and colored when the patient is shown (timeline_edits).
    """
    segmentation = _add_segmentation(patient, time_point, given, node.GetScene())
    place_under(segmentation, given.item)
    write_provenance(segmentation, provenance)
    set_time_point(node, time_point, given.volume, segmentation, given.transform, given.images, given.source)


def write_verdict(transform, verdict: Verdict, reasons: Sequence[str]) -> None:
    """Keep how far a registration can be relied on with its transform node."""
    transform.SetAttribute(VERDICT, str(verdict))
    transform.SetAttribute(REASONS, "\n".join(reasons))


def verdicts_of(node) -> dict[str, tuple[Verdict, str]]:
    """Verdict on the registration of each time point that has one, by its id, with the reasons, a line each."""
    found = {}
    for point in patient_of_node(node).time_points:
        transform = transform_at(node, point.id)
        if transform is not None and transform.GetAttribute(VERDICT):
            found[point.id] = Verdict(transform.GetAttribute(VERDICT)), transform.GetAttribute(REASONS) or ""
    return found


def landmark_errors_of(node) -> dict[str, tuple[float, float]]:
    """Mean and largest distance in mm that the landmarks of each time point end from where they were marked, by its id;
    only of those that were registered with landmarks."""
    found = {}
    for point in patient_of_node(node).time_points:
        figures = {f.name: f.value for f in point.alignment.figures} if point.alignment is not None else {}
        if "landmark_error_mean" in figures:
            found[point.id] = figures["landmark_error_mean"], figures["landmark_error_max"]
    return found


def write_left_out(node, studies: Mapping[str, Sequence[str]]) -> None:
    """Keep with a patient's node which studies (names) are no time points as their registration failed, and why."""
    node.SetAttribute(LEFT_OUT, json.dumps({name: list(reasons) for name, reasons in studies.items()}))


def left_out_of(node) -> dict[str, tuple[str, ...]]:
    """The studies that were left out of a patient, and why."""
    return {name: tuple(reasons) for name, reasons in json.loads(node.GetAttribute(LEFT_OUT) or "{}").items()}


def with_verdicts(node) -> Patient:
    """The patient of a node with the verdicts that its registrations have in the scene."""
    patient, verdicts = patient_of_node(node), verdicts_of(node)

    def judged(point: TimePoint) -> TimePoint:
        if point.id not in verdicts:
            return point
        verdict, reasons = verdicts[point.id]
        figures = point.alignment.figures if point.alignment is not None else ()
        return replace(point, alignment=Alignment(verdict, tuple(filter(None, reasons.split("\n"))), figures))

    return replace(patient, time_points=tuple(judged(point) for point in patient.time_points))


def _add_segmentation(patient: Patient, time_point: str, given: TimePointNodes, scene):
    color = color_of_change(Change.STABLE)  # until the classes are shown
    labels = sorted({v for t in patient.tracks if (o := t.at(time_point)) is not None for v in o.labels})
    segments = {value: SegmentInfo(str(value), color, f"Finding_{value}", LESION) for value in labels}
    name = f"{given.volume.GetName()} findings"
    node = segmentation_from_labels(given.labels, segments, name, given.volume, scene)
    for value, segment in zip(labels, node.GetSegmentation().GetSegmentIDs(), strict=True):
        set_label(node.GetSegmentation().GetSegment(segment), value)
    display = node.GetDisplayNode()
    display.SetVisibility2DFill(given.transform is not None)
    display.SetOpacity2DFill(FILL_OPACITY)
    node.SetAndObserveTransformNodeID(given.transform.GetID() if given.transform is not None else None)
    # drawn in, and saved, on the volume's own voxels: before, the volume alone was moved
    node.SetReferenceImageGeometryParameterFromVolumeNode(given.volume)
    # so that the 3D view shows then and now; of hundreds of findings in between it would take seconds
    if segments and time_point in (patient.time_points[0].id, patient.time_points[-1].id):
        node.CreateClosedSurfaceRepresentation()
    return node
