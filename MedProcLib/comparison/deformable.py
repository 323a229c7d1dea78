"""Deformable registration of two volumes: symmetric, smooth, invertible, for one or two modalities."""

from dataclasses import dataclass, replace

import numpy as np
import SimpleITK as sitk
from scipy import ndimage

from ..core.geometry import Geometry
from ..core.progress import SILENT, Progress
from .halfway import half, transform_of
from .registration.affine_by_features import contrast
from .registration.diffeomorphic import Marks, refine_velocity
from .registration.displacement_search import search_displacement
from .registration.information import informational_correlation, mutual_information
from .registration.landmarks import Landmarks
from .registration.matching import Pair
from .registration.shared_grid import LEVELS, SharedGrid
from .registration.trust import Trust
from .registration.velocity import enlarged, exponential

STIFFNESS = {2: 12.0, 3: 3.0}  # by dimension: patches of a plane hold fewer voxels, and are noisier
REACH = (4, 2, 0)  # voxels of the level that a search tries on every side
ITERATIONS = (20, 15, 6)
TRUSTED = 1  # the level that figures are taken at: the finest adds little to them, and costs most
LEAST_SAMPLES = 50


@dataclass(frozen=True)
class Deformation:
    """What brings two studies together beyond a matrix.

    transform: points of the first study to points of the other; to_first, to_other: from the half-way space (LPS, mm).
    trust: the figures that a verdict rests on.
    """

    transform: sitk.Transform
    to_first: sitk.Transform
    to_other: sitk.Transform
    trust: Trust


def deform(grid: SharedGrid, landmarks: Landmarks | None = None, progress: Progress = SILENT) -> Deformation:
    """The smooth invertible deformation between the images of a grid, whose matrix is part of the result.

    Three levels; a search of all displacements, then Gauss-Newton refinement of a stationary velocity field, of which
    both images take half. Landmarks pull it, and hold where the images tell little.
    Sources: Heinrich et al., MICCAI 2013 (self-similarity context) and WBIR 2014 (coupled convex search); Arsigny et
    al., MICCAI 2006; Vercauteren et al., MICCAI 2008 (symmetric log-domain).
    """
    marks = None if landmarks is None else _marks(grid, landmarks)
    velocity: np.ndarray | None = None
    halves: list[np.ndarray | None] = [None, None]
    contrasted = 0.0
    for level, share in enumerate(progress.parts(1, 8, 30)):
        pair = grid.pair(level)
        whole, *parts = share.parts(2, 1, 1)
        velocity = _improved(pair, velocity, level, marks, whole)
        if level == TRUSTED:
            contrasted = contrast(pair.moved(velocity))
        if level <= TRUSTED:
            for n, part in enumerate(parts):
                some = replace(pair, f=pair.f[..., n::2], m=pair.m[..., n::2])
                halves[n] = _improved(some, halves[n], level, marks, part)
    assert velocity is not None and halves[0] is not None and halves[1] is not None
    similarity, overlap = likeness(grid, velocity)
    trust = Trust(
        contrasted,
        overlap,
        similarity,
        _rms(halves[0] - halves[1], _body(grid, TRUSTED - 1)),
        _rms(velocity, _body(grid, LEVELS - 2)),
        grid.geometry(LEVELS - 1).spacing[0],
    )
    return Deformation(*_transforms(grid, velocity), trust)


def deform_coarsely(grid: SharedGrid, progress: Progress = SILENT) -> sitk.Transform:
    """The transform of `deform` without its finest level: where a start leads, in a quarter of the time."""
    velocity: np.ndarray | None = None
    for level, share in enumerate(progress.parts(1, 8)):
        velocity = _improved(grid.pair(level), velocity, level, None, share)
    assert velocity is not None
    return _transforms(grid, velocity)[0]


def _improved(
    pair: Pair, velocity: np.ndarray | None, level: int, marks: Marks | None, progress: Progress
) -> np.ndarray:
    shape = tuple(n // 2 for n in pair.shape)
    still = np.zeros((pair.dimension, *shape), np.float32)
    velocity = still if velocity is None else enlarged(velocity, shape)
    search, refine = progress.parts(1, 2)
    if REACH[level]:
        velocity = velocity + search_displacement(pair.moved(velocity), REACH[level], search)
    return refine_velocity(pair, velocity, STIFFNESS[pair.dimension], ITERATIONS[level], marks, refine)


def _marks(grid: SharedGrid, landmarks: Landmarks) -> Marks:
    root = half(grid.matrix)
    back = np.linalg.inv(root)
    first = landmarks.fixed @ root[:-1, :-1].T + root[:-1, -1]
    other = landmarks.moving @ back[:-1, :-1].T + back[:-1, -1]
    return Marks(*((points - grid.low)[:, ::-1] for points in (first, other)))


def _body(grid: SharedGrid, level: int) -> np.ndarray:
    """Voxels of a level (-1 allowed) that lie in both bodies and both images."""
    (_, one, inside_f), (_, two, inside_m) = grid.values(level)
    both = (one > 0.5) & (two > 0.5) & (inside_f > 0.5) & (inside_m > 0.5)
    return both if both.any() else np.ones_like(both)


def _rms(field: np.ndarray, body: np.ndarray) -> float:
    return float(np.sqrt((field**2).sum(axis=0)[body].mean()))


def likeness(grid: SharedGrid, velocity: np.ndarray) -> tuple[tuple[float, float], float]:
    """(similarity before and after of the gray values, which did not lead the deformation; overlap of bodies after)."""
    level = LEVELS - 1
    (f, one, inside_f), (m, two, inside_m) = grid.values(level)
    pair = Pair(np.stack([f, one], -1), np.stack([m, two], -1), inside_f, inside_m, grid.geometry(level).spacing[0])
    found, overlap = [], 0.0
    for there in (pair, pair.moved(velocity)):
        seen = (there.wf > 0.99) & (there.wm > 0.99)
        bodies = [(values[..., 1] > 0.5) & seen for values in (there.f, there.m)]
        either = bodies[0] | bodies[1]
        near = ndimage.binary_dilation(either, iterations=2) & seen
        if near.sum() < LEAST_SAMPLES:
            return (0.0, 0.0), 0.0
        nats, _, _ = mutual_information(there.f[..., 0][near], there.m[..., 0][near])
        found.append(informational_correlation(nats))
        overlap = float((bodies[0] & bodies[1]).sum() / max(int(either.sum()), 1))
    return (found[0], found[1]), overlap


def _transforms(grid: SharedGrid, velocity: np.ndarray) -> tuple[sitk.Transform, sitk.Transform, sitk.Transform]:
    fine = grid.geometry(LEVELS - 1)
    velocity = enlarged(velocity, tuple(reversed(fine.size))).astype(float)
    spacing = fine.spacing[0]
    whole, there, back = (_field(exponential(share * velocity / spacing) * spacing, fine) for share in (1.0, 0.5, -0.5))
    root = transform_of(half(grid.matrix))
    return (
        sitk.CompositeTransform([root, whole, root]),
        sitk.CompositeTransform([root.GetInverse(), back]),
        sitk.CompositeTransform([root, there]),
    )


def _field(displacement: np.ndarray, grid: Geometry) -> sitk.DisplacementFieldTransform:
    """Transform of a displacement (dimension, *shape) in mm, axes as of the array; no displacement outside."""
    vectors = np.ascontiguousarray(np.moveaxis(displacement[::-1], 0, -1), float)
    return sitk.DisplacementFieldTransform(grid.stamp(sitk.GetImageFromArray(vectors, isVector=True)))
