"""A contour that grows over a range of intensities."""

from typing import Annotated, Literal

import numpy as np

from ...core.errors import InputError
from ...core.noise import fine_noise_sd
from ...core.operation import operation
from ...core.parameters import Range
from ...core.progress import SILENT
from ...core.statistics import median_and_sd
from .level_set import Forces
from .moving import Cubes, moved
from .start import each_object

# From this difference on, in robust SD at the start, the range ends halfway to the surroundings' median. 54 clicks in
# 18 organs, lesions and tumors, on which it was chosen: mean Dice 0.52; 0.49 with 3 SD, 0.37 without.
CLEAR_SD = 2.0
# The speed reaches its full value this many SD of the noise inside (or outside) the limits.
RAMP_SD = 3.0


@operation(
    "segmentation.threshold_level_set",
    title="Threshold level set",
    gives="labels",
    source="Lefohn, Cates & Whitaker, Interactive, GPU-based level sets for 3D segmentation, MICCAI 2003",
)
class ThresholdLevelSet:
    """Let a contour grow from seeds (or a segment) where intensities lie in a range, and shrink where they do not.

    It is at rest at the limits of the range, and at full speed three noise levels from them; smoothness decides which
    noise and which bridges it follows. Each seed label is an object of its own, which starts from its seeds grown by
    the radius, or from its segment if segments are given. Where objects overlap, a voxel goes to the one whose start
    is nearest.
    """

    limits: Annotated[
        Literal["from_start", "given"],
        "the range: around the median at the start, halfway to that of the surroundings within the reach; or as given",
    ] = "from_start"
    width_sd: Annotated[
        float,
        Range(0.5, 20, "SD"),
        "from_start: half the range, in robust SD at the start, away from the surroundings and where these are alike",
    ] = 4.0
    lower: Annotated[float, Range(-1e6, 1e6, "intensity"), "given: the lowest intensity of the object"] = 0.0
    upper: Annotated[float, Range(-1e6, 1e6, "intensity"), "given: the highest intensity of the object"] = 100.0
    start_radius_mm: Annotated[float, Range(0, 100, "mm"), "seeds are grown by this to make the first contour"] = 3.0
    reach_mm: Annotated[float, Range(1, 300, "mm"), "the contour goes no farther than this from where it starts"] = 30.0
    smoothness_mm: Annotated[float, Range(0, 20, "mm"), "bends of a smaller radius are smoothed, gaps closed"] = 1.0
    iterations: Annotated[int, Range(1, 5000, "iterations"), "most steps, of about half a voxel each"] = 300

    def __call__(self, image, seeds=None, labels=None, mask=None, progress=SILENT):
        if self.limits == "given" and not self.upper > self.lower:
            raise InputError("The upper threshold must be above the lower one: swap them.")

        def find(patch, share):
            low, high = self._range(patch.values[patch.start], patch.values[patch.allowed & ~patch.start])

            def forces(cubes: Cubes) -> Forces:
                within = (high - low) / 2 - np.abs(cubes.scale * cubes.values - (high + low) / 2)
                everywhere = np.ones(cubes.values.shape, bool)
                noise = fine_noise_sd(cubes.values, (cubes.side,) * cubes.values.ndim, everywhere)
                ramp = np.clip(RAMP_SD * cubes.scale * noise, 0.02 * (high - low), (high - low) / 2)
                return Forces(np.clip(within / ramp, -1, 1).astype(np.float32), self.smoothness_mm / cubes.side)

            return moved(patch, forces, 2 * self.smoothness_mm, self.iterations, share)

        return each_object(image, seeds, labels, mask, self.start_radius_mm, self.reach_mm, find, progress)

    def _range(self, values: np.ndarray, around: np.ndarray) -> tuple[float, float]:
        """Lowest and highest intensity of an object, by those at its start and around it."""
        if self.limits == "given":
            return self.lower, self.upper
        values = values.astype(np.float64)
        middle, sd = median_and_sd(values)
        # painted data may have no noise at all
        half = self.width_sd * max(sd, float(np.std(values)) / 10, 1e-3 * abs(middle)) or 1.0
        to_around = float(np.median(around)) - middle if around.size else 0.0
        if not abs(to_around) > CLEAR_SD * sd:
            return middle - half, middle + half
        halfway, away = middle + to_around / 2, middle - np.sign(to_around) * max(half, abs(to_around) / 2)
        return min(halfway, away), max(halfway, away)
