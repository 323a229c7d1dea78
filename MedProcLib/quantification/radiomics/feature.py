"""One radiomic feature's value with what identifies and defines it."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ...core.units import SQUARED


@dataclass(frozen=True)
class Feature:
    """A feature of one region.

    tag: short name of the IBSI reference tables, aggregation included (`cm_contrast_3D_comb`); name: the manual's
    name; unit: a key of core.units ("" where it has none); family: the manual's; aggregation: `2D_avg`, `2D_comb`,
    `2_5D_avg`, `2_5D_comb`, `3D_avg`, `3D_comb`, `2D`, `2_5D`, `3D` or ""; code: the manual's four-letter id;
    value: NaN where the region is too small or flat for it.
    """

    tag: str
    name: str
    value: float
    unit: str
    family: str
    aggregation: str
    code: str


@dataclass(frozen=True)
class Definition:
    """What is known of a feature before its value.

    unit: see in_unit.
    """

    tag: str
    name: str
    code: str
    unit: str = ""


def defined(
    definitions: Sequence[Definition], family: str, values: Mapping[str, float], intensity_unit: str = "intensity"
) -> list[Feature]:
    """Features in the order of their definitions; a value that is missing is NaN."""
    return [
        Feature(
            d.tag,
            d.name,
            float(values.get(d.tag, math.nan)),
            in_unit(d.unit, intensity_unit),
            family,
            "",
            d.code,
        )
        for d in definitions
    ]


def in_unit(unit: str, intensity_unit: str) -> str:
    """A key of core.units: 'intensity', 'intensity2' and 'intensity.mm3' stand for the unit of the image's values, its
    square, and it times mm3; others are as they are."""
    if unit == "intensity2":
        return SQUARED[intensity_unit]
    return unit.replace("intensity", intensity_unit)
