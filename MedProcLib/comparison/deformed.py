"""A deformable registration from its start to its verdict; what deforming does not improve stays as it was."""

from dataclasses import replace

import numpy as np
import SimpleITK as sitk

from ..core.geometry import resample
from ..core.progress import SILENT, Progress
from .alignment.volume import Volume, head_points
from .deformable import TRUSTED, Deformation, deform, deform_coarsely, likeness
from .halfway import half, matrix_of, transform_of
from .registration.affine_by_features import align_affine, contrast, plausible_size, simple_starts
from .registration.deformation import deformation_figures, judge_deformation
from .registration.landmarks import Landmarks
from .registration.shared_grid import SharedGrid
from .registration.trust import CONTRAST_FAILED, CONTRAST_GOOD, Trust, contrast_figure
from .result import Registration, Verdict

MOST_COMPARED = 1000  # points over the body
# A head turned by 15 degrees: structures agree as well as in place, and a deformation led by them ends 9 mm off.
REFUSED = "Structures hold the position that the deformation starts from, but the gray values there do not agree."


def register_deformed(
    first: Volume,
    other: Volume,
    start: np.ndarray | None,
    masked: tuple[bool, bool] = (False, False),
    landmarks: Landmarks | None = None,
    sure: bool = True,
    bend: bool = True,
    progress: Progress = SILENT,
) -> Registration:
    """The affine transform nearest to the studies, and a deformation after it where that makes them more alike.

    start: homogeneous matrix first -> other, or None where no search found one; where structures do not agree under
    it, the positions as the files say, the middles of the images, and those of the bodies are tried as well. Where no
    start holds, the verdict is failed and the transform the given start, or none. masked: whether first and other
    have a mask of their own. sure: False asks more of every start, as gray values were not to be trusted, and of the
    deformation that it is more than noise; from the given start it is doubtful at best then. bend: False keeps the
    affine transform. landmarks: pull the deformation, and are relied on where images tell nothing.
    """
    search, deforming, checking = progress.parts(1, 3, 1)
    matrix = _best_start(first, other, start, masked, landmarks is not None, sure, search)
    if matrix is None:
        return _undeformed(
            np.eye(first.geometry.dimension + 1),
            ("No position was found where the structures of the two images agree: nothing was moved.",),
        )
    grid = SharedGrid.between(first, other, matrix, masked)
    if grid is None:
        return _undeformed(matrix, ("No position was found where the two images overlap: they show different parts.",))
    if not bend:
        agreed = contrast(grid.pair(TRUSTED))
        verdict = Verdict.GOOD if agreed >= CONTRAST_GOOD else Verdict.DOUBTFUL
        return _undeformed(matrix, (f"Contrast of structures {agreed:.2f}.",), (contrast_figure(agreed),), verdict)
    found = deform(grid, landmarks, deforming)
    trust = found.trust
    if landmarks is None and matrix is start and trust.judged()[0] is Verdict.GOOD:
        trust = replace(trust, starts_apart=_starts_apart(first, other, matrix, found.transform, masked, checking))
    verdict, reasons = trust.judged()
    figures = trust.measurements()
    useless = trust.useless if landmarks is None else ""
    if useless and not sure and not trust.still:
        verdict, reasons = Verdict.FAILED, (*reasons, "Nor do the gray values agree: nothing holds this position.")
    if verdict is Verdict.GOOD and not sure and matrix is start and landmarks is None:
        verdict, reasons = Verdict.DOUBTFUL, (REFUSED,)
    if verdict is Verdict.FAILED and landmarks is not None:
        verdict = Verdict.DOUBTFUL
        reasons = (*reasons, "The landmarks alone led the deformation.")
    if not useless:
        deformation = deformation_figures(found.transform, first.geometry)
        figures += deformation
        plausible, why = judge_deformation(deformation)
        if plausible is not Verdict.GOOD:
            verdict, reasons = max(verdict, plausible, key=list(Verdict).index), (*why, *reasons)
        if plausible is Verdict.FAILED:
            useless = "The affine transform is kept."
    if verdict is Verdict.FAILED or useless:
        if useless and verdict is Verdict.GOOD and trust.still:
            return _undeformed(matrix, (*reasons, useless), figures, Verdict.GOOD)
        kept = Verdict.FAILED if verdict is Verdict.FAILED else Verdict.DOUBTFUL
        return _undeformed(matrix, (useless, *reasons) if useless else reasons, figures, kept)
    return _registration(found, verdict, reasons, figures)


def judge_given(first: Volume, other: Volume, transform: sitk.Transform) -> Registration:
    """The registration that another program's transform first -> other makes, judged by the same figures."""
    grid = first.geometry
    there = Volume(*(resample(image, grid, transform) for image in (other.image, other.inside, other.foreground)))
    identity = np.eye(grid.dimension + 1)
    shared = SharedGrid.between(first, there, identity)
    if shared is None:
        return _undeformed(identity, ("The image is too thin to say whether structures agree.",))
    similarity, overlap = likeness(shared, np.zeros((grid.dimension, *reversed(shared.geometry(0).size)), np.float32))
    trust = Trust(contrast(shared.pair(TRUSTED)), overlap, similarity, np.nan, np.nan, shared.spacing)
    verdict, reasons = trust.judged()
    figures = trust.measurements()
    if transform.IsLinear():
        root = transform_of(half(matrix_of(transform)))
        return Registration(transform, root.GetInverse(), root, verdict, reasons, figures)
    deformation = deformation_figures(transform, grid)
    plausible, why = judge_deformation(deformation)
    if plausible is not Verdict.GOOD:
        verdict, reasons = max(verdict, plausible, key=list(Verdict).index), (*why, *reasons)
    still = transform_of(identity)
    return Registration(transform, still, transform, verdict, reasons, figures + deformation)


def _best_start(
    first: Volume,
    other: Volume,
    start: np.ndarray | None,
    masked: tuple[bool, bool],
    marked: bool,
    sure: bool,
    progress: Progress,
) -> np.ndarray | None:
    if start is not None and (marked or _contrast(first, other, start, masked) >= CONTRAST_GOOD):
        return start
    tries = [] if start is None else [start]
    simple = simple_starts(first, other)
    for begun, share in zip(simple, progress.parts(*[1.0] * len(simple)), strict=True):
        tries.append(align_affine(first, other, begun, masked, share))
    contrasts = [_contrast(first, other, matrix, masked) for matrix in tries]
    best = max(contrasts, default=-1.0)
    return tries[contrasts.index(best)] if best >= (CONTRAST_FAILED if sure else CONTRAST_GOOD) else None


def _starts_apart(
    first: Volume,
    other: Volume,
    matrix: np.ndarray,
    transform: sitk.Transform,
    masked: tuple[bool, bool],
    progress: Progress,
) -> float:
    """Median distance in mm over the body from where a second start leads, by structures alone from the positions that
    the files say; NaN where structures agree less there than under the first start's matrix."""
    aligning, deforming = progress.parts(1, 2)
    begun = max(simple_starts(first, other), key=lambda start: _contrast(first, other, start, masked))
    second = align_affine(first, other, begun, masked, aligning)
    grid = SharedGrid.between(first, other, second, masked) if plausible_size(second) else None
    if grid is None or contrast(grid.pair(TRUSTED)) < _contrast(first, other, matrix, masked):
        return float("nan")
    points = head_points(first, MOST_COMPARED).tolist()
    coarse = deform_coarsely(grid, deforming)
    ends = [np.array([each.TransformPoint(p) for p in points]) for each in (transform, coarse)]
    return float(np.median(np.linalg.norm(ends[0] - ends[1], axis=1)))


def _contrast(first: Volume, other: Volume, matrix: np.ndarray, masked: tuple[bool, bool]) -> float:
    grid = SharedGrid.between(first, other, matrix, masked) if plausible_size(matrix) else None
    return -1.0 if grid is None else contrast(grid.pair(TRUSTED))


def _registration(found: Deformation, verdict: Verdict, reasons: tuple[str, ...], figures: tuple) -> Registration:
    return Registration(found.transform, found.to_first, found.to_other, verdict, reasons, figures)


def _undeformed(
    matrix: np.ndarray, reasons: tuple[str, ...], figures: tuple = (), verdict: Verdict = Verdict.FAILED
) -> Registration:
    root = transform_of(half(matrix))
    return Registration(transform_of(matrix), root.GetInverse(), root, verdict, reasons, figures)
