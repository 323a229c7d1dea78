"""Where two studies of one patient lie to each other: robust, symmetric registration with a verdict."""

from dataclasses import replace
from typing import Annotated, Literal

import numpy as np
import SimpleITK as sitk

from ..core.errors import InputError
from ..core.geometry import Geometry
from ..core.measurement import Measurement
from ..core.operation import operation
from ..core.progress import SILENT, Progress
from . import verdict as verdicts
from .alignment import (
    CORRELATION_RATIO,
    MUTUAL_INFORMATION,
    Volume,
    head_points,
    largest_distance,
    levels,
    prepare,
    pyramid,
    refine,
    search,
)
from .deformable import deform
from .halfway import half, transform_of
from .registration.deformation import deformation_figures, judge_deformation
from .registration.landmarks import (
    Landmarks,
    fit_landmarks,
    judge_landmarks,
    landmark_figures,
    target_registration_errors,
)
from .result import Registration, Verdict

KINDS = ("rigid", "affine", "deformable")
METRICS = (CORRELATION_RATIO, MUTUAL_INFORMATION)
USES = ("start", "check")


def register(
    fixed: sitk.Image,
    moving: sitk.Image,
    fixed_mask: sitk.Image | None = None,
    moving_mask: sitk.Image | None = None,
    *,
    kind: str = "rigid",
    metric: str = CORRELATION_RATIO,
    landmarks: Landmarks | None = None,
    landmark_use: str = "start",
    progress: Progress = SILENT,
) -> Registration:
    """Find the transform that maps points of the first study (fixed) to points of the other (moving), LPS in mm.

    No starting position is needed: rotations to about 36 degrees around each axis and all translations are searched.
    kind: 'rigid', 'affine' or 'deformable' (B-spline after affine). Masks limit where the images are compared.
    metric: 'correlation_ratio' (one gray value tells the other: one modality, MR of any weighting) or
    'mutual_information' (CT with MR or PET). Landmarks replace the search (landmark_use 'start', three or more) or
    only check the result ('check'); their errors are among the figures and count for the verdict.
    The result carries a verdict; a failed one must not be used. Raises InputError for images that cannot be
    registered at all (2D, constant, all NaN, empty mask) and for landmarks that cannot be used; Cancelled.
    """
    for what, value, known in (
        ("kind of transform", kind, KINDS),
        ("metric", metric, METRICS),
        ("use of landmarks", landmark_use, USES),
    ):
        if value not in known:
            raise InputError(f"Unknown {what} '{value}'; choose one of {', '.join(known)}.")
    marked = fit_landmarks(landmarks) if landmarks is not None and landmark_use == "start" else None
    first = prepare(fixed, fixed_mask, "The first image", metric)
    other = prepare(moving, moving_mask, "The other image", metric)
    affine = kind != "rigid"
    shares = progress.parts(3, 3, 2, 3, 8 if kind == "deformable" else 0.1)
    spacings = levels(first, other)
    one, two = pyramid(first, spacings), pyramid(other, spacings)
    starts = search(one[0], two[0], spacings[0], shares[0]) if marked is None else [marked]
    rough = _descend(one[:2], two[:2], spacings[:2], starts, affine, metric, shares[1])
    if rough is None:
        return _apart()
    figures = verdicts.measure(one, two, spacings, rough, affine, metric, shares[2])
    verdict, reasons = verdicts.judge(figures)
    matrix = rough
    if verdict is not Verdict.FAILED and spacings[2:]:
        finer = _descend(one[2:], two[2:], spacings[2:], [rough], affine, metric, shares[3])
        matrix = rough if finer is None else finer
    root = half(matrix)
    transform: sitk.Transform = transform_of(matrix)
    to_other: sitk.Transform = transform_of(root)
    if kind == "deformable" and verdict is not Verdict.FAILED:
        transform = deform(first, other, transform_of(matrix), shares[3])
        to_other = sitk.CompositeTransform([transform, transform_of(np.linalg.inv(root))])
    found = Registration(
        transform, transform_of(np.linalg.inv(root)), to_other, verdict, reasons, figures.measurements()
    )
    if not transform.IsLinear():
        deformation = deformation_figures(transform, Geometry.of(fixed))
        found = _with(found, judge_deformation(deformation), deformation)
    return found if landmarks is None else _checked(found, landmarks, landmark_use)


@operation(
    "comparison.register",
    title="Register studies",
    gives="transform",
    dimensions=(3,),
    source="Reuter, Rosas, Fischl, NeuroImage 2010; Roche et al., MICCAI 1998; Maes et al., IEEE TMI 1997; "
    "Rueckert et al., IEEE TMI 1999",
)
class Register:
    """Find how two studies of one patient lie to each other, both treated alike in their half-way space."""

    kind: Annotated[Literal["rigid", "affine", "deformable"], "what may differ: position, also size, or all"] = "rigid"
    metric: Annotated[
        Literal["correlation_ratio", "mutual_information"], "likeness of the images: one modality, or CT with MR or PET"
    ] = "correlation_ratio"

    def __call__(self, fixed, moving, fixed_mask=None, moving_mask=None, progress=SILENT):
        found = self.registration(fixed, moving, fixed_mask, moving_mask, progress)
        if found.verdict is Verdict.FAILED:
            raise InputError("The studies cannot be registered: " + " ".join(found.reasons))
        return found.transform

    def registration(self, fixed, moving, fixed_mask=None, moving_mask=None, progress=SILENT) -> Registration:
        """The transform with its verdict; see `register`."""
        return register(fixed, moving, fixed_mask, moving_mask, kind=self.kind, metric=self.metric, progress=progress)


def _descend(
    first: list[Volume],
    other: list[Volume],
    spacings: list[float],
    starts: list[np.ndarray],
    affine: bool,
    metric: str,
    progress: Progress,
) -> np.ndarray | None:
    """From starts at the first of the levels to the best result at the last; None when the images lie apart."""
    shares = progress.parts(*[1.0] * len(spacings))
    for number, (one, two, spacing, share) in enumerate(zip(first, other, spacings, shares, strict=True)):
        points, single = head_points(one), len(starts) == 1
        fits = [
            # size and shear only once the position is roughly known
            refine(
                one,
                two,
                start,
                spacing,
                affine=affine and (single or number > 0),
                metric=metric,
                iterations=30 if single else 12,
                progress=part,
            )
            for start, part in zip(starts, share.parts(*[1.0] * len(starts)), strict=True)
        ]
        fits = sorted((f for f in fits if f.overlap > 0), key=lambda f: -f.similarity * min(1.0, f.overlap + 0.3))
        if not fits:
            return None
        starts = []
        for fit in fits:
            if all(largest_distance(fit.matrix, kept, points) > spacing / 4 for kept in starts):
                starts.append(fit.matrix)
        starts = starts[:3]
    return starts[0]


def metric_for(modality: str, other: str) -> str:
    """The metric that suits two images of these modalities ('CT', 'MR', 'PT', ...; '' when unknown)."""
    return MUTUAL_INFORMATION if modality and other and modality != other else CORRELATION_RATIO


def _checked(found: Registration, landmarks: Landmarks, use: str) -> Registration:
    errors = target_registration_errors(found.transform, landmarks)
    return _with(found, judge_landmarks(errors), landmark_figures(errors, landmarks.names, use))


def _with(
    found: Registration, judged: tuple[Verdict, tuple[str, ...]], figures: tuple[Measurement, ...]
) -> Registration:
    """The registration with more figures; the worse verdict holds, with the reasons for it."""
    verdict, reasons = judged
    worse = max(verdict, found.verdict, key=list(Verdict).index)
    kept = found.reasons if found.verdict is not Verdict.GOOD or verdict is Verdict.GOOD else ()
    return replace(found, verdict=worse, reasons=reasons + kept, figures=found.figures + figures)


def identity(reason: str = "The recipe has no registration: the studies were taken as aligned.") -> Registration:
    """The registration of studies that lie in one space already."""
    same = sitk.AffineTransform(3)
    return Registration(same, same, same, Verdict.GOOD, (reason,))


def _apart() -> Registration:
    same = sitk.AffineTransform(3)
    reason = "No position was found where the two images overlap: the studies show different parts."
    return Registration(same, same, same, Verdict.FAILED, (reason,))
