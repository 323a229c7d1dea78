"""Label maps of several time points become tracks."""

import numpy as np
import pytest
import SimpleITK as sitk

from MedProcLib.comparison.halfway import transform_of
from MedProcLib.comparison.result import Change
from MedProcLib.comparison.tracks.changes import intervals
from MedProcLib.comparison.tracks.common_space import to_common
from MedProcLib.comparison.tracks.follow import Labelled, extend_with_labels, follow_findings
from MedProcLib.comparison.tracks.label_pieces import pieces_of
from MedProcLib.comparison.tracks.model import Parted, TimePoint
from MedProcLib.comparison.tracks.overlap import overlap_table
from MedProcLib.comparison.tracks.settings import Follow
from MedProcLib.core.errors import InputError

from .samples import OBLIQUE, balls, grid_of, labelled, point_at, tracks_of, volume

LEFT, RIGHT, FRONT = (-15.0, 0.0, 0.0), (15.0, 5.0, 3.0), (0.0, -20.0, 0.0)


def classes(patient) -> dict[str, list[str]]:
    return {track: [i.change.value for i in ways] for track, ways in intervals(patient).items()}


def test_what_becomes_of_findings_over_four_time_points():
    followed = follow_findings(
        [
            labelled(1, (LEFT, 6), (RIGHT, 4)),
            labelled(2, (LEFT, 7.5), (RIGHT, 4)),
            labelled(3, (LEFT, 7.5), (FRONT, 3)),
            labelled(4, (LEFT, 5), (FRONT, 3), (RIGHT, 4)),
        ]
    )
    assert classes(followed.patient) == {
        "F001": ["grown", "stable", "shrunk"],
        "F002": ["stable", "gone", "reappeared"],
        "F003": ["new", "stable"],
    }
    for point, image in zip(followed.patient.time_points, followed.label_maps, strict=True):
        array = sitk.GetArrayFromImage(image)
        for track in followed.patient.tracks:
            seen = track.at(point.id)
            if seen:
                assert np.count_nonzero(array == seen.labels[0]) == seen.place.volume_mm3
    assert followed.patient.track("F002").at("T4").place.center == pytest.approx(RIGHT, abs=0.3)


def test_merged_and_split_findings_keep_the_largest_as_the_track():
    apart = [((-6, 0, 0), 5), ((5, 0, 0), 4)]
    joined = [((-4, 0, 0), 6), ((4, 0, 0), 4.5)]
    patient = follow_findings([labelled(1, *apart), labelled(2, *joined), labelled(3, *apart)]).patient
    assert classes(patient) == {"F001": ["merged", "split"], "F002": ["merged", "split"]}
    assert patient.track("F002").parted == (Parted("F001", "T2", "T3"),)
    merged = intervals(patient)["F001"][0]
    both = sum(patient.track(f"F00{n}").at("T1").place.volume_mm3 for n in (1, 2))
    assert merged.before.value == both and merged.after.value == patient.track("F001").at("T2").place.volume_mm3


@pytest.mark.parametrize(
    ("spacing", "direction"),
    [((1, 1, 3), OBLIQUE), ((0.8, 1.2, 2), np.diag([-1.0, 1, 1])), ((2, 0.7, 1), -OBLIQUE)],
    ids=["oblique", "left-handed", "oblique and left-handed"],
)
def test_grids_of_any_direction_are_followed_through_their_transforms(spacing, direction):
    angle = np.radians(25)
    matrix = np.eye(4)
    matrix[:2, :2] = [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
    matrix[:3, 3] = 40, -10, 25
    back = np.linalg.inv(matrix)
    grid = grid_of(spacing, direction, (40, -10, 25), (80, 80, 80))
    there = balls((LEFT, 6), (RIGHT, 3), grid=grid, move=lambda points: points @ back[:3, :3].T + back[:3, 3])
    by_matrix = Labelled(TimePoint("B", matrix=tuple(matrix.ravel().tolist())), there)
    first = Labelled(TimePoint("A"), balls((LEFT, 6), (RIGHT, 4)))
    patient = follow_findings([first, by_matrix]).patient
    assert classes(patient) == {"F001": ["stable"], "F002": ["shrunk"]}
    place = patient.track("F002").at("B").place
    assert place.common_center == pytest.approx(RIGHT, abs=0.5)
    assert place.center == pytest.approx(matrix[:3, :3] @ RIGHT + matrix[:3, 3], abs=0.5)
    assert np.all(np.array(place.low) < RIGHT) and np.all(np.array(place.high) > RIGHT)
    given = follow_findings([first, Labelled(TimePoint("B"), there, transform_of(matrix))]).patient
    assert tracks_of(given) == tracks_of(patient)


def test_a_bent_time_point_is_followed_through_a_transform_that_is_not_linear():
    size = [9, 9, 7]
    field = np.zeros((7, 9, 9, 3))
    field[..., 0] = 6 * np.sin(np.indices(field.shape[:3])[1] / 8 * np.pi)
    image = sitk.GetImageFromArray(field, isVector=True)
    image.SetSpacing([10.0] * 3)
    image.SetOrigin([-5.0 * (n - 1) for n in size])
    bend = sitk.DisplacementFieldTransform(image)
    first = balls((LEFT, 6), (RIGHT, 4))
    small = grid_of((1.5, 1.5, 1.5), extent=(72, 60, 40))
    there = balls((LEFT, 6), (RIGHT, 4), grid=small, move=lambda points: to_common(points, bend))
    assert bend.TransformPoint(to_common(np.array([RIGHT]), bend)[0].tolist()) == pytest.approx(RIGHT, abs=0.02)
    patient = follow_findings([Labelled(point_at(1), first), Labelled(point_at(2), there, bend)]).patient
    assert classes(patient) == {"F001": ["stable"], "F002": ["stable"]}
    assert patient.track("F001").at("T2").place.common_center == pytest.approx(LEFT, abs=0.4)
    assert abs(patient.track("F001").at("T2").place.center[0] - LEFT[0]) > 4
    table = overlap_table(pieces_of(first), pieces_of(there, bend)).toarray()
    assert table[0, 0] > 0.85 * volume(6) and table[0, 1] == table[1, 0] == 0


def test_one_time_point_and_empty_ones():
    one = follow_findings([labelled(1, (LEFT, 3), (RIGHT, 5))]).patient
    assert tracks_of(one) == {"F001": {"T1": 1}, "F002": {"T1": 2}}
    assert one.track("F001").observations[0].place.center == pytest.approx(RIGHT, abs=0.3)
    assert classes(one) == {"F001": [], "F002": []}
    empty = follow_findings([labelled(1), labelled(2, (LEFT, 3)), labelled(3), labelled(4, (LEFT, 3))]).patient
    assert classes(empty) == {"F001": ["new", "gone", "reappeared"]}
    nothing = follow_findings([labelled(1), labelled(2)]).patient
    assert nothing.tracks == () and len(nothing.time_points) == 2
    with pytest.raises(InputError, match="at least one time point"):
        follow_findings([])


def test_a_finding_missing_longer_than_allowed_is_a_new_one():
    shown = [labelled(1, (LEFT, 3)), labelled(2), labelled(3), labelled(4, (LEFT, 3))]
    assert classes(follow_findings(shown).patient) == {"F001": ["gone", "reappeared"]}
    shown = [*shown[:3], labelled(4), labelled(5, (LEFT, 3))]
    assert classes(follow_findings(shown).patient) == {"F001": ["gone"], "F002": ["new"]}
    assert classes(follow_findings(shown, Follow(missed=3)).patient) == {"F001": ["gone", "reappeared"]}


def test_twenty_identical_time_points_are_all_stable_with_full_overlap():
    image = balls((LEFT, 3), (RIGHT, 5), (FRONT, 1.2))
    patient = follow_findings([Labelled(point_at(n), image) for n in range(1, 21)]).patient
    assert classes(patient) == {f"F00{n}": ["stable"] * 19 for n in (1, 2, 3)}
    table = overlap_table(pieces_of(image), pieces_of(image)).toarray()
    assert np.array_equal(table, np.diag(pieces_of(image).pieces.volumes))


def test_given_labels_are_pieces_as_they_are_and_the_label_map_stays():
    grid = grid_of(extent=(40, 20, 10))
    array = np.zeros((10, 20, 40), np.int32)
    array[2:5, 2:6, 2:6] = 70000
    array[2:5, 12:16, 2:6] = 70000  # two pieces of one label
    array[2:5, 2:6, 6:10] = 9  # touches the other label
    image = grid.image_of(array)
    followed = follow_findings(
        [Labelled(point_at(1), image), Labelled(point_at(2), image)], Follow(pieces="labels", minimum_mm3=0)
    )
    assert tracks_of(followed.patient) == {"F001": {"T1": 70000, "T2": 70000}, "F002": {"T1": 9, "T2": 9}}
    assert np.array_equal(sitk.GetArrayFromImage(followed.label_maps[1]), array)
    assert follow_findings([Labelled(point_at(1), image)]).patient.last_number == 3


def test_a_single_slice_is_followed():
    grid = grid_of((1, 1, 5), extent=(40, 40, 5))
    assert grid.size[2] == 1
    flat = [balls(((-8, 0, 0), r), ((9, 0, 0), 3), grid=grid) for r in (3, 5)]
    patient = follow_findings([Labelled(point_at(n), image) for n, image in enumerate(flat, 1)]).patient
    assert classes(patient) == {"F001": ["stable"], "F002": ["grown"]} or classes(patient) == {
        "F001": ["grown"],
        "F002": ["stable"],
    }


def test_numbers_of_label_maps_do_not_matter():
    grid = grid_of()
    first, second = balls((LEFT, 6), (RIGHT, 4), (FRONT, 3)), balls((LEFT, 6.2), (RIGHT, 4), (FRONT, 3.3))
    plain = follow_findings([Labelled(point_at(1), first), Labelled(point_at(2), second)]).patient
    numbers, names = sitk.GetArrayFromImage(sitk.ConnectedComponent(second)), np.array([0, 30, 10, 20])
    other = grid.image_of(names[numbers].astype(np.int32))
    again = follow_findings([Labelled(point_at(1), first), Labelled(point_at(2), other)]).patient
    assert tracks_of(again) == tracks_of(plain) and again.tracks == plain.tracks


def test_findings_without_overlap_are_followed_within_the_registration_error():
    shown = [labelled(1, (LEFT, 1.5)), labelled(2, ((LEFT[0] + 4.5, 0, 0), 1.5))]
    assert classes(follow_findings(shown).patient) == {"F001": ["stable"]}
    assert classes(follow_findings(shown, Follow(registration_error_mm=0.5)).patient) == {
        "F001": ["gone"],
        "F002": ["new"],
    }


def test_extending_gives_what_following_all_gives_and_needs_no_earlier_label_maps():
    shown = [
        labelled(1, (LEFT, 6), (RIGHT, 4)),
        labelled(2, (LEFT, 7), (FRONT, 3)),
        labelled(3, (LEFT, 7), (FRONT, 3), (RIGHT, 4)),
    ]
    whole = follow_findings(shown)
    start = follow_findings(shown[:2])
    earlier = [Labelled(s.time_point, image) for s, image in zip(shown, start.label_maps, strict=False)]
    extended, image = extend_with_labels(start.patient, shown[2], earlier)
    assert extended == whole.patient
    assert np.array_equal(sitk.GetArrayFromImage(image), sitk.GetArrayFromImage(whole.label_maps[2]))
    alone, _ = extend_with_labels(start.patient, shown[2])
    assert tracks_of(alone) == tracks_of(whole.patient)


def test_time_points_are_put_in_order_of_date():
    shown = [labelled(2, (LEFT, 6)), labelled(1, (LEFT, 3))]
    followed = follow_findings(shown)
    assert [p.id for p in followed.patient.time_points] == ["T1", "T2"]
    assert intervals(followed.patient)["F001"][0].change is Change.GROWN
    assert np.count_nonzero(sitk.GetArrayFromImage(followed.label_maps[0])) < 200


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (sitk.Image(4, 4, 4, sitk.sitkFloat32), "whole numbers"),
        (sitk.Image(4, 4, sitk.sitkUInt8), "3D"),
        (sitk.Image([4, 4, 4], sitk.sitkVectorUInt8, 2), "values per voxel"),
    ],
)
def test_what_is_no_label_map_is_refused(labels, message):
    with pytest.raises(InputError, match=message):
        follow_findings([Labelled(point_at(1), labels)])


def test_time_points_twice_or_under_an_unread_transform_are_refused():
    with pytest.raises(InputError, match="T1"):
        follow_findings([labelled(1, (LEFT, 3)), labelled(1, (LEFT, 3))])
    with pytest.raises(InputError, match=r"warp\.h5"):
        follow_findings([Labelled(TimePoint("A", transform_file="warp.h5"), balls((LEFT, 3)))])
