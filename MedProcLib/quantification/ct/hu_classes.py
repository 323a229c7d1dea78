"""Shares of a region's volume in named ranges of Hounsfield units."""

import math
import re
from dataclasses import dataclass

import numpy as np

from ...core.errors import InputError
from ...core.hounsfield import FAT_HU, MUSCLE_HU
from ...core.measurement import Measurement
from ..figure import Figure
from ..sample import Sample

# Lung is what is normally aerated (Gattinoni et al., Am J Respir Crit Care Med 164(9), 2001); dense is what is denser
# than muscle: bone, calcium, contrast medium.
USUAL_CLASSES = (
    f"air: ..-901; lung: -900..-500; fat: {FAT_HU[0]:g}..{FAT_HU[1]:g}; "
    f"muscle: {MUSCLE_HU[0]:g}..{MUSCLE_HU[1]:g}; dense: 151.."
)
_NUMBER = r"-?\d+(?:\.\d+)?"


@dataclass(frozen=True)
class HuClass:
    """A name and the range of whole HU that it stands for, both ends included."""

    name: str
    low: float
    high: float

    @property
    def figure(self) -> Figure:
        ends = {"from_HU": self.low, "to_HU": self.high}
        defined = {name: value for name, value in ends.items() if math.isfinite(value)}
        rule = {"ends": "included", "values": "rounded to whole HU"}
        return Figure(f"share_{self.name}", "%", f"share of the voxels of {self.name}", parameters={**defined, **rule})

    def share_of(self, sample: Sample) -> float:
        """Share of the values that are within when rounded, so that no value falls between -30 and -29."""
        low = math.ceil(self.low) if math.isfinite(self.low) else self.low
        high = math.floor(self.high) if math.isfinite(self.high) else self.high
        return sample.share_below(high + 0.5) - sample.share_below(low - 0.5)


def hu_classes(text: str = USUAL_CLASSES) -> tuple[HuClass, ...]:
    """Classes written as 'name: low..high; ...'; an end left out is open. Ranges may overlap or leave gaps.

    Raises InputError for text that is not written so.
    """
    found = []
    for part in filter(None, (part.strip() for part in text.split(";"))):
        match = re.fullmatch(rf"(\w+)\s*:\s*({_NUMBER})?\s*\.\.\s*({_NUMBER})?", part)
        low, high = (float(end) if end else open_end for end, open_end in _ends(match))
        if match is None or low > high:
            raise InputError(f"'{part}' is no range of HU: write it as name: low..high, such as fat: -190..-30.")
        found.append(HuClass(match[1], low, high))
    if len({one.name for one in found}) < len(found) or not found:
        raise InputError(f"Give each range of HU a name of its own, in '{text}'.")
    return tuple(found)


def hu_measurements(values: np.ndarray | Sample, classes: tuple[HuClass, ...]) -> list[Measurement]:
    """Share (%) of the values (HU, any shape, or a sample) in each class.

    Values that are no numbers are left out, and how many is said. NaN when none is left.
    """
    sample = Sample.of(values)
    left_out = {"voxels_without_number": sample.left_out} if sample.left_out else {}
    return [one.figure.measured(100 * one.share_of(sample), sample.count, "HU", **left_out) for one in classes]


def _ends(match: re.Match | None) -> list[tuple[str | None, float]]:
    return [(match[2] if match else None, -math.inf), (match[3] if match else None, math.inf)]
