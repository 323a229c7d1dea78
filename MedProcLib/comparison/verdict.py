"""Whether a linear registration can be relied on: figures that do not depend on the optimizer's own opinion."""

from dataclasses import dataclass

import numpy as np
from scipy.spatial.transform import Rotation

from ..core.measurement import Measurement
from ..core.progress import SILENT, Progress
from ..core.statistics import weighted_median
from .alignment.field import Field
from .alignment.likeness import terms_of, translation_term, tukey
from .alignment.metrics import CORRELATION_RATIO, MUTUAL_INFORMATION
from .alignment.points import largest_distance
from .alignment.refine import refine
from .alignment.samples import choose
from .alignment.state import State
from .alignment.volume import head_points
from .result import Verdict

# Limits found on real pairs: same patient and scanner, same patient and other scanner, other patients, other anatomy.
SIMILARITY = {CORRELATION_RATIO: (0.90, 0.70), MUTUAL_INFORMATION: (0.80, 0.60)}  # good, failed
RESIDUAL_MM = {CORRELATION_RATIO: (1.0, 4.0), MUTUAL_INFORMATION: (2.5, 6.0)}
# Images that are judged at voxels no larger than this tell smaller displacements: right pairs of FLAIR, T1 and CT read
# 0.66 mm at most, CT bent smoothly by 1.1 and 1.3 mm 0.91.
FINE_MM, RESIDUAL_FINE_MM = 5.0, 0.8
# Of bodies too large for such voxels so much of a voxel's side is told: right pairs of PET read 0.11 to 0.15 of it.
RESIDUAL_VOXELS = 0.15
# Blocks count by how little noise alone would move them (mean square length); less than this makes no difference.
NOISE_MM = 0.5
# Displacements of blocks that hardly make the images more alike are of another contrast, not of another place. Of one
# contrast 1.2 mm read as much.
MOVED_MM = 0.85
# Much noise hides as well how much more alike they would be. So the position is to be sure, the images are to show that
# they differ, and blocks may lie this far apart at most. Found on T1 and FLAIR, and FLAIR after another protocol
# (similarity 0.977, 1.7 mm at most); bent images of one contrast, however noisy, 0.985 at least.
ONE_CONTRAST, RESIDUAL_SURE_MM = 0.98, 2.0
# Gray values of another contrast tell less of each other, and other parts of the body are bright. Where a displaced
# start ends this near and the blocks stay, so much is enough. Found on T1 and FLAIR of 13 examinations (similarity
# 0.89, overlap 0.59, restart 0.25 mm at worst) and of two patients each (restart 0.5 mm at best).
SURE_MM, SIMILARITY_SURE, OVERLAP_SURE = 0.3, 0.88, 0.55
# Within masks of the brain they tell much less (T1 and FLAIR 0.54 to 0.69, of two patients 0.53 to 0.95), and only
# where a displaced start ends speaks against another patient (0.22 mm at worst, of two patients 0.9 at best): doubtful.
SIMILARITY_MASKED = 0.50
# A body that lies in the other one to so great a share is all that its image shows bright, as fluid in some T2.
NESTED = 0.95
OVERLAP_GOOD, OVERLAP_FAILED = 0.70, 0.30
SHARED_GOOD, SHARED_FAILED = 0.30, 0.10
RESTART_GOOD_MM, RESTART_FAILED_MM = 0.5, 3.0
BLOCK_MM = 32.0
MOST_SAMPLES = 100_000
ROUNDS = 2


@dataclass(frozen=True)
class Figures:
    """What the verdict rests on.

    similarity: correlation ratio or informational coefficient of correlation, 0..1; overlap: shared part of the two
    foregrounds where both images are, 0..1, whatever their fields of view cut off; shared: so much of the smaller
    foreground lies in the other one, 0..1; restart_mm: largest distance over the head between the result and one
    found from a displaced start with the studies swapped (inverse consistency); residual_mm: median displacement that
    blocks of the head would still make, each on its own (see local_displacement); moved_mm: the same, each times the
    root of the share of what is unlike that it would take away (infinite: not known); level_mm: side of the voxels at
    which blocks were moved.
    """

    similarity: float
    overlap: float
    restart_mm: float
    residual_mm: float
    shared: float
    metric: str = CORRELATION_RATIO
    moved_mm: float = float("inf")
    level_mm: float = float("inf")

    @property
    def sure(self) -> bool:
        """Whether the position is so well determined that another contrast may be why the images are less alike."""
        stays = min(self.residual_mm, self.moved_mm) <= MOVED_MM
        return self.metric == CORRELATION_RATIO and stays and self.restart_mm <= SURE_MM

    def measurements(self) -> tuple[Measurement, ...]:
        return (
            Measurement("similarity", self.similarity, "", parameters={"metric": self.metric.replace("_", " ")}),
            Measurement("overlap", 100 * self.overlap, "%"),
            Measurement("shared_body", 100 * self.shared, "%"),
            Measurement("inverse_consistency", self.restart_mm, "mm"),
            Measurement("local_displacement", self.residual_mm, "mm", parameters={"block_mm": BLOCK_MM}),
        )


def measure(
    first: list[Field],
    other: list[Field],
    matrix: np.ndarray,
    affine: bool,
    metric: str = CORRELATION_RATIO,
    progress: Progress = SILENT,
) -> Figures:
    """Figures of a 4 x 4 matrix first -> other as it is; the pyramids' levels go from coarse to fine.

    Likeness and local displacement are those of the second level: finer ones show noise, and little that is displaced.
    """
    points = head_points(first[-1].volume)
    backward = np.linalg.inv(matrix @ _displacement(points, 6.0, 2 * first[0].spacing))
    for one, two, share in zip(other, first, progress.parts(*[1.0] * len(first)), strict=True):
        backward = refine(one, two, backward, affine=affine, metric=metric, progress=share).matrix
    restart = largest_distance(np.linalg.inv(backward), matrix, points)
    middle = min(1, len(first) - 1)
    samples = choose(first[middle], other[middle], matrix, MOST_SAMPLES)
    state = State.at(first[middle], other[middle], matrix, samples) if samples is not None else None
    if samples is None or state is None:
        return Figures(0.0, 0.0, restart, float("inf"), 0.0, metric)
    _, similarity = terms_of(state.f, state.m, state.gf, state.gm, metric)
    residual, moved = local_displacement(state, samples.apart, metric)
    return Figures(
        similarity, samples.agreement, restart, residual, samples.shared, metric, moved, first[middle].spacing
    )


def judge(figures: Figures) -> tuple[Verdict, tuple[str, ...]]:
    """Verdict and its reasons, one line each."""
    limits = _limits(figures)
    likeness, cause = "informational correlation", "other patient or other kind of image?"
    if figures.metric == CORRELATION_RATIO:
        likeness, cause = "correlation ratio", "other patient, or CT with MR or PET (metric: mutual_information)?"
    residual_good = limits.residual_mm[0]
    judged = [
        (
            _worse_than(-figures.similarity, *(-limit for limit in limits.similarity)),
            f"The aligned images resemble each other too little ({likeness} {figures.similarity:.2f}, "
            f"expected at least {limits.similarity[0]:g}): other anatomy, {cause}",
        ),
        (
            _worse_than(-figures.overlap, *(-limit for limit in limits.overlap)),
            f"Where both studies show them, only {100 * figures.overlap:.0f} % of the bodies overlap (expected at "
            f"least {100 * limits.overlap[0]:.0f} %): wrong position, or other anatomy.",
        ),
        (
            _worse_than(-figures.shared, -SHARED_GOOD, -SHARED_FAILED),
            f"Only {100 * figures.shared:.0f} % of the smaller body lies in what the other study shows (expected at "
            f"least {100 * SHARED_GOOD:.0f} %): too little in common to be sure of the position.",
        ),
        (
            _worse_than(figures.restart_mm, RESTART_GOOD_MM, RESTART_FAILED_MM),
            f"Registering backward from a displaced start ends {figures.restart_mm:.1f} mm away "
            f"(expected at most {RESTART_GOOD_MM:g} mm): the position is not well determined.",
        ),
        (
            _worse_than(figures.residual_mm, *limits.residual_mm),
            f"Parts of the body still lie {_apart(figures.residual_mm)} mm apart (median; expected at most "
            f"{residual_good:.2g} mm): another patient, or organs that moved?"
            if np.isfinite(figures.residual_mm)
            else "Too few parts of the body show structure in all directions, as in few slices: how far they still lie "
            "apart cannot be told.",
        ),
    ]
    bad = tuple(reason for verdict, reason in judged if verdict is Verdict.FAILED)
    weak = tuple(reason for verdict, reason in judged if verdict is Verdict.DOUBTFUL)
    if bad or weak:
        return Verdict.FAILED if bad else Verdict.DOUBTFUL, bad + weak
    other_contrast = figures.residual_mm > limits.residual_usual_mm
    why = " (it hardly makes the images more alike: another contrast)" if other_contrast else ""
    return Verdict.GOOD, (
        f"{likeness.capitalize()} {figures.similarity:.3f}, overlap {100 * figures.overlap:.0f} %, inverse consistency "
        f"{_small(figures.restart_mm)} mm, local displacement {_small(figures.residual_mm)} mm{why}.",
    )


@dataclass(frozen=True)
class _Limits:
    """Limits (good, failed) of figures; residual_usual_mm: the good one where both images are of one contrast."""

    similarity: tuple[float, float]
    overlap: tuple[float, float]
    residual_mm: tuple[float, float]
    residual_usual_mm: float


def _limits(figures: Figures) -> _Limits:
    similarity_good, similarity_failed = SIMILARITY[figures.metric]
    usual, residual_failed = RESIDUAL_MM[figures.metric]
    if figures.metric == CORRELATION_RATIO and figures.level_mm <= FINE_MM:
        usual = RESIDUAL_FINE_MM
    elif figures.metric == CORRELATION_RATIO and np.isfinite(figures.level_mm):
        usual = max(usual, RESIDUAL_VOXELS * figures.level_mm)
    if not figures.sure:
        return _Limits(
            (similarity_good, similarity_failed), (OVERLAP_GOOD, OVERLAP_FAILED), (usual, residual_failed), usual
        )
    return _Limits(
        (SIMILARITY_SURE, SIMILARITY_MASKED),
        (OVERLAP_SURE, 0.0 if figures.shared >= NESTED else OVERLAP_FAILED),
        (RESIDUAL_SURE_MM if figures.similarity < ONE_CONTRAST else usual, residual_failed),
        usual,
    )


def _apart(value: float) -> str:
    """A distance in as many digits as the limits have."""
    return f"{value:.1f}" if value >= 1 else f"{value:.2f}"


def _small(value: float) -> str:
    """A distance that may be next to nothing, but is no exact 0."""
    return f"{value:.2f}" if value >= 0.005 else "below 0.01"


def _worse_than(value: float, good: float, failed: float) -> Verdict:
    """The verdict of a figure that is the better the lower; of one that is not a number, failed."""
    if not value <= failed:
        return Verdict.FAILED
    return Verdict.GOOD if value <= good else Verdict.DOUBTFUL


def _displacement(points: np.ndarray, degrees: float, millimeters: float) -> np.ndarray:
    """A fixed displacement about the middle of the points, along no special axis."""
    axis = np.array([2.0, -3.0, 6.0]) / 7
    center = points.mean(axis=0)
    matrix = np.eye(4)
    matrix[:3, :3] = Rotation.from_rotvec(np.radians(degrees) * axis).as_matrix()
    matrix[:3, 3] = center - matrix[:3, :3] @ center + millimeters * np.array([6.0, 2.0, -3.0]) / 7
    return matrix


def local_displacement(state: State, apart: float, metric: str) -> tuple[float, float]:
    """Median length in mm of the translation that each block of the body would still make, as it is and times the root
    of the share of what is unlike that it takes away (see Figures). Blocks weigh less the more their noise moves them.

    Tissue that changed is no tissue that moved: what a translation leaves unlike counts less. apart: distance of the
    samples in mm. Infinite where too few blocks have structure in all directions; the second one also for the mutual
    information.
    """
    extent = np.ptp(state.x, axis=0)
    block = min(BLOCK_MM, float(extent.max()) / 5)
    cell = np.floor((state.x - state.x.min(axis=0)) / block).astype(int)
    number = np.ravel_multi_index(cell.T, cell.max(axis=0) + 1)
    order = np.argsort(number, kind="stable")
    blocks = np.split(order, np.flatnonzero(np.diff(number[order])) + 1)
    blocks = [here for here in blocks if len(here) >= 0.3 * (block / apart) ** 3]
    found = [_displaced(*translation_term(state.f, state.m, state.gf, state.gm, metric), blocks, metric)]
    if metric == CORRELATION_RATIO:
        # of two contrasts one may tell the other and not be told by it: what moved is seen both ways
        found.append(_displaced(*translation_term(state.m, state.f, state.gm, state.gf, metric), blocks, metric))
    return min(found, key=lambda each: each[::-1])


def _displaced(g: np.ndarray, r: np.ndarray, blocks: list[np.ndarray], metric: str) -> tuple[float, float]:
    """local_displacement by residuals r (n,) and their derivatives g (3, n); blocks: indices of each one's samples."""
    found = []
    for here in blocks:
        normal = g[:, here] @ g[:, here].T
        values = np.linalg.eigvalsh(normal)
        if values[0] > 0.05 * values[2]:
            shift = np.linalg.solve(normal, -g[:, here] @ r[here])
            noise2, gain = float(np.sum(1 / values)), 1.0
            if metric == CORRELATION_RATIO:  # gains of information are no residuals
                shift, gain, noise2 = _without_change(g[:, here], r[here], shift)
            length = float(np.linalg.norm(shift))
            found.append((length, length * np.sqrt(gain), 1 / (noise2 + NOISE_MM**2)))
    if len(found) < 3:
        return float("inf"), float("inf")
    lengths, moved, weight = np.array(found).T
    told = weighted_median(moved, weight) if metric == CORRELATION_RATIO else float("inf")
    return weighted_median(lengths, weight), told


def _without_change(g: np.ndarray, r: np.ndarray, shift: np.ndarray) -> tuple[np.ndarray, float, float]:
    """(translation (3,) in mm that lessens most of the residuals r (n,), from the one that lessens their squares; share
    of their weighted squares that it takes away, 0..1; mean square length in mm2 that noise alone would give it).

    g: their derivatives (3, n). Reweighted least squares with Tukey's weights: Reuter, Rosas, Fischl, NeuroImage 2010.
    """
    for _ in range(ROUNDS):
        weighted = g * tukey(r + shift @ g)
        normal = weighted @ g.T
        shift = np.linalg.solve(normal, -weighted @ r)
    rest = r + shift @ g
    weight = tukey(rest)
    left = float(weight @ rest**2)
    gain = max(0.0, 1 - left / (float(weight @ r**2) + 1e-12))
    return shift, gain, left / float(weight.sum()) * float(np.trace(np.linalg.inv(normal)))
