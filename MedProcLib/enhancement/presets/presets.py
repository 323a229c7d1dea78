"""Chains that suit a modality and a task: recipe files beside this one, which any recipe reader can load.

None changes what the values mean more than its title says: CT presets keep Hounsfield units, the PET preset keeps SUV.
"""

from pathlib import Path

from ...core import preset as _preset
from ...core.preset import Preset
from ...core.recipe import Recipe

FOLDER = Path(__file__).resolve().parent


def _file(name: str, title: str, about: str) -> Preset:
    return Preset(name, title, about, FOLDER)


PRESETS = (
    _file("ct_lung", "CT lung", "Noise down, vessels and walls sharper; Hounsfield units of regions kept"),
    _file("ct_soft_tissue", "CT soft tissue", "Noise down so that organs of like density part; Hounsfield units kept"),
    _file("ct_low_dose", "CT low dose", "Strong noise removal that keeps edges; Hounsfield units kept"),
    _file("mr_brain_t1", "MR brain T1", "Coil shading and Rician noise out, white matter brought to one value"),
    _file("mr_brain_t2", "MR brain T2", "Coil shading and Rician noise out, intensities brought to one scale"),
    _file("mr_brain_flair", "MR brain FLAIR", "Coil shading and Rician noise out, lesions comparable between studies"),
    _file("mr_shading", "MR with coil shading", "The shading of surface coils and Rician noise out"),
    _file("ultrasound", "Ultrasound", "Speckle down, borders kept, depth gain evened out"),
    _file("pet", "PET", "Noise of counts down, uptake values kept"),
    _file("radiograph", "Radiograph", "Fine detail up in dark and bright regions alike"),
)


def preset_named(name: str) -> Preset:
    """A preset by name. Raises InputError that lists the known ones."""
    return _preset.preset_named(name, PRESETS)


def preset_of_recipe(recipe: Recipe) -> Preset | None:
    """The preset whose recipe this is, or None."""
    return _preset.preset_of_recipe(recipe, PRESETS)
