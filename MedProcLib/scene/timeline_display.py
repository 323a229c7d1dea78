"""The findings of a patient in the views: outlined in the color of their class at each time point, and named."""

import vtk

from MedProcLib.comparison.result import Change
from MedProcLib.comparison.tracks.changes import Interval, intervals
from MedProcLib.comparison.tracks.model import Patient, Track
from MedProcLib.scene.color_tables import color_of_change
from MedProcLib.scene.timeline_nodes import segmentation_at

LABEL = "MedProc.Label"  # tag of a segment: its value in the label map that the patient's observations name


def set_label(segment, label: int) -> None:
    """Have a vtkSegment stand for a label value of its time point."""
    segment.SetTag(LABEL, str(label))


def segments_by_label(segmentation) -> dict[int, str]:
    """Segment ids of a segmentation node by the label value they stand for; segments that a reader added have none."""
    found: dict[int, str] = {}
    content = segmentation.GetSegmentation()
    for segment_id in content.GetSegmentIDs():
        text = vtk.reference("")
        if content.GetSegment(segment_id).GetTag(LABEL, text) and str(text).isdigit():
            found.setdefault(int(str(text)), segment_id)
    return found


def show_classes(node, patient: Patient) -> None:
    """Name and color the segments of all time points by the class of their finding; hide those rejected."""
    classes = classes_of(patient)
    for point in patient.time_points:
        segmentation = segmentation_at(node, point.id)
        if segmentation is None:
            continue
        display, ids = segmentation.GetDisplayNode(), segments_by_label(segmentation)
        was_modifying = [each.StartModify() for each in (segmentation, display)]
        for track in patient.tracks:
            observation = track.at(point.id)
            if observation is None:
                continue
            for label in observation.labels:
                if label not in ids:
                    continue
                segment = segmentation.GetSegmentation().GetSegment(ids[label])
                change = classes[track.id].get(point.id, Change.STABLE)
                _set_name(segment, segment_name(track, change))
                _set_color(segment, color_of_change(change))
                if display.GetSegmentVisibility(ids[label]) != observation.counts:
                    display.SetSegmentVisibility(ids[label], observation.counts)
        for each, before in zip((segmentation, display), was_modifying, strict=True):
            each.EndModify(before)


def classes_of(patient: Patient) -> dict[str, dict[str, Change]]:
    """The class of each track at each time point where it was observed, by their ids.

    It is that of the interval that ends there; at a track's first time point, where nothing ends, that of the one that
    begins, so that the first study shows what becomes of its findings.
    """
    return {track: _by_time_point(ways) for track, ways in intervals(patient).items()}


def segment_name(track: Track, change: Change) -> str:
    """What a finding is called in views: 'F003 grown', or 'F003 liver dome, grown'."""
    return f"{track.id} {track.name}, {change}" if track.name else f"{track.id} {change}"


def _by_time_point(ways: tuple[Interval, ...]) -> dict[str, Change]:
    found: dict[str, Change] = {}
    for way in ways:
        found[way.end] = way.change
        found.setdefault(way.start, way.change)
    return found


def _set_name(segment, name: str) -> None:
    if segment.GetName() != name:
        segment.SetName(name)


def _set_color(segment, color: tuple[float, float, float]) -> None:
    if max(abs(a - b) for a, b in zip(segment.GetColor(), color, strict=True)) > 1e-6:
        segment.SetColor(color)
