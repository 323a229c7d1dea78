"""Turned, moved and scaled."""

from typing import Annotated, Literal

import numpy as np
import SimpleITK as sitk

from ...core.errors import InputError
from ...core.operation import operation
from ...core.parameters import Range
from ...core.progress import SILENT
from ...core.regrid import Regrid
from .interpolation import INTERPOLATORS, REACH, blur_radius, blur_sds, blurred, nudge, smallest_value, splinable


@operation(
    "enhancement.affine",
    title="Turn, move and scale",
    gives="image",
    source="ITK Software Guide, section on AffineTransform; blur against aliasing: Cardoso et al., MICCAI 2015",
)
class Affine(Regrid):
    """Turn the anatomy about the center of the image, then scale it about the same and move it. The grid stays.

    Positive angles are by the right hand about axes to the left, to posterior and to superior, in this order. What
    comes from outside the image gets its smallest value.
    """

    about_left_right_deg: Annotated[float, Range(-180, 180, "deg"), "turn (nod): posterior goes to superior"] = 0.0
    about_anterior_posterior_deg: Annotated[float, Range(-180, 180, "deg"), "turn: superior goes to left"] = 0.0
    about_superior_inferior_deg: Annotated[float, Range(-180, 180, "deg"), "turn: left goes to posterior"] = 0.0
    to_left_mm: Annotated[float, Range(-1000, 1000, "mm"), "move"] = 0.0
    to_posterior_mm: Annotated[float, Range(-1000, 1000, "mm"), "move"] = 0.0
    to_superior_mm: Annotated[float, Range(-1000, 1000, "mm"), "move"] = 0.0
    scale: Annotated[float, Range(0.1, 10), "how many times as large the anatomy becomes"] = 1.0
    interpolation: Annotated[
        Literal["linear", "cubic", "nearest"], "how values between the voxels are found; nearest keeps the pixel type"
    ] = "linear"

    def learn(self, image, mask, progress=SILENT):
        return smallest_value(image)

    def output_grid(self, grid, learned):
        if grid.dimension == 2 and (
            self.about_left_right_deg or self.about_anterior_posterior_deg or self.to_superior_mm
        ):
            raise InputError("A 2D image is turned about the superior-inferior axis and moved in its plane only.")
        return grid

    def to_input(self, grid, learned):
        n = grid.dimension
        angles = (self.about_left_right_deg, self.about_anterior_posterior_deg, self.about_superior_inferior_deg)
        turn = np.eye(3)
        for axis, angle in enumerate(np.radians(angles)):
            turn = _rotation(axis, angle) @ turn
        move = np.array([self.to_left_mm, self.to_posterior_mm, self.to_superior_mm])[:n]
        # forward, a point x of the image goes to c + scale turn (x - c) + move
        back = turn[:n, :n].T / self.scale
        transform = sitk.AffineTransform(n)
        transform.SetCenter([float(x) for x in grid.center])
        transform.SetMatrix(back.ravel().tolist())
        kept = np.array_equal(back, np.eye(n)) and not move.any()
        transform.SetTranslation([float(x) for x in -back @ move + (0.0 if kept else nudge(grid))])
        return transform

    def margin(self, grid, output):
        return tuple(REACH[self.interpolation] + blur_radius(sd) for sd in self._sds(grid.dimension))

    def smoothed(self, image, output, progress=SILENT):
        image = blurred(image, self._sds(image.GetDimension()), progress)
        return splinable(image) if self.interpolation == "cubic" else image

    def interpolator(self):
        return INTERPOLATORS[self.interpolation]

    def outside(self, learned):
        return learned

    def _sds(self, dimension):
        return blur_sds([1 / self.scale] * dimension)


def _rotation(axis: int, angle: float) -> np.ndarray:
    """By the right hand about an axis of the patient."""
    matrix = np.eye(3)
    one, other = (axis + 1) % 3, (axis + 2) % 3
    matrix[one, one] = matrix[other, other] = np.cos(angle)
    matrix[other, one], matrix[one, other] = np.sin(angle), -np.sin(angle)
    return matrix
