"""Lesions of a brain in whose FLAIR image gray matter is much brighter than white matter."""

import numpy as np
import pytest
import SimpleITK as sitk
from Benchmarks._brain_phantom import brain_phantom
from scipy import ndimage

from MedProcLib.core.errors import InputError
from MedProcLib.core.geometry import Geometry
from MedProcLib.segmentation.anatomy import white_matter_lesions
from MedProcLib.segmentation.anatomy.ventricles import Ventricles
from MedProcLib.segmentation.anatomy.white_matter_lesions import WhiteMatterLesions

SPACING = (2.0, 2.0, 2.0)
RADIUS_MM, BRIGHTNESS = 5.0, 135.0


@pytest.fixture(scope="module")
def brain():
    return brain_phantom(SPACING)


@pytest.fixture(autouse=True)
def coarse(monkeypatch):
    """The work is done on the phantom's voxels: finer ones show nothing more, and take eight times as long."""
    monkeypatch.setattr(white_matter_lesions, "WORKING_MM", SPACING[0])


def lesions_in(brain, count: int) -> np.ndarray:
    """Balls (z, y, x) in the thickest white matter of one quarter of the brain; the first lies at the midline."""
    inner = ndimage.distance_transform_edt(brain.fractions[2] > 0.9, SPACING)
    inner[..., inner.shape[2] // 2 :] = 0
    inner[:, inner.shape[1] // 2 :] = 0
    lesions = np.zeros(inner.shape, bool)
    for _ in range(count):
        middle = np.zeros(inner.shape, bool)
        middle[np.unravel_index(np.argmax(inner), inner.shape)] = True
        away = ndimage.distance_transform_edt(~middle, SPACING)
        lesions |= away <= RADIUS_MM
        inner[away < 4 * RADIUS_MM] = 0
    return lesions


def flair_of(brain, lesions: np.ndarray) -> tuple[sitk.Image, sitk.Image]:
    image = brain.image("FLAIR", 3, 10)
    values = sitk.GetArrayFromImage(image)
    values[lesions] += BRIGHTNESS - 80
    return brain.placed(values), brain.placed(brain.mask.astype(np.uint8))


def test_lesions_are_told_from_bright_gray_matter(brain):
    lesions = lesions_in(brain, 2)
    found = sitk.GetArrayFromImage(WhiteMatterLesions()(*flair_of(brain, lesions)))
    assert found.max() == 2
    assert 2 * np.count_nonzero((found > 0) & lesions) / (np.count_nonzero(found) + lesions.sum()) > 0.8


@pytest.mark.parametrize("place_mm, found", [((26.0, -6.0, -2.0), 0), ((19.0, -1.0, -24.0), 2)])
def test_what_both_sides_have_is_dropped_among_the_deep_nuclei_alone(brain, place_mm, found):
    middle = np.argwhere(brain.mask).mean(axis=0)
    aside, back, up = (np.moveaxis(np.indices(brain.mask.shape), 0, -1) - middle)[..., ::-1].transpose(
        3, 0, 1, 2
    ) * SPACING[0]
    pair = np.hypot(np.abs(aside) - place_mm[0], np.hypot(back - place_mm[1], up - place_mm[2])) <= RADIUS_MM
    labels = sitk.GetArrayFromImage(WhiteMatterLesions()(*flair_of(brain, pair)))
    assert labels.max() == found
    assert not labels[~ndimage.binary_dilation(pair, iterations=2)].any()


def test_a_healthy_brain_has_no_lesion(brain):
    found = WhiteMatterLesions()(*flair_of(brain, np.zeros(brain.mask.shape, bool)))
    assert not sitk.GetArrayViewFromImage(found).any()


def test_noise_is_not_taken_for_sulci(monkeypatch):
    """Noise of 15 % in the depth of white matter looked like sulci, so that lesions between were taken for cortex."""
    monkeypatch.setattr(white_matter_lesions, "WORKING_MM", 1.0)
    grid = Geometry((76, 76, 76), (1.0, 1.0, 1.0), (0.0, 0.0, 0.0), (1.0, 0, 0, 0, 1.0, 0, 0, 0, 1.0))
    z, y, x = np.indices((76, 76, 76)) - 37.5
    brain = x**2 + y**2 + z**2 < 36**2
    lesions = (np.abs(x) - 16) ** 2 + (y - 8) ** 2 + z**2 < 5**2
    ventricle = (np.abs(x) < 4) & (y**2 + z**2 < 10**2)
    values = np.select([lesions, ventricle, brain], [170.0, 5.0, 100.0], 0.0)
    noisy = np.abs(values + np.random.default_rng(0).normal(0, 15, values.shape)).astype(np.float32)
    found = sitk.GetArrayFromImage(WhiteMatterLesions()(grid.image_of(noisy), grid.image_of(brain.astype(np.uint8))))
    assert found.max() == 2
    assert np.count_nonzero((found > 0) != lesions) < 0.02 * np.count_nonzero(lesions)


def test_a_brain_without_fluid_has_no_ventricles_and_that_is_said(brain):
    values = np.random.default_rng(1).normal(100, 3, brain.mask.shape) * brain.mask
    with pytest.raises(InputError, match="no fluid"):
        Ventricles()(brain.placed(values.astype(np.float32)), brain.placed(brain.mask.astype(np.uint8)))


@pytest.mark.parametrize("find", [WhiteMatterLesions(), Ventricles()])
def test_a_mask_smaller_than_the_working_voxels_is_said(find):
    grid = Geometry((9, 9, 9), (0.5, 0.5, 0.5), (0.0, 0.0, 0.0), (1.0, 0, 0, 0, 1.0, 0, 0, 0, 1.0))
    mask = np.zeros((9, 9, 9), np.uint8)
    mask[4, 4, 4] = 1
    values = np.random.default_rng(0).normal(100, 5, mask.shape).astype(np.float32)
    with pytest.raises(InputError, match="mask of the whole brain"):
        find(grid.image_of(values), grid.image_of(mask))


def test_linings_are_no_lesions():
    """A sheet of 2 mm, however large, goes; a ball of 4 mm stays, also where it lies at the end of one."""
    grid = Geometry((40, 40, 40), (1.0, 1.0, 1.0), (0.0, 0.0, 0.0), (1.0, 0, 0, 0, 1.0, 0, 0, 0, 1.0))
    points = np.moveaxis(np.indices((40, 40, 40)), 0, -1)
    ball = np.linalg.norm(points - (30, 30, 30), axis=-1) <= 2
    sheet = np.zeros(ball.shape, bool)
    sheet[4:6, 2:30, 2:30] = True
    assert np.array_equal(white_matter_lesions._thick(sheet | ball, grid), ball)
    joined = sheet.copy()
    joined[4:8, 2:6, 2:6] = True
    assert np.array_equal(white_matter_lesions._thick(joined, grid), joined)
