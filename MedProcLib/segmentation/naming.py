"""What the label values that a recipe gives stand for."""

import colorsys
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Self, TypeVar

import SimpleITK as sitk

from ..core.label_pairs import label_pairs
from ..core.recipe import Recipe
from ..core.structure import Structure
from .structures import structure

Named = TypeVar("Named", bound=Any)  # a Structure or SegmentInfo


@dataclass(frozen=True)
class Naming:
    """What the values of a label map stand for after the steps so far.

    structures: by value, 0 for all others; sources: where a step renumbered segments, or made others, by value the one
    that its voxels had at first, 0 for several or none (None: each still has its own); seeded: segments are called as
    the seeds that mark them, whatever a step says of all others.
    """

    structures: Mapping[int, Structure] = field(default_factory=dict)
    sources: Mapping[int, int] | None = None
    seeded: bool = False

    def after(self, operation: Any, before: sitk.Image | None, made: Mapping[str, Any]) -> Self:
        """After a step that was given the label map before, and made these things."""
        after, declaration = made.get("labels"), operation.declaration
        if after is None:
            pass
        elif makes_others(operation):
            # segments that were there at first are none of these, unless raters or seeds gave the numbers
            sources: Mapping[int, int] | None = None if self.seeded or "raters" in declaration.inputs else {}
            return replace(self, structures=structures_said(operation) or self.structures, sources=sources)
        elif before is not None and renumbers(operation):
            return self._renumbered(parts_of(before, after))._saying(operation)
        return self._saying(operation)

    def numbered(self) -> dict[int, Structure]:
        """The structures; several pieces of a renumbered segment numbered, each in a color of its own."""
        if self.sources is None:
            return dict(self.structures)
        others = {0: self.structures[0]} if 0 in self.structures else {}
        return others | _numbered({value: (each, each) for value, each in self.structures.items() if value})

    def _saying(self, operation: Any) -> Self:
        said = structures_said(operation)
        named = replace(self, structures=said or self.structures)
        return replace(named, sources={}) if 0 in said and not self.seeded else named

    def _renumbered(self, parts: Mapping[int, tuple[int, ...]]) -> Self:
        sources, structures = {}, {0: self.structures[0]} if 0 in self.structures else {}
        for value, old in parts.items():
            kept = (value,) if value in old else old  # what others were added to is still what it was
            firsts = {number if self.sources is None else self.sources.get(number, 0) for number in kept}
            sources[value] = firsts.pop() if len(firsts) == 1 else 0
            shown = {self.structures.get(number) for number in kept}
            if len(shown) == 1 and (only := shown.pop()) is not None:
                structures[value] = only
        return replace(self, structures=structures, sources=sources)


def structures_of(recipe: Recipe) -> dict[int, Structure]:
    """Structures by label value, 0 for all other values, from the last step that says them; empty when none does.

    An operation says them by a property `structures`: {label value: key in segmentation.structures}. Of values that a
    later step renumbers, which only a run can tell, nothing is said.
    """
    said: dict[int, Structure] = {}
    for _, operation in recipe.enabled_steps:
        if renumbers(operation):
            said = {0: said[0]} if 0 in said else {}
        said = structures_said(operation) or said
    return said


def structures_said(operation: Any) -> dict[int, Structure]:
    """What an operation itself says of the values that it gives."""
    return {value: structure(key) for value, key in (getattr(operation, "structures", None) or {}).items()}


def renumbers(operation: Any) -> bool:
    """Whether a segment that an operation gives may have another number than the one it was made of.

    An operation says so by an attribute or property `renumbers`.
    """
    return bool(getattr(operation, "renumbers", False))


def makes_others(operation: Any) -> bool:
    """Whether an operation gives segments that are not made of those that were there."""
    declaration = operation.declaration
    return "labels" in declaration.gives and "labels" not in declaration.inputs + declaration.optional_inputs


def parts_of(before: sitk.Image, after: sitk.Image) -> dict[int, tuple[int, ...]]:
    """Which values each value of a label map had in the one it was made of, background left out."""
    found: dict[int, list[int]] = {}
    for value, old in sorted(label_pairs(after, before)):
        found.setdefault(value, []).append(old)
    return {value: tuple(number for number in numbers if number) for value, numbers in found.items()}


def called_as(sources: Mapping[int, int] | None, named: Mapping[int, Named]) -> dict[int, Named]:
    """What was named by the numbers that segments had at first, by those that they have now.

    sources: see Naming; named: a Structure or SegmentInfo for each. Several pieces of one are numbered, and all but the
    first get colors of their own.
    """
    if sources is None:
        return dict(named)
    return _numbered({value: (source, named[source]) for value, source in sources.items() if source in named})


def finding_color(number: int) -> tuple[float, float, float]:
    """Colors that stay apart however many there are: the hue goes on by the golden ratio."""
    return colorsys.hsv_to_rgb((0.08 + number * 0.618034) % 1.0, 0.75, 0.95)


def _numbered(shown: Mapping[int, tuple[Any, Named]]) -> dict[int, Named]:
    """What values show, given a key and what they show for each: those that share a key are numbered."""
    shares, seen, found = Counter(key for key, _ in shown.values()), Counter[Any](), {}
    for place, (value, (key, each)) in enumerate(sorted(shown.items())):
        seen[key] += 1
        color = each.color if seen[key] == 1 else finding_color(place)
        found[value] = replace(each, name=f"{each.name} {seen[key]}", color=color) if shares[key] > 1 else each
    return found
