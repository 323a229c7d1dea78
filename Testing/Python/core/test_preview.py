"""Previews of chains: they agree with the result, and what was computed of the whole image is not computed again."""

from typing import Annotated

import numpy as np
import pytest
import SimpleITK as sitk
from scipy import ndimage

from MedProcLib.core.errors import Cancelled, InputError
from MedProcLib.core.geometry import Geometry
from MedProcLib.core.image_filter import ImageFilter
from MedProcLib.core.operation import operation
from MedProcLib.core.parameters import Range
from MedProcLib.core.plane import box_of_polygon
from MedProcLib.core.preview import Preview
from MedProcLib.core.progress import SILENT, Progress
from MedProcLib.core.recipe import Recipe
from MedProcLib.core.regrid import Regrid

LEARNED = []


@operation("test.mean_of_3", title="Mean of 3", gives="image", source="test")
class MeanOf3(ImageFilter):
    """Mean of 3 x 3 x 3 voxels."""

    times: Annotated[float, Range(0, 10), "factor"] = 1.0

    def margin(self, grid):
        return (1,) * grid.dimension

    def apply(self, values, region, place, learned, progress=SILENT):
        return ndimage.uniform_filter(values, 3, mode="reflect") * self.times


@operation("test.without_mean", title="Without mean", gives="image", source="test")
class WithoutMean(ImageFilter):
    """Subtract the image's mean."""

    mask_limits = False

    def learn(self, values, region, grid, progress=SILENT):
        LEARNED.append(values.shape)
        return float(values[region].mean(dtype=float))

    def apply(self, values, region, place, learned, progress=SILENT):
        return values - learned


@operation("test.fourier", title="Fourier", gives="image", source="test")
class Fourier(ImageFilter):
    """Remove the highest frequencies: global."""

    def margin(self, grid):
        return None

    def apply(self, values, region, place, learned, progress=SILENT):
        LEARNED.append("fourier")
        return ndimage.fourier_gaussian(np.fft.fftn(values), 1.0, axis=-1).real


@operation("test.coarse", title="Coarse", gives="image", source="test", dimensions=(3,))
class Coarse(Regrid):
    """Every second voxel's place, turned a little."""

    def output_grid(self, grid, learned):
        size = tuple(n // 2 for n in grid.size)
        return Geometry(size, tuple(2 * s for s in grid.spacing), grid.origin, grid.direction)

    def to_input(self, grid, learned):
        turn = sitk.Euler3DTransform(tuple(grid.center), 0, 0, 0.1)
        return turn


GRID = Geometry((40, 36, 30), (1.0, 1.2, 2.0), (5.0, -8.0, 9.0), sitk.VersorTransform((0, 0.6, 0.8), 0.4).GetMatrix())


@pytest.fixture
def image():
    LEARNED.clear()
    values = np.random.default_rng(3).normal(10, 3, (30, 36, 40)).astype(np.float32)
    return GRID.image_of(ndimage.gaussian_filter(values, 1) * 10)


def plane_of(grid, z):
    n = grid.size
    return grid.points(np.array([(0, 0, z), (n[0] - 1, 0, z), (n[0] - 1, n[1] - 1, z), (0, n[1] - 1, z)], float))


CHAINS = {
    "local": [MeanOf3(), MeanOf3(times=2)],
    "learning": [MeanOf3(), WithoutMean(), MeanOf3()],
    "global in the middle": [MeanOf3(), Fourier(), WithoutMean()],
    "another grid": [MeanOf3(), Coarse(), MeanOf3(), WithoutMean()],
}


@pytest.mark.parametrize("chain", CHAINS.values(), ids=CHAINS)
@pytest.mark.parametrize("masked", [False, True])
def test_a_slice_of_a_chain_agrees_with_the_result(image, chain, masked):
    mask = None
    if masked:
        inside = np.zeros((30, 36, 40), np.uint8)
        inside[4:25, 3:30, 9:33] = 1
        mask = GRID.image_of(inside)
    result = Recipe.of(*chain).run(image=image, mask=mask)["image"]
    whole, grid = sitk.GetArrayFromImage(result), Geometry.of(result)
    preview = Preview(image, mask)
    assert preview.prepare(chain).same_grid(grid)
    for z in (0, grid.size[2] // 2, grid.size[2] - 1):
        part = preview.part(chain, plane_of(grid, z))
        assert part.GetSize() == (*grid.size[:2], 1)
        np.testing.assert_allclose(part.GetOrigin(), grid.points(np.array([[0, 0, z]]))[0], atol=1e-6)
        np.testing.assert_allclose(sitk.GetArrayFromImage(part)[0], whole[z], rtol=1e-5, atol=1e-4)


def test_what_was_learned_is_not_learned_again_for_another_slice_or_a_later_step(image):
    preview = Preview(image)
    for times, z in ((1, 3), (2, 7), (3, 7)):
        preview.part([MeanOf3(), WithoutMean(), MeanOf3(times=times)], plane_of(GRID, z))
    assert LEARNED == [(30, 36, 40)]
    preview.part([MeanOf3(times=2), WithoutMean()], plane_of(GRID, 3))
    assert len(LEARNED) == 2


def test_a_global_step_is_computed_once(image):
    preview = Preview(image)
    assert not preview.is_ready([Fourier(), MeanOf3()])
    for z in range(5):
        preview.part([Fourier(), MeanOf3(times=z)], plane_of(GRID, z))
    assert LEARNED == ["fourier"] and preview.is_ready([Fourier(), MeanOf3(times=9)])


def test_approximately_with_what_was_learned_for_other_parameters(image):
    preview = Preview(image)
    plane = plane_of(GRID, 5)
    exact = preview.part([MeanOf3(times=1), WithoutMean()], plane)
    changed = [MeanOf3(times=2), WithoutMean()]
    assert preview.is_ready(changed, approximate=True) and not preview.is_ready(changed)
    rough = preview.part(changed, plane, approximate=True)
    assert len(LEARNED) == 1
    # the mean that was learned is half the one it should be
    difference = sitk.GetArrayFromImage(rough) - sitk.GetArrayFromImage(preview.part(changed, plane))
    np.testing.assert_allclose(difference, sitk.GetArrayFromImage(image).mean(dtype=float), rtol=1e-3)
    assert len(LEARNED) == 2 and exact.GetSize() == rough.GetSize()


def test_what_cannot_be_previewed_is_said(image):
    preview = Preview(image)
    with pytest.raises(InputError, match="outside the image"):
        preview.part([MeanOf3()], plane_of(GRID, 40))
    progress = Progress()
    progress.cancel()
    with pytest.raises(Cancelled):
        preview.part([MeanOf3(), WithoutMean()], plane_of(GRID, 4), progress=progress)
    assert preview.part([MeanOf3()], plane_of(GRID, 4)).GetSize() == (40, 36, 1)


def test_the_box_of_a_plane():
    grid = Geometry((10, 20, 30), (1.0, 1.0, 1.0), (0.0, 0.0, 0.0), (1.0, 0, 0, 0, 1, 0, 0, 0, 1))

    def box(*corners):
        return tuple((s.start, s.stop) for s in reversed(box_of_polygon(grid, np.array(corners, float))))

    assert box((-50, -50, 7), (50, -50, 7), (50, 50, 7), (-50, 50, 7)) == ((0, 10), (0, 20), (7, 8))
    assert box((-50, -50, 7.5), (50, -50, 7.5), (50, 50, 7.5), (-50, 50, 7.5)) == ((0, 10), (0, 20), (7, 9))
    assert box((2, 3, -0.4), (4.5, 3, -0.4), (4.5, 5, -0.4), (2, 5, -0.4)) == ((2, 6), (3, 6), (0, 1))
    # a plane that leaves the grid: z = x + 20 is in it up to x = 9.5
    oblique = box((-100, -9, -80), (100, -9, 120), (100, 90, 120), (-100, 90, -80))
    assert oblique == ((0, 10), (0, 20), (19, 30))
    with pytest.raises(InputError, match="outside"):
        box((-50, -50, 31), (50, -50, 31), (50, 50, 31), (-50, 50, 31))
