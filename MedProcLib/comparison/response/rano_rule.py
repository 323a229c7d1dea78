"""What tells the RANO criteria apart, as data."""

import enum
from dataclasses import dataclass

from .size_rule import Quantity, SizeRule, TargetRule

WINDOW_DAYS, CONFIRM_DAYS = 84, 28
MEASURABLE_MM = 10.0  # of both diameters
PRODUCTS = SizeRule(Quantity.PRODUCT, response_percent=50, progression_percent=25)
VOLUMES = SizeRule(Quantity.VOLUME, response_percent=65, progression_percent=40)
MINOR_PRODUCTS = SizeRule(Quantity.PRODUCT, response_percent=50, progression_percent=25, minor_percent=25)
MINOR_VOLUMES = SizeRule(Quantity.VOLUME, response_percent=65, progression_percent=40, minor_percent=40)


def targets(most: int) -> TargetRule:
    """Targets of the brain: both diameters at least 10 mm, so many of them, wherever they are."""
    return TargetRule(long_mm=10, short_mm=10, node_short_mm=None, most=most, most_per_organ=None)


class Confirm(enum.Enum):
    """When progression is preliminary until a scan 4 weeks later shows it again."""

    NEVER = "never"
    WINDOW = "within 12 weeks of radiotherapy"
    ALWAYS = "always"


class New(enum.Enum):
    """What a new lesion is: progression however small, only once it can be measured, or an addition to the sum then."""

    ANY = "any"
    MEASURABLE = "measurable"
    ADDED = "added"


@dataclass(frozen=True)
class RanoRule:
    """further: what confirms is a rise over the preliminary scan itself, not the same rise over the nadir once more.

    window_counts: whether growth within 12 weeks of radiotherapy counts as progression at all (it may be
    pseudoprogression); where not, only new enhancement outside the radiation field does, and clinical decline alone
    does not either. t2_flair: whether growth of T2/FLAIR abnormality is progression. baseline_days: days after the end
    of radiotherapy between which baseline is scanned where the tumor was just diagnosed.
    """

    size: SizeRule
    targets: TargetRule
    confirm: Confirm = Confirm.NEVER
    further: bool = False
    new: New = New.ANY
    window_counts: bool = True
    t2_flair: bool = True
    baseline_days: tuple[int, int] | None = None
