"""Balls as label maps on any grid, as pieces, and patients made of them."""

import datetime

import numpy as np
import SimpleITK as sitk

from MedProcLib.comparison.tracks.extend import extend
from MedProcLib.comparison.tracks.follow import Labelled
from MedProcLib.comparison.tracks.model import Patient, TimePoint
from MedProcLib.comparison.tracks.pieces import Pieces
from MedProcLib.comparison.tracks.settings import Follow
from MedProcLib.core.geometry import Geometry

WHO, WHEN = "Dr. Reader", "2026-03-01T09:30:00"
OBLIQUE = np.array([[0.8, -0.6, 0.0], [0.48, 0.64, 0.6], [-0.36, -0.48, 0.8]])


def grid_of(spacing=(1.0, 1.0, 1.0), direction=None, center=(0.0, 0.0, 0.0), extent=(60, 60, 40)) -> Geometry:
    """Grid around a center (LPS, mm) that holds a box of this extent along its axes."""
    direction = np.eye(3) if direction is None else np.asarray(direction, float)
    size = np.ceil(np.asarray(extent, float) / spacing).astype(int)
    origin = np.asarray(center, float) - direction @ ((size - 1) / 2 * np.asarray(spacing))
    return Geometry(tuple(size.tolist()), tuple(map(float, spacing)), tuple(origin.tolist()), tuple(direction.ravel()))


def balls(*which, grid: Geometry | None = None, move=None) -> sitk.Image:
    """Label map (one value, 1) of balls (center in mm, radius in mm); move: of a grid's points to the balls' space."""
    grid = grid or grid_of()
    indices = np.indices(tuple(reversed(grid.size))).reshape(3, -1)[::-1].T.astype(float)
    points = grid.points(indices)
    points = points if move is None else move(points)
    inside = np.zeros(len(points), bool)
    for center, radius in which:
        inside |= np.linalg.norm(points - np.asarray(center, float), axis=1) <= radius
    return grid.image_of(inside.reshape(tuple(reversed(grid.size))))


def point_at(number: int, **more) -> TimePoint:
    """Time point T<number>, 30 days after the one before."""
    return TimePoint(f"T{number}", date=datetime.date(2025, 1, 1) + datetime.timedelta(30 * number), **more)


def labelled(number: int, *which, **how) -> Labelled:
    return Labelled(point_at(number), balls(*which, **how))


def volume(radius: float) -> float:
    return 4 / 3 * np.pi * radius**3


def patient_of(*time_points, settings: Follow | None = None) -> Patient:
    """Patient of time points, each a list of (center, radius)."""
    patient = Patient("P", settings=settings or Follow())
    for number, findings in enumerate(time_points, 1):
        centers, radii = [c for c, _ in findings], np.array([r for _, r in findings], float)
        patient = extend(patient, point_at(number), Pieces.of_balls(centers, volume(radii)))
    return patient


def tracks_of(patient: Patient) -> dict[str, dict[str, int]]:
    """Track id: {time point id: first label}."""
    return {t.id: {o.time_point: o.labels[0] for o in t.observations} for t in patient.tracks}
