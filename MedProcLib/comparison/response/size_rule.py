"""Thresholds of a criterion that compares the summed size of target lesions, as data."""

import enum
from dataclasses import dataclass


class Quantity(enum.StrEnum):
    """What is summed: diameter (longest; short axis of nodes), product of the two diameters, or volume."""

    DIAMETER = "diameter"
    PRODUCT = "product"
    VOLUME = "volume"


UNITS = {Quantity.DIAMETER: "mm", Quantity.PRODUCT: "mm2", Quantity.VOLUME: "mm3"}
SUM_NAMES = {
    Quantity.DIAMETER: "sum_of_diameters",
    Quantity.PRODUCT: "sum_of_products",
    Quantity.VOLUME: "sum_of_volumes",
}


@dataclass(frozen=True)
class SizeRule:
    """Response: a fall of at least `response_percent` from baseline. Progression: a rise of at least
    `progression_percent` over the nadir (the smallest sum so far, baseline included) and of at least
    `progression_absolute` in the sum's unit. minor_percent: a fall that is a minor response, None where the criterion
    has none. too_small_mm: diameter assigned to a lesion too small to measure, None where the criterion has none (it
    then adds nothing and rules out CR). normal_node_mm: a node with a shorter short axis is normal.
    """

    quantity: Quantity
    response_percent: float
    progression_percent: float
    progression_absolute: float = 0.0
    minor_percent: float | None = None
    too_small_mm: float | None = None
    normal_node_mm: float = 10.0

    @property
    def unit(self) -> str:
        return UNITS[self.quantity]

    @property
    def sum_name(self) -> str:
        return SUM_NAMES[self.quantity]


@dataclass(frozen=True)
class TargetRule:
    """What may be a target: smallest longest diameter (or `slices` slice thicknesses beyond `thick_mm`), smallest short
    axis of a node (None: nodes are as other lesions), smallest short axis of other lesions, and how many.
    """

    long_mm: float = 10.0
    node_short_mm: float | None = 15.0
    short_mm: float = 0.0
    thick_mm: float = 5.0
    slices: float = 2.0
    most: int | None = 5
    most_per_organ: int | None = 2
