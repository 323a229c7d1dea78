"""A kidney in the middle of its neighbors: the outline with the steepest edge."""

import numpy as np
import SimpleITK as sitk

from MedProcLib.core.geometry import Geometry
from MedProcLib.segmentation.anatomy.ct_kidneys import CtKidneys
from MedProcLib.segmentation.anatomy.grown_organ import grown_organ

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


def test_a_knot_of_an_organ_that_is_cut_off_with_its_neighbor_is_not_taken_for_it():
    """Cut as far as the neck to the neighbor needs, the knot that the seed lies in has a core of its own (1.7 ml)."""
    z, y, x = np.meshgrid(*[(np.arange(n) - 25) * 2.0 for n in (51, 58, 51)], indexing="ij")
    organ = x**2 + y**2 + z**2 < 22**2
    knot = (x - 28) ** 2 + y**2 + z**2 < 8**2
    even = organ | knot | ((x**2 + z**2 < 5.6**2) & (y > 0)) | ((y > 30) & (abs(x) < 45) & (abs(z) < 45))
    grid = Geometry(x.shape[::-1], (2.0,) * 3, (0.0,) * 3, tuple(np.eye(3).ravel()))
    seed = (x == 26) & (y == 0) & (z == 0)
    found = grown_organ(even, seed, grid, 1e4, 1e5, (2.5, 4.0, 5.0, 6.0), 0.0)
    assert np.count_nonzero(found & organ) > 0.97 * np.count_nonzero(organ)
    assert np.count_nonzero(found & ~organ) < 0.1 * np.count_nonzero(organ)


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
