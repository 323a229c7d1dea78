"""A kidney in the middle of its neighbors: the outline with the steepest edge."""

import numpy as np
import SimpleITK as sitk

from MedProcLib.segmentation.anatomy.ct_kidneys import CtKidneys

FAT, KIDNEY, LIVER, NOISE = -100.0, 20.0, 48.0, 10.0


def test_a_kidney_broadly_at_the_liver_is_told_by_its_edge():
    kidney, liver, found = _found(lambda x, y, z: (x < -22) & (x > -60) & (np.abs(y) < 40), LIVER)
    assert 2 * np.count_nonzero(found & kidney) / (np.count_nonzero(found) + np.count_nonzero(kidney)) > 0.88
    assert np.count_nonzero(found & liver) < 0.08 * np.count_nonzero(found)


def test_an_outline_that_is_steep_for_the_most_part_is_not_taken():
    """A neighbor of 15 HU more lies on half of the kidney: judged by the median of its border, the outline that goes
    on into it would win (0.62).
    """
    kidney, liver, found = _found(lambda x, y, z: (x < -15) & (x > -100) & (np.abs(y) < 45) & (z > 5), KIDNEY + 15)
    assert 2 * np.count_nonzero(found & kidney) / (np.count_nonzero(found) + np.count_nonzero(kidney)) > 0.88
    assert np.count_nonzero(found & liver) < 0.08 * np.count_nonzero(found)


def _found(neighbor, density):
    """Masks (z, y, x) of a kidney, of its neighbor (of x, y, z in mm) and of what is found from a seed."""
    side = 3.0
    z, y, x = np.meshgrid(*[(np.arange(n) - (n - 1) / 2) * side for n in (44, 34, 44)], indexing="ij")
    kidney = (x / 26) ** 2 + (y / 22) ** 2 + (z / 45) ** 2 < 1
    other = neighbor(x, y, z) & ~kidney
    values = np.where(kidney, KIDNEY, np.where(other, density, FAT)) + np.random.default_rng(0).normal(
        0, NOISE, x.shape
    )
    image = sitk.GetImageFromArray(values.astype(np.float32))
    image.SetSpacing([side] * 3)
    seeds = np.zeros(x.shape, np.uint8)
    seeds[22, 17, 23] = 1
    marked = sitk.GetImageFromArray(seeds)
    marked.CopyInformation(image)
    return kidney, other, sitk.GetArrayFromImage(CtKidneys()(image, marked)) > 0
