"""A result says how it was made, and `--recipe RESULT` makes it again; a preset's recipe can be had and changed."""

import json

import pytest
import SimpleITK as sitk

from MedProcLib.core.files import PROVENANCE_KEY, read_image
from MedProcLib.core.provenance import Provenance
from MedProcLib.core.recipe import Recipe
from MedProcLib.core.recorded import recipe_of_file, write_result
from MedProcLib.enhancement.noise.gaussian import Gaussian

CHAIN = {
    "recipe": 1,
    "steps": [
        {"operation": "enhancement.gaussian", "parameters": {"sd_mm": 1.25}},
        {"operation": "segmentation.threshold", "parameters": {"lower": 300.5}},
    ],
}


@pytest.fixture
def recipe_file(tmp_path):
    path = tmp_path / "recipe.json"
    path.write_text(json.dumps(CHAIN))
    return path


@pytest.mark.parametrize("ending", [".nii.gz", ".nii", ".nrrd", ".seg.nrrd", ".mha"])
def test_a_result_is_a_recipe(medproc, image_file, recipe_file, tmp_path, ending):
    first, again = tmp_path / f"erste Läsion{ending}", tmp_path / f"again{ending}"
    assert medproc("segment", image_file, "--recipe", recipe_file, "-o", first)[0] == 0
    assert medproc("segment", image_file, "--recipe", first, "-o", again)[0] == 0
    one, other = (sitk.ReadImage(str(path)) for path in (first, again))
    assert sitk.Hash(one) == sitk.Hash(other) and sitk.GetArrayViewFromImage(one).any()
    beside = tmp_path / "erste Läsion.provenance.json"
    assert beside.is_file() == ending.startswith(".nii")
    record = json.loads(beside.read_text() if ending.startswith(".nii") else one.GetMetaData(PROVENANCE_KEY))
    assert record["inputs"] == {"image": str(image_file)} and record["steps"][0]["parameters"]["sd_mm"] == 1.25


@pytest.mark.parametrize("ending", [".mha", ".nrrd", ".nii"])
def test_a_long_chain_is_kept_whole(image, tmp_path, ending):
    recipe = Recipe.of(*(Gaussian(sd_mm=1 + number / 100) for number in range(300)))
    write_result(image, tmp_path / f"made{ending}", Provenance(recipe, {"image": "a\nb.nrrd"}))
    assert recipe_of_file(tmp_path / f"made{ending}") == recipe
    assert sitk.Hash(read_image(tmp_path / f"made{ending}")) == sitk.Hash(image)


def test_what_does_not_say_how_it_was_made(refused, image_file, image, recipe_file, tmp_path):
    assert "does not say how it was made" in refused("enhance", image_file, "--recipe", image_file, "-o", "o.nrrd")
    sitk.WriteImage(image, str(tmp_path / "bare.nii.gz"))
    line = ("enhance", image_file, "-o", tmp_path / "o.nrrd", "--recipe")
    assert "bare.provenance.json" in refused(*line, tmp_path / "bare.nii.gz")
    assert "There is no file" in refused(*line, tmp_path / "missing.nrrd")
    recipe_file.write_text(json.dumps({**CHAIN, "stepz": []}))
    assert "unknown entry 'stepz'" in refused(*line, recipe_file)


def test_the_recipe_of_a_preset(medproc, refused, image_file, tmp_path):
    code, out, _ = medproc("presets", "ct_low_dose")
    assert code == 0 and json.loads(out)["steps"][0]["operation"] == "enhancement.non_local_means"
    written = tmp_path / "r.json"
    assert medproc("presets", "mr_brain", "-o", written)[0] == 0
    assert written.read_text() == recipe_of_file(written).to_json() + "\n"
    assert "bright_regions" in refused("presets", "nothing")
    assert "name it" in refused("presets", "-o", written)
    line = ("enhance", image_file, "--preset", "ct_lung", "-p", "strength=1", "-o", tmp_path / "o.nrrd")
    assert "`presets NAME -o R.json`" in refused(*line)


def test_info_says_how_an_image_was_made_and_its_unit(medproc, image_file, tmp_path):
    for ending in (".nii.gz", ".nrrd"):
        made = tmp_path / f"made{ending}"
        assert medproc("enhance", image_file, "--operation", "gaussian", "-p", "sd_mm=1.5", "-o", made)[0] == 0
        said = json.loads(medproc("info", made)[1])
        assert said["provenance"]["steps"] == [{"operation": "enhancement.gaussian", "parameters": {"sd_mm": 1.5}}]
    assert json.loads(medproc("info", image_file)[1])["provenance"] is None
    image = sitk.ReadImage(str(image_file))
    image.SetMetaData("MedProcQuantity", "{SUVbw}g/ml")
    sitk.WriteImage(image, str(tmp_path / "suv.nrrd"))
    assert json.loads(medproc("info", tmp_path / "suv.nrrd")[1])["unit"] == "SUV"


def test_the_name_of_a_method_leads_to_its_operation(refused, image_file, tmp_path):
    said = refused("segment", image_file, "--operation", "Otsu", "-o", tmp_path / "o.nrrd")
    assert "'otsu' is a value of 'method' of segmentation.auto_threshold" in said


def test_nifti_keeps_the_unit_in_the_file_beside_it(medproc, image, tmp_path):
    """Until somebody writes other voxels under its name."""
    for key, text in (("MedProcQuantity", "{SUVbw}g/ml"), ("MedProcModality", "PT")):
        image.SetMetaData(key, text)
    sitk.WriteImage(image, str(tmp_path / "suv.nrrd"))
    made = tmp_path / "smooth.nii.gz"
    line = ("enhance", tmp_path / "suv.nrrd", "--operation", "gaussian", "-p", "sd_mm=2", "-o", made)
    assert medproc(*line)[0] == 0
    said = json.loads(medproc("info", made)[1])
    assert (said["unit"], said["modality"]) == ("SUV", "PT")
    sitk.WriteImage(sitk.ReadImage(str(made)) * 2, str(made))
    said = json.loads(medproc("info", made)[1])
    assert (said["unit"], said["modality"]) == (None, None)
    (tmp_path / "smooth.provenance.json").write_text("[]")
    assert medproc("info", tmp_path / "suv.nrrd")[0] == 0
