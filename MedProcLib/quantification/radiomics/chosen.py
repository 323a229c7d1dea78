"""What the settings that are texts choose: families, aggregations, range of intensities, filter."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING

from ...core.errors import InputError
from ...core.json_file import parsed_json
from ...core.recipe import Recipe

if TYPE_CHECKING:
    from .settings import Radiomics

TEXTURES = {"glcm": "cm", "glrlm": "rlm", "glszm": "szm", "gldzm": "dzm", "ngtdm": "ngt", "ngldm": "ngl"}
FAMILIES = ("morphology", "local_intensity", "statistics", "histogram", "volume_histogram", *TEXTURES)
IN_PLANE = ("2D_avg", "2D_comb", "2_5D_avg", "2_5D_comb")
AGGREGATIONS = (*IN_PLANE, "3D_avg", "3D_comb")


def families_of(settings: Radiomics) -> tuple[str, ...]:
    """The families in the standard's order. Raises InputError."""
    return FAMILIES if settings.families.strip() == "all" else _some(settings.families, FAMILIES, "families")


def aggregations_of(settings: Radiomics) -> tuple[str, ...]:
    """How textures are put together. Raises InputError for those in the volume of settings by slices."""
    by_slices = settings.dimension == "2D"
    if settings.aggregations.strip() == "auto":
        return IN_PLANE if by_slices else AGGREGATIONS[4:]
    found = _some(settings.aggregations, AGGREGATIONS, "aggregations")
    if by_slices and not set(found) <= set(IN_PLANE):
        raise InputError(
            "parameter 'aggregations' asks for textures in 3D; with dimension '2D' there are: " + ", ".join(IN_PLANE)
        )
    return found


def range_of(settings: Radiomics) -> tuple[float | None, float | None]:
    """Bounds of the intensities kept by re-segmentation, None where there is none. Raises InputError."""
    text = settings.resegmentation_range.strip()
    if not text:
        return None, None
    try:
        bounds = json.loads(text)
    except json.JSONDecodeError:
        bounds = None
    if not (isinstance(bounds, list) and len(bounds) == 2 and all(b is None or _is_number(b) for b in bounds)):
        raise InputError(
            f"parameter 'resegmentation_range' is {text}; write it as [lowest, highest], with null where there is no "
            "bound, such as [-500, 400] or [0, null]."
        )
    low, high = (None if bound is None else float(bound) for bound in bounds)
    if low is not None and high is not None and low >= high:
        raise InputError(f"parameter 'resegmentation_range' is {text}: the first bound must be below the second.")
    return low, high


def filter_of(settings: Radiomics) -> Recipe | None:
    """The recipe that the interpolated image goes through. Raises InputError, also for one that gives no image."""
    text = settings.filter.strip()
    if not text:
        return None
    data = parsed_json(text, "parameter 'filter'")
    try:
        recipe = Recipe.from_dict(
            data if isinstance(data, dict) and "steps" in data else {"recipe": 1, "steps": [data]}
        )
    except InputError as error:
        raise InputError(f"parameter 'filter': {error}") from None
    for _, step in recipe.enabled_steps:
        if step.declaration.gives != ("image",) or set(step.declaration.inputs) != {"image"}:
            raise InputError(f"parameter 'filter': {step.declaration.name} does not make an image of an image.")
    return recipe


def require_sound(settings: Radiomics) -> None:
    """Raise InputError naming the parameter for texts that choose nothing known."""
    families_of(settings), aggregations_of(settings), range_of(settings), filter_of(settings)


def _some(text: str, known: tuple[str, ...], parameter: str) -> tuple[str, ...]:
    chosen = [word.strip(" []\"'") for word in text.split(",")]
    unknown = [word for word in chosen if word not in known]
    if unknown:
        raise InputError(f"parameter '{parameter}' has '{unknown[0]}'; known: {', '.join(known)}.")
    return tuple(word for word in known if word in chosen)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
