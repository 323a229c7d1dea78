"""What matching knows of the pieces of one time point: where they are in the common space and how large."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np


@dataclass(frozen=True)
class Pieces:
    """Summaries of n pieces, in the common space (LPS, mm).

    labels: (n,) value in the time point's label map; centers: (n, 3); low, high: (n, 3) corners of the box around
    each, or around the ellipsoid of its second moments; volumes: (n,) mm³, positive; surfaces: (n,) mm²;
    own_centers: (n, 3) LPS in the time point's own space.
    """

    labels: np.ndarray
    centers: np.ndarray
    low: np.ndarray
    high: np.ndarray
    volumes: np.ndarray
    surfaces: np.ndarray
    own_centers: np.ndarray

    def __len__(self) -> int:
        return len(self.volumes)

    @cached_property
    def radii(self) -> np.ndarray:
        """Radii (n,) in mm of the balls of these volumes."""
        return np.cbrt(self.volumes * 0.75 / np.pi)

    def moved(self, shifts: np.ndarray) -> "Pieces":
        """The pieces displaced in the common space by (n, 3) mm."""
        return Pieces(
            self.labels,
            self.centers + shifts,
            self.low + shifts,
            self.high + shifts,
            self.volumes,
            self.surfaces,
            self.own_centers,
        )

    @classmethod
    def of_balls(cls, centers: Sequence | np.ndarray, volumes: Sequence | np.ndarray) -> "Pieces":
        """Pieces that are known only by centers (n, 3) and volumes (n,), labelled 1..n."""
        centers, volumes = np.asarray(centers, float).reshape(-1, 3), np.asarray(volumes, float)
        radii = np.cbrt(volumes * 0.75 / np.pi)[:, None]
        surfaces = 4 * np.pi * radii[:, 0] ** 2
        return cls(
            np.arange(1, len(volumes) + 1), centers, centers - radii, centers + radii, volumes, surfaces, centers
        )
