"""A rigid transform from pairs of points of which many are wrong."""

import math
from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk
from scipy import special

from ...core.errors import InputError

CONFIDENCE = 0.999
# expected transforms of pairs without relation that are taken for one
FALSE_ALARMS = 0.01
MOST_DRAWS = 20_000
BATCH = 512
# how much longer or shorter a distance may become between the images, in tolerances
STRETCH = 2.0


@dataclass(frozen=True)
class RigidFit:
    """transform: points of the first image to points of the other (LPS, mm); inliers: bool (pairs,); rms_mm: theirs."""

    transform: sitk.Transform
    inliers: np.ndarray
    rms_mm: float

    @property
    def count(self) -> int:
        return int(self.inliers.sum())


def fit_rigid(
    first: np.ndarray, other: np.ndarray, tolerance_mm: float, least_inliers: int = 6, seed: int = 0
) -> RigidFit:
    """The rigid transform that brings most points (n, dimension; LPS mm) within the tolerance of their partners.

    Minimal sets of pairs are drawn until a better one is improbable; the transform of the best is fitted again to all
    its inliers until they stay the same. The same seed gives the same result. Raises InputError when fewer than
    least_inliers pairs agree, or no more than pairs thrown together by chance would.
    Source: Fischler and Bolles, Comm ACM 24(6), 1981; Arun et al., IEEE PAMI 9(5), 1987 (least squares); Moisan and
    Stival, IJCV 57(3), 2004 (chance).
    """
    dimension = first.shape[1]
    _require_enough(len(first), least_inliers)
    best = _best_of_drawn(first, other, tolerance_mm, dimension, np.random.default_rng(seed))
    for _ in range(20):
        if best.sum() < dimension:
            break
        rotation, shift = least_squares(first[best], other[best])
        again = np.linalg.norm(first @ rotation.T + shift - other, axis=1) <= tolerance_mm
        if np.array_equal(again, best):
            break
        best = again
    _require_enough(int(best.sum()), max(least_inliers, dimension + 1, _by_chance(other, tolerance_mm, dimension)))
    rotation, shift = least_squares(first[best], other[best])
    errors = np.linalg.norm(first[best] @ rotation.T + shift - other[best], axis=1)
    return RigidFit(_transform(rotation, shift), best, float(np.sqrt((errors**2).mean())))


def least_squares(first: np.ndarray, other: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rotation (…, d, d) and shift (…, d), other ~ rotation @ first + shift, for points (…, n, d); no reflection."""
    mean_first, mean_other = first.mean(axis=-2), other.mean(axis=-2)
    cross = np.swapaxes(other - mean_other[..., np.newaxis, :], -1, -2) @ (first - mean_first[..., np.newaxis, :])
    u, _, vt = np.linalg.svd(cross)
    flip = np.ones(u.shape[:-1])
    flip[..., -1] = np.sign(np.linalg.det(u) * np.linalg.det(vt))
    rotation = (u * flip[..., np.newaxis, :]) @ vt
    return rotation, mean_other - (rotation @ mean_first[..., np.newaxis])[..., 0]


def _best_of_drawn(
    first: np.ndarray, other: np.ndarray, tolerance: float, dimension: int, random: np.random.Generator
) -> np.ndarray:
    count = len(first)
    best = np.zeros(count, bool)
    drawn, needed = 0, MOST_DRAWS
    while drawn < min(needed, MOST_DRAWS):
        sets = random.integers(0, count, (BATCH, dimension))
        drawn += BATCH
        sets = sets[[len(set(each)) == dimension for each in sets.tolist()]]
        sets = sets[_keep_lengths(first[sets], other[sets], tolerance)]
        if not len(sets):
            continue
        rotation, shift = least_squares(first[sets], other[sets])
        moved = np.einsum("kij,nj->kni", rotation, first) + shift[:, np.newaxis]
        inside = ((moved - other) ** 2).sum(axis=2) <= tolerance**2
        top = int(np.argmax(inside.sum(axis=1)))
        if inside[top].sum() > best.sum():
            best = inside[top]
            share = (best.sum() / count) ** dimension
            needed = int(np.log(1 - CONFIDENCE) / np.log(max(1 - share, 1e-300))) + 1 if share < 1 else 0
    return best


def _keep_lengths(first: np.ndarray, other: np.ndarray, tolerance: float) -> np.ndarray:
    """Sets (k, n, d) whose points are as far apart in both images, and far enough to fix the rotation."""
    ends = [(a, b) for a in range(first.shape[1]) for b in range(a)]
    lengths = [
        np.stack([np.linalg.norm(points[:, a] - points[:, b], axis=1) for a, b in ends], axis=1)
        for points in (first, other)
    ]
    alike = (np.abs(lengths[0] - lengths[1]) <= STRETCH * tolerance).all(axis=1)
    return alike & (lengths[0] > 3 * tolerance).all(axis=1)


def _by_chance(other: np.ndarray, tolerance: float, dimension: int) -> int:
    """How many inliers the best of all minimal sets would rarely have among partners strewn evenly over their box."""
    count = len(other)
    ball = math.pi * tolerance**2 if dimension == 2 else 4 / 3 * math.pi * tolerance**3
    share = min(1.0, ball / max(float(np.prod(np.ptp(other, axis=0))), 1e-12))
    others = np.arange(count - dimension + 1)
    false = math.comb(count, dimension) * special.bdtrc(others - 1, count - dimension, share)
    rare = np.flatnonzero(false < FALSE_ALARMS)
    return dimension + int(rare[0]) if rare.size else count + 1


def _require_enough(found: int, least: int) -> None:
    if found < least:
        raise InputError(
            f"Only {found} pairs of key points agree on a rigid transform, {least} are needed: the images show too "
            "little in common; allow smaller or weaker key points, or align them roughly by hand."
        )


def _transform(rotation: np.ndarray, shift: np.ndarray) -> sitk.Transform:
    if len(shift) == 2:
        plane = sitk.Euler2DTransform()
        plane.SetAngle(float(np.arctan2(rotation[1, 0], rotation[0, 0])))
        plane.SetTranslation(shift.tolist())
        return plane
    space = sitk.VersorRigid3DTransform()
    space.SetMatrix(rotation.ravel().tolist(), 1e-6)
    space.SetTranslation(shift.tolist())
    return space
