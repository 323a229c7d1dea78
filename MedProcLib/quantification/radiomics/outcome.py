"""What is found of one region."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ...core.listing import listed
from .feature import Feature

MOST_NAMED = 3  # regions that a note lists


@dataclass(frozen=True)
class RegionFeatures:
    """Features of a segment of a label map, figures of the steps that led to them, and what a reader should know.

    label: its value; features: in the standard's order; diagnostics: by IBSI's tags where there is one (sizes in
    voxels, intensities in the image's unit); notes: one line each.
    """

    label: int
    features: tuple[Feature, ...]
    diagnostics: dict[str, float]
    notes: tuple[str, ...] = ()

    def value(self, tag: str) -> float:
        """A feature's value by its tag. Raises KeyError."""
        for feature in self.features:
            if feature.tag == tag:
                return feature.value
        raise KeyError(tag)


def notes_of(regions: Sequence[RegionFeatures], name_of: Callable[[int], str] = str) -> list[str]:
    """The notes on regions, each once with the names (of labels) that it is about: 'All segments: Fewer than ...'."""
    about: dict[str, list[str]] = {}
    for region in regions:
        for note in region.notes:
            about.setdefault(note, []).append(name_of(region.label))
    return [f"{_listed(names, len(regions))}: {note}" for note, names in about.items()]


def _listed(names: list[str], regions: int) -> str:
    if len(names) == regions > 1:
        return "All segments"
    return listed(names, MOST_NAMED)
