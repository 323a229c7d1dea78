"""Settings of radiomic features as JSON: one object whose keys are the parameters of `quantification.radiomics`.

A parameter that is a list or a filter may be written as JSON or as text of it: "resegmentation_range": [0, null],
"families": ["glcm", "glrlm"], "filter": {"operation": "enhancement.texture_log", "parameters": {"sigma_mm": 3}}.
"""

import difflib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

from ...core.errors import InputError
from ...core.json_file import read_json
from ...core.operation import declared
from ...core.units import ValueUnit, shown
from .chosen import require_sound
from .settings import Radiomics

DECLARATION = declared()["quantification.radiomics"]
FOLDER = Path(__file__).resolve().parent / "presets"
# Modalities that have the units which presets are for; '' is not known.
MODALITIES = {"HU": ("CT", ""), "SUV": ("PT", "NM", "")}


@dataclass(frozen=True)
class SettingsPreset:
    """Settings that are shipped. name: of their file without .json; modality: DICOM's, of images they suit, or ''."""

    name: str
    about: str
    modality: str = ""

    def settings(self) -> Radiomics:
        return load_settings(FOLDER / f"{self.name}.json")


PRESETS = (
    SettingsPreset("ct", "CT: 1 mm voxels, whole HU from -1000 to 400, bins of 25 HU", "CT"),
    SettingsPreset("pet", "PET in SUV: 3 mm voxels, bins of 0.25 SUV from 0", "PT"),
    SettingsPreset("mr", "MR: 1 mm voxels, intensities within 3 SD of the region's mean, 32 bins", "MR"),
    SettingsPreset("ibsi_digital_phantom", "IBSI 1, digital phantom: levels as they are, all aggregations"),
    SettingsPreset("ibsi_config_a", "IBSI 1, configuration A: by slices, [-500, 400] HU, bins of 25 HU"),
    SettingsPreset("ibsi_config_b", "IBSI 1, configuration B: by slices, 2 mm bilinear, [-500, 400] HU, 32 bins"),
    SettingsPreset("ibsi_config_c", "IBSI 1, configuration C: 2 mm trilinear, [-1000, 400] HU, bins of 25 HU"),
    SettingsPreset("ibsi_config_d", "IBSI 1, configuration D: 2 mm trilinear, outliers beyond 3 SD out, 32 bins"),
    SettingsPreset("ibsi_config_e", "IBSI 1, configuration E: 2 mm tricubic, [-1000, 400] HU and 3 SD, 32 bins"),
    SettingsPreset("ibsi_validation_ct", "IBSI 1, validation data, CT: 1 mm tricubic, [-200, 200] HU, bins of 10 HU"),
    SettingsPreset("ibsi_validation_pet", "IBSI 1, validation data, PET: 3 mm tricubic, bins of 0.25 SUV from 0"),
    SettingsPreset("ibsi_validation_mr", "IBSI 1, validation data, MR: 1 mm tricubic, bins of 10 from 0"),
)


def settings_of(data: Any) -> Radiomics:
    """Settings from a JSON object. Raises InputError naming the key that is unknown or the value out of range."""
    if not isinstance(data, Mapping):
        raise InputError('Settings are a JSON object of parameters, such as {"spacing_mm": 1, "bin_size": 25}.')
    values = {}
    for key, value in data.items():
        known = [parameter.name for parameter in DECLARATION.parameters]
        if key not in known:
            near = difflib.get_close_matches(str(key), known, n=2, cutoff=0.5)
            hint = f"did you mean {' or '.join(near)}?" if near else f"known: {', '.join(known)}."
            raise InputError(f"there is no setting '{key}'; {hint}")
        text = DECLARATION.parameter(key).kind == "text" and not isinstance(value, str)
        values[key] = json.dumps(value) if text and value is not None else "" if text else value
    settings = DECLARATION.create(values)
    require_sound(settings)
    return settings


def load_settings(path: str | Path) -> Radiomics:
    """Settings of a JSON file. Raises InputError when it is missing, not JSON, or no valid settings."""
    data = read_json(path, "Settings file")
    try:
        return settings_of(data)
    except InputError as error:
        raise InputError(f"Settings file {path}: {error}") from None


def preset_named(name: str) -> Radiomics:
    """Settings of a preset. Raises InputError that lists the known ones."""
    for preset in PRESETS:
        if preset.name == name:
            return preset.settings()
    raise InputError(f"There are no settings '{name}'; there are: {', '.join(preset.name for preset in PRESETS)}.")


def preset_for(modality: str) -> SettingsPreset | None:
    """The preset that suits a modality (DICOM's; '' is unknown); None without."""
    return next((preset for preset in PRESETS if modality and preset.modality == modality), None)


def settings_for(modality: str) -> tuple[Radiomics, str]:
    """Settings that suit a modality (DICOM's; '' is unknown) when the user gives none, and a line that says so."""
    preset = preset_for(modality)
    if preset is not None:
        return preset.settings(), f"no settings were given; those of preset '{preset.name}' are used: {preset.about}"
    why = f"there is no preset for {modality}" if modality else "the modality is not known"
    return Radiomics(), (
        f"no settings were given and {why}: voxels stay as they are, intensities in 32 bins; choose --preset ct, pet "
        "or mr, or --settings"
    )


def settings_in(
    settings: Radiomics, unit: str, image: str, modality: str, named: bool = False
) -> tuple[Radiomics, str]:
    """Settings in the unit of an image's values, and a line for the user where that is not certain ('' else).

    unit: a key of units.SQUARED, 'intensity' where nothing says it: that of the settings is taken then, unless the
    modality (DICOM's; '' is unknown) has another; image: its name; named: whether the user wrote these settings: the
    unit they name is taken then, since a map of another unit may come with the tags of its image (1/s of perfusion CT).
    Raises InputError for activity where the settings are for SUV.
    """
    wanted = settings.intensity_unit
    if wanted == "SUV" and unit == "Bq/ml":
        raise InputError(
            f"{image} is in Bq/ml, and the settings are for SUV: convert it to SUV first, or choose other settings."
        )
    if named and wanted != "intensity" and unit != "intensity":
        other = f"{image}: values are taken as {shown(wanted)}, as the settings say; the image says {shown(unit)}"
        return settings, other if wanted != unit else ""
    if unit == "intensity" and modality in MODALITIES.get(wanted, (modality,)):
        note = f"{image}: its values are taken as SUV; PET in other units has to be converted first"
        return settings, note if wanted == "SUV" and modality else ""
    return replace(settings, intensity_unit=cast(ValueUnit, unit)), ""


def settings_help() -> str:
    """Every key with its default, what is allowed and its meaning; then the presets."""
    lines = ["Settings (JSON object of any of these keys):"]
    for parameter in DECLARATION.parameters:
        default = json.dumps(parameter.default, ensure_ascii=False)
        lines.append(f"  {parameter.name} = {default} {shown(parameter.unit)}".rstrip())
        lines.append(f"      {parameter.limits}: {parameter.meaning}")
    lines.append("Presets:")
    lines += [f"  {preset.name}: {preset.about}" for preset in PRESETS]
    return "\n".join(lines)
