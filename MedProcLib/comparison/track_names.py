"""Names of findings that were followed: those of the given segments that they are."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

import SimpleITK as sitk

from ..core.label_pairs import label_pairs
from ..core.structure import is_name
from .result import Change
from .study import Study
from .tracks.model import Patient, Track

# What names say that is no name of a lesion: the id and class of an earlier comparison.
OF_COMPARISON = re.compile(rf"^F\d{{3,}}(?: (?:(?P<name>.+), )?(?:{'|'.join(Change)})| (?P<plain>.+))?$")
# A name that counts: 'Lesion 3', 'lesion_3'.
NUMBERED = re.compile(r"(?P<words>.*?)[ _#.-]*\d+")


def with_segment_names(patient: Patient, given: Mapping[str, tuple[sitk.Image, Study]]) -> Patient:
    """The patient with each finding that is just one segment named as that, unless studies name it differently.

    given: of time points (ids) the label map that observations name, and the study with the names of its own labels.
    Findings that are seen at other time points too keep what they are called. Where studies number their segments anew
    ('Lesion 2' is 'Lesion 1' of the next one), no numbered name says which finding it is.
    """
    said: dict[str, set[str]] = {track.id: set() for track in patient.tracks}
    for point, (labels, study) in given.items():
        if study.labels is not None and study.names:
            segments = _whole_segments(labels, study.labels, point, patient.tracks)
            for track_id, n in segments.items():
                said[track_id] |= {_own_name(study.names.get(n, ""))} - {""}
    numbered = _numbered_anew([said[track.id] | ({track.name} - {""}) for track in patient.tracks])
    found = []
    for track in patient.tracks:
        called = said[track.id] - numbered
        if len(called) == 1 and all(o.time_point in given for o in track.observations):
            found.append(replace(track, name=called.pop()))
    return patient.with_tracks(*found)


def finding_names(tracks: Sequence[Track], time_point: str) -> dict[int, str]:
    """What findings are called, by their labels at a time point: 'F001', or 'F001 Left lung' where it has a name."""
    seen = [(f"{track.id} {track.name}".strip(), track.at(time_point)) for track in tracks]
    return {label: name for name, observation in seen if observation for label in observation.labels}


def _numbered_anew(called: Sequence[set[str]]) -> set[str]:
    """The numbered names that say nothing, of what each finding is called: those that two findings have, and all with
    words of which one finding has two numbers."""
    findings_of = Counter(name for names in called for name in names if NUMBERED.fullmatch(name))
    of_words = Counter((n, words) for n, names in enumerate(called) for words in map(_words, names) if words)
    anew = {words for (_, words), count in of_words.items() if count > 1}
    return {name for name, count in findings_of.items() if count > 1 or _words(name) in anew}


def _words(name: str) -> str:
    """What stands before the number of a numbered name; '' of another one."""
    known = NUMBERED.fullmatch(name)
    return known["words"] if known is not None else ""


def _own_name(name: str) -> str:
    """'Left lung' of 'F001 Left lung, grown'; '' of 'F001 grown', 'F001', 'Segment_1', and a mere number."""
    known = OF_COMPARISON.match(name.strip())
    plain = (known["name"] or known["plain"] or "") if known is not None else name.strip()
    return plain if is_name(plain) and any(letter.isalpha() for letter in plain) else ""


def _whole_segments(labels: sitk.Image, given: sitk.Image, time_point: str, tracks: Sequence[Track]) -> dict[str, int]:
    """By track the one segment that it is, where no other track is in that."""
    track_of = {label: track.id for track in tracks if (o := track.at(time_point)) for label in o.labels}
    meeting = {
        (track_of[label], segment) for label, segment in label_pairs(labels, given) if segment and label in track_of
    }
    of_track, of_segment = (Counter(pair[side] for pair in meeting) for side in (0, 1))
    return {track: segment for track, segment in meeting if of_track[track] == of_segment[segment] == 1}
