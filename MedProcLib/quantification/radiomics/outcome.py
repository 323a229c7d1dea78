"""What is found of one region."""

from dataclasses import dataclass

from .feature import Feature


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
