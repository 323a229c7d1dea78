"""Names of findings that were followed: those of the given segments that they are."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

import SimpleITK as sitk

from ..core.structure import is_name
from .result import Change
from .study import Study
from .tracks.model import Patient, Track

# What names say that is no name of a lesion: the id and class of an earlier comparison.
OF_COMPARISON = re.compile(rf"^F\d{{3,}}(?: (?:(?P<name>.+), )?(?:{'|'.join(Change)})| (?P<plain>.+))?$")


def with_segment_names(patient: Patient, given: Mapping[str, tuple[sitk.Image, Study]]) -> Patient:
    """The patient with each finding that is just one segment named as that, unless studies name it differently.

    given: of time points (ids) the label map that observations name, and the study with the names of its own labels.
    Findings that are seen at other time points too keep what they are called.
    """
    said = set[tuple[str, str]]()
    for point, (labels, study) in given.items():
        if study.labels is not None and study.names:
            segments = _whole_segments(labels, study.labels, point, patient.tracks)
            said |= {(track, _own_name(study.names.get(n, ""))) for track, n in segments.items()}
    found = []
    for track in patient.tracks:
        called = {name for of, name in said if of == track.id and name}
        if len(called) == 1 and all(o.time_point in given for o in track.observations):
            found.append(replace(track, name=called.pop()))
    return patient.with_tracks(*found)


def finding_names(tracks: Sequence[Track], time_point: str) -> dict[int, str]:
    """What findings are called, by their labels at a time point: 'F001', or 'F001 Left lung' where it has a name."""
    seen = [(f"{track.id} {track.name}".strip(), track.at(time_point)) for track in tracks]
    return {label: name for name, observation in seen if observation for label in observation.labels}


def _own_name(name: str) -> str:
    """'Left lung' of 'F001 Left lung, grown'; '' of 'F001 grown', 'F001' and 'Segment_1'."""
    known = OF_COMPARISON.match(name.strip())
    if known is not None:
        return known["name"] or known["plain"] or ""
    return name.strip() if is_name(name) else ""


def _whole_segments(labels: sitk.Image, given: sitk.Image, time_point: str, tracks: Sequence[Track]) -> dict[str, int]:
    """By track the one segment that it is, where no other track is in that."""
    track_of = {label: track.id for track in tracks if (o := track.at(time_point)) for label in o.labels}
    found, segments = (sitk.GetArrayViewFromImage(each) for each in (labels, given))
    both = (found != 0) & (segments != 0)
    pairs = set(zip(found[both].tolist(), segments[both].tolist(), strict=True))
    meeting = {(track_of[label], segment) for label, segment in pairs if label in track_of}
    of_track, of_segment = (Counter(pair[side] for pair in meeting) for side in (0, 1))
    return {track: segment for track, segment in meeting if of_track[track] == of_segment[segment] == 1}
