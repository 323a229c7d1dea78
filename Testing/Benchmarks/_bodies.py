"""Bodies of known volume, area and in-plane diameters, in any orientation and place on a voxel grid."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import special
from scipy.spatial.transform import Rotation


@dataclass(frozen=True)
class Body:
    """A body that is its own mirror image in the origin.

    inside: of points (..., 3) in mm, in the body's axes; half: half its extent along these axes (3,); volume in mm3,
    area in mm2; chord: its longest chord (n,) along unit vectors (n, 3), through the origin; None where that chord
    does not lie in the body.
    """

    name: str
    inside: Callable[[np.ndarray], np.ndarray]
    half: tuple[float, float, float]
    volume: float
    area: float
    chord: Callable[[np.ndarray], np.ndarray] | None

    def on_grid(self, turn: Rotation, shift: np.ndarray, spacing: tuple[float, float, float], margin: int = 1):
        """Mask (z, y, x) of the voxels whose centers lie in the body.

        turn: from the body's axes to the grid's; shift: of its center from a voxel's center, in mm.
        """
        return self.inside(self.places(turn, shift, spacing, margin))

    def places(self, turn: Rotation, shift: np.ndarray, spacing: tuple[float, float, float], margin: int = 1):
        """Voxel centers (z, y, x, 3) in the body's axes, of a box around it."""
        matrix = turn.as_matrix()
        reach = np.abs(matrix) @ self.half
        axes = []
        for offset, extent, step in zip(shift, reach, spacing, strict=True):
            count = int(np.ceil((extent + abs(offset)) / step)) + margin
            axes.append(np.arange(-count, count + 1) * step - offset)
        along = [axis[:, None] * row for axis, row in zip(axes, matrix, strict=True)]
        return along[0] + along[1][:, None] + along[2][:, None, None]

    def in_plane(self, turn: Rotation) -> tuple[float, float]:
        """Longest diameter (mm) in any plane across the grid's third axis, and the longest one perpendicular there."""
        angles = np.linspace(0, np.pi, 7200, endpoint=False)
        across = np.column_stack([np.cos(angles), np.sin(angles), np.zeros(len(angles))])
        lengths = self.chord(across @ turn.as_matrix())
        longest = int(np.argmax(lengths))
        return float(lengths[longest]), float(lengths[(longest + len(angles) // 2) % len(angles)])


def ball(diameter: float) -> Body:
    return ellipsoid(diameter, diameter, diameter, "ball")


def ellipsoid(a: float, b: float, c: float, name: str = "ellipsoid") -> Body:
    """Axes (whole) in mm."""
    half = np.array([a, b, c]) / 2
    x, y, z = 1 / half**2
    # area of an ellipsoid by Carlson's symmetric integral (DLMF 19.33.1)
    area = 4 * math.pi * float(np.prod(half)) * float(special.elliprg(x, y, z))
    return Body(
        name,
        lambda points: ((points / half) ** 2).sum(axis=-1) <= 1,
        tuple(half),
        4 / 3 * math.pi * float(np.prod(half)),
        area,
        lambda unit: 2 / np.sqrt(((unit / half) ** 2).sum(axis=-1)),
    )


def half_ball(diameter: float) -> Body:
    """Flat across its third axis, on which it is half the diameter (mm) high; its chord is that of the flat side."""
    radius = diameter / 2
    return Body(
        "half ball",
        lambda points: ((points**2).sum(axis=-1) <= radius**2) & (points[..., 2] >= 0),
        (radius, radius, radius),
        2 / 3 * math.pi * radius**3,
        3 * math.pi * radius**2,
        lambda unit: np.full(len(unit), diameter),
    )


def box(a: float, b: float, c: float) -> Body:
    half = np.array([a, b, c]) / 2
    return Body(
        "box",
        lambda points: (np.abs(points) <= half).all(axis=-1),
        tuple(half),
        a * b * c,
        2 * (a * b + b * c + c * a),
        lambda unit: (2 * half / np.maximum(np.abs(unit), 1e-12)).min(axis=-1),
    )


def cylinder(diameter: float, height: float) -> Body:
    radius = diameter / 2
    return Body(
        "cylinder",
        lambda points: (np.hypot(points[..., 0], points[..., 1]) <= radius) & (np.abs(points[..., 2]) <= height / 2),
        (radius, radius, height / 2),
        math.pi * radius**2 * height,
        2 * math.pi * radius * (radius + height),
        lambda unit: np.minimum(
            diameter / np.maximum(np.hypot(unit[..., 0], unit[..., 1]), 1e-12),
            height / np.maximum(np.abs(unit[..., 2]), 1e-12),
        ),
    )


def torus(ring: float, tube: float) -> Body:
    """ring: diameter of the circle that the tube's center runs along; tube: diameter of the tube (mm)."""
    ring_radius, radius = ring / 2, tube / 2
    return Body(
        "torus",
        lambda points: (np.hypot(points[..., 0], points[..., 1]) - ring_radius) ** 2 + points[..., 2] ** 2 <= radius**2,
        (ring_radius + radius, ring_radius + radius, radius),
        2 * math.pi**2 * ring_radius * radius**2,
        4 * math.pi**2 * ring_radius * radius,
        None,
    )
