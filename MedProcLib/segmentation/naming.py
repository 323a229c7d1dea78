"""What the label values that a recipe gives stand for."""

from ..core.recipe import Recipe
from ..core.structure import Structure
from .structures import structure


def structures_of(recipe: Recipe) -> dict[int, Structure]:
    """Structures by label value, 0 for all other values, from the last step that says them; empty when none does.

    An operation says them by a property `structures`: {label value: key in segmentation.structures}.
    """
    for _, operation in reversed(recipe.enabled_steps):
        keys = getattr(operation, "structures", None)
        if keys:
            return {value: structure(key) for value, key in keys.items()}
    return {}
