"""A volume at several resolutions, each smoothed for the spacing at which it is sampled."""

import numpy as np
import scipy.ndimage
import SimpleITK as sitk

from ...core.geometry import Geometry
from .volume import Volume

COARSEST_MM = 8.0
MOST_GRID_POINTS, MOST_OF_LARGER = 1_500_000, 20_000_000
LARGEST_VOXEL = 1.35  # of them to a spacing, at least: they are smoothed by half a spacing


def levels(first: Volume, other: Volume) -> list[float]:
    """Spacings in mm from coarse to fine."""
    coarse = _coarsest(first, other)
    finest = max(min(min(first.geometry.spacing), min(other.geometry.spacing)), coarse / 4)
    # the images are compared in the smaller field of view; the larger one has to be held
    volumes = sorted(float(np.prod(v.geometry.extent)) for v in (first, other))
    for volume, most in zip(volumes, (MOST_GRID_POINTS, MOST_OF_LARGER), strict=True):
        finest = max(finest, (volume / most) ** (1 / 3))
    steps = [coarse]
    while steps[-1] / 2 > finest * 1.01:
        steps.append(steps[-1] / 2)
    return [*steps, finest] if steps[-1] > finest * 1.01 else steps


def pyramid(volume: Volume, spacings: list[float]) -> list[Volume]:
    """The volume smoothed and thinned for sampling at each of these spacings (mm, coarse to fine)."""
    done: list[Volume] = []
    blur2 = (0.4 * np.asarray(volume.geometry.spacing)) ** 2  # what the voxels themselves have smoothed
    for spacing in reversed(spacings):
        wanted2 = np.maximum((0.5 * spacing) ** 2, blur2)
        sigma = np.sqrt(wanted2 - blur2)
        volume, blur2 = _reduced(volume, sigma, spacing), wanted2
        done.insert(0, volume)
    return done


def _coarsest(first: Volume, other: Volume) -> float:
    extents = [v.geometry.extent for v in (first, other)]
    smallest = min(float(e.min()) for e in extents)
    largest = min(float(e.max()) for e in extents)
    return max(min(COARSEST_MM, smallest / 12), largest / 48)


def _reduced(volume: Volume, sigma_mm: np.ndarray, spacing: float) -> Volume:
    grid = volume.geometry
    pixels = (sigma_mm / np.asarray(grid.spacing))[::-1]
    strides = [max(1, int(spacing / (LARGEST_VOXEL * s))) for s in reversed(grid.spacing)]
    kept = Geometry(
        tuple(-(-n // s) for n, s in zip(grid.size, reversed(strides), strict=True)),
        tuple(float(n * s) for n, s in zip(grid.spacing, reversed(strides), strict=True)),
        grid.origin,
        grid.direction,
    )

    def reduced(image: sitk.Image) -> sitk.Image:
        array = sitk.GetArrayViewFromImage(image)
        if array.min() == array.max():
            return kept.image_of(array[tuple(slice(None, None, s) for s in strides)])
        # axis by axis, thinned at once: the last axes cost little
        for axis, (sigma, stride) in enumerate(zip(pixels, strides, strict=True)):
            if sigma > 0:
                array = scipy.ndimage.gaussian_filter1d(array, sigma, axis, mode="nearest", truncate=3)
            array = array[tuple(slice(None, None, stride if a == axis else 1) for a in range(3))]
        return kept.image_of(array)

    return Volume(reduced(volume.image), reduced(volume.inside), reduced(volume.foreground))
