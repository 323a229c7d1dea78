"""Which segments of several raters are the same ones, by what they are called."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import SimpleITK as sitk

from ...core.listing import listed
from ...core.structure import is_name, words_of


def common_values(names: Sequence[Mapping[int, str]]) -> tuple[list[dict[int, int]], list[str]]:
    """By rater, the value that each of its segments (value: name, '' for none) has in all label maps; and notes.

    Segments of one name, as structure.words_of reads it, have that of the first rater who has it. Raters of one segment
    each show the same, whatever they call it. A rater who does not give each segment a name of its own numbers them as
    the others do.
    """
    if all(len(each) <= 1 for each in names):
        return _of_one_each(names)
    naming = [_gives_names(each) for each in names]
    used = {value for each in names for value in each}
    value_of: dict[tuple[str, ...], int] = {}
    for each in (each for each, gives in zip(names, naming, strict=True) if gives):
        for value, name in each.items():
            if words_of(name) not in value_of:
                value_of[words_of(name)] = max(used) + 1 if value in value_of.values() else value
                used.add(value_of[words_of(name)])
    values = [
        {value: value_of[words_of(name)] if gives else value for value, name in each.items()}
        for each, gives in zip(names, naming, strict=True)
    ]
    return values, _notes(names, naming)


def are_nested(first: Mapping[int, str], second: Mapping[int, str]) -> bool:
    """Whether two raters both give each segment a name of its own, and one has all the names of the other."""
    words = [{words_of(name) for name in names.values()} for names in (first, second)]
    return all(map(_gives_names, (first, second))) and (words[0] <= words[1] or words[1] <= words[0])


def with_values(labels: sitk.Image, values: Mapping[int, int]) -> sitk.Image:
    """The label map with each of these values as another one; all at once, so that two may be swapped."""
    changed = {value: other for value, other in values.items() if value != other}
    if not changed:
        return labels
    fits = max(*values, *values.values()) <= np.iinfo(np.uint16).max
    return sitk.ChangeLabel(sitk.Cast(labels, sitk.sitkUInt16 if fits else sitk.sitkUInt32), changed)


def _of_one_each(names: Sequence[Mapping[int, str]]) -> tuple[list[dict[int, int]], list[str]]:
    common = next((value for each in names for value in each), 1)
    called = {words_of(name): name for each in names for name in each.values() if is_name(name)}
    notes = [f"Each rater marked one segment, taken for the same: {_quoted(called.values())}."]
    return [dict.fromkeys(each, common) for each in names], notes if len(called) > 1 else []


def _gives_names(names: Mapping[int, str]) -> bool:
    words = {words_of(name) for name in names.values() if is_name(name)}
    return len(words) == len(names)


def _notes(names: Sequence[Mapping[int, str]], naming: Sequence[bool]) -> list[str]:
    notes = []
    count = Counter(
        words_of(name) for each, gives in zip(names, naming, strict=True) if gives for name in each.values()
    )
    for number, (each, gives) in enumerate(zip(names, naming, strict=True), 1):
        alone = [name for name in each.values() if count[words_of(name)] == 1]
        if gives and alone and sum(naming) > 1:
            notes.append(f"No other rater names {_quoted(alone)}, as rater {number} does.")
        if not gives and any(naming):
            notes.append(f"Rater {number} does not name its segments: they are matched by their numbers.")
    return notes


def _quoted(names: Iterable[str]) -> str:
    return listed([f"'{name}'" for name in names])
