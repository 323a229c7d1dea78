"""Where two studies of one patient lie to each other: robust, symmetric registration with a verdict."""

from typing import Annotated, Literal

import numpy as np
import SimpleITK as sitk

from ..core.errors import InputError
from ..core.operation import operation
from ..core.progress import SILENT, Progress
from . import verdict as verdicts
from .alignment import Volume, level, levels, prepare, refine, search
from .deformable import deform
from .halfway import half, transform_of
from .result import Registration, Verdict

KINDS = ("rigid", "affine", "deformable")


def register(
    fixed: sitk.Image,
    moving: sitk.Image,
    fixed_mask: sitk.Image | None = None,
    moving_mask: sitk.Image | None = None,
    *,
    kind: str = "rigid",
    progress: Progress = SILENT,
) -> Registration:
    """Find the transform that maps points of the first study (fixed) to points of the other (moving), LPS in mm.

    No starting position is needed: rotations to about 36 degrees around each axis and all translations are searched.
    kind: 'rigid', 'affine' or 'deformable' (B-spline after affine). Masks limit where the images are compared.
    The result carries a verdict; a failed one must not be used. Raises InputError for images that cannot be
    registered at all (2D, constant, all NaN, empty mask); Cancelled.
    """
    if kind not in KINDS:
        raise InputError(f"Unknown kind of transform '{kind}'; choose one of {', '.join(KINDS)}.")
    first = prepare(fixed, fixed_mask, "The first image")
    other = prepare(moving, moving_mask, "The other image")
    affine = kind != "rigid"
    shares = progress.parts(5, 5, 3, 0.1 if kind != "deformable" else 8)
    spacings = levels(first, other)
    candidates = search(first, other, shares[0])
    matrix = _descend(first, other, candidates, spacings, affine, shares[1])
    if matrix is None:
        return _apart()
    figures = verdicts.measure(first, other, matrix, spacings, affine, shares[2])
    verdict, reasons = verdicts.judge(figures)
    root = half(matrix)
    transform: sitk.Transform = transform_of(matrix)
    to_other: sitk.Transform = transform_of(root)
    if kind == "deformable" and verdict is not Verdict.FAILED:
        transform = deform(first, other, transform_of(matrix), shares[3])
        to_other = sitk.CompositeTransform([transform, transform_of(np.linalg.inv(root))])
    return Registration(
        transform, transform_of(np.linalg.inv(root)), to_other, verdict, reasons, figures.measurements()
    )


@operation(
    "comparison.register",
    title="Register studies",
    gives="transform",
    dimensions=(3,),
    source="Reuter, Rosas, Fischl, NeuroImage 2010; Roche et al., MICCAI 1998; Rueckert et al., IEEE TMI 1999",
)
class Register:
    """Find how two studies of one patient lie to each other, both treated alike in their half-way space."""

    kind: Annotated[Literal["rigid", "affine", "deformable"], "what may differ: position, also size, or all"] = "rigid"

    def __call__(self, fixed, moving, fixed_mask=None, moving_mask=None, progress=SILENT):
        found = self.registration(fixed, moving, fixed_mask, moving_mask, progress)
        if found.verdict is Verdict.FAILED:
            raise InputError("The studies cannot be registered: " + " ".join(found.reasons))
        return found.transform

    def registration(self, fixed, moving, fixed_mask=None, moving_mask=None, progress=SILENT) -> Registration:
        """The transform with its verdict; see `register`."""
        return register(fixed, moving, fixed_mask, moving_mask, kind=self.kind, progress=progress)


def _descend(
    first: Volume,
    other: Volume,
    candidates: list[np.ndarray],
    spacings: list[float],
    affine: bool,
    progress: Progress,
) -> np.ndarray | None:
    """From many starts at the coarse level to one result at the fine level."""
    keep = (3, 1)
    for number, (spacing, share) in enumerate(zip(spacings, progress.parts(*[1.0] * len(spacings)), strict=True)):
        one, two = level(first, spacing), level(other, spacing)
        fits = [
            refine(one, two, start, spacing, affine=affine and number > 0, progress=part)
            for start, part in zip(candidates, share.parts(*[1.0] * len(candidates)), strict=True)
        ]
        fits = sorted((f for f in fits if f.overlap > 0), key=lambda f: -f.similarity * min(1.0, f.overlap + 0.3))
        if not fits:
            return None
        candidates = [f.matrix for f in fits][: keep[min(number, 1)]]
    return candidates[0]


def identity(reason: str = "The recipe has no registration: the studies were taken as aligned.") -> Registration:
    """The registration of studies that lie in one space already."""
    same = sitk.AffineTransform(3)
    return Registration(same, same, same, Verdict.GOOD, (reason,))


def _apart() -> Registration:
    same = sitk.AffineTransform(3)
    reason = "No position was found where the two images overlap: the studies show different parts."
    return Registration(same, same, same, Verdict.FAILED, (reason,))
