import json
from dataclasses import replace

import pytest

from MedProcLib.core.errors import InputError
from MedProcLib.core.units import ucum
from MedProcLib.quantification.radiomics.feature import in_unit
from MedProcLib.quantification.radiomics.settings import Radiomics
from MedProcLib.quantification.radiomics.settings_file import (
    FOLDER,
    PRESETS,
    load_settings,
    preset_named,
    settings_for,
    settings_help,
    settings_in,
    settings_of,
)


def test_every_preset_is_listed_and_sound():
    assert {path.stem for path in FOLDER.glob("*.json")} == {preset.name for preset in PRESETS}
    for preset in PRESETS:
        assert isinstance(preset.settings(), Radiomics) and preset.about
    with pytest.raises(InputError, match="no settings 'mri'; there are: ct, pet, mr"):
        preset_named("mri")


def test_lists_and_filters_are_json_or_its_text():
    data = {
        "resegmentation_range": [0, None],
        "families": ["glcm", "statistics"],
        "filter": {"operation": "enhancement.texture_log", "parameters": {"sigma_mm": 3}},
    }
    settings = settings_of(data)
    assert settings == settings_of({key: json.dumps(value) for key, value in data.items()})
    assert settings_of(dict(settings.parameters)) == settings
    assert settings_of({"families": "glcm, statistics"}).families == "glcm, statistics"
    assert settings_of({"resegmentation_range": None}) == Radiomics()


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"spacing": 1}, "no setting 'spacing'; did you mean spacing_mm"),
        ({"xyzzy": 1}, "no setting 'xyzzy'; known: dimension"),
        ({"spacing_mm": -1}, "'spacing_mm' is -1; allowed: 0 to 50 mm"),
        ({"bin_number": 1.5}, "'bin_number' is 1.5"),
        ({"discretization": "FBN"}, "'discretization' is 'FBN'; allowed: fixed bin number"),
        ({"families": ["glcm", "glcn"]}, "'families' has 'glcn'; known: morphology"),
        ({"aggregations": "4D"}, "'aggregations' has '4D'"),
        ({"dimension": "2D", "aggregations": "3D_avg"}, "asks for textures in 3D"),
        ({"resegmentation_range": [5, 1]}, "first bound must be below"),
        ({"resegmentation_range": [1]}, r"write it as \[lowest, highest\]"),
        ({"resegmentation_range": "0 to 5"}, r"write it as \[lowest, highest\]"),
        ({"filter": "{"}, "'filter' is not valid JSON"),
        ({"filter": {"operation": "enhancement.nothing"}}, "'filter': step 1"),
        ({"filter": {"operation": "segmentation.brain_mask"}}, "does not make an image"),
        ([1], "JSON object"),
    ],
)
def test_what_is_wrong_is_named(data, message, tmp_path):
    with pytest.raises(InputError, match=message):
        settings_of(data)
    path = tmp_path / "settings.json"
    path.write_text(json.dumps(data), encoding="utf-8")
    with pytest.raises(InputError, match=r"settings\.json: "):
        load_settings(path)


def test_files_that_are_none(tmp_path):
    with pytest.raises(InputError, match="cannot be read"):
        load_settings(tmp_path / "missing.json")
    (tmp_path / "bad.json").write_text("{", encoding="utf-8")
    with pytest.raises(InputError, match="not valid JSON"):
        load_settings(tmp_path / "bad.json")


def test_settings_by_modality():
    assert settings_for("CT")[0] == preset_named("ct") and "preset 'ct'" in settings_for("CT")[1]
    assert settings_for("PT")[0].intensity_unit == "SUV"
    settings, note = settings_for("")
    assert settings == Radiomics() and "--preset" in note


def test_help_names_every_setting_and_preset():
    text = settings_help()
    assert all(f"\n  {parameter.name} = " in text for parameter in Radiomics.declaration.parameters)
    assert all(f"\n  {preset.name}: " in text for preset in PRESETS)


def test_units_are_those_of_the_values():
    ct, pet = preset_named("ct"), preset_named("pet")
    assert settings_in(Radiomics(), "Bq/ml", "PET", "PT")[0].intensity_unit == "Bq/ml"
    assert settings_in(pet, "SUL", "PET", "PT") == (replace(pet, intensity_unit="SUL"), "")
    perfusion = replace(ct, intensity_unit="1/s")
    assert settings_in(perfusion, "HU", "map.nii.gz", "CT")[0].intensity_unit == "HU"
    assert settings_in(perfusion, "HU", "map.nii.gz", "CT", named=True) == (
        perfusion,
        "map.nii.gz: values are taken as 1/s, as the settings say; the image says HU",
    )
    assert settings_in(ct, "HU", "image", "CT", named=True) == (ct, "")
    assert settings_in(Radiomics(), "HU", "image", "CT", named=True)[0].intensity_unit == "HU"
    for modality, unit in (
        ("CT", "HU"),
        ("", "HU"),
        ("MR", "intensity"),
    ):  # MR has no HU
        assert settings_in(ct, "intensity", "image", modality) == (replace(ct, intensity_unit=unit), "")
    assert settings_in(pet, "intensity", "PET", "") == (pet, "")
    assert settings_in(pet, "intensity", "PET", "PT")[1].startswith("PET: its values are taken as SUV")
    with pytest.raises(InputError, match="PET is in Bq/ml, and the settings are for SUV: convert"):
        settings_in(pet, "Bq/ml", "PET", "PT")
    assert [ucum(in_unit(f"intensity{of}", "10-6 mm2/s")) for of in ("", "2", ".mm3")] == [
        *("10*-6.mm2/s", "10*-12.mm4/s2", "10*-6.mm2/s.mm3"),
    ]
    assert ucum(in_unit("intensity.mm3", "SUV")) == "{SUVbw}g/ml.mm3" and in_unit("mm", "SUV") == "mm"
