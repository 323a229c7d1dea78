"""Muscle told from organs of the same density in CT."""

import numpy as np
import pytest
import SimpleITK as sitk

from MedProcLib.core.geometry import Geometry
from MedProcLib.quantification.ct.body_composition import BodyComposition
from MedProcLib.segmentation.anatomy.ct_fat_muscle import MUSCLE, OTHER, SUBCUTANEOUS, VISCERAL, CtFatMuscle
from MedProcLib.segmentation.anatomy.muscle import bone_and_brain
from MedProcLib.segmentation.anatomy.spine import find_spine
from MedProcLib.segmentation.common.membrane import membrane
from MedProcLib.segmentation.common.slice_by_slice import hull, slices_apart

from .torso import CORTEX, FAT, MARROW, SIZE, SPACING, abdomen, sitk_grid, torso, truth

LEAN_HU = 55
ARM_SLICES = slice(20, 34)


def parts(size=SIZE, spacing=SPACING):
    """Muscle and organ (z, y, x) of the belly below: a liver that lies against the wall, and both psoas."""
    grid = sitk_grid(size, spacing)
    at = truth(grid)
    x, y, z = (
        ((np.arange(n) - (n - 1) / 2) * mm).reshape([-1 if axis == 2 - i else 1 for axis in range(3)])
        for i, (n, mm) in enumerate(zip(size, spacing, strict=True))
    )
    psoas = [(x - side * 32) ** 2 + (y - 33) ** 2 < 14**2 for side in (-1, 1)]
    psoas = (psoas[0] | psoas[1] | np.zeros(at["body"].shape, bool)) & at["cavity"] & ~at["bone"]
    organ = at["cavity"] & (((x + 70) / 50) ** 2 + ((y + 15) / 45) ** 2 + (z / 60) ** 2 < 1) & ~psoas
    muscle = (at["inner"] & ~at["cavity"] & ~at["bone"] & ~at["canal"]) | psoas
    return muscle, organ


def belly():
    """HU: what is muscle and what is organ have the same density."""
    image = abdomen()
    values = sitk.GetArrayFromImage(image)
    at = truth(image)
    soft = at["cavity"] & ~at["bone"] & ~at["marrow"]
    values[soft] = FAT
    muscle, organ = parts()
    values[(muscle | organ) & soft] = LEAN_HU
    # the vertebra has its cortex all around, and marrow that is not as even as contrast
    values[at["bone"]] = CORTEX
    marrow = at["marrow"] & ~at["canal"] & np.ones(values.shape, bool)
    values[marrow] = np.random.default_rng(1).normal(MARROW, 60, np.count_nonzero(marrow))
    return Geometry.of(image).image_of(values)


@pytest.fixture(scope="module")
def found():
    image = belly()
    return image, CtFatMuscle()(image)


def inner(region):
    """Without the voxels at its border, which hold a bit of both."""
    return region & ~sitk_dilated(~region)


def sitk_dilated(region):
    return sitk.GetArrayFromImage(sitk.BinaryDilate(sitk.GetImageFromArray(region.astype(np.uint8)), [1, 1, 0])) != 0


def test_muscle_and_an_organ_at_the_wall_of_the_same_density(found):
    labels = sitk.GetArrayFromImage(found[1])
    muscle, organ = (inner(part) for part in parts())
    assert np.mean(labels[muscle] == MUSCLE) > 0.95
    assert np.mean(labels[organ] == OTHER) > 0.97
    psoas = muscle & truth(found[0])["cavity"]
    assert np.count_nonzero(psoas) > 1000 and np.mean(labels[psoas] == MUSCLE) > 0.9


def test_fat_inside_and_outside_the_wall(found):
    labels, at = sitk.GetArrayFromImage(found[1]), truth(found[0])
    muscle, organ = parts()
    visceral = inner(at["cavity"] & ~muscle & ~organ & ~at["bone"] & ~at["marrow"])
    assert np.mean(labels[visceral] == VISCERAL) > 0.99
    assert np.mean(labels[inner(at["body"] & ~at["inner"] & ~at["bone"])] == SUBCUTANEOUS) > 0.99


def test_the_muscle_area_has_no_organs_in_it(found):
    image, labels = found
    whole, *slices = BodyComposition()(image, labels)
    area = parts()[0].sum(axis=(1, 2)) * SPACING[0] * SPACING[1] / 100
    with_organs = np.isin(sitk.GetArrayFromImage(labels), (MUSCLE, OTHER))[27].sum() * SPACING[0] * SPACING[1] / 100
    assert whole.value("muscle_area") == pytest.approx(area.mean(), rel=0.08)
    assert slices[27].value("muscle_area") == pytest.approx(area[27], rel=0.1) and with_organs > 1.2 * area[27]


def test_voxels_stored_in_another_order_and_left_handed_make_no_difference(found):
    image, labels = found
    stored = sitk.Flip(sitk.PermuteAxes(image, (2, 0, 1)), (True, False, False))
    assert np.linalg.det(np.reshape(stored.GetDirection(), (3, 3))) < 0
    expected = sitk.Flip(sitk.PermuteAxes(labels, (2, 0, 1)), (True, False, False))
    made = CtFatMuscle()(stored)
    assert Geometry.of(made).same_grid(Geometry.of(stored))
    assert np.mean(sitk.GetArrayFromImage(made) == sitk.GetArrayFromImage(expected)) > 0.999


def test_arms_beside_the_trunk_are_muscle():
    values = sitk.GetArrayFromImage(belly())[ARM_SLICES]
    wide = np.full((*values.shape[:2], values.shape[2] + 60), -1000, values.dtype)
    wide[..., 30:-30] = values
    arms = np.zeros(wide.shape, bool)
    y, x = np.mgrid[: wide.shape[1], : wide.shape[2]]
    for middle in (15, wide.shape[2] - 16):
        off = np.hypot(x - middle, y - 45) * SPACING[0]
        wide[:, off < 40], wide[:, off < 34], wide[:, off < 12] = FAT, LEAN_HU, 600
        arms[:, (off > 15) & (off < 30)] = True
    image = sitk.GetImageFromArray(wide)
    image.SetSpacing(SPACING)
    labels = sitk.GetArrayFromImage(CtFatMuscle()(image))
    assert np.mean(labels[arms] == MUSCLE) > 0.99
    muscle, organ = (inner(part)[ARM_SLICES] for part in parts())
    trunk = labels[..., 30:-30]
    assert np.mean(trunk[muscle] == MUSCLE) > 0.95 and np.mean(trunk[organ] == OTHER) > 0.97


def limb(bone_hu):
    y, x = np.mgrid[:70, :70] * 3.0
    off = np.hypot(x - 105, y - 105)
    plane = np.select(
        [off < 9, off < 14, off < 70, off < 85], [min(bone_hu, -60), bone_hu, LEAN_HU, FAT], -1000
    ).astype(np.int16)
    image = sitk.GetImageFromArray(np.repeat(plane[None], 8, axis=0))
    image.SetSpacing((3, 3, 5))
    return image, (off > 20) & (off < 64)


def test_a_brain_is_no_muscle():
    """A head above the belly, as in a whole body: a ball of bone, in it what is as dense as muscle."""
    values = sitk.GetArrayFromImage(belly())[ARM_SLICES]
    rows, columns = values.shape[1:]
    x, y = ((np.arange(n) - (n - 1) / 2) * mm for n, mm in zip((columns, rows), SPACING, strict=False))
    z = (np.arange(26) - 13) * SPACING[2]
    far = np.sqrt(x**2 + y[:, None] ** 2 + z[:, None, None] ** 2)
    head = np.select([far < 52, far < 60, far < 64], [35.0, 800.0, FAT], -1000.0)
    whole = np.concatenate([values, head])
    image = sitk.GetImageFromArray(whole.astype(np.int16))
    image.SetSpacing(SPACING)
    labels = sitk.GetArrayFromImage(CtFatMuscle()(image))
    brain = np.concatenate([np.zeros(values.shape, bool), far < 48])
    assert np.count_nonzero(labels[brain] == MUSCLE) < 0.01 * np.count_nonzero(brain)
    assert np.count_nonzero(labels[brain] == OTHER) > 0.95 * np.count_nonzero(brain)


def test_without_a_spine_muscle_is_claimed_only_of_limbs():
    image, flesh = limb(LEAN_HU)
    assert np.all(sitk.GetArrayFromImage(CtFatMuscle()(image))[:, flesh] == OTHER)
    # two thighs, whose bones lie beside the middle of the image
    values = sitk.GetArrayFromImage(limb(900)[0])
    both = sitk.GetImageFromArray(np.concatenate([values[:, :, 5:-5]] * 2, axis=2))
    both.SetSpacing((3, 3, 5))
    labels = sitk.GetArrayFromImage(CtFatMuscle()(both))
    assert np.mean(labels[:, np.concatenate([flesh[:, 5:-5]] * 2, axis=1)] == MUSCLE) > 0.99


def test_a_single_slice_and_a_plain_2d_image_agree():
    image = belly()
    one, plain = CtFatMuscle()(image[:, :, 27:28]), CtFatMuscle()(image[:, :, 27])
    first, second = sitk.GetArrayFromImage(one)[0], sitk.GetArrayFromImage(plain)
    assert np.mean(first == second) > 0.99
    muscle, organ = (inner(part)[27] for part in parts())
    assert np.mean(first[muscle] == MUSCLE) > 0.9 and np.mean(first[organ] == OTHER) > 0.85


def test_membrane_goes_through_gaps_and_leaves_wrong_places():
    turn = np.arange(90) * 2 * np.pi / 90
    truth_ = 20 + 5 * np.sin(turn)[None] + np.linspace(0, 6, 30)[:, None]
    weights = np.ones(truth_.shape)
    weights[5:15, 80:] = weights[5:15, :8] = 0  # a gap across the seam of the circle
    seen = np.where(weights > 0, truth_, 777)
    seen[20, ::9] += 40
    field = membrane(seen, weights, (1.0, 0.5), 4.0, 15.0)
    assert np.abs(field - truth_).max() < 1.2
    np.testing.assert_allclose(membrane(seen, 0 * weights, (1.0, 0.5), 4.0, 15.0), 15)


def test_slices_on_their_own():
    plane = np.zeros((9, 12), bool)
    plane[[2, 2, 6, 6], [3, 9, 3, 9]] = True
    filled = np.zeros_like(plane)
    filled[2:7, 3:10] = True
    np.testing.assert_array_equal(hull(plane), filled)
    line = np.eye(9, 12, dtype=bool)
    np.testing.assert_array_equal(hull(line), line)
    assert slices_apart(Geometry((2, 3, 4), (1, 2, 3), (0, 0, 0), tuple(np.eye(3).ravel()))).spacing[2] > 1e4


def test_a_heart_with_contrast_is_no_bone_however_uneven():
    """As part of the spine it would widen the wall of the trunk."""
    image = torso()
    values, at = sitk.GetArrayFromImage(image).astype(np.float32), truth(image)
    z, y, x = (np.indices(values.shape).T - (26.5, 40.5, 49.5)).T * 3.0
    heart = (x / 34) ** 2 + ((y + 25) / 34) ** 2 + (z / 36) ** 2 < 1
    values[heart] = (300 + 90 * np.sin(x / 4) * np.sin(y / 4))[heart]
    bone, _ = bone_and_brain(values, at["body"], Geometry.of(image))
    assert np.mean(bone[heart]) < 0.1
    assert np.mean(bone[at["bone"] & ~heart]) > 0.9


@pytest.mark.parametrize(("cortex", "front"), [(320, 50), (500, 35)])
def test_the_aorta_in_front_of_the_spine_is_none_of_it_and_a_ring_of_cortex_is(cortex, front):
    _, y, x = np.indices((12, 80, 100)) * 2.0
    body = ((x - 100) / 90) ** 2 + ((y - 80) / 75) ** 2 < 1
    to_vertebra, to_aorta = np.hypot(x - 100, y - 116), np.hypot(x - 104, y - 83)
    values = np.where(body, 40.0, -1000.0)
    values[to_aorta < 14] = cortex
    values[to_aorta < 10] = 320
    values[to_vertebra < 16] = 600
    values[to_vertebra < 12] = 200
    grid = Geometry((100, 80, 12), (2.0, 2.0, 3.0), (0.0,) * 3, tuple(np.eye(3).ravel()))
    spine = find_spine(body & (values > 180), values, body, grid)
    assert spine.seen.all() and spine.front == pytest.approx(np.full(12, front), abs=1)
