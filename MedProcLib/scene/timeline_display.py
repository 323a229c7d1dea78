"""The findings of a patient in the views: outlined in the color of their class at each time point, and named."""

from dataclasses import dataclass, replace

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
        segmentation.CreateDefaultDisplayNodes()  # where somebody has removed it
        display, content = segmentation.GetDisplayNode(), segmentation.GetSegmentation()
        shown = _shown_of(segmentation, {v for t in patient.tracks if (o := t.at(point.id)) for v in o.labels})
        was_modifying = [each.StartModify() for each in (segmentation, display)]
        for track in patient.tracks:
            observation = track.at(point.id)
            if observation is None:
                continue
            change = classes[track.id].get(point.id, Change.STABLE)
            wanted = segment_name(track, change), change, observation.counts
            for label in observation.labels:
                if label not in shown.ids:
                    continue
                segment = content.GetSegment(shown.ids[label])
                if shown.segments.get(label) != (segment.GetMTime(), wanted):
                    _set_name(segment, wanted[0])
                    _set_color(segment, color_of_change(change))
                    if display.GetSegmentVisibility(shown.ids[label]) != observation.counts:
                        display.SetSegmentVisibility(shown.ids[label], observation.counts)
                    shown.segments[label] = segment.GetMTime(), wanted
        for each, before in zip((segmentation, display), was_modifying, strict=True):
            each.EndModify(before)
        _keep(segmentation, shown)


@dataclass(frozen=True)
class _Shown:
    """What was shown of a segmentation: when its list of segments and its display were changed last, its segments by
    their label, and of each label when its segment was changed last, its name, class and whether it is visible."""

    times: tuple[int, int]
    ids: dict[int, str]
    segments: dict[int, tuple[int, tuple[str, Change, bool]]]


_shown: dict[str, _Shown] = {}
MOST_SHOWN = 32


def _shown_of(segmentation, labels: set[int]) -> _Shown:
    """What was shown of a segmentation; nothing where somebody has changed its segments or display since, or has let
    one stand for one of these labels."""
    known, times = _shown.pop(segmentation.GetAddressAsString(""), None), _times(segmentation)
    if known is not None and known.times == times and labels <= known.ids.keys():
        return known
    return _Shown(times, segments_by_label(segmentation), {})


def _keep(segmentation, shown: _Shown) -> None:
    _shown[segmentation.GetAddressAsString("")] = replace(shown, times=_times(segmentation))
    while len(_shown) > MOST_SHOWN:
        _shown.pop(next(iter(_shown)))


def _times(segmentation) -> tuple[int, int]:
    return segmentation.GetSegmentation().GetMTime(), segmentation.GetDisplayNode().GetMTime()


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
