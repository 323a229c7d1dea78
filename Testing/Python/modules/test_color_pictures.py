"""Pictures of a microscope, which Slicer loads as volumes of colors, can be enhanced and segmented."""

import numpy as np
import pytest
import SimpleITK as sitk

from MedProcLib.core.recipe import Recipe
from MedProcLib.enhancement.noise.non_local_means import NonLocalMeans
from MedProcLib.scene.volumes import image_of_volume, volume_from_image

CENTERS = ((30, 30), (90, 40), (60, 95))


@pytest.fixture
def stain(scene):
    """Three dark nuclei on a bright ground."""
    y, x = np.mgrid[:128, :128]
    pixels = np.full((1, 128, 128, 3), (230, 200, 220), np.float64)
    for column, row in CENTERS:
        pixels[0, (x - column) ** 2 + (y - row) ** 2 < 12**2] = (90, 60, 140)
    pixels += np.random.default_rng(0).normal(0, 4, pixels.shape)
    return volume_from_image(sitk.GetImageFromArray(pixels.clip(0, 255).astype(np.uint8), isVector=True), "Stain")


def test_nuclei_of_a_stain_are_segmented(stain, panel):
    widget = panel("MedProcSegmentation")  # whose volumes are gray
    assert widget.run.message.endswith("becomes one in the module Vector to Scalar Volume.")
    segmentation, table = widget.logic.process(stain, "nuclei_stained_dark")
    assert segmentation.GetSegmentation().GetNumberOfSegments() == table.GetNumberOfRows() == len(CENTERS)


def test_the_brightness_of_a_stain_is_enhanced(stain, panel):
    smooth = panel("MedProcEnhancement").logic.process(stain, Recipe.of(NonLocalMeans()))
    values = sitk.GetArrayFromImage(image_of_volume(smooth))
    assert values.shape == (1, 128, 128)
    assert values[0, 30, 30] == pytest.approx(0.299 * 90 + 0.587 * 60 + 0.114 * 140, abs=2)


@pytest.mark.parametrize(
    "module, of_red", [("MedProcEnhancement", None), ("MedProcSegmentation", "nuclei_stained_dark")]
)
def test_a_picture_in_color_is_not_taken_for_a_radiograph(stain, panel, module, of_red):
    logic = panel(module).logic
    assert logic.propose(stain) is None
    image = image_of_volume(stain)
    red = volume_from_image(sitk.VectorIndexSelectionCast(image, 0), "Red")
    found = logic.propose(red)
    assert (found and found.preset.name) == of_red
