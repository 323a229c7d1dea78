import numpy as np
import pytest
import SimpleITK as sitk

from MedProcLib.comparison.maps.tissue import TissueChange
from MedProcLib.core.errors import InputError

from .phantoms import depth, grid_at, soft

GRID = grid_at()
NAMES = ("csf", "grey_matter", "white_matter")


def fractions(white_mm, gray_mm, noise=0.0, seed=0):
    """White core, gray shell and fluid around, with partial volume; fractions sum to 1 in all of the grid."""
    white, brain = (soft(depth(GRID, r), 0.6) for r in (white_mm, gray_mm))
    gray = np.clip(brain - white, 0, 1)
    stack = np.stack([1 - white - gray, gray, white])
    if noise:
        stack = np.clip(stack + np.random.default_rng(seed).normal(0, noise, stack.shape), 0, 1)
        stack /= stack.sum(axis=0)
    return {name: GRID.image_of(f.astype(np.float32)) for name, f in zip(NAMES, stack, strict=True)}


def ball(radius):
    return 4 / 3 * np.pi * radius**3


def row_of(rows, name):
    return next(row for row in rows if row.name == name)


def test_shrinking_tissue_by_a_fraction_of_a_voxel_is_measured_to_a_thousandth():
    maps, rows = TissueChange(least_percent=0)(fractions(10, 14), fractions(10, 13.9))
    gray = row_of(rows, "grey_matter")
    expected = ball(13.9) - ball(14)
    assert gray.value("net_change") == pytest.approx(expected, rel=0.02)
    assert gray.value("volume_first") == pytest.approx(ball(14) - ball(10), rel=0.003)
    assert gray.value("loss") == pytest.approx(-expected, rel=0.02) and gray.value("gain") < 0.01 * -expected
    assert row_of(rows, "grey_matter to csf").value("turned") == pytest.approx(-expected, rel=0.02)
    assert abs(row_of(rows, "white_matter").value("net_change")) < 1e-3
    change = sitk.GetArrayFromImage(maps["change_of_grey_matter"])
    assert change.sum() * GRID.voxel_volume == pytest.approx(expected, rel=0.02)
    assert maps["change_of_csf"].GetDirection() == GRID.direction


def test_swapped_studies_swap_gain_and_loss():
    pair = fractions(9, 14), fractions(11, 13)
    one, two = (TissueChange()(*studies)[1] for studies in (pair, pair[::-1]))
    for name in NAMES:
        assert row_of(one, name).value("gain") == pytest.approx(row_of(two, name).value("loss"), rel=1e-6)
        assert row_of(one, name).value("net_change") == pytest.approx(-row_of(two, name).value("net_change"), rel=1e-6)
    assert row_of(one, "grey_matter to white_matter").value("turned") == pytest.approx(
        row_of(two, "white_matter to grey_matter").value("turned"), rel=1e-6
    )


def test_noise_is_neither_gain_nor_loss_and_leaves_the_net_change():
    pair = fractions(10, 14, 0.02, 0), fractions(10, 13.5, 0.02, 1)
    raw, cut = (TissueChange(least_percent=p)(*pair)[1] for p in (0, 12))
    expected = ball(13.5) - ball(14)
    white = [row_of(rows, "white_matter").value("gain") for rows in (raw, cut)]
    assert white[1] < 0.02 * white[0]
    for rows in (raw, cut):
        assert row_of(rows, "grey_matter").value("net_change") == pytest.approx(expected, rel=0.1)


def test_label_maps_count_voxels():
    first, other = np.zeros((2, *reversed(GRID.size)), np.uint8)
    first[2, 2, :10], other[2, 2, 3:12] = 4, 4
    other[2, 2, :3] = 7
    maps, rows = TissueChange()(fixed_labels=GRID.image_of(first), moving_labels=GRID.image_of(other))
    four = row_of(rows, "label_4")
    assert (four.value("gained_voxels"), four.value("lost_voxels")) == (2, 3)
    assert four.value("net_change") == pytest.approx(-GRID.voxel_volume)
    assert four.value("relative_change") == pytest.approx(-10)
    assert row_of(rows, "label_4 to label_7").value("turned") == pytest.approx(3 * GRID.voxel_volume)
    assert row_of(rows, "rest to label_4").value("turned") == pytest.approx(2 * GRID.voxel_volume)
    assert set(maps) == {"change_of_label_4", "change_of_label_7"}


def test_a_tissue_that_appears_has_no_relative_change():
    empty, full = (GRID.image_of(v * np.ones(tuple(reversed(GRID.size)), np.uint8)) for v in (0, 2))
    _, rows = TissueChange()(fixed_labels=empty, moving_labels=full)
    assert np.isnan(row_of(rows, "label_2").value("relative_change"))


@pytest.mark.parametrize(
    ("things", "message"),
    [
        ({}, "needs"),
        ({"fixed_maps": fractions(10, 14)}, "Only one"),
        ({"fixed_maps": fractions(10, 14), "moving_maps": {"csf": fractions(10, 14)["csf"]}}, "grey_matter"),
        ({"fixed_maps": {"csf": fractions(9, 12)["csf"] * 100}, "moving_maps": fractions(9, 12)}, "Only one"),
        ({"fixed_labels": GRID.empty_image(), "moving_labels": GRID.empty_image()}, "empty"),
        ({"fixed_labels": GRID.empty_image(), "moving_labels": grid_at(degrees=(0, 0, 1)).empty_image()}, "resample"),
    ],
)
def test_unusable_input_is_refused(things, message):
    with pytest.raises(InputError, match=message):
        TissueChange()(**things)


def test_what_are_no_fractions_is_refused():
    good = fractions(10, 14)
    for name, bad, message in (
        ("csf", good["csf"] * 100, "0 to 1"),
        ("csf", good["csf"] * float("nan"), "0 to 1"),
        ("csf", good["csf"] * 0 + 1, "more than 1"),
    ):
        with pytest.raises(InputError, match=message):
            TissueChange()({**good, name: bad}, good)
