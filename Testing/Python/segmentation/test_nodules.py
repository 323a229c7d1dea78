"""Lung nodules: balls are found, also at the wall, straight vessels are not; curvatures of known shapes."""

import numpy as np
import pytest
import SimpleITK as sitk

from MedProcLib.core.errors import InputError
from MedProcLib.core.geometry import Geometry
from MedProcLib.segmentation.detection.nodules import Nodules
from MedProcLib.segmentation.detection.roundness import roundness

from .lung_phantom import NODULES, lung_mask, lung_piece

OBLIQUE = sitk.VersorTransform((0.6, 0, 0.8), 0.5).GetMatrix()


@pytest.mark.parametrize("size, spacing", [((64, 60, 56), (1.0, 1.0, 1.0)), ((92, 86, 28), (0.7, 0.7, 2.0))])
def test_nodules_are_found_and_vessels_are_not(size, spacing):
    image = lung_piece(size, spacing)
    mask = lung_mask(image)
    centers = np.array([center for center, _, _ in NODULES])
    for thing in (image, mask):
        thing.SetDirection(OBLIQUE)
    centers = Geometry.of(image).points(centers / spacing)
    labels, candidates = Nodules(expected_false=0.5)(image, mask)
    found = set()
    for number, (center, (_, diameter, _)) in enumerate(zip(centers, NODULES, strict=True)):
        near = [c for c in candidates if np.linalg.norm(np.array(c.position) - center) < diameter / 2]
        assert len(near) == 1, f"nodule {number}"
        assert near[0].diameter_mm == pytest.approx(diameter, rel=0.25)
        found.add(near[0].number)
    assert len(candidates) == len(found)
    assert "vessels not counted" in candidates[0].reason
    assert sitk.GetArrayFromImage(labels).max() == len(candidates)


def test_curvatures_of_a_ball_an_ellipsoid_and_a_tube():
    z, y, x = np.mgrid[:40, :40, :40] - 19.5
    shapes = [z**2 + y**2 + x**2 < 36, (z / 2) ** 2 + y**2 + x**2 < 36, y**2 + x**2 < 36]
    ratios = []
    for shape in shapes:
        image = sitk.GetImageFromArray(shape.astype(np.float32))
        grid = Geometry.of(image)
        ratios.append(roundness(shape.astype(np.float32), grid, grid.center[None], np.array([12.0]))[0])
    assert ratios[0] == pytest.approx(1.0, abs=0.02) and 0.1 < ratios[1] < 0.6 and ratios[2] < 0.05


def test_density_is_a_limit():
    image, mask = lung_piece(), lung_mask(lung_piece())
    _, candidates = Nodules(least_HU=20.0)(image, mask)
    assert len(candidates) == 2  # that of 0 HU is left out


def test_nothing_is_explained():
    image = lung_piece()
    mask = sitk.GetArrayFromImage(lung_mask(image))
    mask[:, :, :57] = 0
    with pytest.raises(InputError, match="No round spot"):
        Nodules(expected_false=0.01)(image, Geometry.of(image).image_of(mask))


def test_diameters_the_wrong_way_round():
    with pytest.raises(InputError, match="swap them"):
        Nodules(smallest_mm=20.0, largest_mm=5.0)(lung_piece())
