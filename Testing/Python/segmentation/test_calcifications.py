"""Calcifications: spots of known density and size, bone left out, and as many false spots as were allowed."""

import numpy as np
import pytest
import SimpleITK as sitk
from scipy import ndimage

from MedProcLib.core.errors import InputError
from MedProcLib.core.geometry import Geometry
from MedProcLib.segmentation.detection.calcifications import Calcifications

from .calcified import SPOTS, calcified_ct
from .torso import torso


def test_the_spots_are_found_by_density_and_bone_is_not():
    image = calcified_ct()
    labels, candidates = Calcifications()(image)
    assert len(candidates) == 3
    for candidate, (center, radius, density) in zip(candidates, SPOTS, strict=True):
        place = np.array(center) * (60, 56, 40) - 0.5
        assert np.linalg.norm(np.array(candidate.position) - place) < radius
        assert candidate.volume_mm3 == pytest.approx(4 / 3 * np.pi * radius**3, rel=0.25)
        assert candidate.score == pytest.approx(density, abs=60)
        assert candidate.expected_false < 1e-6
    assert "Agatston weight 4" in candidates[0].reason and "Agatston weight 3" in candidates[2].reason
    assert sitk.GetArrayFromImage(labels).max() == 3


def test_a_mask_does_not_make_bone_a_spot():
    image = calcified_ct()
    mask = np.zeros((40, 56, 60), np.uint8)
    mask[18:22, 36:48, 40:56] = 1  # a slice of the bone
    mask[:, :24, :] = 1
    _, candidates = Calcifications()(image, Geometry.of(image).image_of(mask))
    assert len(candidates) == 2


def test_noise_gives_as_many_false_spots_as_allowed():
    """Water with noise of 40 HU: the threshold rises until so many single voxels exceed it; means of 12 images."""
    found = []
    for seed in range(12):
        values = np.random.default_rng(seed).normal(0, 40, (40, 60, 60))
        values[:, :, :3] = -1000
        image = sitk.GetImageFromArray(np.rint(values).astype(np.int16))
        try:
            found.append(len(Calcifications(expected_false=5.0, smallest_mm3=0.0)(image)[1]))
        except InputError:
            found.append(0)
    assert 2.5 < np.mean(found) < 10


def test_thin_slices_and_thick_ones_find_the_same():
    thin = calcified_ct((60, 56, 80), (1.0, 1.0, 0.5))
    assert len(Calcifications()(thin)[1]) == 3


def test_nothing_is_explained_with_the_threshold():
    values = np.full((20, 20, 20), 40, np.int16)
    values[:, :, 0] = -1000
    with pytest.raises(InputError, match="No spot above 130 HU"):
        Calcifications()(sitk.GetImageFromArray(values))


def test_an_image_that_is_no_ct_is_refused():
    with pytest.raises(InputError, match="not in Hounsfield units"):
        Calcifications()(sitk.GetImageFromArray(np.full((9, 9, 9), 300, np.int16)))


def test_vessels_full_of_contrast_are_no_spots_and_dense_calcium_is():
    """A vessel of 190 HU, 24 mm wide, and 40 small ones beside three spots: of 350, 500 and 800 HU."""
    image = calcified_ct((80, 56, 60), noise=12.0)
    values = sitk.GetArrayFromImage(image).astype(float)
    z, y, x = np.indices(values.shape)
    vessels = np.hypot(y - 42, x - 15) < 12
    for number in range(40):
        at = np.random.default_rng(number).uniform((4, 4, 8), (56, 20, 76))
        vessels |= np.sqrt((z - at[0]) ** 2 + (y - at[1]) ** 2 + (x - at[2]) ** 2) < 2.2
    vessels &= values < 150
    values[vessels] += 150
    filled = Geometry.of(image).image_of(np.rint(values).astype(np.int16))
    _, candidates = Calcifications()(filled)
    assert [c.score for c in candidates] == pytest.approx([800, 500, 350], abs=60)
    assert len(Calcifications()(image)[1]) == 3


@pytest.mark.parametrize("sd", [20, 65, 100])
def test_noise_does_not_join_spots_to_bone(sd):
    """Spheres of 700 HU in soft tissue with a spine; at 65 HU a tenth of all voxels of tissue is above 130 HU."""
    z, y, x = np.indices((40, 90, 90))
    values = np.where(((x - 45) / 42) ** 2 + ((y - 45) / 40) ** 2 < 1, 50.0, -1000.0)
    values[np.hypot(x - 45, y - 68) < 13] = 700
    values[np.hypot(x - 45, y - 68) < 10] = 230
    spots = [(10, 30, 25), (20, 36, 60), (30, 25, 40)]
    for spot in spots:
        values[(z - spot[0]) ** 2 + (y - spot[1]) ** 2 + (x - spot[2]) ** 2 <= 9] = 700
    values += np.random.default_rng(0).normal(0, sd, values.shape)
    labels, candidates = Calcifications()(sitk.GetImageFromArray(np.rint(values).astype(np.int16)))
    assert sorted(sitk.GetArrayViewFromImage(labels)[spot] for spot in spots) == [1, 2, 3]
    assert len(candidates) <= 5


def test_thin_bone_that_partial_volume_breaks_is_no_spot():
    """A plate of 120 HU with islands of 180 HU, each of the size of a spot, beside three spots."""
    image = calcified_ct(noise=5.0)
    values = sitk.GetArrayFromImage(image)
    plate = np.zeros((40, 56), np.int16)
    plate[2:38, 2:54] = 120
    for z in range(3, 36, 4):
        for y in range(3, 52, 4):
            plate[z : z + 3, y : y + 3] = 180
    values[:, :, 5:7] += np.where(plate > 0, plate - 40, 0).astype(np.int16)[..., None]
    labels, candidates = Calcifications()(Geometry.of(image).image_of(values))
    assert len(candidates) == 3 and not sitk.GetArrayFromImage(labels)[:, :, 4:8].any()
    # without so much bone above the threshold it is tissue, on which spots stay
    values[2:38, 2:54, 7:11] = np.maximum(values[2:38, 2:54, 7:11], 120)
    assert len(Calcifications()(Geometry.of(image).image_of(values))[1]) > 50


def test_noise_of_a_part_of_the_image_is_no_spot():
    """Noise that grows from 5 to 45 HU along the image: that of the whole says little of where it is strongest."""
    image = calcified_ct((60, 56, 40), noise=5.0)
    values = sitk.GetArrayFromImage(image)
    more = np.random.default_rng(0).normal(0, 1, (40, 56, 58)) * np.linspace(0, 45, 40)[:, None, None]
    values[:, :, 2:] += more.astype(np.int16)
    _, candidates = Calcifications()(Geometry.of(image).image_of(values))
    assert len(candidates) <= 5
    assert [c.score for c in candidates[:3]] == pytest.approx([800, 500, 350], abs=130)


def test_skin_raised_by_a_sharp_kernel_is_no_spot():
    """Soft tissue of 40 HU that the kernel lifts along air, so that noise of 12 HU takes parts of it above 130 HU."""
    image = calcified_ct(noise=0.0)
    values = sitk.GetArrayFromImage(image).astype(float)
    values[:, :8] = -1000
    blurred = ndimage.gaussian_filter(values, 0.7)
    values = blurred + 0.8 * (blurred - ndimage.gaussian_filter(blurred, 1.0))
    values += np.random.default_rng(0).normal(0, 12, values.shape)
    _, candidates = Calcifications()(Geometry.of(image).image_of(np.rint(values).astype(np.int16)))
    assert len(candidates) == 3
    assert min(c.score for c in candidates) > 300


def test_bone_beside_contrast_is_no_spot():
    """A vessel of 300 HU, 24 mm wide; a vertebra with marrow of 200 HU, trabeculae of 600 HU and a broken cortex."""
    image = calcified_ct((90, 70, 50), noise=10.0)
    values = sitk.GetArrayFromImage(image).astype(float)
    z, y, x = np.indices(values.shape)
    values[(np.hypot(y - 54, x - 16) < 12) & (values < 150)] += 260
    radius = np.hypot(y - 50, x - 70)
    random = np.random.default_rng(1).normal(0, 10, values.shape)
    values[radius < 16] = (200 + random)[radius < 16]
    trabeculae = (z % 5 < 2) & (y % 5 < 2) & (x % 5 < 2)
    values[(radius < 14) & trabeculae] = 600
    values[(radius >= 14) & (radius < 16) & (z % 4 < 3)] = 700
    labels, candidates = Calcifications()(Geometry.of(image).image_of(np.rint(values).astype(np.int16)))
    assert not sitk.GetArrayFromImage(labels)[radius < 17].any()
    assert [c.score for c in candidates] == pytest.approx([800, 500, 350], abs=60)


def test_cartilage_of_ribs_and_what_lies_on_the_body_are_no_spots():
    """Spots of 700 HU of 12 mm: in heart and breast, which are found, and in a cartilage and outside the body."""
    image = torso()
    values = sitk.GetArrayFromImage(image)
    z, y, x = (np.indices(values.shape).T - (26.5, 40.5, 49.5)).T * 3.0
    breast = ((x - 65) / 45) ** 2 + ((y + 85) / 34) ** 2 + (z / 45) ** 2 < 1
    values[breast & (values < -900)] = -90
    values[np.hypot(x + 30, y + 80) < 13] = 100
    heart, gland, cartilage, sheet = [(0, -25, 0), (70, -105, 0), (-30, -80, 0), (-50, -118, 0)]
    for at in (heart, gland, cartilage, sheet):
        values[(x - at[0]) ** 2 + (y - at[1]) ** 2 + (z - at[2]) ** 2 < 6**2] = 700
    _, candidates = Calcifications()(Geometry.of(image).image_of(values))
    places = [image.TransformPhysicalPointToContinuousIndex(found.position) for found in candidates]
    found = sorted(tuple((np.array(place) - (49.5, 40.5, 26.5)) * 3) for place in places)
    assert len(found) == 2
    assert np.array(found) == pytest.approx(np.array([heart, gland]), abs=7)
