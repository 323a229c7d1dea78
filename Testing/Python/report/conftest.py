"""Comparisons made by hand of a body with balls in it, in grids of any direction."""

import datetime
import functools

import numpy as np
import pytest
import SimpleITK as sitk
from scipy.spatial.transform import Rotation

from MedProcLib.comparison.result import Change, Comparison, Finding, PairComparison, Registration, Verdict
from MedProcLib.comparison.study import Study
from MedProcLib.core.geometry import Geometry
from MedProcLib.core.measurement import Measurement
from MedProcLib.core.recipe import Recipe
from MedProcLib.quantification.measure import Measure

DIRECTIONS = {
    "straight": np.eye(3),
    "oblique": Rotation.from_euler("xyz", [12, -15, 20], degrees=True).as_matrix(),
    "left-handed": np.diag([1.0, 1.0, -1.0]),
    "mirrored and turned": np.diag([-1.0, -1.0, 1.0]) @ Rotation.from_euler("z", 15, degrees=True).as_matrix(),
    "sagittal": np.array([[0.0, 0, 1], [1, 0, 0], [0, -1, 0]]),
    "coronal left-handed": np.array([[-1.0, 0, 0], [0, 0, 1], [0, 1, 0]]),
}


@pytest.fixture(params=list(DIRECTIONS))
def direction(request) -> np.ndarray:
    return DIRECTIONS[request.param]


@pytest.fixture
def centered_grid():
    """centered_grid(direction, size, spacing) -> a grid whose middle is at LPS (5, -10, 20)."""

    def make(direction=None, size=(50, 50, 50), spacing=(2.0, 2.0, 2.0)) -> Geometry:
        direction = np.eye(3) if direction is None else direction
        origin = np.array([5, -10, 20]) - direction @ ((np.array(size) - 1) / 2 * spacing)
        return Geometry(size, spacing, tuple(origin), tuple(direction.ravel()))

    return make


@functools.lru_cache(maxsize=2)
def all_points(grid: Geometry) -> np.ndarray:
    return grid.points(np.indices(grid.size).reshape(3, -1).T)


@pytest.fixture
def ball():
    """ball(grid, center LPS, radius mm) -> bool array (z, y, x)."""

    def make(grid: Geometry, center, radius: float) -> np.ndarray:
        inside = np.linalg.norm(all_points(grid) - np.asarray(center), axis=1) <= radius
        return inside.reshape(grid.size).transpose(2, 1, 0)

    return make


@pytest.fixture
def comparison(centered_grid, ball):
    """comparison(...) -> a Comparison of noisy bodies with one ball per finding; see the arguments."""

    def make(
        changes=(Change.NEW, Change.GROWN, Change.STABLE, Change.SHRUNK, Change.GONE, Change.MERGED, Change.SPLIT),
        direction=None,
        verdict=Verdict.GOOD,
        names=("Baseline", "Follow-up"),
        source="study.nii.gz",
        threshold="more than 30 %",
        statuses=("proposed",),
        others=1,
        grid=None,
    ) -> Comparison:
        grid = grid or centered_grid(direction)
        rng = np.random.default_rng(0)
        body = ball(grid, grid.center, 46)
        arrays = [100.0 * body + rng.normal(0, 8, body.shape) for _ in (0, 1)]
        labels = [np.zeros(body.shape, np.uint16) for _ in (0, 1)]
        findings = []
        for number, change in enumerate(changes, 1):
            angle = 2.4 * number
            reach = 34 * np.sqrt(number / len(changes))
            center = grid.center + np.array([reach * np.cos(angle), reach * np.sin(angle), 10 * np.sin(3 * angle)])
            radii = {Change.NEW: (0, 5), Change.GONE: (5, 0), Change.GROWN: (3, 5), Change.SHRUNK: (5, 3)}
            masks = [ball(grid, center, r) if r else np.zeros_like(body) for r in radii.get(change, (4, 4))]
            for array, label, mask in zip(arrays, labels, masks, strict=True):
                array[mask] += 80
                label[mask] = number
            findings.append(
                Finding(
                    number,
                    change,
                    tuple(float(m.sum() * grid.voxel_volume) for m in masks),
                    tuple(tuple(center) if m.any() else None for m in masks),
                    threshold,
                    statuses[number % len(statuses)],
                    "Dr. Reader" if statuses[number % len(statuses)] != "proposed" else "",
                )
            )
        images = [grid.image_of(array.astype(np.float32)) for array in arrays]
        first, other = (grid.image_of(label) for label in labels)
        still = sitk.AffineTransform(3)
        registration = Registration(
            still, still, still, verdict, ("two runs agree within 0.2 mm",), (Measurement("consistency", 0.2, "mm"),)
        )
        change = ((labels[1] > 0) & (labels[0] == 0)) + 2 * ((labels[0] > 0) & (labels[1] == 0))
        failed = verdict == Verdict.FAILED
        pairs = tuple(
            PairComparison(
                0,
                1 + n,
                registration,
                grid,
                *images,
                grid.image_of(((arrays[1] - arrays[0]) / 8).astype(np.float32)),
                grid.image_of(body),
                grid.image_of(change.astype(np.uint8)),
                first,
                other,
                () if failed else tuple(findings),
            )
            for n in range(others)
        )
        dates = [datetime.date(2020 + n, 3, 1) for n in range(1 + others)]
        names = [*names, *(f"Study {n}" for n in range(3, 2 + others))]
        studies = [
            Study(name, images[min(n, 1)], date, modality="MR", source=source)
            for n, (name, date) in enumerate(zip(names, dates, strict=True))
        ]
        return Comparison(tuple(studies), pairs, Recipe.of(Measure()))

    return make
