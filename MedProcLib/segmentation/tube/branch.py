"""A branch of a tree of tubes: its center line with the radius along it, and what it is connected to."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class Branch:
    """One tube between two places where tubes meet or end.

    number: from 1, its value in the label map that comes with it; points: (n, dimension) LPS mm on the center line,
    from where it leaves its parent (or the tree begins) to its end; radii_mm: (n,) of the circle of the cross-section's
    area (in 2D half the width); parent: number of the branch that it leaves, 0 for none; generation: 0 without a
    parent, else one more than that of its parent; children: numbers of the branches that leave it; closed: it ends
    where it began (a ring).
    """

    number: int
    points: np.ndarray
    radii_mm: np.ndarray
    parent: int = 0
    generation: int = 0
    children: tuple[int, ...] = ()
    closed: bool = False

    @property
    def length_mm(self) -> float:
        return float(np.linalg.norm(np.diff(self.points, axis=0), axis=1).sum())

    @property
    def tortuosity(self) -> float | None:
        """Length over the distance of the ends (1 is straight); None for a point or a ring."""
        distance = float(np.linalg.norm(self.points[-1] - self.points[0]))
        return self.length_mm / distance if distance > 1e-3 * self.length_mm and distance > 0 else None

    @property
    def mean_radius_mm(self) -> float:
        return float(np.mean(self.radii_mm))

    @property
    def volume_mm3(self) -> float:
        """Of the tube with these circular cross-sections (in 2D its area in mm2)."""
        steps = np.linalg.norm(np.diff(self.points, axis=0), axis=1)
        size = 2 * self.radii_mm if self.points.shape[1] == 2 else np.pi * self.radii_mm**2
        return float(np.sum(steps * (size[1:] + size[:-1]) / 2))


def as_rows(branches: Sequence[Branch]) -> list[dict[str, float | int | str | None]]:
    """One row of plain values a branch, for a table, CSV or JSON."""
    return [
        {
            "branch": branch.number,
            "parent": branch.parent,
            "generation": branch.generation,
            "children": " ".join(str(child) for child in branch.children),
            "length_mm": branch.length_mm,
            "mean_radius_mm": branch.mean_radius_mm,
            "smallest_radius_mm": float(branch.radii_mm.min()),
            "largest_radius_mm": float(branch.radii_mm.max()),
            "tortuosity": branch.tortuosity,
            "volume_mm3": branch.volume_mm3,
            **{f"begins_{axis}_lps_mm": float(value) for axis, value in zip("xyz", branch.points[0], strict=False)},
            **{f"ends_{axis}_lps_mm": float(value) for axis, value in zip("xyz", branch.points[-1], strict=False)},
        }
        for branch in branches
    ]
