"""Chains that suit a modality and a task: recipe files beside this one, which any recipe reader can load.

None changes what the values mean more than its title says: CT presets keep Hounsfield units, the PET preset keeps SUV.
"""

import functools
from dataclasses import dataclass
from pathlib import Path

from ...core.errors import InputError
from ...core.recipe import Recipe

FOLDER = Path(__file__).resolve().parent


@dataclass(frozen=True)
class Preset:
    """A recipe file of this folder. name: the file's name without .json; about: what it does, in a line."""

    name: str
    title: str
    about: str

    @property
    def path(self) -> Path:
        """The recipe file."""
        return FOLDER / f"{self.name}.json"

    def recipe(self) -> Recipe:
        """The recipe. Raises InputError when its file is damaged."""
        return _recipe(self.path)


PRESETS = (
    Preset("ct_lung", "CT lung", "Noise down, vessels and walls sharper; Hounsfield units of regions kept"),
    Preset("ct_soft_tissue", "CT soft tissue", "Noise down so that organs of like density part; Hounsfield units kept"),
    Preset("ct_low_dose", "CT low dose", "Strong noise removal that keeps edges; Hounsfield units kept"),
    Preset("mr_brain_t1", "MR brain T1", "Coil shading and Rician noise out, white matter brought to one value"),
    Preset("mr_brain_t2", "MR brain T2", "Coil shading and Rician noise out, intensities brought to one scale"),
    Preset("mr_brain_flair", "MR brain FLAIR", "Coil shading and Rician noise out, lesions comparable between studies"),
    Preset("mr_shading", "MR with coil shading", "The shading of surface coils and Rician noise out"),
    Preset("ultrasound", "Ultrasound", "Speckle down, borders kept, depth gain evened out"),
    Preset("pet", "PET", "Noise of counts down, uptake values kept"),
    Preset("radiograph", "Radiograph", "Fine detail up in dark and bright regions alike"),
)


def preset_named(name: str) -> Preset:
    """A preset by name. Raises InputError that lists the known ones."""
    for preset in PRESETS:
        if preset.name == name:
            return preset
    raise InputError(f"There is no preset '{name}'; there are: {', '.join(preset.name for preset in PRESETS)}.")


def preset_of_recipe(recipe: Recipe) -> Preset | None:
    """The preset whose recipe this is, or None."""
    return next((preset for preset in PRESETS if preset.recipe() == recipe), None)


@functools.cache
def _recipe(path: Path) -> Recipe:
    return Recipe.load(path)
