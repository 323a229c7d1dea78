"""Where to start: rotations on a wide grid, and for each of them all translations at once by Fourier transform.

Source: Kuglin and Hines, 1975; Padfield, IEEE TIP 2012.
"""

import itertools

import numpy as np
import scipy.fft
import scipy.ndimage
import SimpleITK as sitk
from scipy.spatial.transform import Rotation

from ...core.geometry import Geometry, resample
from ...core.progress import SILENT, Progress
from ..halfway import transform_of
from .points import largest_distance
from .pyramid import pyramid
from .volume import Volume

ANGLES_DEG, LARGEST_TURN_DEG = (-32, -16, 0, 16, 32), 40.0
# half a step of the angles shifts the rim of the body by more than such a spacing
COARSER, CELLS_ACROSS = 1.5, 20
STARTS = 5


def search(first: Volume, other: Volume, spacing: float, progress: Progress = SILENT) -> list[np.ndarray]:
    """Rough 4 x 4 matrices first -> other, best first: rotations to 40 degrees, all translations.

    first, other: at the coarsest level, of this spacing (mm).
    Two features vote, brightness and the size of its gradient, so that inverted contrast is found too.
    """
    longest = max(float(v.geometry.extent.max()) for v in (first, other))
    spacing = max(COARSER * spacing, longest / CELLS_ACROSS)
    first, other = (pyramid(v, [spacing])[0] for v in (first, other))
    centers = [_centroid(v) for v in (first, other)]
    radius = max(float(np.linalg.norm(v.geometry.extent)) for v in (first, other)) / 2
    features = [[_bright(v), _edges(v)] for v in (first, other)]
    grid = _cube(int(np.ceil(2 * radius * 0.8 / spacing)), spacing)
    found: list[list[tuple[float, np.ndarray]]] = [[], []]
    turns = [v for v in itertools.product(ANGLES_DEG, repeat=3) if np.linalg.norm(v) <= LARGEST_TURN_DEG]
    for done, angles in enumerate(turns):
        progress(done / len(turns), "Searching the position")
        rotation = Rotation.from_rotvec(np.radians(angles)).as_matrix()
        root = Rotation.from_rotvec(np.radians(angles) / 2).as_matrix()
        to_first, to_other = _about(root.T, centers[0]), _about(root, centers[1])
        for feature, (f, m) in enumerate(zip(*features, strict=True)):
            score, shift = _best_shift(_sample(f, grid, to_first), _sample(m, grid, to_other), spacing)
            # other point = R (first point - c1) + c2 + R^1/2 shift
            matrix = np.eye(4)
            matrix[:3, :3] = rotation
            matrix[:3, 3] = centers[1] + root @ shift - rotation @ centers[0]
            found[feature].append((score, matrix))
    ranked = [sorted(votes, key=lambda item: -item[0]) for votes in found]
    turn_about = [matrix for pair in zip(*ranked, strict=True) for _, matrix in pair]
    return _distinct(turn_about, centers[0], radius / 2, 1.5 * spacing)


def _centroid(volume: Volume) -> np.ndarray:
    mass = sitk.GetArrayViewFromImage(volume.foreground)
    center = scipy.ndimage.center_of_mass(mass)[::-1] if mass.sum() > 0 else (np.asarray(volume.geometry.size) - 1) / 2
    return volume.geometry.points(np.asarray(center, float))[0]


def _bright(volume: Volume) -> sitk.Image:
    """Brightness with the mean removed inside the field of view, 0 outside."""
    values, inside = (sitk.GetArrayFromImage(i) for i in (volume.image, volume.inside))
    return volume.geometry.image_of(
        (np.where(inside > 0.5, values - values[inside > 0.5].mean(), 0)).astype(np.float32)
    )


def _edges(volume: Volume) -> sitk.Image:
    values = sitk.GetArrayFromImage(volume.image)
    axes = [a for a in range(3) if values.shape[a] > 1]
    size = np.zeros_like(values)
    for axis in axes:
        size += (np.gradient(values, axis=axis) / volume.geometry.spacing[2 - axis]) ** 2
    size = np.sqrt(size)
    return volume.geometry.image_of((size - size.mean()).astype(np.float32))


def _cube(count: int, spacing: float) -> Geometry:
    corner = -(count - 1) / 2 * spacing
    return Geometry((count,) * 3, (spacing,) * 3, (corner,) * 3, tuple(np.eye(3).ravel()))


def _about(rotation: np.ndarray, center: np.ndarray) -> np.ndarray:
    """Matrix from a space whose origin is the center."""
    matrix = np.eye(4)
    matrix[:3, :3], matrix[:3, 3] = rotation, center
    return matrix


def _sample(image: sitk.Image, grid: Geometry, matrix: np.ndarray) -> np.ndarray:
    return sitk.GetArrayFromImage(resample(image, grid, transform_of(matrix)))


def _best_shift(f: np.ndarray, m: np.ndarray, spacing: float) -> tuple[float, np.ndarray]:
    """(correlation, shift in mm so that m(x + shift) is like f(x) over all translations."""
    shape = [scipy.fft.next_fast_len(int(1.5 * n), real=True) for n in f.shape]
    spectrum = np.conj(scipy.fft.rfftn(f, shape, workers=2)) * scipy.fft.rfftn(m, shape, workers=2)
    correlation = scipy.fft.irfftn(spectrum, shape, workers=2)
    norm = float(np.linalg.norm(f) * np.linalg.norm(m)) + 1e-12
    peak = np.unravel_index(int(correlation.argmax()), correlation.shape)
    shift = [(p if p <= n // 2 else p - n) * spacing for p, n in zip(peak, shape, strict=True)]
    return float(correlation.max()) / norm, np.array(shift[::-1])


def _distinct(matrices: list[np.ndarray], center: np.ndarray, radius: float, distance: float) -> list[np.ndarray]:
    rim = center + radius * np.concatenate([np.eye(3), -np.eye(3)])
    kept: list[np.ndarray] = []
    for matrix in matrices:
        if all(largest_distance(matrix, other, rim) > distance for other in kept):
            kept.append(matrix)
        if len(kept) >= STARTS:
            break
    return kept
