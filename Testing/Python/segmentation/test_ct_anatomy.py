"""Anatomy in CT on a torso of known parts; what it reaches on real images the benchmark prints."""

import functools

import numpy as np
import pytest
import SimpleITK as sitk

from MedProcLib.core.errors import InputError
from MedProcLib.core.geometry import Geometry
from MedProcLib.segmentation.anatomy.ct_body import body_region
from MedProcLib.segmentation.anatomy.ct_liver import CtLiver
from MedProcLib.segmentation.anatomy.ct_lungs import CtLungs
from MedProcLib.segmentation.anatomy.heart_side import beyond_heart
from MedProcLib.segmentation.anatomy.necks import beyond_necks
from MedProcLib.segmentation.presets.presets import preset_named

from .torso import abdomen, torso, truth


def overlap(found, known):
    return 2 * np.count_nonzero(found & known) / (np.count_nonzero(found) + np.count_nonzero(known))


@functools.cache
def labels_of(preset: str) -> np.ndarray:
    return sitk.GetArrayFromImage(preset_named(preset).recipe().run(image=torso())["labels"])


@pytest.mark.parametrize(
    "preset, value, part, least",
    [
        ("ct_lungs", 1, "lung_right", 0.98),
        ("ct_lungs", 2, "lung_left", 0.98),
        ("ct_body", 1, "body", 0.98),
        ("ct_without_table", 1, "body", 0.98),
        ("ct_without_table", 2, "table", 0.75),
        ("ct_bones", 1, "bone", 0.88),
        ("ct_airways", 1, "airway", 0.83),
    ],
)
def test_parts_of_a_torso(preset, value, part, least):
    known = np.broadcast_to(truth(torso())[part], labels_of(preset).shape)
    assert overlap(labels_of(preset) == value, known) > least


def test_lungs_do_not_touch_the_airway_or_each_other_wrongly():
    lungs, known = labels_of("ct_lungs"), truth(torso())
    right, left = (np.broadcast_to(known[part], lungs.shape) for part in ("lung_right", "lung_left"))
    assert np.count_nonzero(lungs[right] == 2) < 0.001 * right.sum()
    assert np.count_nonzero(lungs[left] == 1) < 0.001 * left.sum()


def test_the_liver_is_found_by_itself():
    image = abdomen()
    found = sitk.GetArrayFromImage(preset_named("ct_liver").recipe().run(image=image)["labels"]) == 1
    assert overlap(found, np.broadcast_to(truth(image)["liver"], found.shape)) > 0.85


@pytest.mark.parametrize("centers", [(-90.0, 90.0), (0.0,)])
def test_thighs_have_no_liver_and_that_is_said(centers):
    """Muscle as thick and even as a liver around the shaft of a bone, of both legs or of one, with noise."""
    _z, y, x = np.meshgrid(*[(np.arange(n) - (n - 1) / 2) * 3.0 for n in (40, 60, 120)], indexing="ij")
    values = np.full(x.shape, -1000.0)
    for center in centers:
        away = np.hypot(x - center, y)
        values[away < 80] = -100
        values[away < 72] = 55
        bone = np.hypot(x - center - 5, y + 5)
        values[bone < 15] = 900
        values[bone < 8] = -60
    values += np.random.default_rng(0).normal(0, 10, x.shape)
    image = sitk.GetImageFromArray(np.rint(values).astype(np.int16))
    image.SetSpacing((3.0, 3.0, 3.0))
    with pytest.raises(InputError, match=r"No liver was found: the image shows no spine"):
        CtLiver()(image)


def test_a_chest_with_arms_has_no_liver_and_that_is_said():
    image = torso(size=(170, 82, 54))
    values = sitk.GetArrayFromImage(image)
    x, y = ((np.arange(n) - (n - 1) / 2) * 3.0 for n in (170, 82))
    values[(values > 0) & (values < 100)] = -100  # no thick tissue but the arms
    arm = np.hypot(np.abs(x) - 185, y[:, None])
    values[:, arm < 38] = 55
    values[:, arm < 10] = 900
    arms = sitk.GetImageFromArray(values)
    arms.CopyInformation(image)
    with pytest.raises(InputError, match="no soft tissue is 28 mm thick on the right of the trunk"):
        CtLiver()(arms)


def test_a_bulge_behind_a_neck_is_parted_at_it_and_what_tapers_is_not():
    z, y, x = (part - 0.0 for part in np.mgrid[:48, :48, :120])
    organ = (z - 24) ** 2 + (y - 24) ** 2 + (x - 30) ** 2 < 22**2
    vessel = (z - 24) ** 2 + (y - 24) ** 2 + (x - 76) ** 2 < 12**2
    neck = ((z - 24) ** 2 + (y - 24) ** 2 < 6**2) & (x > 40) & (x < 76)
    tip = ((z - 24) ** 2 + (x - 30) ** 2 < 6**2) & (y < 24)
    grid = Geometry((120, 48, 48), (1.0,) * 3, (0.0,) * 3, (1.0, 0, 0, 0, 1.0, 0, 0, 0, 1.0))
    seed = np.zeros(organ.shape, bool)
    seed[24, 24, 28] = True
    beyond = beyond_necks(organ | vessel | neck | tip, seed, grid, 4.0, 8.0)
    assert overlap(beyond, vessel | (neck & (x > 58))) > 0.9
    assert not beyond[organ | tip].any()
    assert not beyond_necks(organ | neck | tip, seed, grid, 4.0, 8.0).any()


def test_a_leg_has_no_lungs_and_that_is_said():
    _z, y, x = np.mgrid[:30, :60, :60]
    leg = np.where((x - 30) ** 2 + (y - 30) ** 2 < 400, 50, -1000).astype(np.int16)
    image = sitk.GetImageFromArray(leg)
    image.SetSpacing((3.0, 3.0, 3.0))
    with pytest.raises(InputError, match="lung"):
        CtLungs()(image)


def test_a_board_that_is_fixed_to_the_body_is_none_of_it_and_an_arm_beside_it_stays():
    z, y, x = (np.indices((40, 90, 110)).T - (0, 40, 55)).T * 2.0
    body = np.hypot(x, y) < 44 + 8 * np.sin(z / 12)
    arm = np.hypot(x - 82, y) < 20
    board = (np.abs(y - 70) < 6) & (np.abs(x) < 105)
    block = (np.abs(x) < 20) & (y > 0) & (y < 70) & (z > 20) & (z < 40)
    values = np.where(body | arm | board | block, 40.0, -1000.0).astype(np.float32)
    grid = Geometry((110, 90, 40), (2.0,) * 3, (0.0,) * 3, tuple(np.eye(3).ravel()))
    found = body_region(values, grid, -300.0, 4.0, 6.0)
    assert found[arm].all() and found[body].all()
    assert found[board & ~block].mean() < 0.05


def test_a_heart_that_lies_on_the_liver_is_parted_from_it():
    """As even as the liver, and touching it broadly; above, it is a section of its own between the lungs."""
    z, y, x = (np.indices((50, 60, 80)).T - (25, 30, 40)).T * 3.0
    grid = Geometry((80, 60, 50), (3.0,) * 3, (0.0,) * 3, tuple(np.eye(3).ravel()))
    body = np.hypot(x / 110, y / 80) < 1
    liver = ((x + 40) / 55) ** 2 + (y / 45) ** 2 + ((z + 40) / 42) ** 2 < 1
    heart = ((x - 10) / 45) ** 2 + (y / 40) ** 2 + ((z - 22) / 40) ** 2 < 1
    lung = (np.hypot(x / 100, y / 70) < 1) & (z > -20) & ~liver & ~heart
    values = np.select([lung, body], [-850.0, 40.0], -1000.0).astype(np.float32)
    seed = np.zeros_like(body)
    seed[8:12, 28:32, 24:30] = True
    found = beyond_heart(liver | heart, seed, values, body, 40.0, grid)
    assert found[heart & ~liver].mean() > 0.98
    assert found[liver & ~heart].mean() < 0.05
    # what is no section between lungs is not taken for one
    assert not beyond_heart(liver, seed, values, body, 40.0, grid).any()
