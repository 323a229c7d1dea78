"""Bodies of known volume, area and in-plane diameters, in any orientation and place on a voxel grid."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import special
from scipy.spatial.transform import Rotation

# Voxels of a box whose places in the body are computed together.
AT_A_TIME = 20_000


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
        x, y, z = self._along(turn, shift, spacing, margin)
        plane = x + y[:, None]
        # so many slices at a time that what is computed stays in the processor's cache
        step = max(1, AT_A_TIME // (len(x) * len(y)))
        slabs = [self.inside(plane + z[start : start + step, None, None]) for start in range(0, len(z), step)]
        return np.concatenate(slabs)

    def places(self, turn: Rotation, shift: np.ndarray, spacing: tuple[float, float, float], margin: int = 1):
        """Voxel centers (z, y, x, 3) in the body's axes, of a box around it."""
        x, y, z = self._along(turn, shift, spacing, margin)
        return x + y[:, None] + z[:, None, None]

    def _along(self, turn: Rotation, shift: np.ndarray, spacing, margin: int) -> list[np.ndarray]:
        """What the columns, rows and slices of the box around it (n, 3) add to a place in the body's axes."""
        matrix = turn.as_matrix()
        reach = np.abs(matrix) @ self.half
        along = []
        for offset, extent, side, row in zip(shift, reach, spacing, matrix, strict=True):
            count = int(np.ceil((extent + abs(offset)) / side)) + margin
            along.append((np.arange(-count, count + 1) * side - offset)[:, None] * row)
        return along

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


def capsule(diameter: float, length: float) -> Body:
    """A cylinder of a length (mm) between two half balls."""
    radius, half = diameter / 2, length / 2

    def inside(points: np.ndarray) -> np.ndarray:
        beyond = np.maximum(np.abs(points[..., 2]) - half, 0)
        return (points[..., :2] ** 2).sum(axis=-1) + beyond**2 <= radius**2

    def chord(unit: np.ndarray) -> np.ndarray:
        aside, along = np.hypot(unit[..., 0], unit[..., 1]), np.abs(unit[..., 2])
        on_side = radius / np.maximum(aside, 1e-12)
        on_end = along * half + np.sqrt(np.maximum((along * half) ** 2 - half**2 + radius**2, 0))
        return 2 * np.where(on_side * along <= half, on_side, on_end)

    return Body(
        "capsule",
        inside,
        (radius, radius, half + radius),
        math.pi * radius**2 * length + 4 / 3 * math.pi * radius**3,
        2 * math.pi * radius * (length + diameter),
        chord,
    )


def lens(thickness: float, diameter: float) -> Body:
    """What two equal balls share: so thick in the middle, so wide at its sharp rim (mm), which is wider."""
    height, rim = thickness / 2, diameter / 2
    radius = (height**2 + rim**2) / (2 * height)
    aside = radius - height
    return Body(
        "lens",
        lambda points: (points[..., :2] ** 2).sum(axis=-1) + (np.abs(points[..., 2]) + aside) ** 2 <= radius**2,
        (rim, rim, height),
        2 / 3 * math.pi * height**2 * (3 * radius - height),
        4 * math.pi * radius * height,
        lambda unit: 2 * (np.sqrt((unit[..., 2] * aside) ** 2 + rim**2) - np.abs(unit[..., 2]) * aside),
    )


def double_cone(diameter: float, length: float) -> Body:
    """Two cones on one base, so long from tip to tip (mm)."""
    radius, half = diameter / 2, length / 2
    return Body(
        "double cone",
        lambda points: np.hypot(points[..., 0], points[..., 1]) / radius + np.abs(points[..., 2]) / half <= 1,
        (radius, radius, half),
        2 / 3 * math.pi * radius**2 * half,
        2 * math.pi * radius * math.hypot(radius, half),
        lambda unit: 2 / (np.hypot(unit[..., 0], unit[..., 1]) / radius + np.abs(unit[..., 2]) / half),
    )


def elliptic_cylinder(a: float, b: float, height: float) -> Body:
    """a, b: longer and shorter axis (whole) across it, in mm."""
    half = np.array([a, b]) / 2
    around = 4 * half[0] * float(special.ellipe(1 - (b / a) ** 2))
    base = math.pi * half[0] * half[1]
    return Body(
        "elliptic cylinder",
        lambda points: (((points[..., :2] / half) ** 2).sum(axis=-1) <= 1) & (np.abs(points[..., 2]) <= height / 2),
        (half[0], half[1], height / 2),
        base * height,
        2 * base + around * height,
        lambda unit: np.minimum(
            2 / np.maximum(np.sqrt(((unit[..., :2] / half) ** 2).sum(axis=-1)), 1e-12),
            height / np.maximum(np.abs(unit[..., 2]), 1e-12),
        ),
    )
