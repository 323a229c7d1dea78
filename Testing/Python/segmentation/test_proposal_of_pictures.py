"""What is proposed for pictures without tags: nuclei on a dark or a bright ground, speckle, a chest."""

import numpy as np
import pytest
import SimpleITK as sitk
from scipy import ndimage

from MedProcLib.enhancement.presets.proposal import propose as enhancement_for
from MedProcLib.segmentation.presets.proposal import propose

RNG = np.random.default_rng(5)
Y, X = np.mgrid[:256, :256]


def nuclei() -> np.ndarray:
    light = np.zeros(Y.shape)
    for cy, cx in RNG.uniform(10, 246, (40, 2)):
        light[np.hypot(Y - cy, X - cx) < 8] = 150
    return RNG.poisson(ndimage.gaussian_filter(light, 1) + 12).astype(float)


def lesion_in_speckle() -> np.ndarray:
    dark = np.hypot(Y - 110, X - 140) < 45
    grains = ndimage.gaussian_filter(RNG.rayleigh(1.0, Y.shape), 1)
    return np.clip(5 + 150 * grains * (1 - 0.8 * dark) * np.exp(-Y / 80), 0, 255).round()


def chest() -> np.ndarray:
    density = 110 + 50 * Y / 256 + 60 * np.exp(-(((X - 128) / 25) ** 2)) - 110 * (np.abs(X - 128) > 118)
    density -= 70 * sum(((Y - 120) / 95) ** 2 + ((X - cx) / 48) ** 2 < 1 for cx in (68, 188))
    return np.clip(ndimage.gaussian_filter(density, 4) + RNG.normal(0, 2, Y.shape), 0, 255).round()


@pytest.mark.parametrize(
    "values, delineate, enhance",
    [
        (nuclei(), "nuclei", None),
        (255 - nuclei(), "nuclei_stained_dark", None),
        (lesion_in_speckle(), "us_region", "ultrasound"),
        (chest(), "radiograph_lungs", "radiograph"),
        (255 - chest(), "radiograph_lungs", "radiograph"),
    ],
)
@pytest.mark.parametrize("factor", [1.0, 16.0])
def test_the_preset_fits_the_picture(values, delineate, enhance, factor):
    image = sitk.GetImageFromArray((factor * values).astype(np.uint16))
    assert propose({}, image).preset.name == delineate
    found = enhancement_for({}, image)
    assert (found and found.preset.name) == enhance


def test_tags_go_before_what_a_picture_looks_like():
    image = sitk.GetImageFromArray(nuclei().astype(np.uint8))
    assert propose({"Modality": "DX"}, image).preset.name == "radiograph_lungs"
    assert propose({"Modality": "SM"}, image).preset.name == "nuclei"
