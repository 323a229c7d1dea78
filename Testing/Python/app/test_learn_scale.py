"""`learn-scale`: what it writes, that it is what Python learns, and what it refuses."""

import json

import numpy as np
import pytest
import SimpleITK as sitk

from MedProcLib.core.files import read_image
from MedProcLib.core.recipe import Recipe
from MedProcLib.enhancement.intensity.nyul import Nyul
from MedProcLib.enhancement.intensity.standard_scale import PERCENTILES, StandardScale, learn_standard_scale


@pytest.fixture
def studies(image, tmp_path):
    """Three images of one body in different units, and their masks."""
    paths, masks = [], []
    for number, (gain, offset) in enumerate(((1, 0), (3, 40), (0.2, -5))):
        paths.append(tmp_path / f"image{number}.nrrd")
        masks.append(tmp_path / f"mask{number}.nrrd")
        sitk.WriteImage(image * gain + offset, str(paths[-1]))
        sitk.WriteImage(sitk.Cast(image > 100, sitk.sitkUInt8), str(masks[-1]))
    return paths, masks


@pytest.mark.parametrize("masked", [False, True])
def test_the_scale_is_what_python_learns_and_brings_the_images_together(medproc, studies, tmp_path, masked):
    paths, masks = studies
    output, recipe = tmp_path / "scale.json", tmp_path / "recipe.json"
    more = ["--masks", *masks] if masked else []
    code, out, err = medproc("learn-scale", *paths, *more, "-o", output, "--recipe", recipe)
    assert (code, out, err) == (0, f"Standard scale of 3 images: {output}\n", "")
    images = [read_image(p) for p in paths]
    mask_images = [read_image(m) for m in masks] if masked else None
    assert StandardScale.load(output) == learn_standard_scale(images, mask_images)
    assert json.loads(output.read_text())["masked"] is masked
    results = []
    for number, path in enumerate(paths):
        made = tmp_path / f"made{number}.nrrd"
        applied = ["--mask", masks[number]] if masked else []
        assert medproc("enhance", path, "--recipe", recipe, *applied, "-o", made)[0] == 0
        results.append(sitk.GetArrayFromImage(sitk.ReadImage(str(made))))
    for other in results[1:]:
        np.testing.assert_allclose(other, results[0], atol=0.01)
    if masked:
        inside = sitk.GetArrayFromImage(mask_images[0]) > 0
        marks = np.percentile(results[0][inside], PERCENTILES)
        np.testing.assert_allclose(marks, StandardScale.load(output).landmarks, atol=1e-3)


def test_the_text_of_the_file_is_the_parameter(medproc, studies, tmp_path):
    paths, _ = studies
    output, made = tmp_path / "scale.json", tmp_path / "made.nrrd"
    assert medproc("learn-scale", *paths, "-o", output)[0] == 0
    setting = f"standard_scale={output.read_text()}"
    assert medproc("enhance", paths[0], "--operation", "nyul", "-p", setting, "-o", made)[0] == 0
    expected = Nyul(standard_scale=output.read_text())(read_image(paths[0]))
    np.testing.assert_array_equal(sitk.GetArrayFromImage(sitk.ReadImage(str(made))), sitk.GetArrayFromImage(expected))
    record = json.loads(sitk.ReadImage(str(made)).GetMetaData("MedProcProvenance"))
    assert Recipe.from_dict({"recipe": 1, "steps": record["steps"]}).run(image=read_image(paths[0]))


def test_refused(refused, studies, tmp_path, image):
    paths, masks = studies
    output = tmp_path / "scale.json"
    assert "3 images and 2 masks" in refused("learn-scale", *paths, "--masks", *masks[:2], "-o", output)
    assert "is an input" in refused("learn-scale", *paths, "-o", paths[0])
    assert "for two results" in refused("learn-scale", *paths, "-o", output, "--recipe", output)
    small = tmp_path / "small.nrrd"
    sitk.WriteImage(sitk.Image(4, 4, 4, sitk.sitkUInt8) + 1, str(small))
    assert "image 2 and its mask" in refused("learn-scale", *paths[:2], "--masks", masks[0], small, "-o", output)
    constant = tmp_path / "constant.nrrd"
    sitk.WriteImage(image * 0, str(constant))
    assert "Image 2: The image is constant" in refused("learn-scale", paths[0], constant, "-o", output)
    assert not output.exists()
