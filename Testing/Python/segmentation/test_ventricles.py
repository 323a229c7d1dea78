"""Ventricles of a brain whose ventricles are known."""

from dataclasses import replace

import numpy as np
import pytest
import SimpleITK as sitk
from Benchmarks._brain_phantom import brain_phantom
from Benchmarks._placed import turned
from scipy import ndimage

from MedProcLib.core.errors import InputError
from MedProcLib.core.geometry import Geometry
from MedProcLib.segmentation.anatomy import ventricles
from MedProcLib.segmentation.anatomy.brain_grid import BrainGrid, on_brain_grid
from MedProcLib.segmentation.anatomy.flair_tumor import FlairTumor
from MedProcLib.segmentation.anatomy.ventricles import Ventricles
from MedProcLib.segmentation.anatomy.white_matter_lesions import WhiteMatterLesions

SPACING = (2.0, 2.0, 2.0)
LEFT_HANDED = (-1, 0, 0, 0, 0, 1, 0, 1, 0)


@pytest.fixture(scope="module")
def brain():
    return brain_phantom(SPACING)


@pytest.fixture(autouse=True)
def coarse(monkeypatch):
    """The work is done on the phantom's voxels: finer ones show nothing more, and take eight times as long."""
    monkeypatch.setattr(ventricles, "WORKING_MM", SPACING[0])


def known(shape: tuple[int, int, int]) -> np.ndarray:
    """The phantom's lateral ventricles (z, y, x)."""
    z, y, x = np.ix_(*[(np.arange(n) - (n - 1) / 2) * s for n, s in zip(shape, SPACING, strict=True)])
    sides = [((x - s * (9 + 0.005 * y**2)) / 6) ** 2 + ((y - 4) / 32) ** 2 + ((z - 16) / 7) ** 2 < 1 for s in (-1, 1)]
    return sides[0] | sides[1]


@pytest.mark.parametrize("weighting", ["T1", "FLAIR", "T2"])
def test_the_ventricles_of_a_phantom(brain, weighting):
    image, mask = brain.image(weighting, 3, 10), brain.placed(brain.mask.astype(np.uint8))
    found = sitk.GetArrayFromImage(Ventricles()(image, mask)) > 0
    truth = known(found.shape)
    assert 2 * (found & truth).sum() / (found.sum() + truth.sum()) > 0.93


def test_a_left_handed_grid_with_its_axes_exchanged(brain):
    image, mask = brain.image("T1", 3, 10), brain.placed(brain.mask.astype(np.uint8))
    straight = sitk.GetArrayFromImage(Ventricles()(image, mask)) > 0
    # the same voxels stored as x from the other side, then z, then y
    placed = [
        sitk.GetImageFromArray(np.ascontiguousarray(sitk.GetArrayFromImage(i).transpose(1, 0, 2)[..., ::-1]))
        for i in (image, mask)
    ]
    corner = Geometry.of(image).points(np.array([(image.GetWidth() - 1, 0, 0)], float))[0]
    for one in placed:
        one.SetSpacing(SPACING)
        one.SetOrigin(corner.tolist())
        one.SetDirection(LEFT_HANDED)
    turned = sitk.GetArrayFromImage(Ventricles()(*placed))[..., ::-1].transpose(1, 0, 2) > 0
    assert 2 * (straight & turned).sum() / (straight.sum() + turned.sum()) > 0.99


def test_a_head_that_lies_turned(brain):
    turn = sitk.VersorTransform((0.48, 0.6, 0.64), np.radians(37.0)).GetMatrix()
    image, mask = brain.image("FLAIR", 3, 10), brain.placed(brain.mask.astype(np.uint8))
    for one in (image, mask):
        one.SetDirection(turn)
    found = sitk.GetArrayFromImage(Ventricles()(image, mask)) > 0
    truth = known(found.shape)
    assert 2 * (found & truth).sum() / (found.sum() + truth.sum()) > 0.93


def test_a_scan_that_is_turned_takes_no_more_voxels(brain):
    """A box around the brain that is turned back is three times as large."""
    image = brain.image("FLAIR", 3, 10)
    mask = brain.placed(brain.mask.astype(np.uint8))
    sizes = []
    for one, inside in ((image, mask), (turned(image, 0.0), turned(mask, 0.0, sitk.sitkNearestNeighbor))):
        values, region = (sitk.GetArrayFromImage(i) for i in (one, inside))
        made = on_brain_grid(one, values, region > 0, 2.0)
        sizes.append(made.brain.size)
        lost = np.count_nonzero(made.brain) * made.grid.voxel_volume / (brain.mask.sum() * 8.0)
        assert lost == pytest.approx(1, abs=0.01)
    assert sizes[1] < 1.25 * sizes[0]


def test_gray_matter_beside_white_does_not_hide_the_fluid():
    """Half of the brain's middle gray, half white, as in T1 of a child: 1 % of fluid lies far below both."""
    rng = np.random.default_rng(0)
    kinds = rng.choice(3, (30, 30, 30), p=(0.01, 0.55, 0.44))
    values = np.array([38.0, 72.0, 100.0])[kinds] + rng.normal(0, 5, kinds.shape)
    grid = Geometry((30, 30, 30), (1.0, 1.0, 1.0), (0.0, 0.0, 0.0), (1.0, 0, 0, 0, 1.0, 0, 0, 0, 1.0))
    brain = BrainGrid(grid, values, np.ones(values.shape, bool))
    fluid = ventricles.fluid_in(brain, np.ones(values.shape), "dark", 0.5)
    assert fluid[kinds == 0].mean() > 0.9 and fluid[kinds > 0].mean() < 0.02
    without = replace(brain, values=np.where(kinds == 0, 72.0, values))
    assert not ventricles.fluid_in(without, np.ones(values.shape), "dark", 0.5).any()


def test_a_rim_that_holds_nothing_does_not_make_fluid_dark(brain):
    """Where the skull was taken away, a mask that is a little too large holds zeros around the brain."""
    image, mask = sitk.GetArrayFromImage(brain.image("T2", 3, 10)), brain.mask
    rim = ndimage.binary_dilation(mask, iterations=2)
    found = Ventricles()(brain.placed(np.where(mask, image, 0)), brain.placed(rim.astype(np.uint8)))
    values = sitk.GetArrayFromImage(found) > 0
    truth = known(values.shape)
    assert 2 * (values & truth).sum() / (values.sum() + truth.sum()) > 0.93


@pytest.mark.parametrize("operation", [Ventricles, FlairTumor, WhiteMatterLesions])
def test_an_image_without_a_mask_of_the_brain_is_refused(brain, operation):
    with pytest.raises(InputError, match="choose a mask of the brain"):
        operation()(brain.image("FLAIR", 3, 10))
