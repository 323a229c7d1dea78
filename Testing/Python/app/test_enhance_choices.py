"""`enhance` with presets and a reference image."""

import json

import numpy as np
import SimpleITK as sitk

from MedProcLib.app.inputs import unit_of_file
from MedProcLib.core.files import read_image_file
from MedProcLib.core.recipe import Recipe
from MedProcLib.enhancement.presets.presets import preset_named


def test_a_preset_gives_what_its_recipe_gives(medproc, image_file, tmp_path):
    out = tmp_path / "out.nrrd"
    code, _, _ = medproc("enhance", image_file, "--preset", "ct_low_dose", "-o", out)
    expected = preset_named("ct_low_dose").recipe().run(image=sitk.ReadImage(str(image_file)))["image"]
    assert code == 0
    np.testing.assert_array_equal(sitk.GetArrayFromImage(sitk.ReadImage(str(out))), sitk.GetArrayFromImage(expected))


def test_auto_says_which_preset_it_took_and_why(medproc, image_file, tmp_path):
    named = tmp_path / "brain_FLAIR.nrrd"
    named.write_bytes(image_file.read_bytes())
    code, _, said = medproc("enhance", named, "--preset", "auto", "-o", tmp_path / "out.nrrd")
    assert code == 0 and "preset mr_brain_flair" in said and "FLAIR" in said


def test_auto_names_no_preset_for_several_time_points(refused, image, tmp_path):
    series = tmp_path / "series.nrrd"
    sitk.WriteImage(sitk.JoinSeries([image, image]), str(series))
    said = refused("enhance", series, "--preset", "auto", "-o", tmp_path / "out.nrrd")
    assert "choose one time point" in said and "reset" not in said


def test_an_image_that_comes_out_as_it_was_is_said_to(medproc, image_file, tmp_path):
    for sd, unchanged in ((0.1, True), (2.0, False)):
        code, _, said = medproc(
            "enhance", image_file, "--operation", "gaussian", "-p", f"sd_mm={sd}", "-o", tmp_path / "out.nrrd"
        )
        assert code == 0 and ("note: The image is as it was before" in said) == unchanged


def test_unknown_presets_and_parameters_beside_one_are_refused(refused, image_file, tmp_path):
    out = tmp_path / "out.nrrd"
    assert "there are: ct_lung" in refused("enhance", image_file, "--preset", "ct", "-o", out)
    assert "-p sets" in refused("enhance", image_file, "--preset", "pet", "-p", "a=1", "-o", out)
    assert not out.exists()


def test_a_reference_image_is_matched(medproc, image, image_file, tmp_path):
    reference, out = tmp_path / "reference.nrrd", tmp_path / "out.nrrd"
    sitk.WriteImage(image * 3 + 50, str(reference))
    arguments = ("--operation", "histogram_matching", "--reference", reference, "-o", out)
    assert medproc("enhance", image_file, *arguments)[0] == 0
    result = sitk.GetArrayFromImage(sitk.ReadImage(str(out)))
    np.testing.assert_allclose(result.mean(), sitk.GetArrayFromImage(image).mean() * 3 + 50, rtol=0.02)
    stored = sitk.ReadImage(str(out))
    texts = [stored.GetMetaData(key) for key in stored.GetMetaDataKeys()]
    assert any("reference.nrrd" in text for text in texts)


def test_needs_its_reference(refused, image_file, tmp_path):
    said = refused("enhance", image_file, "--operation", "histogram_matching", "-o", tmp_path / "out.nrrd")
    assert "needs a reference" in said


def test_a_learned_scale_runs_as_a_recipe(medproc, image, image_file, tmp_path):
    other = tmp_path / "other.nrrd"
    sitk.WriteImage(image * 2, str(other))
    scale, recipe = tmp_path / "scale.json", tmp_path / "recipe.json"
    assert medproc("learn-scale", image_file, other, "-o", scale, "--recipe", recipe)[0] == 0
    assert json.loads(scale.read_text()) and Recipe.load(recipe).steps[0].operation.declaration.name.endswith("nyul")
    results = []
    for path in (image_file, other):
        out = tmp_path / f"out_{path.name}"
        assert medproc("enhance", path, "--recipe", recipe, "-o", out)[0] == 0
        results.append(sitk.GetArrayFromImage(sitk.ReadImage(str(out))))
    np.testing.assert_allclose(results[0], results[1], rtol=0.01, atol=0.01 * np.ptp(results[0]))


def test_units_that_the_steps_keep_are_in_the_header(medproc, shared_data, tmp_path):
    ct, out = shared_data / "06_dicom" / "single_and_multiframe" / "CT_small.dcm", tmp_path / "out.nrrd"

    def said(*arguments) -> tuple[str, str]:
        assert medproc("enhance", *arguments, "-o", out)[0] == 0
        found = read_image_file(out)
        return unit_of_file(found), found.modality

    assert said(ct, "--preset", "ct_soft_tissue") == ("HU", "CT")
    assert said(ct, "--operation", "gamma") == ("intensity", "")
    suv = sitk.GetImageFromArray(np.random.default_rng(0).uniform(0, 9, (9, 10, 11)).astype(np.float32))
    for name, text in (("MedProcQuantity", "{SUVbw}g/ml"), ("MedProcModality", "PT")):
        suv.SetMetaData(name, text)
    sitk.WriteImage(suv, str(tmp_path / "suv.nrrd"))
    assert said(tmp_path / "suv.nrrd", "--operation", "gaussian") == ("SUV", "PT")
    assert said(tmp_path / "suv.nrrd", "--operation", "gamma") == ("intensity", "PT")
