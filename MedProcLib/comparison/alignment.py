"""Linear alignment of two volumes in their half-way space: a wide search, then symmetric Gauss-Newton refinement.

Sources: Reuter, Rosas, Fischl, NeuroImage 2010 (half-way space, robust weights); Roche et al., MICCAI 1998
(correlation ratio); Kuglin and Hines, 1975, and Padfield, IEEE TIP 2012 (translations by Fourier transform).
"""

import itertools
from dataclasses import dataclass

import numpy as np
import scipy.fft
import scipy.linalg
import scipy.ndimage
import SimpleITK as sitk
from scipy.spatial.transform import Rotation

from ..core.errors import InputError
from ..core.geometry import Geometry, require_3d, resample
from ..core.progress import SILENT, Progress
from .halfway import half, transform_of
from .registration.information import informational_correlation, mutual_information
from .registration.step_length import StepLength

BINS = 48
TUKEY = 4.685
ANGLES_DEG = (-32, -16, 0, 16, 32)
COARSEST_MM = 8.0
MOST_GRID_POINTS = 1_500_000
MOST_POINTS = 100_000
PATIENCE = 4
RANKS = 257
LONGEST_MOVE = 2.0  # per step of the mutual information, in grid spacings
STARTS = 4
CORRELATION_RATIO, MUTUAL_INFORMATION = "correlation_ratio", "mutual_information"


@dataclass(frozen=True)
class Volume:
    """An image made ready for alignment: finite, clipped float values, and where it is worth looking."""

    image: sitk.Image
    inside: sitk.Image
    foreground: sitk.Image

    @property
    def geometry(self) -> Geometry:
        return Geometry.of(self.image)


@dataclass(frozen=True)
class Fit:
    """A 4 x 4 matrix first -> other, with the similarity and the shared part of the foreground, both 0..1."""

    matrix: np.ndarray
    similarity: float
    overlap: float


def prepare(image: sitk.Image, mask: sitk.Image | None, what: str, metric: str = CORRELATION_RATIO) -> Volume:
    """Volume of a 3D image; NaN and infinite voxels count as outside. Raises InputError when there is nothing in it."""
    require_3d(image, what)
    geometry = Geometry.of(image)
    values = sitk.GetArrayFromImage(image).astype(np.float32)
    finite = np.isfinite(values)
    if not finite.any():
        raise InputError(f"{what} has no finite voxel (all NaN): choose another image.")
    low, high = np.percentile(values[finite], (0.5, 99.5))
    if high <= low:
        low, high = float(values[finite].min()), float(values[finite].max())
    if high <= low:
        raise InputError(f"{what} is constant ({low:g} everywhere): there is nothing to register or compare.")
    values = np.clip(np.where(finite, values, low), low, high)
    if mask is not None:
        foreground = (sitk.GetArrayViewFromImage(mask) != 0) & finite
        if not foreground.any():
            raise InputError(f"The mask of {what[0].lower()}{what[1:]} selects no finite voxel.")
    else:
        # other modalities must show the same body, not each its own brightest organs (PET)
        seen = np.sqrt(values - low) if metric == MUTUAL_INFORMATION else values
        foreground = (seen > _otsu(seen[finite])) & finite
    values = (values - low) / (high - low)
    if metric == MUTUAL_INFORMATION:
        values = _equalized(values, foreground)
    return Volume(
        geometry.image_of(values.astype(np.float32)),
        geometry.image_of(finite.astype(np.float32)),
        geometry.image_of(foreground.astype(np.float32)),
    )


def search(first: Volume, other: Volume, spacing: float, progress: Progress = SILENT) -> list[np.ndarray]:
    """Rough 4 x 4 matrices first -> other, best first: all rotations to 32 degrees about each axis, all translations.

    first, other: at the coarsest level, of this spacing (mm).
    Two features vote, brightness and the size of its gradient, so that inverted contrast is found too.
    """
    centers = [_centroid(v) for v in (first, other)]
    radius = max(float(np.linalg.norm(v.geometry.extent)) for v in (first, other)) / 2
    found: list[tuple[float, np.ndarray]] = []
    features = [[_bright(v), _edges(v)] for v in (first, other)]
    count = int(np.ceil(2 * radius * 0.8 / spacing))
    grid = _cube(np.zeros(3), count, spacing)
    turns = list(itertools.product(ANGLES_DEG, repeat=3))
    for done, angles in enumerate(turns):
        progress(done / len(turns), "Searching the position")
        rotation = Rotation.from_rotvec(np.radians(angles))
        root = Rotation.from_rotvec(np.radians(angles) / 2).as_matrix()
        to_first, to_other = _about(root.T, centers[0]), _about(root, centers[1])
        for f, m in zip(features[0], features[1], strict=True):
            score, shift = _best_shift(_sample(f, grid, to_first), _sample(m, grid, to_other), spacing)
            # other point = R (first point - c1) + c2 + R^1/2 shift
            matrix = np.eye(4)
            matrix[:3, :3] = rotation.as_matrix()
            matrix[:3, 3] = centers[1] + root @ shift - matrix[:3, :3] @ centers[0]
            found.append((score, matrix))
    brightness = sorted(found[0::2], key=lambda item: -item[0])
    edges = sorted(found[1::2], key=lambda item: -item[0])
    ranked = [m for pair in zip(brightness, edges, strict=True) for _, m in pair]
    return _distinct(ranked, centers[0], radius / 2, 2 * spacing)


def refine(
    first: Volume,
    other: Volume,
    start: np.ndarray,
    spacing: float,
    *,
    affine: bool = False,
    metric: str = CORRELATION_RATIO,
    iterations: int = 30,
    progress: Progress = SILENT,
) -> Fit:
    """Improve a 4 x 4 matrix first -> other on a half-way grid of this spacing (mm).

    first, other: at this level's resolution (see `pyramid`). Minimizes both studies' residuals from the other one's
    best intensity mapping (correlation ratio) with Tukey's weights, or maximizes the mutual information, which asks
    for no mapping. Swapping the studies inverts the result.
    """
    matrix, similarity, overlap = np.array(start, float), 0.0, 0.0
    best: Fit | None = None
    damping, stalled = 1e-3, 0
    # the outer product of gains falls short of the curvature of the mutual information
    length = StepLength(0.5) if metric == MUTUAL_INFORMATION else None
    points = first.geometry.corners()
    for number in range(iterations):
        progress(number / iterations, "Refining the position")
        state = State.at(first, other, matrix, spacing)
        if state is None:
            return best or Fit(matrix, 0.0, 0.0)
        step, similarity = state.step(affine, metric, damping)
        overlap = state.overlap
        if best is None or similarity > best.similarity + 1e-5:
            best, stalled = Fit(matrix, similarity, overlap), 0
        else:
            stalled += 1
        if length is not None:
            step = step * length(points @ step[:3, :3].T + step[:3, 3])
            step = step * min(1.0, LONGEST_MOVE * spacing / max(state.largest_move(step), 1e-12))
        root = half(matrix)
        matrix = root @ scipy.linalg.expm(step) @ root
        if state.largest_move(step) < 0.004 * spacing or stalled >= PATIENCE:
            break
    final = State.at(first, other, matrix, spacing)
    if final is None:
        return best or Fit(matrix, 0.0, 0.0)
    _, similarity = final.step(affine, metric, damping)
    # the converged place wins over a flicker of the similarity on the way
    if best is not None and similarity < best.similarity - 0.005:
        return best
    return Fit(matrix, similarity, final.overlap)


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


def _reduced(volume: Volume, sigma_mm: np.ndarray, spacing: float) -> Volume:
    grid = volume.geometry
    pixels = (sigma_mm / np.asarray(grid.spacing))[::-1]
    x, y, z = (max(1, int(spacing / (1.5 * s))) for s in grid.spacing)

    def reduced(image: sitk.Image) -> sitk.Image:
        array = sitk.GetArrayViewFromImage(image)
        if array.min() == array.max():
            return image[::x, ::y, ::z]
        return grid.image_of(scipy.ndimage.gaussian_filter(array, pixels, mode="nearest", truncate=3))[::x, ::y, ::z]

    return Volume(reduced(volume.image), reduced(volume.inside), reduced(volume.foreground))


def levels(first: Volume, other: Volume) -> list[float]:
    """Spacings in mm from coarse to fine."""
    coarse = _search_spacing(first, other)
    finest = max(min(min(first.geometry.spacing), min(other.geometry.spacing)), coarse / 4)
    volume = max(float(np.prod(first.geometry.extent)), float(np.prod(other.geometry.extent)))
    finest = max(finest, (volume / MOST_GRID_POINTS) ** (1 / 3))
    steps = [coarse]
    while steps[-1] / 2 > finest * 1.01:
        steps.append(steps[-1] / 2)
    return [*steps, finest] if steps[-1] > finest * 1.01 else steps


def head_points(volume: Volume, count: int = 4000) -> np.ndarray:
    """LPS positions (n, 3) in mm spread over the foreground of a volume."""
    indices = np.argwhere(sitk.GetArrayViewFromImage(volume.foreground) > 0.5)[:, ::-1]
    if len(indices) == 0:
        return volume.geometry.corners()
    return volume.geometry.points(indices[:: max(1, len(indices) // count)].astype(float))


def moved(matrix: np.ndarray, points: np.ndarray) -> np.ndarray:
    return points @ matrix[:3, :3].T + matrix[:3, 3]


def largest_distance(a: np.ndarray, b: np.ndarray, points: np.ndarray) -> float:
    """Largest distance in mm between where two 4 x 4 matrices put the points."""
    return float(np.linalg.norm(moved(a, points) - moved(b, points), axis=1).max())


# derivative (n, 3) of a residual by a shift of the other study by 1 mm, residual (n,), weight (n,)
Term = tuple[np.ndarray, np.ndarray, np.ndarray]


@dataclass
class State:
    """Both studies on the half-way grid: values, gradients (per mm) and positions of the voxels that count.

    sampled: the share of them that is kept.
    """

    f: np.ndarray
    m: np.ndarray
    gf: np.ndarray
    gm: np.ndarray
    x: np.ndarray
    center: np.ndarray
    scale: float
    overlap: float
    sampled: float

    @classmethod
    def at(cls, first: Volume, other: Volume, matrix: np.ndarray, spacing: float) -> "State | None":
        root = half(matrix)
        to_first, to_other = np.linalg.inv(root), root
        grid = _joint_grid(first, other, to_first, to_other, spacing)
        f, inside_f, fore_f = _on_grid(first, grid, to_first)
        m, inside_m, fore_m = _on_grid(other, grid, to_other)
        both = (inside_f > 0.99) & (inside_m > 0.99)
        union = (fore_f > 0.5) | (fore_m > 0.5)
        union_count = int(union.sum())
        # a margin of two samples: the edge of the head is where most of the information is
        used = scipy.ndimage.binary_dilation(union, iterations=2) & both
        used = scipy.ndimage.binary_erosion(both, iterations=1) & used
        if used.sum() < 100 or union_count == 0:
            return None
        overlap = float(((fore_f > 0.5) & (fore_m > 0.5)).sum()) / union_count
        chosen = np.flatnonzero(used)
        thinning = int(np.ceil(len(chosen) / MOST_POINTS))
        chosen = chosen[::thinning]
        x = grid.points(np.stack(np.unravel_index(chosen, used.shape)[::-1], axis=1).astype(float))
        gf, gm = (np.stack([g.ravel()[chosen] for g in np.gradient(v, spacing)[::-1]], axis=1) for v in (f, m))
        # rotations in units of mm at the rim, so that all parameters have one size
        scale = float(np.ptp(x, axis=0).max()) / 2
        f, m = (v.ravel()[chosen].astype(float) for v in (f, m))
        return cls(f, m, gf, gm, x, x.mean(axis=0), scale, overlap, 1 / thinning)

    def step(self, affine: bool, metric: str, damping: float) -> tuple[np.ndarray, float]:
        """(4 x 4 generator of the next move, similarity)."""
        size = 12 if affine else 6
        normal, right = np.zeros((size, size)), np.zeros(size)
        informed = metric == MUTUAL_INFORMATION
        terms, similarity = self._information_terms() if informed else self._ratio_terms()
        for g, r, weight in terms:
            j = self._columns(g, affine)
            jw = j * weight[:, None]
            normal += jw.T @ j
            right -= jw.T @ r
        normal[np.diag_indices(size)] *= 1 + damping
        p = scipy.linalg.lstsq(normal, right)[0]
        generator = np.zeros((4, 4))
        if affine:
            generator[:3, :3] = p[:9].reshape(3, 3) / self.scale
        else:
            wx, wy, wz = p[:3] / self.scale
            generator[:3, :3] = [[0, -wz, wy], [wz, 0, -wx], [-wy, wx, 0]]
        generator[:3, 3] = p[-3:] - generator[:3, :3] @ self.center
        return generator, similarity

    def translation_columns(self, metric: str) -> tuple[np.ndarray, np.ndarray]:
        """(derivative (n, 3) of the residual by a translation of the other study in mm, residual (n,))."""
        if metric == MUTUAL_INFORMATION:
            ((g, r, _),), _ = self._information_terms()
            return g, r
        weight = np.ones(len(self.f))
        r, slope = _residual(self.f, self.m, weight)
        return -(self.gf + slope[:, None] * self.gm) / 2, r

    def _ratio_terms(self) -> tuple[list[Term], float]:
        """Both studies' residuals from the other one's best mapping, weighted; the lesser correlation ratio."""
        weight = np.ones(len(self.f))
        for _ in range(2):
            parts = [_residual(self.f, self.m, weight), _residual(self.m, self.f, weight)]
            weight = np.minimum(*[_tukey(r) for r, _ in parts])
        terms, ratios = [], []
        for a, b, ga, gb, sign in (
            (self.f, self.m, self.gf, self.gm, -0.5),
            (self.m, self.f, self.gm, self.gf, +0.5),
        ):
            r, slope = _residual(a, b, weight)
            variance = float(np.average(r**2, weights=weight)) + 1e-12
            terms.append((sign * (ga + slope[:, None] * gb), r, weight / variance))
            mean = np.average(a, weights=weight)
            ratios.append(1 - variance / (float(np.average((a - mean) ** 2, weights=weight)) + 1e-12))
        return terms, float(np.sqrt(max(min(ratios), 0.0)))

    def _information_terms(self) -> tuple[list[Term], float]:
        """Each sample's gain by a move of the other study: the outer product of gains stands for the curvature.

        Source: Berndt, Hall, Hall, Hausman, Annals of Economic and Social Measurement 3(4), 1974.
        """
        nats, by_f, by_m = mutual_information(self.f, self.m)
        gain = (by_m[:, None] * self.gm - by_f[:, None] * self.gf) / 2
        ones = np.ones(len(gain))
        return [(gain, -ones, ones)], informational_correlation(nats)

    def largest_move(self, generator: np.ndarray) -> float:
        low, high = self.x.min(axis=0), self.x.max(axis=0)
        corners = np.array(list(itertools.product(*zip(low, high, strict=True))))
        return float(np.linalg.norm(corners @ generator[:3, :3].T + generator[:3, 3], axis=1).max())

    def _columns(self, g: np.ndarray, affine: bool) -> np.ndarray:
        x = (self.x - self.center) / self.scale
        if affine:
            return np.concatenate([(g[:, :, None] * x[:, None, :]).reshape(len(g), 9), g], axis=1)
        return np.concatenate([np.cross(x, g), g], axis=1)


def _residual(a: np.ndarray, b: np.ndarray, weight: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(a minus its best prediction from b, slope of the prediction), both (n,)."""
    position = np.clip(b * (BINS - 1), 0, BINS - 1.001)
    low = position.astype(np.intp)
    part = position - low
    counts = np.bincount(low, weight * (1 - part), BINS) + np.bincount(low + 1, weight * part, BINS)
    sums = np.bincount(low, weight * (1 - part) * a, BINS) + np.bincount(low + 1, weight * part * a, BINS)
    counts = scipy.ndimage.gaussian_filter1d(counts, 1.5, mode="constant")
    sums = scipy.ndimage.gaussian_filter1d(sums, 1.5, mode="constant")
    known = counts > 1e-3 * max(counts.max(), 1e-12)
    curve = np.interp(np.arange(BINS), np.flatnonzero(known), sums[known] / counts[known])
    rise = np.diff(curve)
    return a - (curve[low] + part * rise[low]), rise[low] * (BINS - 1)


def _tukey(r: np.ndarray) -> np.ndarray:
    scale = 1.4826 * np.median(np.abs(r - np.median(r))) * TUKEY + 1e-6
    return np.where(np.abs(r) < scale, (1 - (r / scale) ** 2) ** 2, 0.0) + 1e-4


def _equalized(values: np.ndarray, foreground: np.ndarray) -> np.ndarray:
    """Mean of the values, 0..1, and their rank in the foreground: gray levels that are crowded (PET) get bins too."""
    levels = np.quantile(values[foreground], np.linspace(0, 1, RANKS))
    levels[0] = 0.0
    levels, first = np.unique(levels, return_index=True)
    return (values + np.interp(values, levels, first / (RANKS - 1))) / 2


def _otsu(values: np.ndarray) -> float:
    histogram, edges = np.histogram(values, 128)
    centers = (edges[:-1] + edges[1:]) / 2
    below = np.cumsum(histogram)
    total = np.cumsum(histogram * centers)
    with np.errstate(divide="ignore", invalid="ignore"):
        between = (total[-1] / below[-1] * below - total) ** 2 / (below * (below[-1] - below))
    return float(centers[int(np.nanargmax(np.where(np.isfinite(between), between, -1)))])


def _search_spacing(first: Volume, other: Volume) -> float:
    extents = [v.geometry.extent for v in (first, other)]
    smallest = min(float(e.min()) for e in extents)
    largest = max(float(e.max()) for e in extents)
    return max(min(COARSEST_MM, smallest / 12), largest / 48)


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


def _cube(center: np.ndarray, count: int, spacing: float) -> Geometry:
    origin = center - (count - 1) / 2 * spacing
    return Geometry((count,) * 3, (spacing,) * 3, tuple(float(v) for v in origin), tuple(np.eye(3).ravel()))


def _about(rotation: np.ndarray, center: np.ndarray) -> np.ndarray:
    """Matrix from a space whose origin is the center."""
    matrix = np.eye(4)
    matrix[:3, :3], matrix[:3, 3] = rotation, center
    return matrix


def _sample(image: sitk.Image, grid: Geometry, matrix: np.ndarray) -> np.ndarray:
    return sitk.GetArrayFromImage(resample(image, grid, transform_of(matrix)))


def _best_shift(f: np.ndarray, m: np.ndarray, spacing: float) -> tuple[float, np.ndarray]:
    """(correlation, shift in mm so that m(x + shift) is like f(x)) over all translations."""
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


def _joint_grid(first: Volume, other: Volume, to_first: np.ndarray, to_other: np.ndarray, spacing: float) -> Geometry:
    """Isotropic LPS-aligned grid over the part of the half-way space where both images are."""
    lows, highs = [], []
    for volume, matrix in ((first, to_first), (other, to_other)):
        corners = moved(np.linalg.inv(matrix), volume.geometry.corners())
        lows.append(corners.min(axis=0))
        highs.append(corners.max(axis=0))
    low, high = np.max(lows, axis=0), np.min(highs, axis=0)
    low, high = np.minimum(low, high), np.maximum(low, high)
    size = np.maximum(np.ceil((high - low) / spacing).astype(int) + 1, 3)
    origin = (low + high) / 2 - (size - 1) / 2 * spacing
    return Geometry(tuple(int(n) for n in size), (spacing,) * 3, tuple(origin.tolist()), tuple(np.eye(3).ravel()))


def _on_grid(volume: Volume, grid: Geometry, matrix: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    a, b, c = (_sample(i, grid, matrix) for i in (volume.image, volume.inside, volume.foreground))
    return a, b, c
