"""One radiomic feature's value with what identifies and defines it."""

from dataclasses import dataclass


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
