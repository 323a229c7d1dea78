import dataclasses
import json

import numpy as np
import pytest
import SimpleITK as sitk

from MedProcLib.comparison.change_maps import change_maps_of, maps_named, with_change_maps, without_change_maps
from MedProcLib.comparison.findings import MatchFindings
from MedProcLib.comparison.halfway import half_way, transform_of
from MedProcLib.comparison.intensity import MatchIntensity
from MedProcLib.comparison.loops import with_loop_error
from MedProcLib.comparison.maps.difference import DifferenceMap
from MedProcLib.comparison.pipeline import compare, compare_between, restored, with_maps
from MedProcLib.comparison.registration.in_mean_space import in_mean_space
from MedProcLib.comparison.result import Registration, Verdict
from MedProcLib.comparison.study import Study
from MedProcLib.comparison.tracks.patient_file import patient_of, patient_text
from MedProcLib.core.errors import InputError
from MedProcLib.core.geometry import Geometry, resample
from MedProcLib.core.recipe import Recipe

from .conftest import rigid

RECIPE = Recipe.of(MatchFindings())
# oblique, left-handed and anisotropic
COLUMNS = rigid((10, 20, 30), (0, 0, 0))[:3, :3] * (1, 1, -1)
GRID = Geometry((30, 28, 24), (1.0, 1.5, 2.0), (3.0, -5.0, 8.0), tuple(COLUMNS.ravel()))
SIDES = {"a": 12, "b": 14, "c": 16}


def study(name):
    """Noise with a cube in it that is 12, 14 or 16 voxels wide and as much brighter, and its outline."""
    values = np.random.default_rng(SIDES[name]).normal(100, 3, (24, 28, 30)).astype(np.float32)
    side = SIDES[name]
    labels = np.zeros(values.shape, np.uint8)
    labels[7 : 7 + side // 2, 6 : 6 + side, 6 : 6 + side] = 1
    values[labels > 0] += 100
    mask = np.zeros(values.shape, np.uint8)
    mask[1:-1, 1:-1, 1:-1] = 1
    return Study(name, GRID.image_of(values), None, GRID.image_of(labels), GRID.image_of(mask), "MR")


STUDIES = [study(name) for name in "abc"]


@pytest.fixture(scope="module")
def comparison():
    recipe = with_change_maps(RECIPE, ["difference", "significant", "tissue", "boundary_shift"], STUDIES[:2])
    return compare(STUDIES, recipe, also=[(1, 2)])


def test_maps_are_of_every_pair_and_say_what_changed(comparison):
    assert [(pair.fixed, pair.moving) for pair in comparison.all_pairs] == [(0, 1), (0, 2), (1, 2)]
    voxel = 3.0
    for pair in comparison.all_pairs:
        difference, significant, tissue, shift = pair.maps
        ring = np.zeros((24, 28, 30), bool)
        for n, inside in ((pair.moving, True), (pair.fixed, False)):
            ring[sitk.GetArrayFromImage(comparison.studies[n].labels) > 0] = inside
        grid = Geometry.of(difference.images["difference"])
        assert grid.same_grid(pair.grid) and pair.grid.voxel_volume == pytest.approx(voxel)
        points = grid.indices(GRID.points(np.argwhere(ring)[:, ::-1]))
        index = tuple(np.round(points).astype(int).T[::-1])
        assert sitk.GetArrayFromImage(difference.images["difference"])[index].mean() == pytest.approx(100, abs=2)
        colors = significant.colors["score"]
        score = sitk.GetArrayFromImage(significant.images["score"])
        shown = colors.is_shown(score)
        assert shown[index].all() and shown.sum() == significant.rows[0].value("significant_voxels")
        gained = np.count_nonzero(ring) * voxel
        assert tissue.rows[0].value("net_change") == pytest.approx(gained)
        assert shift.rows[0].name == "organ"
        assert shift.rows[0].value("volume_change") == pytest.approx(gained, rel=0.15)
        assert [row.name for row in difference.rows] == ["Region", "F001"]


def test_rows_of_later_studies_are_theirs(comparison):
    (later,) = comparison.further
    before, after = (np.count_nonzero(sitk.GetArrayFromImage(STUDIES[n].labels)) * 3.0 for n in (1, 2))
    (finding,) = later.findings
    assert finding.volumes_mm3 == (before, after) and finding.tracks == ("F001",)
    loop = [f.value for f in later.registration.figures if f.name == "loop_error"]
    assert loop == [pytest.approx(0, abs=1e-9)] and later.registration.verdict is Verdict.GOOD


def test_maps_asked_for_later_are_the_same(comparison):
    plain = compare(STUDIES[:2], RECIPE)
    recipe = with_change_maps(RECIPE, ["difference"], STUDIES)
    once = with_maps(plain, recipe)
    again = with_maps(once, with_change_maps(recipe, ["relative"], STUDIES))
    assert again.pairs[0].maps[0] is once.pairs[0].maps[0]
    assert [each.operation.declaration.name for each in again.pairs[0].maps] == [
        "comparison.difference_map",
        "comparison.relative_change_map",
    ]
    for made in (once, comparison):
        values = [sitk.GetArrayFromImage(made.pairs[0].maps[0].images["difference"])]
    np.testing.assert_array_equal(values[0], sitk.GetArrayFromImage(comparison.pairs[0].maps[0].images["difference"]))


def test_map_that_cannot_be_made_says_why_and_spoils_nothing():
    air = [dataclasses.replace(s, image=sitk.Cast(s.image - 150, sitk.sitkFloat32)) for s in STUDIES[:2]]
    recipe = with_change_maps(RECIPE, ["relative", "difference"], air)
    relative, difference = compare(air, recipe).pairs[0].maps
    assert "negative values" in relative.missing and not relative.images
    assert difference.images and not difference.missing


def test_functional_change_is_of_values_that_were_not_matched():
    adc = [dataclasses.replace(s, image=s.image * factor) for s, factor in zip(STUDIES[:2], (10, 20), strict=True)]
    recipe = with_change_maps(Recipe.of(MatchIntensity(bias_mm=0), MatchFindings()), ["functional"], adc)
    (made,) = compare(adc, recipe).pairs[0].maps
    # the cube rises from 2000 to 4000, what is around it from 1000 to 2000: all beyond 550
    assert made.rows[0].value("risen_share") == pytest.approx(100)
    assert made.colors["functional_change"].is_shown(sitk.GetArrayFromImage(made.images["functional_change"])).any()


def test_values_with_a_unit_are_mapped_as_they_are():
    """Everything rose by 20 HU: matching would take that for another scale."""
    first = dataclasses.replace(STUDIES[0], image=STUDIES[0].image - 60, modality="CT")
    other = dataclasses.replace(first, image=first.image + 20, name="b")
    recipe = Recipe.of(MatchIntensity(bias_mm=0), MatchFindings())
    for modality, mean, unit in (("CT", 20.0, "HU"), ("MR", 0.0, "intensity")):
        studies = [dataclasses.replace(each, modality=modality) for each in (first, other)]
        (made,) = compare(studies, with_change_maps(recipe, ["difference"], studies)).pairs[0].maps
        assert made.rows[0].value("mean_difference") == pytest.approx(mean, abs=0.01)
        assert made.colors["difference"].unit == unit
        assert ("intensities were not matched" in made.note) is (modality == "CT")


def test_pet_has_a_unit_where_it_is_in_suv():
    """Of half the dose the whole image in Bq/ml is half as bright, which is no change; that in SUV is one."""
    uptake = STUDIES[0].image * 0.1  # 10 and 20 SUV, as there are
    mean = float(sitk.GetArrayViewFromImage(uptake)[1:-1, 1:-1, 1:-1].mean())
    for unit, difference, shown in (("Bq/ml", 0.0, "intensity"), ("SUV", -mean / 2, "SUV")):
        first = dataclasses.replace(STUDIES[0], image=uptake, modality="PT", unit=unit)
        studies = [first, dataclasses.replace(first, image=first.image * 0.5, name="b")]
        matched = MatchIntensity(bias_mm=0), MatchFindings()
        for recipe in (
            with_change_maps(Recipe.of(*matched), ["difference"], studies),
            Recipe.of(*matched, DifferenceMap(intensity_unit=unit)),
        ):
            (made,) = compare(studies, recipe).pairs[0].maps
            assert made.rows[0].value("mean_difference") == pytest.approx(difference, rel=0.02, abs=0.01)
            assert made.colors["difference"].unit == made.rows[0].measurements[0].unit == shown
            assert ("Convert both studies to SUV" in made.note) is (unit == "Bq/ml")


def test_files_without_a_modality_are_in_hu_where_there_is_air():
    air = dataclasses.replace(STUDIES[0], image=STUDIES[0].image - 1100, modality="")
    for studies, unit in (([air, air], "HU"), ([air, STUDIES[0]], "intensity"), (STUDIES[:2], "intensity")):
        (step,) = with_change_maps(Recipe(), ["difference"], studies).steps
        assert step.operation.intensity_unit == unit


def test_volume_change_of_an_affine_registration():
    grown = np.diag([1.1, 1.1, 1.1, 1])
    pair = compare(STUDIES[:2], RECIPE).pairs[0]
    to_first, _ = half_way(transform_of(grown))
    deformed = sitk.CompositeTransform([transform_of(grown), sitk.DisplacementFieldTransform(_still())])
    registration = Registration(
        deformed,
        to_first,
        sitk.CompositeTransform([deformed, to_first]),
        Verdict.GOOD,
    )
    jacobian = change_maps_of(
        dataclasses.replace(pair, registration=registration),
        STUDIES,
        [s.operation for s in with_change_maps(Recipe(), ["jacobian"], STUDIES).steps],
    )[0]
    assert jacobian.rows[0].value("relative_volume_change") == pytest.approx(100 * (1.1**3 - 1), abs=0.1)


def test_size_that_an_affine_registration_evened_out_counts_as_volume_change():
    pair = compare(STUDIES[:2], RECIPE).pairs[0]
    grown = transform_of(np.diag([1.1, 1.1, 1.1, 1]))
    registration = Registration(grown, *half_way(grown), Verdict.GOOD)
    grid = dataclasses.replace(pair.grid, size=(10, 10, 8), spacing=(3.0, 4.2, 6.0))  # fewer voxels take less time
    image, region = resample(pair.fixed_image, grid), resample(pair.region, grid, None, sitk.sitkNearestNeighbor)
    things = {"grid": grid, "fixed_image": image, "moving_image": image, "region": region}
    pair = dataclasses.replace(pair, registration=registration, fixed_mask=None, moving_mask=None, **things)
    (jacobian,) = change_maps_of(pair, STUDIES, [with_change_maps(Recipe(), ["jacobian"], STUDIES).steps[0].operation])
    assert not jacobian.missing
    assert jacobian.note.startswith("The deformation that this rests on was judged ")
    assert jacobian.rows[0].value("relative_volume_change") == pytest.approx(100 * (1.1**3 - 1), abs=0.5)


def _still():
    field = sitk.Image([4, 4, 4], sitk.sitkVectorFloat64, 3)
    field.SetSpacing([60, 60, 60])
    field.SetOrigin([-90, -90, -90])
    return field


def test_names_and_recipes():
    assert maps_named("jacobian, difference,jacobian") == ("jacobian", "difference")
    with pytest.raises(InputError, match="no change map 'volume'; there are: difference"):
        maps_named("volume")
    recipe = with_change_maps(RECIPE, ["tissue"], STUDIES)
    assert with_change_maps(recipe, ["tissue"], STUDIES) == recipe
    assert without_change_maps(recipe) == RECIPE


def test_mean_space_favors_no_study():
    moves = [rigid((2, 0, 5), (4, -2, 1)), rigid((-4, 3, 1), (-6, 1, 9))]
    found = [Registration(transform_of(m), *half_way(transform_of(m)), Verdict.GOOD) for m in moves]
    failed = dataclasses.replace(found[0], verdict=Verdict.FAILED)
    one, bad, two = in_mean_space([found[0], failed, found[1]])
    assert bad is failed
    assert one.to_first is two.to_first
    point = np.array([10.0, 20.0, 30.0])
    for moved, move in ((one, moves[0]), (two, moves[1])):
        first = np.array(moved.to_first.TransformPoint(point.tolist()))
        np.testing.assert_allclose(moved.to_other.TransformPoint(point.tolist()), move[:3, :3] @ first + move[:3, 3])
    shifts = [np.subtract(t.TransformPoint(point.tolist()), point) for t in (one.to_first, one.to_other, two.to_other)]
    assert np.linalg.norm(np.sum(shifts, axis=0)) < 0.5 < min(np.linalg.norm(shift) for shift in shifts)
    assert in_mean_space([found[0], failed])[0] is found[0]


def test_registrations_that_disagree_around_the_loop_are_doubtful(comparison):
    off = Registration(
        transform_of(rigid((0, 0, 0), (2, 0, 0))), *[sitk.AffineTransform(3)] * 2, Verdict.GOOD, ("fine",)
    )
    judged = with_loop_error(off, comparison, (1, 2))
    assert judged.verdict is Verdict.DOUBTFUL and judged.figures[-1].value == pytest.approx(2)
    assert "2.0 mm from the way over the first study" in judged.reasons[0] and len(judged.reasons) == 1


def test_pair_of_one_study_or_with_the_first_is_refused(comparison):
    for places in ((0, 1), (2, 2), (2, 1), (1, 7)):
        with pytest.raises(InputError, match="two different later studies"):
            compare_between(comparison, *places)


def test_comparison_is_restored_from_what_is_saved(comparison):
    patient = patient_of(patient_text(comparison.followed.patient))
    assert patient == comparison.followed.patient
    recipe = Recipe.from_dict(json.loads(json.dumps(patient.recipe)))
    assert recipe == comparison.recipe
    followed = dataclasses.replace(comparison.followed, patient=patient)
    again = restored(STUDIES, [p.registration for p in comparison.pairs], followed, recipe, also=[(1, 2)])
    for one, two in zip(comparison.all_pairs, again.all_pairs, strict=True):
        assert one.findings == two.findings and one.grid == two.grid
        for name in ("fixed_image", "moving_image", "difference", "region", "fixed_labels", "moving_labels"):
            np.testing.assert_array_equal(*(sitk.GetArrayFromImage(getattr(p, name)) for p in (one, two)), name)
        assert [each.rows for each in one.maps] == [each.rows for each in two.maps]
