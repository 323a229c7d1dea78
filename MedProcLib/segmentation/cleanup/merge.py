"""Give segments other numbers."""

import re
from typing import Annotated

import numpy as np
import SimpleITK as sitk

from ...core.boxes import boxes_of
from ...core.errors import InputError
from ...core.geometry import Geometry
from ...core.operation import operation
from ...core.progress import SILENT
from ..common.label_boxes import numbers_in

LARGEST = 65535


@operation(
    "segmentation.merge",
    title="Merge and renumber segments",
    gives="labels",
    source="MedProc: connects steps of a recipe",
)
class Merge:
    """Give segments other numbers; those that get the same number become one segment.

    Written as rules `2, 3 -> 1; 7-9 -> 2; 4 -> 0`: 0 removes, `*` stands for all not named. All rules apply at once,
    so `1 -> 2; 2 -> 1` swaps two. Segments not named stay as they are.
    """

    rules: Annotated[str, "which segments become which, such as '2, 3 -> 1; * -> 0'"] = "* -> 1"
    renumbers = True

    def __call__(self, labels, progress=SILENT):
        rules = parse_rules(self.rules)
        values = sitk.GetArrayViewFromImage(labels)
        present = list(boxes_of(values))
        become = [_target(value, rules) for value in present]
        progress(0.3, "Renumbering")
        kind = np.promote_types(values.dtype, np.min_scalar_type(max(become, default=0)))
        result = values.astype(kind)
        names = np.array([0, *present], values.dtype)
        order = np.argsort(names)
        there = values != 0
        place = np.searchsorted(names[order], values[there])
        result[there] = np.array([0, *become], kind)[order][place]
        return Geometry.of(labels).image_of(result)


def parse_rules(text: str) -> list[tuple[list[tuple[int, int]] | None, int]]:
    """'2, 4-5 -> 1; * -> 0' as [([(2, 2), (4, 5)], 1), (None, 0)]. Raises InputError saying how it is written."""
    rules: list[tuple[list[tuple[int, int]] | None, int]] = []
    for part in filter(None, (part.strip() for part in text.split(";"))):
        match = re.fullmatch(r"(\*|[\d\s,-]+?)\s*->\s*(\d+)", part)
        if match is None or int(match[2]) > LARGEST:
            raise InputError(f"'{part}' is no rule: write '2, 3 -> 1; 7-9 -> 2', '* -> 0' (numbers up to {LARGEST}).")
        rules.append((None if match[1] == "*" else numbers_in(match[1]), int(match[2])))
    return rules


def _target(value: int, rules: list[tuple[list[tuple[int, int]] | None, int]]) -> int:
    """What a segment becomes: by the first rule that names it, else by that of all others, else itself."""
    for ranges, target in rules:
        if ranges is not None and any(low <= value <= high for low, high in ranges):
            return target
    return next((target for ranges, target in rules if ranges is None), value)
