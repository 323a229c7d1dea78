"""Two volumes read at the samples of their half-way space, and the move that would make them more alike."""

import itertools
from dataclasses import dataclass

import numpy as np
import scipy.linalg

from ..halfway import half
from .field import INSIDE, Field
from .likeness import terms_of
from .points import moved
from .samples import FEWEST, Samples


@dataclass
class State:
    """f, m: values (n,) of both; gf, gm: gradients (3, n) per mm, along the half-way space; x: the points (n, 3).

    center, scale: middle and half the side of the points' box in mm.
    """

    f: np.ndarray
    m: np.ndarray
    gf: np.ndarray
    gm: np.ndarray
    x: np.ndarray
    center: np.ndarray
    scale: float

    @classmethod
    def at(cls, first: Field, other: Field, matrix: np.ndarray, samples: Samples) -> "State | None":
        """None when fewer than 100 samples lie inside both images."""
        root = half(matrix)
        to_first, to_other = np.linalg.inv(root), root
        x = samples.x
        one, two = moved(to_first, x), moved(to_other, x)
        inside = (first.flags(one) & other.flags(two) & INSIDE) > 0
        if not inside.all():
            x, one, two = x[inside], one[inside], two[inside]
        if len(x) < FEWEST:
            return None
        (f, gf), (m, gm) = first.read(one), other.read(two)
        # rotations in units of mm at the rim, so that all parameters have one size
        scale = float(np.ptp(x, axis=0).max()) / 2
        return cls(
            f.astype(float),
            m.astype(float),
            to_first[:3, :3].T @ gf.astype(float),
            to_other[:3, :3].T @ gm.astype(float),
            x,
            x.mean(axis=0),
            scale,
        )

    def step(self, affine: bool, metric: str, damping: float) -> tuple[np.ndarray, float]:
        """(4 x 4 generator of the next move, similarity)."""
        size = 12 if affine else 6
        normal, right = np.zeros((size, size)), np.zeros(size)
        terms, similarity = terms_of(self.f, self.m, self.gf, self.gm, metric)
        place = ((self.x - self.center) / self.scale).T
        for g, r, weight in terms:
            j = _columns(g, place, affine)
            jw = j * weight
            normal += jw @ j.T
            right -= jw @ r
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

    def largest_move(self, generator: np.ndarray) -> float:
        """How far in mm a move shifts any corner of the points' box."""
        low, high = self.x.min(axis=0), self.x.max(axis=0)
        corners = np.array(list(itertools.product(*zip(low, high, strict=True))))
        return float(np.linalg.norm(moved(generator, corners), axis=1).max())


def _columns(g: np.ndarray, place: np.ndarray, affine: bool) -> np.ndarray:
    """Derivatives (6 or 12, n) of the residuals: by rotation (or the nine linear parts), then by translation."""
    if affine:
        return np.concatenate([(g[:, None] * place[None]).reshape(9, -1), g])
    x, y, z = place
    gx, gy, gz = g
    return np.stack([y * gz - z * gy, z * gx - x * gz, x * gy - y * gx, gx, gy, gz])
