"""Points of an image that are found again when it is turned, shifted or measured on another grid."""

from dataclasses import dataclass, fields

import numpy as np


@dataclass(frozen=True)
class KeyPoints:
    """One line for each orientation of a point.

    points: (n, dimension) LPS mm; scales: SD of the Gaussian in mm (n,); signs: 1 bright, -1 dark (n,); strengths:
    |response| as share of the image's range of intensities (n,); frames: (n, dimension, dimension), right-handed, whose
    columns are the axes of the point's own coordinates in LPS; descriptors: (n, length), of unit length;
    places: number of the point (n,), the same for all its orientations, strongest point first.
    """

    points: np.ndarray
    scales: np.ndarray
    signs: np.ndarray
    strengths: np.ndarray
    frames: np.ndarray
    descriptors: np.ndarray
    places: np.ndarray

    def only(self, lines: np.ndarray) -> "KeyPoints":
        """These lines of it."""
        return KeyPoints(**{each.name: getattr(self, each.name)[lines] for each in fields(self)})

    @property
    def count(self) -> int:
        """Number of points, however many orientations they have."""
        return int(self.places.max()) + 1 if self.places.size else 0

    @property
    def first(self) -> np.ndarray:
        """Index of the first orientation of each point."""
        return np.unique(self.places, return_index=True)[1]
