"""Surfaces of segments as triangles."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Surface:
    """Closed surfaces of the segments of a label map.

    points: (n, 3) LPS mm; triangles: (m, 3) numbers of points, counterclockwise seen from outside; segments: (m,) label
    value of the segment that a triangle bounds. Where two segments touch each has triangles of its own, on the same
    points.
    """

    points: np.ndarray
    triangles: np.ndarray
    segments: np.ndarray

    def of(self, segment: int) -> "Surface":
        """The surface of one segment, with the points it needs."""
        chosen = self.triangles[self.segments == segment]
        used, renumbered = np.unique(chosen, return_inverse=True)
        return Surface(self.points[used], renumbered.reshape(-1, 3).astype(chosen.dtype), np.full(len(chosen), segment))

    def volume(self, segment: int) -> float:
        """mm3 that a segment's surface encloses, by the divergence theorem."""
        a, b, c = self._corners(segment)
        return float(np.einsum("ij,ij->", a, np.cross(b, c)) / 6)

    def area(self, segment: int) -> float:
        """mm2 of a segment's surface."""
        a, b, c = self._corners(segment)
        return float(np.linalg.norm(np.cross(b - a, c - a), axis=1).sum() / 2)

    def _corners(self, segment: int) -> np.ndarray:
        chosen = self.triangles[self.segments == segment]
        # near the origin, so that no digits are lost far from it
        middle = self.points[chosen[0, 0]] if len(chosen) else np.zeros(3)
        return (self.points[chosen] - middle).transpose(1, 0, 2)
