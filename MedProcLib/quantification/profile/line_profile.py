"""Values of an image along a line, averaged across it, and the width of what they show."""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
import SimpleITK as sitk
from scipy import ndimage

from ...core.errors import InputError
from ...core.geometry import Geometry, require_scalar
from ...core.measurement import Measurement
from ...core.voxels import near_values
from ..figure import Figure

MOST_SAMPLES = 5_000_000
ORDER = {"linear": 1, "cubic": 3}
FWHM = Figure(
    "full_width_at_half_maximum",
    "mm",
    "distance between the places around the peak where the profile, linear between its points, is half-way to the base",
)


@dataclass(frozen=True)
class LineProfile:
    """positions (n,): mm from the start; values (n,): NaN outside the image or where it has no number; points (n, d):
    LPS in mm, on the line."""

    positions: np.ndarray
    values: np.ndarray
    points: np.ndarray
    width_mm: float
    interpolation: str

    @property
    def step_mm(self) -> float:
        return float(self.positions[1] - self.positions[0])


def line_profile(
    image: sitk.Image,
    start: tuple[float, ...],
    end: tuple[float, ...],
    step_mm: float | None = None,
    width_mm: float = 0.0,
    interpolation: Literal["linear", "cubic"] = "linear",
) -> LineProfile:
    """Profile of a 2D or 3D image from one point to another (LPS, mm).

    step_mm: about how far samples are apart, by default half the smallest voxel side; width_mm: the values are means
    over a disc (in 2D a segment) of this diameter at right angles to the line, which lessens noise; interpolation
    between voxels: linear, or cubic splines. Raises InputError for points that are none or alike, and a line that
    passes the image by.
    """
    require_scalar(image)
    grid = Geometry.of(image)
    ends = np.array([start, end], float)
    if ends.shape != (2, grid.dimension) or not np.isfinite(ends).all():
        raise InputError(f"A line in this image runs between two points of {grid.dimension} numbers each (LPS, mm).")
    length = math.dist(ends[0], ends[1])
    step = min(grid.spacing) / 2 if step_mm is None else step_mm
    if not length > 0:
        raise InputError("The line has no length: its ends are one point.")
    if interpolation not in ORDER or not (step > 0 and width_mm >= 0):
        raise InputError("A profile needs a step above 0, a width of 0 or more, and 'linear' or 'cubic'.")
    about = (length / step + 1) * (width_mm / step + 1) ** (grid.dimension - 1)
    if not about <= MOST_SAMPLES:
        raise InputError(f"About {about:.3g} samples are too many: choose a larger step or a smaller width.")
    count = max(2, round(length / step) + 1)
    across = _disc(ends[1] - ends[0], width_mm, step)
    positions = np.linspace(0, length, count)
    points = ends[0] + positions[:, np.newaxis] / length * (ends[1] - ends[0])
    values = _sampled(image, grid, (points[:, np.newaxis] + across).reshape(-1, grid.dimension), ORDER[interpolation])
    values = values.reshape(count, -1)
    known = np.isfinite(values)
    if not known.any():
        raise InputError("The line passes the image by, or only through voxels without a number.")
    counts = known.sum(axis=1)
    means = np.where(counts, np.where(known, values, 0).sum(axis=1) / np.maximum(counts, 1), math.nan)
    return LineProfile(positions, means, points, float(width_mm), interpolation)


def full_width_at_half_maximum(profile: LineProfile, dark: bool = False) -> Measurement:
    """FWHM (mm) of the highest peak of a profile, or with dark of its deepest trough.

    The base is the median of the profile's first and last tenth. NaN where a side does not fall to half.
    """
    sign = -1.0 if dark else 1.0
    values = sign * profile.values
    known = np.isfinite(values)
    positions, values = profile.positions[known], values[known]
    tail = max(1, len(values) // 10)
    base = float(np.median(np.concatenate([values[:tail], values[-tail:]])))
    peak = int(np.argmax(values))
    half = (base + float(values[peak])) / 2
    sides = [_crossing(positions[order], values[order], half) for order in (np.s_[peak::-1], np.s_[peak:])]
    width = sides[1] - sides[0] if values[peak] > base else math.nan
    defined = {"base": sign * base, "peak": sign * float(values[peak]), "width_mm": profile.width_mm}
    return FWHM.measured(width, len(values), **defined, step_mm=profile.step_mm, interpolation=profile.interpolation)


def _crossing(positions: np.ndarray, values: np.ndarray, level: float) -> float:
    """Where the values, from above a level, first fall to it; NaN when they do not."""
    below = np.flatnonzero(values <= level)
    if not below.size or below[0] == 0:
        return math.nan
    after = below[0]
    share = (values[after - 1] - level) / (values[after - 1] - values[after])
    return float(positions[after - 1] + share * (positions[after] - positions[after - 1]))


def _disc(direction: np.ndarray, diameter: float, step: float) -> np.ndarray:
    """Offsets (n, d) in mm on a square lattice across a direction, within a disc; the center alone without diameter."""
    steps = int(diameter / 2 / step + 1e-9)
    reach = np.arange(-steps, steps + 1) * step
    # the directions across are the other rows of the singular vectors
    axes = np.linalg.svd(direction[np.newaxis])[2][1:]
    offsets = np.stack(np.meshgrid(*[reach] * len(axes), indexing="ij"), -1).reshape(-1, len(axes))
    return offsets[np.linalg.norm(offsets, axis=1) <= diameter / 2 * (1 + 1e-9)] @ axes


def _sampled(image: sitk.Image, grid: Geometry, points: np.ndarray, order: int) -> np.ndarray:
    """Values at points (n, d; LPS, mm), NaN outside the image and where a voxel without a number would take part."""
    indices = grid.indices(points)
    size = np.asarray(grid.size)
    inside = np.all((indices >= -0.5 - 1e-9) & (indices <= size - 0.5 + 1e-9), axis=1)
    if not inside.any():
        return np.full(len(points), math.nan)
    # only what the line crosses; splines reach further, but fade by a factor of 4 each voxel
    margin = 1 if order == 1 else 12
    low = np.maximum(np.floor(indices[inside].min(axis=0)).astype(int) - margin, 0)
    high = np.minimum(np.ceil(indices[inside].max(axis=0)).astype(int) + margin + 1, size)
    box = tuple(slice(a, b) for a, b in zip(low[::-1], high[::-1], strict=True))
    near = sitk.GetArrayViewFromImage(image)[box].astype(np.float64)
    known = np.isfinite(near)
    if not known.any():
        return np.full(len(points), math.nan)
    places = (indices - low)[:, ::-1].T
    filled = near if known.all() else near_values(near, known)
    values = ndimage.map_coordinates(filled, places, order=order, mode="nearest")
    if not known.all():
        lost = ndimage.map_coordinates((~known).astype(float), places, order=1, mode="nearest") > 1e-9
        values[lost] = math.nan
    values[~inside] = math.nan
    return values
