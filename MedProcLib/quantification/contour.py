"""Diameters of the outline that runs half-way between the centers of inside and outside pixels."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.spatial.distance import cdist

from .chords import TIE, Diameter, chords_of_hull, convex_hull, longest_chords

# of the extents that bound a slice's diameter; the bound is 0.5 % above the longest of them
DIRECTIONS = 16


def longest_of_contour(mask: np.ndarray, spacing: tuple[float, float]) -> Diameter:
    """The longest distance between two contour points of one slice, and the longest chord perpendicular to it there.

    mask: bool (z, y, x), not empty; spacing: x, y in mm. A row of n square pixels is n pixels long. Both are measured
    on the contour's convex hull. Among slices or axes of equal length the one with the longest perpendicular wins, then
    the lowest slice.
    """
    contours = _Contours.of(mask)
    longest, found = 0.0, []
    for bound, index in contours.slices_by_bound(spacing):
        if bound < longest * (1 - TIE):
            break
        outline = contours.points(index) * spacing
        hull = convex_hull(outline)
        distances = cdist(hull, hull)
        found.append((hull, distances, outline, index))
        longest = max(longest, distances.max())
    best: Diameter | None = None
    for hull, distances, outline, index in found:
        if distances.max() >= longest * (1 - TIE):
            chords = chords_of_hull(hull, distances, outline, spacing, index)
            if best is None or _is_better(chords, best):
                best = chords
    assert best is not None, "the mask must not be empty"
    return best


def of_contours(mask: np.ndarray, spacing: tuple[float, float]) -> Iterator[Diameter]:
    """Those of every slice that holds voxels, as `longest_of_contour` has them."""
    contours = _Contours.of(mask)
    for index in np.unique(contours.lines[0]).tolist():
        yield longest_chords(contours.points(index), spacing, index)


@dataclass(frozen=True)
class _Contours:
    """Outermost points of every line and column of every slice: half a pixel outside its end pixels.

    lines: slice, y, first x, last x of the lines that have a pixel inside; columns: slice, x, first y, last y.
    """

    lines: tuple[np.ndarray, ...]
    columns: tuple[np.ndarray, ...]

    @classmethod
    def of(cls, mask: np.ndarray) -> "_Contours":
        return cls(_ends(mask), _ends(mask.transpose(0, 2, 1)))

    def points(self, index: int) -> np.ndarray:
        """Points (n, 2) of a slice, index x, y."""
        y, left, right = (array[self.lines[0] == index] for array in self.lines[1:])
        x, top, bottom = (array[self.columns[0] == index] for array in self.columns[1:])
        return np.concatenate([np.stack(pair, 1) for pair in ((left, y), (right, y), (x, top), (x, bottom))])

    def slices_by_bound(self, spacing: tuple[float, float]) -> list[tuple[float, int]]:
        """(length that no diameter exceeds, slice), longest first: the extent along some directions, a little more."""
        sides = [(*ends[1:], np.flatnonzero(np.diff(ends[0], prepend=-1))) for ends in (self.lines, self.columns)]
        angles = np.arange(DIRECTIONS)[:, np.newaxis] * np.pi / DIRECTIONS
        along = np.cos(angles) * spacing[0], np.sin(angles) * spacing[1]
        highest, lowest = [], []
        for (line, first, last, start), (a, b) in zip(sides, (along, along[::-1]), strict=True):
            ends = a * first, a * last
            highest.append(np.maximum.reduceat(b * line + np.maximum(*ends), start, axis=1))
            lowest.append(np.minimum.reduceat(b * line + np.minimum(*ends), start, axis=1))
        longest = (np.maximum(*highest) - np.minimum(*lowest)).max(axis=0)
        bounds = longest / np.cos(np.pi / (2 * DIRECTIONS))
        indices = self.lines[0][sides[0][-1]]
        return sorted(zip(bounds.tolist(), indices.tolist(), strict=True), key=lambda bound: (-bound[0], bound[1]))


def _ends(mask: np.ndarray) -> tuple[np.ndarray, ...]:
    """Slice, line, and the places half a pixel before the first and after the last voxel, of lines with any voxel."""
    index, line = np.nonzero(mask.any(axis=2))
    inside = mask[index, line]
    first = inside.argmax(axis=1) - 0.5
    last = inside.shape[1] - inside[:, ::-1].argmax(axis=1) - 0.5
    return index, line.astype(float), first, last


def _is_better(found: Diameter, best: Diameter) -> bool:
    if found.long_mm > best.long_mm * (1 + TIE):
        return True
    if found.long_mm < best.long_mm * (1 - TIE):
        return False
    if abs(found.short_mm - best.short_mm) > TIE * best.long_mm:
        return found.short_mm > best.short_mm
    return found.slice_index < best.slice_index
