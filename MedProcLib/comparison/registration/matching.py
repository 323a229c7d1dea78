"""Two feature images on a half-way grid, and how well they agree where a velocity field brings their points."""

from dataclasses import dataclass

import numpy as np

from .velocity import enlarged, exponential, interpolation


@dataclass(frozen=True)
class Pair:
    """Features (*shape, channels) of both images at the voxels of one grid, and where each counts (*shape), 0..1.

    spacing: mm, the same along all axes; numbers of voxels are even.
    """

    f: np.ndarray
    m: np.ndarray
    wf: np.ndarray
    wm: np.ndarray
    spacing: float

    @property
    def shape(self) -> tuple[int, ...]:
        return self.wf.shape

    @property
    def dimension(self) -> int:
        return self.wf.ndim

    @property
    def channels(self) -> int:
        return self.f.shape[-1]

    def moved(self, velocity: np.ndarray) -> "Pair":
        """Both images brought to the middle by half of a velocity field (dimension, *coarser) in mm."""
        if not velocity.any():
            return self
        f, wf = self._along(-velocity / 2, self.f, self.wf)
        m, wm = self._along(velocity / 2, self.m, self.wm)
        return Pair(f, m, wf, wm, self.spacing)

    def _along(self, velocity: np.ndarray, features: np.ndarray, weight: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        steps = self.shape[0] / velocity.shape[1] * self.spacing  # mm of a voxel of the velocity's grid
        displacement = enlarged(exponential(velocity / steps), self.shape) * (steps / self.spacing)
        matrix = interpolation(displacement.astype(np.float32))
        there = (matrix @ features.reshape(-1, features.shape[-1])).reshape(features.shape)
        return there, (matrix @ weight.ravel()).reshape(weight.shape)
