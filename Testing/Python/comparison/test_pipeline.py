import datetime
import threading
import time
from dataclasses import replace

import numpy as np
import pytest
import SimpleITK as sitk

from MedProcLib.comparison.change import DetectChange
from MedProcLib.comparison.consensus import ConsensusLabels
from MedProcLib.comparison.defaults import finds_places
from MedProcLib.comparison.findings import MatchFindings
from MedProcLib.comparison.half_height import HalfHeightOutlines
from MedProcLib.comparison.halfway import matrix_of
from MedProcLib.comparison.intensity import MatchIntensity
from MedProcLib.comparison.pair import _as_measured, _where_outlined, register_pair
from MedProcLib.comparison.pipeline import compare, default_recipe
from MedProcLib.comparison.register import Register
from MedProcLib.comparison.registration.landmarks import Landmarks
from MedProcLib.comparison.result import Change, Finding, Verdict
from MedProcLib.comparison.study import Study
from MedProcLib.core.errors import Cancelled, InputError
from MedProcLib.core.geometry import Geometry
from MedProcLib.core.progress import Progress
from MedProcLib.core.recipe import Recipe
from MedProcLib.segmentation.anatomy.body_mask import BodyMask
from MedProcLib.segmentation.detection.bright_outliers import BrightOutliers

from .conftest import grid_of, head, rigid

MATRIX = rigid((8, -6, 10), (12, -5, 9))
NEW = ((25.0, -30.0, 10.0), 7.0, 70.0)
STABLE = ((-30.0, 20.0, -5.0), 6.0, 70.0)
RECIPE = Recipe.of(
    BrightOutliers(low=3, high=5),
    Register(),
    MatchIntensity(),
    DetectChange(),
    ConsensusLabels(),
    MatchFindings(outline_mm=0),
)


# for what does not depend on finding the position: the studies lie in one space
ALIGNED = Recipe.of(*(s.operation for s in RECIPE.steps if not isinstance(s.operation, Register)))


def study(name, lesions, matrix=None, spacing=(4, 4, 4), seed=0, **more):
    center = (0, 0, 0) if matrix is None else matrix[:3, 3]
    image, mask = head(grid_of(spacing, center=center), matrix, lesions, seed=seed)
    return Study(name, image, mask=mask, **more)


@pytest.fixture(scope="module")
def comparison():
    studies = [study("first", [STABLE], spacing=(3, 3, 3)), study("other", [STABLE, NEW], MATRIX, (2.5, 2.5, 4), 1)]
    return compare(studies, RECIPE)


@pytest.fixture(scope="module")
def unchanged():
    """Studies of the same head, moved, and their comparison."""
    studies = [study("a", [STABLE, NEW]), study("b", [STABLE, NEW], MATRIX, (3.5, 3.5, 4), 1)]
    return studies, compare(studies, RECIPE)


def test_new_lesion_is_new_and_the_other_one_stable(comparison):
    (pair,) = comparison.pairs
    assert pair.registration.verdict is Verdict.GOOD
    by_class = {f.change: f for f in pair.findings}
    assert set(by_class) == {Change.NEW, Change.STABLE}
    new = by_class[Change.NEW]
    assert np.linalg.norm(new.centers[1] - (MATRIX[:3, :3] @ NEW[0] + MATRIX[:3, 3])) < 1.5
    assert new.volumes_mm3[1] == pytest.approx(4 / 3 * np.pi * 7**3, rel=0.4)
    assert new.volumes_mm3[0] == 0 and new.centers[0] is None
    assert abs(by_class[Change.STABLE].difference_percent) < 15


def test_the_rule_gives_the_figures_that_are_shown(comparison, unchanged):
    seen = 0
    for pair in (comparison.pairs[0], unchanged[1].pairs[0]):
        for finding in pair.findings:
            if finding.change in (Change.GROWN, Change.SHRUNK, Change.STABLE):
                seen += 1
                difference = finding.volumes_mm3[1] - finding.volumes_mm3[0]
                percent = finding.difference_percent
                digits = 0 if abs(percent) >= 1 else 1
                figures = f"{finding.change}: {percent:+.{digits}f} % and {difference:+.0f} mm³"
                assert finding.threshold.startswith(figures)
                beyond = abs(finding.difference_percent) >= 25 and abs(difference) >= 15
                assert (finding.change is not Change.STABLE) == beyond
    assert seen >= 2


def test_results_are_on_the_grids_they_promise(comparison):
    (pair,) = comparison.pairs
    first, other = (Geometry.of(s.image) for s in comparison.studies)
    assert Geometry.of(pair.change).same_grid(first) and Geometry.of(pair.fixed_labels).same_grid(first)
    assert Geometry.of(pair.moving_labels).same_grid(other)
    for image in (pair.fixed_image, pair.moving_image, pair.difference, pair.region):
        assert Geometry.of(image).same_grid(pair.grid)
    for number, labels in ((0, pair.fixed_labels), (1, pair.moving_labels)):
        present = {f.number for f in pair.findings if f.volumes_mm3[number] > 0}
        assert set(np.unique(sitk.GetArrayFromImage(labels))) - {0} == present
        for finding in pair.findings:
            volume = np.count_nonzero(sitk.GetArrayFromImage(labels) == finding.number)
            assert volume * Geometry.of(labels).voxel_volume == pytest.approx(finding.volumes_mm3[number])
    change = sitk.GetArrayFromImage(pair.change)
    center = first.points(np.argwhere(change == 1).mean(axis=0)[::-1])[0]
    assert np.linalg.norm(center - NEW[0]) < 1.5 and not np.any(change == 2)


def test_swapped_order_makes_new_gone():
    pair = compare([study("a", [STABLE, NEW], MATRIX, (3.5, 3.5, 4), 1), study("b", [STABLE])], RECIPE).pairs[0]
    assert sorted(f.change for f in pair.findings) == [Change.GONE, Change.STABLE]
    assert set(np.unique(sitk.GetArrayFromImage(pair.change))) == {0, 2}


@pytest.mark.parametrize("spacing", [(4, 4, 4), (4, 4.5, 5)], ids=["equal voxels", "coarser voxels"])
def test_the_opposite_order_has_the_opposite_changes(spacing):
    """Exactly so, though the brightness of one study is brought to that of the other by a curve."""
    first, other = study("a", [STABLE]), study("b", [STABLE, NEW], None, spacing, 1)
    other = Study("b", sitk.Sqrt(sitk.Abs(other.image)) * 30, mask=other.mask)
    forward, backward = (compare(studies, ALIGNED).pairs[0] for studies in ([first, other], [other, first]))
    ahead, back = (sitk.GetArrayFromImage(pair.difference) for pair in (forward, backward))
    assert forward.grid.same_grid(backward.grid) and np.array_equal(ahead, -back) and np.any(ahead)
    opposite = {Change.NEW: Change.GONE, Change.GONE: Change.NEW, Change.GROWN: Change.SHRUNK}
    expected = [(opposite.get(f.change, f.change), *f.centers[::-1]) for f in forward.findings]
    found = {f.change: f.centers for f in backward.findings}
    assert {change for change, *_ in expected} == set(found) == {Change.GONE, Change.STABLE}
    for change, *centers in expected:
        for one, two in zip(centers, found[change], strict=True):
            assert (one is None) == (two is None) and (one is None or np.linalg.norm(np.subtract(one, two)) < 1)


def test_a_registration_has_one_result_in_either_order():
    first, other = study("a", [STABLE]), study("b", [STABLE], MATRIX, (3.5, 3.5, 4), 1)
    things = [{"image": s.image, "mask": s.mask} for s in (first, other)]
    forward, backward = (register_pair(*pair, [(1, Register())]) for pair in (things, things[::-1]))
    both = matrix_of(forward.transform) @ matrix_of(backward.transform)
    assert np.allclose(both, np.eye(4), atol=1e-9) and forward.figures == backward.figures
    assert np.allclose(matrix_of(forward.to_first), matrix_of(backward.to_other), atol=1e-9)


def test_landmarks_lead_a_registration_in_either_order():
    turned = rigid((0, 0, 120), (30, -20, 10))
    sides = head(grid_of((6, 6, 6))), head(grid_of((6, 6, 6), center=(30, -20, 10)), turned, seed=1)
    things = [{"image": image, "mask": mask} for image, mask in sides]
    places = np.array([[40.0, 0, 0], [-40, 0, 10], [0, 50, -20]])
    marked = Landmarks(places, places @ turned[:3, :3].T + turned[:3, 3])
    forward = register_pair(*things, [(1, Register())], landmarks=marked)
    backward = register_pair(*things[::-1], [(1, Register())], landmarks=marked.exchanged())
    both = matrix_of(forward.transform) @ matrix_of(backward.transform)
    assert np.allclose(both, np.eye(4), atol=1e-9) and forward.figures == backward.figures
    assert {f.name: f.value for f in forward.figures}["landmark_error_max"] < 1


def test_landmarks_that_cannot_be_used_are_refused_before_anything_runs():
    first, other = study("a", [STABLE]), study("b", [STABLE], MATRIX, (3.5, 3.5, 4), 1)
    marked = tuple(((x, y, 0.0), "") for x, y in ((0.0, 0.0), (30.0, 0.0), (60.0, 0.0), (0.0, 40.0)))
    pair = replace(first, landmarks=marked), replace(other, landmarks=marked[:3])
    with pytest.raises(InputError, match="of 'a' and 'b': There are 4 landmarks in the first image and 3 in the other"):
        compare(pair, ALIGNED)
    with pytest.raises(InputError, match="of 'a' and 'b': The landmarks lie on one line"):
        compare([replace(each, landmarks=marked[:3]) for each in pair], ALIGNED)
    notes = compare([first, pair[1]], Recipe()).notes
    assert "Landmarks were not used (marked in: b): they are needed in 'a' and in another study." in notes


def test_what_is_wrong_with_a_study_is_said_of_that_study():
    first, other = study("a", []), study("b", [], None, (3.5, 3.5, 4))
    things = [{"image": s.image, "mask": mask} for s, mask in ((first, first.mask * 0), (other, other.mask))]
    with pytest.raises(InputError, match="first"):
        register_pair(*things, [(1, Register())])


def test_the_same_head_again_has_no_change_and_runs_alike_twice(unchanged):
    studies, comparison = unchanged
    once, twice = comparison.pairs[0], compare(studies, RECIPE).pairs[0]
    assert [f.change for f in once.findings] == [Change.STABLE] * 2
    assert not np.any(sitk.GetArrayFromImage(once.change))
    for name in ("fixed_image", "difference", "change", "moving_labels"):
        a, b = (sitk.GetArrayFromImage(getattr(p, name)) for p in (once, twice))
        assert np.array_equal(a, b)


def test_what_lies_far_from_the_mask_takes_no_part():
    """A field of view of three times the volume: the same voxels are compared, and the same is found."""
    made = [study("a", [STABLE]), study("b", [STABLE, NEW], None, (4, 4, 4), 1)]
    padded = []
    for each in made:
        wide = [sitk.ConstantPad(v, [14] * 3, [14] * 3, 0.0) for v in (each.image, each.mask)]
        padded.append(Study(each.name, wide[0], mask=wide[1]))
    pair, wide = (compare(studies, ALIGNED).pairs[0] for studies in (made, padded))
    size = np.ptp(np.argwhere(sitk.GetArrayViewFromImage(made[0].mask) != 0), axis=0) + 1
    assert np.all(np.array(wide.grid.size[::-1]) <= size + 2 * 6)  # of 20 mm, rounded to voxels
    assert [(f.change, f.volumes_mm3) for f in wide.findings] == [(f.change, f.volumes_mm3) for f in pair.findings]
    assert np.count_nonzero(sitk.GetArrayViewFromImage(wide.region)) == np.count_nonzero(
        sitk.GetArrayViewFromImage(pair.region)
    )


def test_growth_has_the_volumes_of_the_bodies_though_change_reaches_far_around():
    """Change is let reach three times as far as the lesion does."""
    before, after = ((-30.0, 20.0, -5.0), 6.0, 60.0), ((-30.0, 20.0, -5.0), 8.0, 60.0)
    studies = [study("a", [before], spacing=(2.5, 2.5, 3)), study("b", [after], None, (2.5, 3, 2.5), 1)]
    flooding = DetectChange(low=1.0, high=5.0, edge_percent=0)
    steps = [flooding if isinstance(s.operation, DetectChange) else s.operation for s in ALIGNED.steps]
    (found,) = compare(studies, Recipe.of(*steps, HalfHeightOutlines())).pairs[0].findings
    assert found.change is Change.GROWN
    for volume, radius in zip(found.volumes_mm3, (6, 8), strict=True):
        assert volume == pytest.approx(4 / 3 * np.pi * radius**3, rel=0.15)


def test_what_only_one_study_shows_at_half_height_is_new_or_gone_there():
    """A finding of both studies, by detection; in one of them it has less than two fifths of its height."""
    faint, full = ((-30.0, 20.0, -5.0), 7.0, 28.0), ((-30.0, 20.0, -5.0), 7.0, 75.0)
    grid = grid_of((3, 3, 3))
    images = [head(grid, None, [one], seed=n) for n, one in enumerate((faint, full))]
    steps = [BrightOutliers(low=2.8, high=3.5), MatchFindings(outline_mm=0)]
    outlining = HalfHeightOutlines(least_percent=0)
    for order, more, change in (
        ((0, 1), [], Change.STABLE),
        ((0, 1), [outlining], Change.NEW),
        ((1, 0), [outlining], Change.GONE),
    ):
        studies = [Study(str(n), images[n][0], mask=images[n][1]) for n in order]
        findings = compare(studies, Recipe.of(*steps, *more)).pairs[0].findings
        near = [f for f in findings if np.linalg.norm(np.array(next(c for c in f.centers if c)) - full[0]) < 4]
        assert [f.change for f in near] == [change]


def test_given_segmentations_are_followed_as_they_are():
    def with_labels(base, threshold):
        values = sitk.GetArrayFromImage(base.image) > threshold
        values &= sitk.GetArrayFromImage(base.mask) > 0
        labels = Geometry.of(base.image).image_of(values)
        return Study(base.name, base.image, labels=labels, mask=base.mask, modality=modality[base.name])

    modality = {"a": "MR", "b": "CT"}
    first = with_labels(study("a", [STABLE], spacing=(3, 3, 3)), 150)
    other = with_labels(study("b", [STABLE, NEW], None, (3, 3, 3), 1), 150)
    result = compare([first, other], ALIGNED)
    (pair,) = result.pairs
    assert sorted(f.change for f in pair.findings) == [Change.NEW, Change.STABLE]
    same = sitk.GetArrayFromImage(pair.moving_labels) > 0
    assert np.array_equal(same, sitk.GetArrayFromImage(other.labels) > 0)
    notes = " ".join(result.notes)
    assert "Given segmentations were used for: a, b." in notes and "different modalities (MR, CT)" in notes
    with pytest.raises(InputError, match="'b' has no segmentation of the findings that are given for 'a', and no step"):
        compare([first, replace(other, labels=None)], Recipe.of(DetectChange(), MatchFindings()))


@pytest.mark.parametrize(("contrast", "told"), [("any", True), ("bright", False)])
def test_change_of_any_tissue_is_not_called_lesions(contrast, told):
    recipe = Recipe.of(DetectChange(contrast=contrast), ConsensusLabels(), MatchFindings(outline_mm=0))
    result = compare([study("a", [STABLE]), study("b", [STABLE, NEW], None, (4, 4, 4), 1)], recipe)
    assert [f.change for f in result.pairs[0].findings] == [Change.NEW]
    assert any("not lesions: bowel, bladder" in note for note in result.notes) is told
    assert finds_places(result.studies, result.recipe) is told


def test_empty_given_segmentations_are_a_result_without_findings():
    a, b = study("a", [], spacing=(4, 4, 4)), study("b", [], None, (4, 4, 4), 1)
    studies = [Study(s.name, s.image, labels=Geometry.of(s.image).empty_image(), mask=s.mask) for s in (a, b)]
    result = compare(studies, ALIGNED)
    assert result.pairs[0].findings == ()
    assert any("No findings" in note for note in result.notes)


def test_failed_registration_gives_no_findings_and_says_so():
    grid = grid_of((6, 6, 8), extent=(380, 300, 300))
    body = np.zeros(tuple(reversed(grid.size)))
    body[5:-5, 6:-6, 8:-8] = 80
    body[10:30, 20:30, 12:30] += 100
    other = grid.image_of((body + np.random.default_rng(0).normal(0, 5, body.shape)).astype(np.float32))
    result = compare([study("head", [STABLE], spacing=(4, 4, 4)), Study("body", other)], RECIPE)
    (pair,) = result.pairs
    assert pair.registration.verdict is Verdict.FAILED
    assert pair.findings == () and not np.any(sitk.GetArrayFromImage(pair.change))
    assert any("failed" in note for note in result.notes)


def test_three_studies_are_put_in_time_order_and_compared_with_the_first():
    days = [datetime.date(2020, 1, 1), datetime.date(2021, 1, 1), datetime.date(2022, 1, 1)]
    made = [study(str(d), [STABLE], spacing=(4, 4, 4), seed=n, date=d) for n, d in enumerate(days)]
    result = compare([made[2], made[0], made[1]], ALIGNED)
    assert [s.date for s in result.studies] == days
    assert [(p.fixed, p.moving) for p in result.pairs] == [(0, 1), (0, 2)]


def test_default_recipe_fits_the_content(real):
    images = [real(1), real(2)]
    names = [
        s.operation.declaration.name for s in default_recipe([Study(str(n), i) for n, i in enumerate(images)]).steps
    ]
    assert "segmentation.brain_mask" in names and "segmentation.bright_outliers" in names
    hounsfield = [Study("ct", i - 1000, modality="CT") for i in images]
    names = [s.operation.declaration.name for s in default_recipe(hounsfield).steps]
    assert "segmentation.body_mask" in names and "enhancement.n4" not in names


def test_choosing_the_steps_is_told_and_can_be_cancelled(real):
    """It finds a brain, which takes seconds."""
    told = []

    def report(fraction, message):
        told.append(message)
        progress.cancel()

    progress = Progress(report)
    with pytest.raises(Cancelled):
        compare([Study(str(n), real(n)) for n in (1, 2)], progress=progress)
    assert len(told) == 1 and told[0].startswith("Choosing the steps")


@pytest.mark.parametrize(
    ("modality", "unit", "bias_mm"),
    [("", "", 30), ("PT", "Bq/ml", 0), ("", "SUV", None), ("MR", "um2/s", None), ("CT", "", None)],
)
def test_values_with_a_unit_are_compared_as_they_are(modality, unit, bias_mm):
    image = study("s", [], spacing=(6, 6, 6)).image
    wide = sitk.Image(image)
    wide.SetSpacing([5 * side for side in image.GetSpacing()])  # no head
    recipe = default_recipe([Study(name, wide, modality=modality, unit=unit) for name in "ab"])
    matching = [s.operation for s in recipe.steps if s.operation.declaration.name == "comparison.match_intensity"]
    assert [match.bias_mm for match in matching] == ([] if bias_mm is None else [bias_mm])


def test_bad_studies_are_refused_by_name():
    good = study("good", [], spacing=(6, 6, 6))
    grid = Geometry.of(good.image)
    shape = tuple(reversed(grid.size))
    cases = [
        ([good], "at least two"),
        ([good, Study("flat", good.image[:, :, 3])], "'flat' is 2D; a 3D volume is needed. .* measure them in each"),
        ([good, Study("empty", grid.image_of(np.full(shape, np.nan)))], "'empty' has no finite voxel"),
        ([good, Study("gray", grid.image_of(np.full(shape, 5.0)))], "'gray' is constant"),
        ([good, Study("off", good.image, labels=grid_of((5, 5, 5)).empty_image())], "study 'off' and its labels"),
        ([good, Study("real", good.image, labels=grid.image_of(np.zeros(shape, np.float32)))], "whole numbers"),
    ]
    for studies, message in cases:
        with pytest.raises(InputError, match=message):
            compare(studies, RECIPE)


def test_the_only_step_of_a_study_is_named_where_it_fails():
    studies = [Study(name, study(name, [], spacing=(8, 8, 8)).image) for name in ("a", "b")]
    with pytest.raises(InputError, match=r"^Study 'a': Step 1 \(segmentation.body_mask\): The image goes from"):
        compare(studies, Recipe.of(BodyMask(kind="CT"), MatchFindings()))


def test_nan_voxels_are_outside():
    first, other = study("a", [STABLE]), study("b", [STABLE, NEW], seed=1)
    values = sitk.GetArrayFromImage(other.image)
    values[:10] = np.nan
    holed = Study("b", Geometry.of(other.image).image_of(values), mask=other.mask)
    pair = compare([first, holed], ALIGNED).pairs[0]
    assert np.isfinite(sitk.GetArrayFromImage(pair.difference)).all()
    assert sorted(f.change for f in pair.findings) == [Change.NEW, Change.STABLE]


@pytest.mark.parametrize(
    ("recipe", "when"),
    [(RECIPE, 0.05), (RECIPE, 0.4), (RECIPE, 0.9), (RECIPE, 0.97), (ALIGNED, 0.7), (ALIGNED, 0.97)],
    ids=["0.05", "0.4", "0.9", "0.97", "aligned, 0.7", "aligned, 0.97"],
)
def test_cancel_at_any_point(recipe, when):
    """Most late ones where nothing is to be registered first."""
    matrix = MATRIX if recipe is RECIPE else None
    studies = [study("a", [STABLE], spacing=(4, 4, 4)), study("b", [STABLE, NEW], matrix, (4, 4, 4), 1)]
    cancel = threading.Event()
    times = []

    def report(fraction, message):
        if fraction >= when and not times:
            times.append(time.monotonic())
            cancel.set()

    with pytest.raises(Cancelled):
        compare(studies, recipe, Progress(report, cancel))
    assert times


def test_a_finding_too_small_for_the_voxels_of_either_study_keeps_its_centers():
    grid = grid_of((3, 3, 3))
    finding = Finding(1, Change.STABLE, (9.0, 9.0), (grid.center, grid.center), "")
    (kept,) = _where_outlined((finding,), [grid.empty_image(sitk.sitkInt32)] * 2, MatchFindings())
    assert kept.centers == finding.centers
    _labels, (measured,) = _as_measured([grid.empty_image(sitk.sitkInt32)] * 2, (kept,), MatchFindings())
    assert measured.volumes_mm3 == (27.0, 27.0) and measured.change is Change.STABLE
