"""Names of findings that were followed: those of the given segments that they are."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

import SimpleITK as sitk

from ..comparison.following import unique_names
from ..comparison.result import Comparison
from ..comparison.tracks.model import Track

OLD_ID = re.compile(r"^F\d{3,}( |$)")


def with_segment_names(comparison: Comparison, names: Sequence[Mapping[int, str]]) -> Comparison:
    """The comparison with each finding that is just one segment named as that, unless studies name it differently.

    names: of each study, by label of its given segmentation; ids in them, of an earlier comparison, are left out.
    """
    followed = comparison.followed
    if followed is None or not any(names):
        return comparison
    ids, said = unique_names(comparison.studies), set[tuple[str, str]]()
    for point, labels in zip(followed.patient.time_points, followed.label_maps, strict=True):
        number = ids.index(point.id)
        given = comparison.studies[number].labels
        if given is not None and names[number]:
            segments = _whole_segments(labels, given, point.id, followed.patient.tracks)
            said |= {(track, OLD_ID.sub("", names[number].get(n, ""))) for track, n in segments.items()}
    found = []
    for track in followed.patient.tracks:
        called = {name for of, name in said if of == track.id and name}
        if len(called) == 1:
            found.append(replace(track, name=called.pop()))
    patient = followed.patient.with_tracks(*found)
    return replace(comparison, followed=replace(followed, patient=patient))


def finding_names(tracks: Sequence[Track], time_point: str) -> dict[int, str]:
    """What findings are called, by their labels at a time point: 'F001', or 'F001 Left lung' where it has a name."""
    seen = [(f"{track.id} {track.name}".strip(), track.at(time_point)) for track in tracks]
    return {label: name for name, observation in seen if observation for label in observation.labels}


def _whole_segments(labels: sitk.Image, given: sitk.Image, time_point: str, tracks: Sequence[Track]) -> dict[str, int]:
    """By track the one segment that it is, where no other track is in that."""
    track_of = {label: track.id for track in tracks if (o := track.at(time_point)) for label in o.labels}
    found, segments = (sitk.GetArrayViewFromImage(each) for each in (labels, given))
    both = (found != 0) & (segments != 0)
    pairs = set(zip(found[both].tolist(), segments[both].tolist(), strict=True))
    meeting = {(track_of[label], segment) for label, segment in pairs if label in track_of}
    of_track, of_segment = (Counter(pair[side] for pair in meeting) for side in (0, 1))
    return {track: segment for track, segment in meeting if of_track[track] == of_segment[segment] == 1}
