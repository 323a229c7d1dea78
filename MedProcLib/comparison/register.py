"""Where two studies of one patient lie to each other: robust, symmetric registration with a verdict."""

from dataclasses import dataclass, replace
from typing import Annotated, Literal

import numpy as np
import SimpleITK as sitk
from scipy.spatial.transform import Rotation

from ..core.errors import InputError
from ..core.geometry import require_3d
from ..core.measurement import Measurement
from ..core.operation import operation
from ..core.progress import SILENT, Progress
from . import verdict as verdicts
from .alignment.descend import descend
from .alignment.field import fields
from .alignment.metrics import CORRELATION_RATIO, MUTUAL_INFORMATION
from .alignment.search import search
from .alignment.volume import Volume, head_points, prepare
from .deformed import judge_given, register_deformed
from .halfway import half, transform_of
from .mirrored import exchanged_in
from .registration.landmarks import (
    LEAST_TO_START,
    Landmarks,
    fit_landmarks,
    judge_landmarks,
    landmark_figures,
    target_registration_errors,
)
from .registration.other_tools import TOOLS, register_with
from .result import Registration, Verdict

NOT_REGISTERED = "The recipe has no registration: the studies were taken as aligned."
OF_PICTURES = (
    "Findings in pictures of one plane, as radiographs are, are not followed: measure them in each with MedProc "
    "Quantification; `register --transform affine --resampled` brings one picture over the other, to look at."
)
MEASURED_ALONE = ", or measure each slice with MedProc Quantification"
KINDS = ("rigid", "affine", "deformable")
METRICS = (CORRELATION_RATIO, MUTUAL_INFORMATION)
USES = ("start", "check")
POSITIONS = ("anywhere", "near")
NEAR_DEG, NEAR_MM = 15.0, 50.0


@dataclass(frozen=True)
class _Wanted:
    """What is asked of a registration; see `register`."""

    kind: str
    metric: str
    landmarks: Landmarks | None
    landmark_use: str
    tool: str
    position: str

    @property
    def leading(self) -> Landmarks | None:
        """The landmarks that replace the search; None where they only check, or there are none."""
        return self.landmarks if self.landmark_use == "start" else None

    def require_known(self) -> None:
        """Raise InputError for a word that means nothing here."""
        for what, value, known in (
            ("kind of transform", self.kind, KINDS),
            ("metric", self.metric, METRICS),
            ("use of landmarks", self.landmark_use, USES),
            ("tool", self.tool, ("medproc", *TOOLS)),
            ("position", self.position, POSITIONS),
        ):
            if value not in known:
                raise InputError(f"Unknown {what} '{value}'; choose one of {', '.join(known)}.")

    def require_tool(self) -> None:
        """Raise InputError for what only MedProc's own registration can be told."""
        if self.leading is not None:
            raise InputError(f"Landmarks cannot lead {self.tool}: use them to check it, or register without it.")
        if self.position != "anywhere":
            raise InputError(f"{self.tool} cannot be kept near what the files say: register without it, or anywhere.")


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
    tool: str = "medproc",
    position: str = "anywhere",
    progress: Progress = SILENT,
) -> Registration:
    """Find the transform that maps points of the first study (fixed) to points of the other (moving), LPS in mm.

    No starting position is needed: rotations to about 40 degrees and all translations are searched, besides what the
    files say. position 'near': nothing is searched, and a place further than 15 degrees and 50 mm from what the files
    say is refused; a deformation starts where they say then, and is doubtful at best. For images of one examination,
    such as CT and PET of one scanner.
    kind: 'rigid', 'affine' or 'deformable' (smooth and invertible, after affine; 2D images: the last two). Masks limit
    where images are compared. tool: 'medproc', or another program that is installed (see `register_with`).
    metric: 'correlation_ratio' (one gray value tells the other: one modality, MR of any weighting) or
    'mutual_information' (CT with MR or PET). Landmarks replace the search (landmark_use 'start', three or more) or
    only check the result ('check'); their errors are among the figures and count for the verdict.
    The result carries a verdict; a failed one must not be used. Raises InputError for images that cannot be
    registered at all (2D and 3D, a single slice in space, constant, all NaN, empty mask) and for landmarks that cannot
    be used; Cancelled.
    """
    wanted = _Wanted(kind, metric, landmarks, landmark_use, tool, position)
    wanted.require_known()
    marked = fit_landmarks(wanted.leading) if wanted.leading is not None else None
    _require_comparable(fixed, moving, landmarks)
    first = prepare(fixed, fixed_mask, "The first image", metric)
    other = prepare(moving, moving_mask, "The other image", metric)
    masked = (fixed_mask is not None, moving_mask is not None)
    found: Registration | None
    if tool != "medproc":
        wanted.require_tool()
        transform = register_with(tool, fixed, moving, kind, (fixed_mask, moving_mask), progress)
        found = judge_given(first, other, transform)
    elif fixed.GetDimension() == 2:
        found = _register_planes(first, other, kind, masked, progress)
    else:
        found = _register_volumes(first, other, wanted, marked, masked, progress)
    if found is None:
        return _apart()
    return found if landmarks is None else _checked(found, landmarks, landmark_use)


@operation(
    "comparison.register",
    title="Register studies",
    gives="transform",
    dimensions=(3,),
    source="Reuter, Rosas, Fischl, NeuroImage 2010; Roche et al., MICCAI 1998; Maes et al., IEEE TMI 1997; "
    "Heinrich et al., MICCAI 2013; Vercauteren et al., MICCAI 2008",
)
class Register:
    """Find how two studies of one patient lie to each other, both treated alike in their half-way space."""

    kind: Annotated[Literal["rigid", "affine", "deformable"], "what may differ: position, also size, or all"] = "rigid"
    metric: Annotated[
        Literal["correlation_ratio", "mutual_information"], "likeness of the images: one modality, or CT with MR or PET"
    ] = "correlation_ratio"
    tool: Annotated[
        Literal["medproc", "elastix", "ants", "brainsfit"], "what registers: this program, or another that is installed"
    ] = "medproc"
    position: Annotated[
        Literal["anywhere", "near"], "where to look: anywhere, or near what the files say (one examination)"
    ] = "anywhere"

    def __call__(self, fixed, moving, fixed_mask=None, moving_mask=None, progress=SILENT):
        found = self.registration(fixed, moving, fixed_mask, moving_mask, progress)
        if found.verdict is Verdict.FAILED:
            raise InputError("The studies cannot be registered: " + " ".join(found.reasons))
        return found.transform

    def registration(
        self, fixed, moving, fixed_mask=None, moving_mask=None, progress=SILENT, landmarks: Landmarks | None = None
    ) -> Registration:
        """The transform with its verdict; see `register`. It starts from landmarks, where they and the tool allow it,
        and is checked by them in any case."""
        led = landmarks is not None and len(landmarks) >= LEAST_TO_START and self.tool == "medproc"
        return register(
            fixed,
            moving,
            fixed_mask,
            moving_mask,
            kind=self.kind,
            metric=self.metric,
            landmarks=landmarks,
            landmark_use="start" if led else "check",
            tool=self.tool,
            position=self.position,
            progress=progress,
        )


def _register_volumes(
    first: Volume,
    other: Volume,
    wanted: _Wanted,
    marked: np.ndarray | None,
    masked: tuple[bool, bool],
    progress: Progress,
) -> Registration | None:
    """Volumes, from a search or from landmarks (marked: the matrix they give); None where the images have no place in
    common."""
    affine, deformable = wanted.kind != "rigid", wanted.kind == "deformable"
    searching, descending, judging, mirroring, bending = progress.parts(3, 5, 2, 2, 8 if deformable else 0.1)
    one, two = fields(first, other)
    if marked is not None:
        starts = [marked]
    elif wanted.position == "near":
        starts = [np.eye(4)]
    else:
        starts = [*search(one[0].volume, two[0].volume, one[0].spacing, searching), np.eye(4)]
    matrix = descend(one, two, starts, affine, wanted.metric, descending)
    if matrix is None:
        return register_deformed(first, other, None, masked, sure=False, progress=bending) if deformable else None
    figures = verdicts.measure(one, two, matrix, affine, wanted.metric, judging)
    judged = verdicts.judge(figures)
    good = judged[0] is Verdict.GOOD
    far = _far(matrix, head_points(first)) if wanted.position == "near" and marked is None else ""
    exchanged = exchanged_in(one, two, figures, good, affine, mirroring)
    doubts = tuple(filter(None, (far, exchanged)))  # either would put findings at a wrong place
    if not deformable:
        if doubts:
            judged = Verdict.FAILED, (*doubts, *(() if good else judged[1]))
        root = transform_of(half(matrix))
        return Registration(transform_of(matrix), root.GetInverse(), root, *judged, figures.measurements())
    start = matrix
    if far:
        start = np.eye(4)  # where the files say
    elif marked is not None and not good:
        start = marked
    sure = not far and judged[0] is not Verdict.FAILED
    found = register_deformed(first, other, start, masked, wanted.leading, sure, progress=bending)
    for doubt in doubts:
        found = _with(found, (Verdict.DOUBTFUL, (doubt,)), ())
    return found


def _register_planes(
    first: Volume,
    other: Volume,
    kind: str,
    masked: tuple[bool, bool],
    progress: Progress,
) -> Registration:
    """2D images, by their structures alone; affine or deformable."""
    if kind == "rigid":
        raise InputError("2D images are registered as 'affine' or 'deformable': choose one of them.")
    return register_deformed(first, other, None, masked, bend=kind == "deformable", progress=progress)


def _require_comparable(fixed: sitk.Image, moving: sitk.Image, landmarks: Landmarks | None) -> None:
    """Raise InputError for images of different dimension or of one slice in space, and for landmarks of 2D images."""
    if fixed.GetDimension() != moving.GetDimension():
        raise InputError(
            f"The first image is {fixed.GetDimension()}D and the other {moving.GetDimension()}D: choose two of a kind."
        )
    for image, what in ((fixed, "The first image"), (moving, "The other image")):
        require_slices(image, what, ", or save both as 2D images and register these as 'affine' or 'deformable'")
    if landmarks is not None and fixed.GetDimension() == 2:
        raise InputError("Landmarks are points in space: 2D images are registered without.")


def require_volume(image: sitk.Image, what: str) -> None:
    """Raise InputError for an image that is not 3D, and say what can be done with pictures of one plane."""
    if image.GetDimension() == 2:
        raise InputError(f"{what} is 2D; a 3D volume is needed. {OF_PICTURES}")
    require_3d(image, what)


def require_slices(image: sitk.Image, what: str, instead: str = "") -> None:
    """Raise InputError for a 3D image of a single slice: how it is turned out of its plane, it does not show.

    instead: what else can be done, after a comma.
    """
    if image.GetDimension() == 3 and 1 in image.GetSize():
        raise InputError(
            f"{what} is a single slice, which does not show where it lies in space: choose an image of several "
            f"slices{instead}."
        )


def metric_for(modality: str, other: str) -> str:
    """The metric that suits two images of these modalities ('CT', 'MR', 'PT', ...; '' when unknown)."""
    return MUTUAL_INFORMATION if modality and other and modality != other else CORRELATION_RATIO


def _checked(found: Registration, landmarks: Landmarks, use: str) -> Registration:
    errors = target_registration_errors(found.transform, landmarks)
    return _with(found, judge_landmarks(errors, landmarks), landmark_figures(errors, landmarks.names, use))


def _with(
    found: Registration, judged: tuple[Verdict, tuple[str, ...]], figures: tuple[Measurement, ...]
) -> Registration:
    """The registration with more figures; the worse verdict holds, with the reasons for it."""
    verdict, reasons = judged
    worse = max(verdict, found.verdict, key=list(Verdict).index)
    kept = found.reasons if found.verdict is not Verdict.GOOD or verdict is Verdict.GOOD else ()
    return replace(found, verdict=worse, reasons=reasons + kept, figures=found.figures + figures)


def identity() -> Registration:
    """The registration of studies that lie in one space already, as the recipe has it."""
    same = sitk.AffineTransform(3)
    return Registration(same, same, same, Verdict.GOOD, (NOT_REGISTERED,))


def _far(matrix: np.ndarray, points: np.ndarray) -> str:
    """Why a place is not near what the files say; '' when it is."""
    linear = matrix[:3, :3]
    turned = float(np.degrees(Rotation.from_matrix(linear).magnitude()))
    center = points.mean(axis=0)
    shift = float(np.linalg.norm(linear @ center + matrix[:3, 3] - center))
    if turned <= NEAR_DEG and shift <= NEAR_MM:
        return ""
    return (
        f"The images came to lie {turned:.0f} degrees and {shift:.0f} mm from what the files say (expected at most "
        f"{NEAR_DEG:g} and {NEAR_MM:g}): not of one examination?"
    )


def _apart() -> Registration:
    same = sitk.AffineTransform(3)
    reason = "No position was found where the two images overlap: the studies show different parts."
    return Registration(same, same, same, Verdict.FAILED, (reason,))
