"""Findings named as the given segments that they are."""

import numpy as np
import pytest
import SimpleITK as sitk

from MedProcLib.comparison.study import Study
from MedProcLib.comparison.track_names import with_segment_names
from MedProcLib.comparison.tracks.model import Observation, Patient, Place, TimePoint, Track

COUNT = 4  # findings, a block each


def blocks(label_of: dict[int, int]) -> sitk.Image:
    """Label map in which these findings (0..) have these labels."""
    values = np.zeros((3, 4, 5 * COUNT), np.uint8)
    for place, label in label_of.items():
        values[:2, 1:3, 5 * place : 5 * place + 3] = label
    return sitk.GetImageFromArray(values)


def named(*studies: dict[int, str]) -> list[str]:
    """What findings are called, of studies in which some of them (0..) are segments of these names.

    Each study numbers its own segments from 1; observations have the finding's number, from 1.
    """
    place = Place((0.0, 0.0, 0.0), (0.0, 0.0, 0.0), (-1.0, -1.0, -1.0), (1.0, 1.0, 1.0), 8.0, 10.0)
    points, given = [], {}
    for number, names in enumerate(studies):
        points.append(TimePoint(f"T{number}", f"T{number}"))
        own = {finding: label for label, finding in enumerate(names, 1)}
        study = Study(*(f"T{number}", blocks(own), None, blocks(own)), names=dict(enumerate(names.values(), 1)))
        given[f"T{number}"] = blocks({finding: finding + 1 for finding in names}), study
    tracks = [
        Track(f"F00{n + 1}", tuple(Observation(f"T{t}", (n + 1,), place) for t, s in enumerate(studies) if n in s))
        for n in range(COUNT)
        if any(n in names for names in studies)
    ]
    found = with_segment_names(Patient("P", tuple(points), tuple(tracks)), given)
    return [track.name for track in found.tracks]


@pytest.mark.parametrize(
    ("studies", "expected"),
    [
        # one is missing in the second study, another one is renamed
        ([{0: "Dome", 1: "Hilum", 2: "Rib"}, {0: "Dome", 2: "Rib 5"}], ["Dome", "Hilum", ""]),
        # mere numbers, and what programs call segments that nobody named
        ([{0: "1", 1: "#2", 2: "Segment_3"}, {0: "1", 1: "#2", 2: "Segment_3"}], ["", "", ""]),
        # as an earlier comparison called them
        ([{0: "F007 Dome, grown", 1: "F008 2"}, {0: "F007 Dome, stable"}], ["Dome", ""]),
        # numbers that the studies agree on
        ([{0: "Lesion 1", 1: "Lesion 2"}, {0: "Lesion 1", 1: "Lesion 2", 2: "Lesion 3"}],
         ["Lesion 1", "Lesion 2", "Lesion 3"]),
        # numbered anew: the first one is gone, so the second one is the first
        ([{0: "Lesion 1", 1: "Lesion 2", 2: "Lesion 3"}, {1: "Lesion 1", 3: "Lesion 2"}], ["", "", "", ""]),
        # another finding has its number, which no other one contradicts; other names stay
        ([{0: "met_1", 1: "Dome"}, {2: "met_1", 1: "Dome"}], ["", "Dome", ""]),
        # a part of the body may be found in one study apart from that in the other
        ([{0: "Left lung"}, {1: "Left lung"}], ["Left lung", "Left lung"]),
    ],
)  # fmt: skip
def test_only_what_says_which_finding_it_is_names_it(studies, expected):
    assert named(*studies) == expected
