"""Removal of periodic patterns."""

from typing import Annotated

import numpy as np
from scipy import fft, ndimage

from ...core.image_filter import ImageFilter
from ...core.operation import operation
from ...core.parameters import Range
from ...core.progress import SILENT

TRUNCATE = 3.0
# Patterns looked for at most, and how far their power must exceed that of the frequencies around them.
MOST_PATTERNS = 6
STANDS_OUT = 30.0
# Length, in frequency samples, of the lines across a peak that it is compared to, each by itself: anatomy has ridges.
NEIGHBORHOOD = 15
# The spectrum is the mean over so many slices.
SLICES = 16
# Patterns are looked for up to this share of the image's side: what is longer is anatomy.
LONGEST_SHARE = 0.1

Wave = tuple[float, float]  # frequency along y and x, cycles/mm


@operation(
    "enhancement.notch",
    title="Remove periodic pattern",
    gives="image",
    source="Gonzalez & Woods, Digital Image Processing, 4th ed., 2018, sec. 5.4 (optimum notch filtering); local in "
    "space as complex demodulation: Bloomfield, Fourier analysis of time series, 1976",
)
class Notch(ImageFilter):
    """Subtract a wave pattern of the x-y plane: grid lines of a radiograph, electrical interference, moire.

    Its wavelength and direction are given, or found as peaks of the spectrum; its strength and phase are measured
    around each voxel.
    """

    wavelength_mm: Annotated[float, Range(0, 1000, "mm"), "from crest to crest; 0 to find all patterns"] = 0.0
    angle_deg: Annotated[float, Range(-180, 180, "deg"), "from the x axis to the direction across the crests"] = 0.0
    extent_mm: Annotated[float, Range(1, 1000, "mm"), "the pattern's strength is alike over this distance (FWHM)"] = (
        40.0
    )

    parallel = True

    def margin(self, grid):
        background = max(_background(wave) for wave in self._given) if self._given else self._longest(grid) / 2
        sd = (self.extent_mm / 2.355, background)
        radii = [sum(int(np.ceil(TRUNCATE * s / spacing)) for s in sd) for spacing in reversed(grid.spacing[:2])]
        return (0,) * (grid.dimension - 2) + tuple(radii)

    @property
    def _given(self) -> list[Wave]:
        if not self.wavelength_mm > 0:
            return []
        angle = np.deg2rad(self.angle_deg)
        return [(np.sin(angle) / self.wavelength_mm, np.cos(angle) / self.wavelength_mm)]

    def _longest(self, grid) -> float:
        """The longest wavelength looked for, mm."""
        return LONGEST_SHARE * min(n * s for n, s in zip(grid.size[:2], grid.spacing[:2], strict=True))

    def learn(self, values, region, grid, progress=SILENT):
        """The waves (cycles/mm along y and x)."""
        spacing = (grid.spacing[1], grid.spacing[0])
        highest = [0.5 / s if n > 1 else 0.0 for s, n in zip(spacing, values.shape[-2:], strict=True)]
        if self._given:
            return [wave for wave in self._given if all(abs(f) <= h for f, h in zip(wave, highest, strict=True))]
        if min(values.shape[-2:]) < 2 * NEIGHBORHOOD:
            return []
        planes = values.reshape(-1, *values.shape[-2:])
        chosen = np.unique(np.linspace(0, len(planes) - 1, SLICES).round().astype(int))
        power = np.zeros(fft.rfft2(planes[0]).shape)
        window = np.hanning(planes.shape[1])[:, None] * np.hanning(planes.shape[2])
        for index in chosen:
            progress.check()
            plane = planes[index] - planes[index].mean(dtype=float)
            power += np.abs(fft.rfft2(plane * window)) ** 2
        return _peaks(power, planes.shape[1:], spacing, 1 / self._longest(grid))

    def apply(self, values, region, place, learned, progress=SILENT):
        for wave in learned:
            progress.check()
            values -= _pattern(values, wave, self.extent_mm / 2.355, place)
        return values


def _background(wave: Wave) -> float:
    """Standard deviation, mm, of the smoothing that takes away what is coarser than the wave: it passes 1 % of it."""
    return 0.5 / float(np.hypot(*wave))


def _pattern(values: np.ndarray, wave: Wave, extent_sd: float, place) -> np.ndarray:
    """The part of the values that follows this wave, its strength and phase varying slowly."""
    smooth = _smooth(values, _background(wave), place)
    detail = values - smooth
    # the phase counts from the whole image's first voxel
    phases = [
        -2 * np.pi * f * s * (np.arange(n) + box.start)
        for f, s, n, box in zip(wave, place.spacing[-2:], values.shape[-2:], place.box[-2:], strict=True)
    ]
    phase = phases[0][:, None] + phases[1]
    result = np.zeros_like(values)
    for turned in (np.cos(phase).astype(values.dtype), np.sin(phase).astype(values.dtype)):
        result += turned * _smooth(detail * turned, extent_sd, place)
    return 2 * result


def _smooth(values: np.ndarray, sd_mm: float, place) -> np.ndarray:
    for axis in (-2, -1):
        sd = sd_mm / place.spacing[axis]
        radius = int(np.ceil(TRUNCATE * sd))
        values = ndimage.gaussian_filter1d(values, sd, axis, mode="reflect", radius=radius)
    return values


def _peaks(power: np.ndarray, shape: tuple[int, ...], spacing: tuple[float, float], lowest: float) -> list[Wave]:
    """Frequencies whose power stands out of those around them, the strongest first."""
    rows, columns = fft.fftfreq(shape[0], spacing[0]), fft.rfftfreq(shape[1], spacing[1])
    frequency = np.hypot(rows[:, None], columns)
    # straight borders (of a limb, collimator, image) are lines through the middle of the spectrum, waves are points
    diagonal = np.eye(NEIGHBORHOOD, dtype=bool)
    lines = (diagonal, diagonal[::-1], np.ones((1, NEIGHBORHOOD), bool), np.ones((NEIGHBORHOOD, 1), bool))
    around = np.maximum.reduce([ndimage.median_filter(power, footprint=line, mode="mirror") for line in lines])
    excess = power / np.maximum(around, 1e-12 * power.max())
    excess[frequency < lowest] = 0
    peaks = (excess == ndimage.maximum_filter(excess, NEIGHBORHOOD, mode=("wrap", "mirror"))) & (excess > STANDS_OUT)
    found = sorted(zip(*np.nonzero(peaks), strict=True), key=lambda index: -excess[index])
    waves: list[Wave] = []
    for row, column in found:
        row, column = _highest_near(power, row, column)
        if column == 0 and rows[row] < 0:
            continue
        waves.append(_refined(power, row, column, rows, columns))
    return waves[:MOST_PATTERNS]


def _highest_near(power: np.ndarray, row: int, column: int) -> tuple[int, int]:
    """The sample of most power among this one, which stands out most, and those beside it."""
    near = [((row + r) % power.shape[0], column + c) for r in (0, -1, 1) for c in (0, -1, 1)]
    return max((each for each in near if 0 <= each[1] < power.shape[1]), key=lambda index: float(power[index]))


def _refined(power: np.ndarray, row: int, column: int, rows: np.ndarray, columns: np.ndarray) -> Wave:
    """The peak's place between samples: the vertex of the parabola through the logarithms along each axis."""
    steps = (rows[1] - rows[0], columns[1] - columns[0])
    center = np.log(power[row, column])
    wave = []
    for axis, step in enumerate(steps):
        around = []
        for offset in (-1, 1):
            index = [row, column]
            index[axis] = (index[axis] + offset) % power.shape[axis]
            around.append(np.log(power[index[0], index[1]]))
        low, high = around
        curvature = low - 2 * center + high
        inside = axis == 0 or 0 < column < power.shape[1] - 1
        vertex = float(np.clip(0.5 * (low - high) / curvature, -0.5, 0.5)) if curvature < 0 and inside else 0.0
        wave.append(step * vertex)
    return float(rows[row] + wave[0]), float(columns[column] + wave[1])
