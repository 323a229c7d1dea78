"""Whether a linear registration can be relied on: figures that do not depend on the optimizer's own opinion."""

from dataclasses import dataclass

import numpy as np
from scipy.spatial.transform import Rotation

from ..core.measurement import Measurement
from ..core.progress import SILENT, Progress
from .alignment import CORRELATION_RATIO, MUTUAL_INFORMATION, State, Volume, head_points, largest_distance, refine
from .result import Verdict

# Limits found on real pairs: same patient and scanner, same patient and other scanner, other patients, other anatomy.
SIMILARITY = {CORRELATION_RATIO: (0.90, 0.70), MUTUAL_INFORMATION: (0.80, 0.60)}  # good, failed
RESIDUAL_MM = {CORRELATION_RATIO: (1.0, 4.0), MUTUAL_INFORMATION: (2.5, 6.0)}
OVERLAP_GOOD, OVERLAP_FAILED = 0.70, 0.30
RESTART_GOOD_MM, RESTART_FAILED_MM = 0.5, 3.0
BLOCK_MM = 32.0


@dataclass(frozen=True)
class Figures:
    """What the verdict rests on.

    similarity: correlation ratio or informational coefficient of correlation, 0..1; overlap: shared part of the two
    foregrounds, 0..1; restart_mm: largest distance over the head between the result and one found from a displaced
    start with the studies swapped (inverse consistency); residual_mm: median displacement that blocks of the head
    would still make, each on its own.
    """

    similarity: float
    overlap: float
    restart_mm: float
    residual_mm: float
    metric: str = CORRELATION_RATIO

    def measurements(self) -> tuple[Measurement, ...]:
        return (
            Measurement("similarity", self.similarity, "", parameters={"metric": self.metric.replace("_", " ")}),
            Measurement("overlap", 100 * self.overlap, "%"),
            Measurement("inverse_consistency", self.restart_mm, "mm"),
            Measurement("local_displacement", self.residual_mm, "mm", parameters={"block_mm": BLOCK_MM}),
        )


def measure(
    first: list[Volume],
    other: list[Volume],
    spacings: list[float],
    matrix: np.ndarray,
    affine: bool,
    metric: str = CORRELATION_RATIO,
    progress: Progress = SILENT,
) -> Figures:
    """Figures of a 4 x 4 matrix first -> other, at the second of the levels (spacings in mm, coarse to fine)."""
    points = head_points(first[-1])
    shares = iter(progress.parts(*[1.0] * 3))
    middle = min(1, len(spacings) - 1)
    one, two, spacing = first[middle], other[middle], spacings[middle]
    forward = refine(one, two, matrix, spacing, affine=affine, metric=metric, progress=next(shares))
    backward = np.linalg.inv(matrix @ _displacement(points, 6.0, 2 * spacings[0]))
    for level in range(middle + 1):
        backward = refine(
            other[level], first[level], backward, spacings[level], affine=affine, metric=metric, progress=next(shares)
        ).matrix
    restart = largest_distance(np.linalg.inv(backward), forward.matrix, points)
    displacement = local_displacement(one, two, forward.matrix, spacing, metric)
    return Figures(forward.similarity, forward.overlap, restart, displacement, metric)


def judge(figures: Figures) -> tuple[Verdict, tuple[str, ...]]:
    """Verdict and its reasons, one line each."""
    similarity_good, similarity_failed = SIMILARITY[figures.metric]
    residual_good, residual_failed = RESIDUAL_MM[figures.metric]
    likeness = "correlation ratio" if figures.metric == CORRELATION_RATIO else "informational correlation"
    bad: list[str] = []
    weak: list[str] = []
    _compare(
        -figures.similarity,
        -similarity_good,
        -similarity_failed,
        bad,
        weak,
        f"The aligned images resemble each other too little ({likeness} {figures.similarity:.2f}, "
        f"expected at least {similarity_good:g}): other anatomy, other patient or other kind of image?",
    )
    _compare(
        -figures.overlap,
        -OVERLAP_GOOD,
        -OVERLAP_FAILED,
        bad,
        weak,
        f"Only {100 * figures.overlap:.0f} % of the bodies overlap (expected at least {100 * OVERLAP_GOOD:.0f} %): "
        "the studies show different parts.",
    )
    _compare(
        figures.restart_mm,
        RESTART_GOOD_MM,
        RESTART_FAILED_MM,
        bad,
        weak,
        f"Registering backward from a displaced start ends {figures.restart_mm:.1f} mm away "
        f"(expected at most {RESTART_GOOD_MM:g} mm): the position is not well determined.",
    )
    _compare(
        figures.residual_mm,
        residual_good,
        residual_failed,
        bad,
        weak,
        f"Parts of the body still lie {figures.residual_mm:.1f} mm apart (median; expected at most "
        f"{residual_good:g} mm): another patient, or organs that moved?",
    )
    if bad:
        return Verdict.FAILED, tuple(bad + weak)
    if weak:
        return Verdict.DOUBTFUL, tuple(weak)
    return Verdict.GOOD, (
        f"{likeness.capitalize()} {figures.similarity:.2f}, overlap {100 * figures.overlap:.0f} %, inverse consistency "
        f"{figures.restart_mm:.2f} mm, local displacement {figures.residual_mm:.2f} mm.",
    )


def _compare(value: float, good: float, failed: float, bad: list[str], weak: list[str], reason: str) -> None:
    if not value <= failed:
        bad.append(reason)
    elif not value <= good:
        weak.append(reason)


def _displacement(points: np.ndarray, degrees: float, millimeters: float) -> np.ndarray:
    """A fixed displacement about the middle of the points, along no special axis."""
    axis = np.array([2.0, -3.0, 6.0]) / 7
    center = points.mean(axis=0)
    matrix = np.eye(4)
    matrix[:3, :3] = Rotation.from_rotvec(np.radians(degrees) * axis).as_matrix()
    matrix[:3, 3] = center - matrix[:3, :3] @ center + millimeters * np.array([6.0, 2.0, -3.0]) / 7
    return matrix


def local_displacement(first: Volume, other: Volume, matrix: np.ndarray, spacing: float, metric: str) -> float:
    """Median length in mm of the translation that each block of the body would still make."""
    state = State.at(first, other, matrix, spacing)
    if state is None:
        return float("inf")
    g, r = state.translation_columns(metric)
    extent = np.ptp(state.x, axis=0)
    block = min(BLOCK_MM, float(extent.max()) / 5)
    cell = np.floor((state.x - state.x.min(axis=0)) / block).astype(int)
    number = np.ravel_multi_index(cell.T, cell.max(axis=0) + 1)
    order = np.argsort(number, kind="stable")
    lengths = []
    for here in np.split(order, np.flatnonzero(np.diff(number[order])) + 1):
        if len(here) < 0.3 * state.sampled * (block / spacing) ** 3:
            continue
        normal = g[here].T @ g[here]
        values = np.linalg.eigvalsh(normal)
        if values[0] > 0.05 * values[2]:
            lengths.append(float(np.linalg.norm(np.linalg.solve(normal, -g[here].T @ r[here]))))
    return float(np.median(lengths)) if len(lengths) >= 3 else float("inf")
