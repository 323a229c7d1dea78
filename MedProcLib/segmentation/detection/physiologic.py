"""Uptake of FDG that is usual: rules on place, size and shape, each with what it says."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Focus:
    """What the rules look at. height 0 crotch, 1 neck; side -1 right, 1 left edge; depth 0 front, 1 back.

    volume_ml, peak (SUV), mean (SUV); elongation: longest over second principal axis.
    """

    height: float
    side: float
    depth: float
    volume_ml: float
    peak: float
    mean: float
    elongation: float


@dataclass(frozen=True)
class Rule:
    """organ: what the uptake is likely of; because: why, in words; holds: for a Focus."""

    organ: str
    because: str
    holds: Callable[[Focus], bool]


# The base of the skull is so high above the neck; where the field of view cuts the brain, it is in pieces of 10 ml and
# more. A tumor of throat or neck lies lower and is mostly hotter than a gland (limits chosen on two patients).
SKULL_BASE, LEAST_BRAIN_ML, HOT_GLAND_SUV = 1.09, 10.0, 5.0

# Usual uptake as in Shreve, Anzai & Wahl, Pitfalls in oncologic diagnosis with FDG PET imaging, RadioGraphics 19, 1999;
# the limits are wide ranges of where these organs lie in adults.
RULES = (
    Rule("brain", "in the upper head", lambda f: f.height > SKULL_BASE and f.volume_ml > LEAST_BRAIN_ML),
    Rule(
        "salivary gland",
        "above the neck, of moderate uptake",
        lambda f: f.height > 1.02 and 3 < f.volume_ml < 60 and f.peak < HOT_GLAND_SUV,
    ),
    Rule(
        "heart",
        "left of the midline, high in the trunk and in front",
        lambda f: 0.55 < f.height < 0.9 and -0.1 < f.side < 0.6 and f.depth < 0.65 and 15 < f.volume_ml < 600,
    ),
    Rule(
        "bladder",
        "on the midline, low in the trunk",
        lambda f: 0.1 < f.height < 0.32 and abs(f.side) < 0.2 and 3 < f.volume_ml < 800 and f.peak > 4,
    ),
    Rule(
        "ureter",
        "thin, hot, beside the spine between kidney and bladder",
        lambda f: 0.12 < f.height < 0.55 and abs(f.side) < 0.5 and f.elongation > 2.5 and f.volume_ml < 12,
    ),
    Rule(
        "kidney",
        "beside the spine, in the back half, at mid-trunk",
        lambda f: 0.33 < f.height < 0.68 and 0.12 < abs(f.side) < 0.75 and f.depth > 0.4 and 1 < f.volume_ml < 500,
    ),
    Rule(
        "liver",
        "large and even, on the right, above mid-trunk",
        lambda f: 0.4 < f.height < 0.8 and f.side < 0.1 and f.volume_ml > 300 and f.peak < 3 * f.mean,
    ),
)


def likely_organ(focus: Focus) -> Rule | None:
    """The first rule that holds, or None: not known to be usual."""
    return next((rule for rule in RULES if rule.holds(focus)), None)
