"""Findings of several studies as one patient: outlines shared over pairs, tracks, figures, and what was not seen."""

import datetime
from dataclasses import replace

import numpy as np
import pytest
import SimpleITK as sitk

from MedProcLib.comparison.carried import carried
from MedProcLib.comparison.change import DetectChange
from MedProcLib.comparison.consensus import ConsensusLabels
from MedProcLib.comparison.defaults import OWN_BORDER_MM
from MedProcLib.comparison.findings import MatchFindings
from MedProcLib.comparison.following import border_mm_of, unique_names
from MedProcLib.comparison.half_height import HalfHeightOutlines
from MedProcLib.comparison.intensity import MatchIntensity
from MedProcLib.comparison.outlines import outlines_of
from MedProcLib.comparison.pipeline import compare
from MedProcLib.comparison.register import identity
from MedProcLib.comparison.result import Change, Finding, PairComparison, Verdict
from MedProcLib.comparison.study import Study
from MedProcLib.comparison.track_findings import studies_followed
from MedProcLib.core.geometry import Geometry
from MedProcLib.core.recipe import Recipe
from MedProcLib.segmentation.detection.bright_outliers import BrightOutliers

from .conftest import grid_of, head, rigid

STABLE, NEW = ((-30.0, 20.0, -5.0), 6.0, 70.0), ((25.0, -30.0, 10.0), 7.0, 70.0)
RECIPE = Recipe.of(
    BrightOutliers(low=3, high=5), MatchIntensity(), DetectChange(), ConsensusLabels(), MatchFindings(outline_mm=0)
)


def growing(radius: float):
    return (30.0, 25.0, 10.0), radius, 70.0


@pytest.fixture(scope="module")
def four() -> list[Study]:
    """Yearly studies in one space on different grids: a lesion grows at the third, one is there at the middle two."""
    lesions = [[STABLE, growing(5)], [STABLE, growing(5), NEW], [STABLE, growing(8), NEW], [STABLE, growing(8)]]
    made = []
    for n, here in enumerate(lesions):
        image, mask = head(grid_of((4, 4, 4) if n % 2 else (3, 4, 5)), None, here, seed=n)
        made.append(Study(f"visit {n + 1}", image, datetime.date(2020 + n, 5, 1), mask=mask))
    return made


@pytest.fixture(scope="module")
def comparison(four):
    return compare(four, RECIPE)


def test_how_far_the_border_is_from_an_outline_is_known_of_given_ones_and_at_half_height(four, comparison):
    labels = Geometry.of(four[0].image).empty_image()
    given = replace(four[0], labels=labels)
    half = Recipe.of(*(operation for _, operation in RECIPE.enabled_steps), HalfHeightOutlines())
    assert border_mm_of(four[0], four, half) == OWN_BORDER_MM
    assert [border_mm_of(study, [given, *four[1:]], half) for study in (given, four[1])] == [0.0, None]
    seen = [o for track in comparison.followed.patient.tracks for o in track.observations]
    assert {o.border_mm for o in seen} == {None} and all(o.volume.limits and not o.true_volume.limits for o in seen)


def test_tracks_are_what_was_put_there(comparison):
    patient = comparison.followed.patient
    assert [point.id for point in patient.time_points] == [f"visit {n}" for n in range(1, 5)]
    seen = {track.id: [o.time_point[-1] for o in track.observations] for track in patient.tracks}
    assert sorted(seen.values()) == sorted([["1", "2", "3", "4"], ["1", "2", "3", "4"], ["2", "3"]])
    classes = [{f.tracks[0]: f.change for f in pair.findings} for pair in comparison.pairs]
    new = next(name for name, times in seen.items() if times == ["2", "3"])
    grown = next(name for name, change in classes[2].items() if change is Change.GROWN)
    stable = ({*seen} - {new, grown}).pop()
    assert [c[stable] for c in classes] == [Change.STABLE] * 3
    assert [c[grown] for c in classes] == [Change.STABLE, Change.GROWN, Change.GROWN]
    assert [c.get(new) for c in classes] == [Change.NEW, Change.NEW, None]


def test_what_did_not_change_has_one_volume_on_any_voxels(comparison):
    patient, voxel = comparison.followed.patient, 64.0
    for track in patient.tracks:
        before, after = (track.at(f"visit {n}") for n in (1, 2))
        if before and after:
            assert abs(before.place.volume_mm3 - after.place.volume_mm3) <= voxel / 2


def test_pairs_show_the_outlines_of_the_tracks(comparison):
    maps = comparison.followed.label_maps
    for n, pair in enumerate(comparison.pairs, 1):
        for mine, theirs in ((pair.fixed_labels, maps[0]), (pair.moving_labels, maps[n])):
            a, b = (sitk.GetArrayViewFromImage(v) != 0 for v in (mine, theirs))
            assert np.array_equal(a, b)
        for finding in pair.findings:
            assert finding.number == int(finding.tracks[0][1:])
            voxels = np.count_nonzero(sitk.GetArrayViewFromImage(pair.moving_labels) == finding.number)
            volume = voxels * Geometry.of(pair.moving_labels).voxel_volume
            assert volume == pytest.approx(finding.volumes_mm3[1])


def test_observations_are_measured_with_intervals(comparison):
    for track in comparison.followed.patient.tracks:
        for observation in track.observations:
            for name in ("voxel_volume", "long_diameter", "short_diameter", "mean"):
                estimate = observation.estimate(name)
                assert estimate.low <= estimate.measurement.value <= estimate.high
            assert observation.volume.value == pytest.approx(observation.place.volume_mm3)


def test_a_study_added_in_the_middle_leaves_names_of_time_points(four):
    assert unique_names(four) == [study.name for study in four]
    assert unique_names([replace(four[0], name=name) for name in ("a", "a", " ")]) == ["a", "a (2)", "Study 3"]


def test_a_study_that_cannot_be_registered_is_no_time_point(four):
    compared = compare([four[0], four[2]], RECIPE)
    failed = replace(compared.pairs[0].registration, verdict=Verdict.FAILED)
    both = replace(
        compared,
        pairs=(replace(compared.pairs[0], moving=1, registration=failed), replace(compared.pairs[0], moving=2)),
    )
    assert studies_followed(both) == [0, 2]
    assert studies_followed(replace(both, pairs=both.pairs[:1])) == []


def test_lesions_outside_of_a_later_study_are_not_called_gone_without_a_word(four):
    slices = four[1].image.GetSize()[2] * 2 // 5
    short = Study("short", four[1].image[:, :, :slices], datetime.date(2021, 9, 1), mask=four[1].mask[:, :, :slices])
    comparison = compare([four[0], four[1], short], RECIPE)
    (note,) = [note for note in comparison.notes if "not seen" in note]
    missing = [f for f in comparison.pairs[1].findings if f.change is Change.GONE]
    assert "'short'" in note and missing and all(f.tracks[0] in note for f in missing)


class TestOutlines:
    """Outlines of one baseline lesion that pairs see differently."""

    grid = Geometry((12, 10, 8), (1.0, 1.0, 2.0), (0.0, 0.0, 0.0), tuple(np.diag([1.0, 1.0, -1.0]).ravel()))

    def pair(self, moving: int, fixed: np.ndarray, other: np.ndarray, same=(), region=None) -> PairComparison:
        image = self.grid.image_of
        everywhere = np.ones(fixed.shape, np.uint8)
        return PairComparison(
            *(0, moving, identity(), self.grid, self.grid.empty_image(), self.grid.empty_image()),
            *(self.grid.empty_image(), image(everywhere if region is None else region), self.grid.empty_image()),
            *(image(fixed.astype(np.int32)), image(other.astype(np.int32))),
            same_outline=frozenset(same),
        )

    def box(self, x: slice, number: int = 1) -> np.ndarray:
        array = np.zeros((8, 10, 12), np.int32)
        array[2:5, 3:6, x] = number
        return array

    def outlines(self, *pairs: PairComparison, consensus=True) -> list[np.ndarray]:
        studies = [Study(str(n), self.grid.empty_image()) for n in range(len(pairs) + 1)]
        return [sitk.GetArrayFromImage(v) for v in outlines_of(studies, pairs, consensus)]

    def test_the_first_study_has_what_half_of_the_pairs_show(self):
        wide, narrow = self.box(slice(2, 8)), self.box(slice(3, 8), 4)
        first, *later = self.outlines(*(self.pair(n + 1, o, o, (1, 4)) for n, o in enumerate((wide, narrow, narrow))))
        assert np.array_equal(first > 0, narrow > 0)
        assert all(np.array_equal(first, labels) for labels in later)
        first, _, _ = self.outlines(self.pair(1, wide, wide, (1,)), self.pair(2, narrow, narrow, (4,)))
        assert np.array_equal(first > 0, wide > 0)

    def test_what_is_outlined_already_keeps_its_outlines(self):
        """Two findings that touch, of which the pair shows one a row wider and another lesion, as added studies do."""
        known = self.box(slice(1, 4), 7) + self.box(slice(4, 7), 3)
        shown = self.box(slice(1, 8), 1) + self.box(slice(9, 11), 2)
        pair, empty = self.pair(1, shown, shown, (1, 2)), self.grid.empty_image()
        found = outlines_of([Study("a", empty), Study("b", empty)], [pair], True, known=self.grid.image_of(known))
        first, later = (sitk.GetArrayFromImage(labels) for labels in found)
        assert np.array_equal(np.where(shown == 2, 0, first), known) and np.array_equal(later, first)
        assert first[shown == 2].min() == first[shown == 2].max() > 7
        pair = self.pair(1, shown, known, (2,))  # what changed is drawn by the pair
        changed = sitk.GetArrayFromImage(
            outlines_of([Study("a", empty), Study("b", empty)], [pair], True, known=self.grid.image_of(known))[1]
        )
        assert np.array_equal((changed > 0) & (shown != 2), known > 0)
        assert not {*np.unique(changed[known > 0])} & {3, 7}

    def test_a_changed_lesion_is_outlined_by_its_own_pair(self):
        small, large = self.box(slice(4, 6)), self.box(slice(3, 9))
        first, same, changed = self.outlines(self.pair(1, small, small, (1,)), self.pair(2, small, large))
        assert np.array_equal(first > 0, small > 0) and np.array_equal(same, first)
        assert np.array_equal(changed > 0, large > 0) and changed.max() > first.max()

    def test_a_finding_in_pieces_is_one_where_it_was_followed_as_a_whole(self):
        parts, whole = self.box(slice(1, 3)) + self.box(slice(6, 8)), self.box(slice(1, 9))
        other = self.box(slice(10, 11), 2)
        for change, pieces in ((Change.GROWN, 1), (Change.MERGED, 2)):
            findings = Finding(1, change, (1, 2), (None, None), ""), Finding(2, Change.STABLE, (1, 1), (None, None), "")
            before, after = parts + other, whole + other
            first, second = self.outlines(replace(self.pair(1, before, after), findings=findings))
            assert len(np.unique(first[parts > 0])) == pieces and len(np.unique(first)) == pieces + 2
            first, second = self.outlines(replace(self.pair(1, after, before), findings=findings))
            assert len(np.unique(second[parts > 0])) == pieces and len(np.unique(second)) == pieces + 2
        for change, before, after in ((Change.NEW, other, parts + other), (Change.GONE, parts + other, other)):
            findings = Finding(1, change, (1, 2), (None, None), ""), Finding(2, Change.STABLE, (1, 1), (None, None), "")
            both = self.outlines(replace(self.pair(1, before, after), findings=findings))
            assert len(np.unique(both[change is Change.NEW][parts > 0])) == 1

    def test_findings_that_touch_stay_apart_in_either_study(self):
        touching = self.box(slice(1, 4)) + self.box(slice(4, 8), 2)
        apart = self.box(slice(1, 3)) + self.box(slice(5, 8), 2)
        for before, after in ((touching, apart), (apart, touching)):
            assert [len(np.unique(labels)) - 1 for labels in self.outlines(self.pair(1, before, after))] == [2, 2]

    def test_lesions_that_each_pair_shows_apart_are_not_joined_by_all_of_them(self):
        """Each pair leaves a row between two lesions, the rows differ; and one pair shows one of the two alone."""
        left = self.box(slice(1, 5))
        two, also = left + self.box(slice(6, 10), 2), self.box(slice(1, 4), 5) + self.box(slice(5, 9), 4)
        alone = self.box(slice(5, 10), 6)
        maps = self.outlines(*(self.pair(n, m, m, tuple(range(1, 7))) for n, m in enumerate((two, also, alone), 1)))
        for labels in maps:
            found = [set(np.unique(labels[part > 0])) - {0} for part in (left, self.box(slice(6, 9)))]
            assert [len(each) for each in found] == [1, 1] and found[0] != found[1]
        whole = self.box(slice(1, 10), 7)
        first, *_ = self.outlines(self.pair(1, two, two), self.pair(2, also, also), self.pair(3, whole, whole))
        assert len(np.unique(first)) == 2  # background and one: what a pair shows as one is one
        touching = self.outlines(self.pair(1, left, left), self.pair(2, alone, alone))[0]
        assert len(np.unique(touching)) == 2  # no pair shows that they are two

    def test_a_lesion_dropped_as_doubtful_stays_where_it_was_looked_for(self):
        lesion, none = self.box(slice(4, 7)), self.box(slice(0, 0))
        known = self.pair(1, lesion, lesion, (1,))
        assert np.any(self.outlines(known, self.pair(2, none, none))[2])
        assert not np.any(self.outlines(known, self.pair(2, none, none), consensus=False)[2])
        nowhere = np.zeros(lesion.shape, np.uint8)
        assert not np.any(self.outlines(known, self.pair(2, none, none, region=nowhere))[2])

    def test_no_lesion_is_lost_when_all_pairs_show_other_voxels(self):
        parts = [self.box(slice(x, x + 1)) for x in (3, 4, 5)]
        first, *_ = self.outlines(*(self.pair(n + 1, p, p) for n, p in enumerate(parts)))
        assert np.array_equal(first > 0, self.box(slice(3, 6)) > 0)


@pytest.mark.parametrize("spacing", [(1.0, 1.0, 1.0), (0.8, 1.1, 5.0), (4.0, 3.0, 3.5)])
@pytest.mark.parametrize("mirror", [1.0, -1.0])
def test_an_outline_keeps_volume_and_place_on_other_voxels(spacing, mirror):
    fine = grid_of((1, 1, 1.5), np.diag([1, 1, mirror]), extent=(60, 60, 60))
    points = fine.points(np.indices(fine.size).reshape(3, -1).T)
    center, radii = np.array([4.0, -3, 2]), np.array([9.0, 6, 7])
    inside = (np.linalg.norm((points - center) / radii, axis=1) < 1).reshape(fine.size).T
    matrix = rigid((20, -15, 30), (10, -20, 5))
    to_target = sitk.AffineTransform(matrix[:3, :3].ravel().tolist(), matrix[:3, 3].tolist())
    target = grid_of(spacing, center=matrix[:3, 3], extent=(90, 90, 90))
    found = carried(inside * np.int32(7), fine, target, to_target, to_target.GetInverse())
    assert set(np.unique(found)) == {0, 7}
    volume = inside.sum() * fine.voxel_volume
    assert abs(np.count_nonzero(found) * target.voxel_volume - volume) <= target.voxel_volume / 2
    middle = target.points(np.argwhere(found)[:, ::-1].mean(axis=0))[0]
    assert np.linalg.norm(middle - (matrix[:3, :3] @ center + matrix[:3, 3])) < 0.2 * max(spacing)


def test_a_speck_keeps_a_voxel_and_what_lies_outside_none():
    grid, coarse = grid_of((1, 1, 1), extent=(20, 20, 20)), grid_of((5, 5, 5), extent=(20, 20, 20))
    speck = np.zeros(tuple(reversed(grid.size)), np.int32)
    speck[3, 4, 5] = 2
    still = sitk.AffineTransform(3)
    assert np.count_nonzero(carried(speck, grid, coarse, still, still)) == 1
    away = sitk.TranslationTransform(3, (100.0, 0.0, 0.0))
    assert not np.any(carried(speck, grid, coarse, away, away.GetInverse()))


def test_a_growing_transform_gives_a_growing_outline():
    grid = grid_of((1, 1, 1), extent=(40, 40, 40))
    ball = np.zeros(tuple(reversed(grid.size)), np.int32)
    ball[14:26, 14:26, 14:26] = 1
    double = sitk.ScaleTransform(3, (1.5, 1.0, 1.0))
    found = carried(ball, grid, grid, double, double.GetInverse())
    assert np.count_nonzero(found) == pytest.approx(1.5 * np.count_nonzero(ball), rel=0.01)


def test_a_thin_outline_keeps_its_length_on_other_slices():
    thick, thin = grid_of((0.7, 0.7, 4), extent=(50, 50, 40)), grid_of((0.7, 0.7, 3), extent=(50, 50, 40))
    points = thick.points(np.indices(thick.size).reshape(3, -1).T)
    rod = (np.abs(points[:, 1]) < 1) & (np.abs(points[:, 0]) < 10) & (np.abs(points[:, 2] - 2) < 2.1)
    matrix = rigid((3, -2, 15), (1, 2, 1.4))
    move = sitk.AffineTransform(matrix[:3, :3].ravel().tolist(), matrix[:3, 3].tolist())
    found = carried(rod.reshape(thick.size).T * np.int32(1), thick, thin, move, move.GetInverse())
    ends = thin.points(np.argwhere(found)[:, ::-1].astype(float))
    assert np.linalg.norm(np.ptp(ends[:, :2], axis=0)) == pytest.approx(20, abs=2)
