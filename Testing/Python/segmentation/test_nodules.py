"""Lung nodules: balls are found, also at the wall, straight vessels are not; curvatures of known shapes."""

import numpy as np
import pytest
import SimpleITK as sitk

from MedProcLib.core.errors import InputError
from MedProcLib.core.geometry import Geometry
from MedProcLib.segmentation.detection.nodules import Nodules
from MedProcLib.segmentation.detection.scale_space import blobs_of

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
    # where the vessels cross is a spot as well, by far less round
    others = [c.score for c in candidates if c.number not in found]
    assert max(others, default=0.0) < 0.1 * candidates[len(found) - 1].score
    assert "vessels not counted" in candidates[0].reason
    assert sitk.GetArrayFromImage(labels).max() == len(candidates)


def test_balls_answer_and_what_is_long_does_not():
    """Each of one voxel's sharp border; the share that stays of the Laplacian's response."""
    z, y, x = np.mgrid[:40, :40, :40] - 19.5
    kept = []
    for shape in (z**2 + y**2 + x**2 < 36, (z / 2) ** 2 + y**2 + x**2 < 36, y**2 + x**2 < 36):
        image = sitk.GetImageFromArray(shape.astype(np.float32))
        every, of_balls = (blobs_of(image, z**2 < 300, 10.0, 14.0, round_only=only)[0] for only in (False, True))
        kept.append(of_balls.strengths.max(initial=0) / every.strengths.max())
    assert kept[0] == pytest.approx(1.0, abs=0.02) and 0.05 < kept[1] < 0.5 and kept[2] < 0.01


def test_a_diameter_between_two_scales_is_found():
    """Spots that are Gaussians have a known scale; the diameters looked for are 8, 10.1, 12.7 and 16 mm."""
    squares = sum((place - 24) ** 2 for place in np.indices((49, 49, 49)))
    for width in (3.2, 3.6, 4.1):
        image = sitk.GetImageFromArray(np.exp(-squares / (2 * width**2)).astype(np.float32))
        bright, _ = blobs_of(image, np.ones(squares.shape, bool), 8.0, 16.0)
        # the normalized Laplacian of a Gaussian is largest where its variance is 2/3 of the spot's: sd d / (2 sqrt 3)
        assert bright.diameters[0] == pytest.approx(2 * 3**0.5 * width * (2 / 3) ** 0.5, rel=0.03)


def test_the_mirror_image_has_the_mirrored_nodules():
    """Also where the voxels of a coarser scale do not fit in whole numbers."""
    image, mask = lung_piece((61, 58, 53)), lung_mask(lung_piece((61, 58, 53)))
    _, first = Nodules()(image, mask)
    other = []
    for thing in (image, mask):
        values = np.ascontiguousarray(sitk.GetArrayFromImage(thing)[..., ::-1])
        other.append(Geometry.of(thing).image_of(values))
    _, mirrored = Nodules()(*other)
    assert len(first) == len(mirrored)
    for one, same in zip(first, mirrored, strict=True):
        assert same.position == pytest.approx((60 - one.position[0], *one.position[1:]), abs=0.01)
        assert (same.volume_mm3, same.score) == pytest.approx((one.volume_mm3, one.score), rel=1e-3)


def test_density_is_a_limit():
    image, mask = lung_piece(), lung_mask(lung_piece())
    _, candidates = Nodules(least_HU=10.0)(image, mask)
    assert [round(c.diameter_mm) for c in candidates if c.score > 20] == [10, 8]  # that of 0 HU is left out


def test_nothing_is_explained():
    image = lung_piece()
    mask = sitk.GetArrayFromImage(lung_mask(image))
    mask[:, :, :57] = 0
    with pytest.raises(InputError, match="No round spot"):
        Nodules(expected_false=0.01)(image, Geometry.of(image).image_of(mask))


def test_diameters_the_wrong_way_round():
    with pytest.raises(InputError, match="swap them"):
        Nodules(smallest_mm=20.0, largest_mm=5.0)(lung_piece())
