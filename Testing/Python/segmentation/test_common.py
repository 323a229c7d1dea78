"""What the masks and outliers of a head keep besides what test_every_segmentation asks of every segmentation."""

import threading
import time
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
import SimpleITK as sitk

from MedProcLib.core.errors import Cancelled, InputError
from MedProcLib.core.geometry import Geometry
from MedProcLib.core.progress import Progress
from MedProcLib.core.recipe import Recipe
from MedProcLib.segmentation.anatomy.body_mask import BodyMask
from MedProcLib.segmentation.anatomy.brain_mask import BrainMask
from MedProcLib.segmentation.cleanup.components import Components
from MedProcLib.segmentation.cleanup.remove_small import RemoveSmall
from MedProcLib.segmentation.detection.bright_outliers import BrightOutliers

OF_IMAGES = [BodyMask(closing_mm=2), BrainMask(opening_mm=3, closing_mm=4), BrightOutliers(minimum_volume_mm3=5)]
every = pytest.mark.parametrize("segment", OF_IMAGES, ids=lambda s: s.declaration.name)


def from_center(size, spacing) -> list[np.ndarray]:
    """How far each voxel is from the image's center along each axis, in mm; NumPy's order of axes."""
    sides = zip(reversed(size), reversed(spacing), strict=True)
    return np.meshgrid(*[(np.arange(n) - (n - 1) / 2) * s for n, s in sides], indexing="ij")


def head_like(size=(60, 64, 40), spacing=(2.0, 2.0, 2.0)) -> sitk.Image:
    """Scalp, dark skull, brain (radii 58, 52, 46 mm) with a bright lesion of 5 mm in it, on air: float32."""
    mesh = from_center(size, spacing)
    radius = np.sqrt(sum(m**2 for m in mesh))
    lesion = sum((m - (10 if axis == len(mesh) - 1 else 0)) ** 2 for axis, m in enumerate(mesh)) < 5**2
    values = 2 + 60.0 * (radius < 58) - 50.0 * (radius < 52) + 90.0 * (radius < 46) + 60.0 * lesion
    values += np.random.default_rng(0).normal(0, 3, values.shape)
    image = sitk.GetImageFromArray(np.clip(values, 0, None).astype(np.float32))
    image.SetSpacing(spacing)
    return image


def run(segment, image):
    """Outliers are looked for in the brain; the masks need nothing but the image."""
    if not isinstance(segment, BrightOutliers):
        return segment(image)
    squared = sum(m**2 for m in from_center(image.GetSize(), image.GetSpacing()))
    return segment(image, Geometry.of(image).image_of((squared < 46**2).astype(np.uint8)))


def array(image):
    return sitk.GetArrayFromImage(image)


@cache
def usual(segment) -> np.ndarray:
    """Where the structure is in head_like(); computed once for all tests."""
    return array(run(segment, head_like())) > 0


@every
def test_mirrored_and_permuted_voxels(segment):
    image, expected = head_like(), usual(segment)
    permuted = run(segment, sitk.PermuteAxes(sitk.Flip(image, (True, False, True)), (2, 0, 1))) > 0
    result = array(sitk.PermuteAxes(permuted, (1, 2, 0)))[::-1, :, ::-1] > 0
    assert 2 * np.count_nonzero(result & expected) / (result.sum() + expected.sum()) > 0.995


@every
@pytest.mark.parametrize(
    "size, spacing", [((120, 120, 1), (1, 1, 5)), ((120, 120), (1, 1)), ((80, 80, 20), (1.5, 1.5, 5))]
)
def test_slices_and_thick_slices(segment, size, spacing):
    image = head_like(size, spacing)
    if isinstance(segment, BrainMask):  # else it refuses slices
        segment = replace(segment, smallest_mm=0)
    result = run(segment, image)
    assert Geometry.of(result) == Geometry.of(image)
    radius = {"segmentation.body_mask": 58, "segmentation.brain_mask": 46, "segmentation.bright_outliers": 5}
    expected = np.pi * radius[segment.declaration.name] ** 2 / (spacing[0] * spacing[1])
    middle = array(result) if len(size) == 2 else array(result)[size[2] // 2]
    tolerance = 0.35 if isinstance(segment, BrightOutliers) else 0.05
    assert np.count_nonzero(middle) == pytest.approx(expected, rel=tolerance)


def test_pixel_types_of_brains_agree():
    segment = OF_IMAGES[1]  # test_every_segmentation tries the faster ones
    whole = sitk.Cast(sitk.Clamp(head_like((44, 46, 30), (2.7, 2.7, 2.7)) * 0.7, upperBound=127), sitk.sitkInt8)
    expected = array(segment(sitk.Cast(whole, sitk.sitkFloat32)))
    np.testing.assert_array_equal(array(segment(whole)), expected)


@every
def test_huge_values(segment):
    image, expected = head_like(), usual(segment)
    big = array(image).astype(np.float64) * 1e300
    result = array(run(segment, Geometry.of(image).image_of(big))) > 0
    assert expected.any() and np.count_nonzero(result != expected) <= 0.01 * np.count_nonzero(expected)


@every
def test_nan_hardly_matters_and_is_never_inside_alone(segment):
    image = head_like()
    values = array(image)
    values[20, 32, 33], values[0], values[5, 5, 5] = np.nan, np.nan, np.inf
    expected = usual(segment)
    result = array(run(segment, Geometry.of(image).image_of(values))) > 0
    assert np.count_nonzero(result != expected) <= 0.02 * np.count_nonzero(expected) + 5


@every
def test_constant_and_numberless_images(segment):
    with pytest.raises(InputError, match="constant"):
        segment(sitk.Image(20, 20, 20, sitk.sitkInt16) + 7)
    with pytest.raises(InputError, match="NaN"):
        segment(sitk.Image(20, 20, 20, sitk.sitkFloat32) + float("nan"))


@pytest.mark.parametrize("operation", [*OF_IMAGES, RemoveSmall(5.0, 9.0, "face"), Components("face")])
def test_recipe_file(operation):
    recipe = Recipe.of(operation)
    assert Recipe.from_json(recipe.to_json()) == recipe


def test_the_chain_as_a_recipe_finds_the_lesion():
    image = head_like()
    recipe = Recipe.of(BrainMask(opening_mm=3, closing_mm=4), BrightOutliers(), RemoveSmall(100.0))
    labels = array(recipe.run(image=image)["labels"])
    assert labels.max() == 1
    center = Geometry.of(image).points(np.argwhere(labels == 1)[:, ::-1]).mean(axis=0) - Geometry.of(image).center
    np.testing.assert_allclose(center, (10, 0, 0), atol=0.5)


@every
def test_cancel_ends_within_a_second(segment, real_flair):
    sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(2)
    stop, asked, ended = threading.Event(), [], []

    def report(fraction, message):
        if fraction > 0.15 and not asked:
            asked.append(time.process_time())
            stop.set()

    with pytest.raises(Cancelled):
        segment(real_flair, progress=Progress(report, stop))
    ended.append(time.process_time())
    # processor time, so that a busy machine does not count: two threads at work for a second
    assert ended[0] - asked[0] < 2.0
