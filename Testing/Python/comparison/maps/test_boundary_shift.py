import numpy as np
import pytest
import SimpleITK as sitk

from MedProcLib.comparison.maps.boundary_shift import BoundaryShift
from MedProcLib.core.errors import InputError

from .phantoms import depth, grid_at, noisy, soft

GRID = grid_at(size=(60, 52, 44), spacing=(1.0, 1.2, 1.5))
BLUR = 0.8
RADIUS = 20.0


def brain(radius, noise=0.0, seed=0, factor=1.0, offset=0.0, grid=GRID, mask_mm=4.0, scale=1.0):
    """(image, mask) of a brain in its fluid: white core, cortex of 4 mm, ventricle; only its outer radius changes.

    scale: so many times as large as the lengths say.
    """
    depths = {r: depth(grid, scale * r) / scale for r in (radius, 15, 6, RADIUS + mask_mm)}
    values = 30 + 45 * soft(depths[radius], BLUR) + 30 * soft(depths[15], BLUR) - 75 * soft(depths[6], BLUR)
    return noisy(grid, factor * values + offset, noise, seed), grid.image_of(depths[RADIUS + mask_mm] > 0)


def change_percent(first, other, hole=6.0):
    """Of the mean of both volumes."""
    one, two = (r**3 - hole**3 for r in (first, other))
    return 200 * (two - one) / (two + one)


def figure(rows, name="percentage_volume_change"):
    return rows[0].value(name)


@pytest.mark.parametrize("loss_mm", [0.05, 0.2, 0.4])
@pytest.mark.parametrize("noise", [0.0, 3.0])
def test_a_shift_far_below_a_voxel_is_measured(loss_mm, noise):
    (first, mask), (other, _) = brain(RADIUS, noise, 0), brain(RADIUS - loss_mm, noise, 1)
    maps, rows = BoundaryShift()(first, other, mask, mask)
    expected = change_percent(RADIUS, RADIUS - loss_mm)
    assert figure(rows) == pytest.approx(expected, rel=0.07, abs=0.15 if noise else 0.01)
    # real T1 show down to 0.78 of a known change, so it may be larger by as much
    low, high = (figure(rows, f"percentage_volume_change_{end}") for end in ("low", "high"))
    assert low < min(expected, figure(rows) / 0.78) and figure(rows) / 1.05 < high
    shift = sitk.GetArrayFromImage(maps["boundary_shift"]).sum(dtype=float) * GRID.voxel_volume
    assert figure(rows, "volume_change") == pytest.approx(shift, rel=1e-4)


def test_without_change_the_interval_holds_0_and_swapping_changes_the_sign_only():
    (first, mask), (other, _) = brain(RADIUS, 3, 2), brain(RADIUS, 3, 3)
    rows = BoundaryShift()(first, other, mask, mask)[1]
    assert figure(rows, "percentage_volume_change_low") < 0 < figure(rows, "percentage_volume_change_high")
    assert abs(figure(rows)) < 0.2
    other, other_mask = brain(RADIUS - 0.3, 3, 4, mask_mm=3)
    one, two = (
        BoundaryShift()(*studies)[1] for studies in ((first, other, mask, other_mask), (other, first, other_mask, mask))
    )
    for name in ("percentage_volume_change", "volume_change"):
        assert figure(one, name) == pytest.approx(-figure(two, name), rel=1e-4)
    assert figure(one, "volume_change_standard_error") == pytest.approx(
        figure(two, "volume_change_standard_error"), rel=0.01
    )


def test_noise_of_what_brings_the_studies_to_one_scale_is_in_the_error():
    (first, mask), (other, _) = brain(RADIUS, 8, 0), brain(RADIUS, 8, 1)
    error = figure(BoundaryShift()(first, other, mask, mask)[1], "volume_change_standard_error")
    # eight pairs without change scatter by 79 mm3; the scatter between blocks of the border alone says 46
    assert 60 < error < 120


def test_another_scale_and_a_smooth_field_of_one_study_are_no_change():
    (first, mask), (other, _) = brain(RADIUS, 1, 0), brain(RADIUS - 0.3, 1, 1, factor=2.7, offset=150)
    expected = change_percent(RADIUS, RADIUS - 0.3)
    assert figure(BoundaryShift()(first, other, mask, mask)[1]) == pytest.approx(expected, rel=0.1)
    field = 1 + 0.06 * np.linspace(-1, 1, GRID.size[2])[:, None, None]
    bent = GRID.image_of((sitk.GetArrayFromImage(brain(RADIUS - 0.3, 1, 1)[0]) * field).astype(np.float32))
    assert figure(BoundaryShift(bias_mm=30)(first, bent, mask, mask)[1]) == pytest.approx(expected, rel=0.15)


def test_shading_of_both_studies_is_divided_out():
    # a coil at one side, four times as bright there as at the other: as it is, -3.2 % are found
    grid = grid_at(size=(60, 52, 44), spacing=(3.0, 3.6, 4.5))
    coil = 1 + 0.6 * np.linspace(-1, 1, grid.size[0])
    shaded = []
    for seed, radius in enumerate((RADIUS, RADIUS - 0.3)):
        image, mask = brain(radius, 3, seed, grid=grid, scale=3)
        shaded.append(grid.image_of((sitk.GetArrayFromImage(image) * coil).astype(np.float32)))
    expected = change_percent(RADIUS, RADIUS - 0.3)
    assert figure(BoundaryShift()(*shaded, mask, mask)[1]) == pytest.approx(expected, rel=0.12)


@pytest.mark.parametrize("organ, around", [(60.0, -90.0), (-850.0, 20.0)])
def test_an_organ_brighter_or_darker_than_what_surrounds_it(organ, around):
    studies = []
    for seed, radius in enumerate((18.0, 18.25)):
        values = around + (organ - around) * soft(depth(GRID, radius), BLUR)
        studies.append((noisy(GRID, values, 8, seed), GRID.image_of(depth(GRID, radius) > 0)))
    (first, mask), (other, other_mask) = studies
    _, rows = BoundaryShift(structure="organ", bias_mm=0)(first, other, mask, other_mask)
    assert figure(rows) == pytest.approx(change_percent(18, 18.25, hole=0), rel=0.08)
    assert figure(rows, "percentage_volume_change_low") > 0


def test_an_enlarged_ventricle_is_loss_of_brain():
    first, mask = brain(RADIUS)
    values = sitk.GetArrayFromImage(first) + 75 * (soft(depth(GRID, 6), BLUR) - soft(depth(GRID, 6.5), BLUR))
    _, rows = BoundaryShift()(first, GRID.image_of(values.astype(np.float32)), mask, mask)
    # the window is that of gray matter: of the edge to white matter it sees the fluid's half, nearer to the center
    assert figure(rows, "volume_change") == pytest.approx(-4 / 3 * np.pi * (6.5**3 - 6**3), rel=0.2)


def test_huge_values_change_nothing_and_what_cannot_be_measured_is_refused():
    (first, mask), (other, _) = brain(RADIUS, 1, 0), brain(RADIUS - 0.3, 1, 1)
    usual = figure(BoundaryShift()(first, other, mask, mask)[1])
    huge = (sitk.Cast(v, sitk.sitkFloat64) * 1e200 for v in (first, other))
    assert figure(BoundaryShift()(*huge, mask, mask)[1]) == pytest.approx(usual, rel=1e-3)
    holes = sitk.GetArrayFromImage(first)
    holes[np.random.default_rng(0).random(holes.shape) < 0.01] = np.nan
    assert figure(BoundaryShift()(GRID.image_of(holes), other, mask, mask)[1]) == pytest.approx(usual, rel=0.05)
    with pytest.raises(InputError, match="contrast"):
        BoundaryShift(structure="organ")(first, 200 - other, *[GRID.image_of(depth(GRID, RADIUS) > 0)] * 2)
    flat = first * 0 + 5
    with pytest.raises(InputError):
        BoundaryShift()(flat, flat, mask, mask)
    for structure, match in (("brain_T2", "no brain of one contrast"), ("organ", "no contrast at the boundary")):
        with pytest.raises(InputError, match=match):  # 74 % and NaN before
            BoundaryShift(structure=structure)(first, flat, mask, mask)
    with pytest.raises(InputError, match="empty"):
        BoundaryShift()(first, other, mask, GRID.empty_image())
    with pytest.raises(InputError, match="differ too little"):
        noise = [noisy(GRID, 0 * depth(GRID, 1) + 3 * (depth(GRID, RADIUS) > 0), 40, seed) for seed in (0, 1)]
        BoundaryShift(structure="organ")(*noise, *[GRID.image_of(depth(GRID, RADIUS) > 0)] * 2)
