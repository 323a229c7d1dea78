"""What can be delineated at a click: recipe files beside this one, which any recipe reader can load and change."""

from ...core import preset as _preset
from ...core.preset import Preset
from ...core.recipe import Recipe
from .ct import CT_PRESETS
from .general import GENERAL_PRESETS
from .mr import MR_PRESETS
from .other import OTHER_PRESETS

PRESETS = (*CT_PRESETS, *MR_PRESETS, *OTHER_PRESETS, *GENERAL_PRESETS)


def preset_named(name: str) -> Preset:
    """A preset by name. Raises InputError that lists the known ones."""
    return _preset.preset_named(name, PRESETS)


def preset_of_recipe(recipe: Recipe) -> Preset | None:
    """The preset whose recipe this is, or None."""
    return _preset.preset_of_recipe(recipe, PRESETS)
