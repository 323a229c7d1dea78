"""Landmarks that someone marked in both studies: to start a registration from, or to check it with."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk

from ...core.errors import InputError
from ...core.measurement import Measurement
from ...quantification.keypoints.rigid_fit import least_squares
from ..result import Verdict
from ..study import Study
from .landmark_order import fitting_order

# Readers mark the same landmark twice to 1 to 3 mm; a mean above the second limit is another place or another order.
ERROR_GOOD_MM, ERROR_FAILED_MM = 3.0, 10.0
LEAST_TO_START = 3  # fewer tell no rotation, and only check
# points count as on a line or in a plane when the missing direction is this much shorter than the longest
FLAT = 0.02


@dataclass(frozen=True)
class Landmarks:
    """Corresponding points: fixed[i] in the first study and moving[i] in the other, (n, 3) LPS in mm; n names.

    Raises InputError for unequal numbers, none, or positions that are not finite.
    """

    fixed: np.ndarray
    moving: np.ndarray
    names: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for side in ("fixed", "moving"):
            points = np.asarray(getattr(self, side), float)
            if points.ndim != 2 or points.shape[1] != 3 or not np.isfinite(points).all():
                raise InputError("Landmarks are points of three finite numbers each, in mm.")
            object.__setattr__(self, side, points)
        if len(self.fixed) != len(self.moving):
            raise InputError(
                f"There are {len(self.fixed)} landmarks in the first image and {len(self.moving)} in the other: "
                "mark the same ones in both, in one order or with the same names."
            )
        if len(self.fixed) == 0:
            raise InputError("No landmarks are given.")
        if len(self.names) != len(self.fixed):
            object.__setattr__(self, "names", tuple(str(n) for n in range(1, len(self.fixed) + 1)))

    def __len__(self) -> int:
        return len(self.fixed)

    def exchanged(self) -> "Landmarks":
        """The same, from the other study to the first."""
        return Landmarks(self.moving, self.fixed, self.names)

    def without(self, number: int) -> "Landmarks":
        """All but one of them."""
        keep = np.arange(len(self)) != number
        return Landmarks(self.fixed[keep], self.moving[keep], tuple(np.array(self.names)[keep]))


def paired(fixed: Sequence[tuple[Sequence[float], str]], moving: Sequence[tuple[Sequence[float], str]]) -> Landmarks:
    """Landmarks of two lists of (LPS position in mm, name): by name where both have the same ones, else in order."""
    names = [[name for _, name in side] for side in (fixed, moving)]
    places = [[place for place, _ in side] for side in (fixed, moving)]
    if len(set(names[0])) == len(names[0]) and sorted(names[0]) == sorted(names[1]):
        places[1] = [places[1][names[1].index(name)] for name in names[0]]
    return Landmarks(np.reshape(places[0], (-1, 3)), np.reshape(places[1], (-1, 3)), tuple(names[0]))


def landmarks_between(first: Study, other: Study) -> Landmarks | None:
    """The landmarks that were marked in both studies; None where one of them has none.

    Raises InputError, with the names of the studies, for those that cannot be paired or, of three or more, fitted.
    """
    if not (first.landmarks and other.landmarks):
        return None
    try:
        landmarks = paired(first.landmarks, other.landmarks)
        if len(landmarks) >= LEAST_TO_START:
            fit_landmarks(landmarks)
    except InputError as error:
        raise InputError(f"Landmarks of '{first.name}' and '{other.name}': {error}") from error
    return landmarks


def fit_landmarks(landmarks: Landmarks, kind: str = "rigid") -> np.ndarray:
    """4 x 4 matrix (LPS, mm) that brings the landmarks of the first study closest to those of the other.

    kind: 'rigid' (three landmarks or more, not on one line) or 'affine' (four or more, not in one plane). Raises
    InputError for fewer, for a flat arrangement, and when an affine fit would mirror the patient.
    Source: Horn, J Opt Soc Am A 1987; Umeyama, IEEE PAMI 13(4), 1991 (rigid, least squares, never a mirror image).
    """
    need = LEAST_TO_START if kind == "rigid" else 4
    if len(landmarks) < need:
        raise InputError(
            f"A fit that is {kind} needs at least {need} landmarks in both images; there are {len(landmarks)}."
        )
    for points in (landmarks.fixed, landmarks.moving):
        lengths = np.linalg.svd(points - points.mean(axis=0), compute_uv=False)
        if lengths[need - 2] <= FLAT * lengths[0]:
            where = "on one line" if kind == "rigid" else "in one plane"
            raise InputError(f"The landmarks lie {where} (or on one place); a fit that is {kind} needs others as well.")
    matrix = np.eye(4)
    if kind == "rigid":
        matrix[:3, :3], matrix[:3, 3] = least_squares(landmarks.fixed, landmarks.moving)
        return matrix
    with_one = np.column_stack([landmarks.fixed, np.ones(len(landmarks))])
    matrix[:3] = np.linalg.lstsq(with_one, landmarks.moving, rcond=None)[0].T
    if np.linalg.det(matrix[:3, :3]) <= 0:
        raise InputError("The landmarks would turn the patient into a mirror image: are they in one order?")
    return matrix


def target_registration_errors(transform: sitk.Transform, landmarks: Landmarks) -> np.ndarray:
    """Distance in mm (n,) from where the transform (first -> other) puts each landmark to where it was marked.

    Source: Fitzpatrick, West, Maurer, IEEE TMI 17(5), 1998.
    """
    there = np.array([transform.TransformPoint(point.tolist()) for point in landmarks.fixed])
    return np.linalg.norm(there - landmarks.moving, axis=1)


def left_out_errors(landmarks: Landmarks, kind: str = "rigid") -> np.ndarray:
    """Target registration error in mm (n,) of each landmark under the fit to all others; NaN where they do not suffice.

    A fit's own residuals say little, as it was made to keep them small.
    """
    errors = np.full(len(landmarks), np.nan)
    for number in range(len(landmarks)):
        try:
            matrix = fit_landmarks(landmarks.without(number), kind)
        except InputError:
            continue
        place = matrix[:3, :3] @ landmarks.fixed[number] + matrix[:3, 3]
        errors[number] = np.linalg.norm(place - landmarks.moving[number])
    return errors


def judge_landmarks(errors: np.ndarray, landmarks: Landmarks) -> tuple[Verdict, tuple[str, ...]]:
    """Verdict by the mean error (n,) in mm, and its reason where it is not good."""
    mean = float(np.mean(errors))
    if mean <= ERROR_GOOD_MM:
        return Verdict.GOOD, ()
    reason = (
        f"The {len(errors)} landmarks end {mean:.1f} mm (mean; at most {errors.max():.1f} mm) from where they were "
        f"marked (expected at most {ERROR_GOOD_MM:g} mm): a wrong position, or landmarks of other places."
    )
    if mean <= ERROR_FAILED_MM:
        return Verdict.DOUBTFUL, (reason,)
    order, fit_mm = fitting_order(landmarks.fixed, landmarks.moving)
    if fit_mm <= ERROR_GOOD_MM and order != tuple(range(len(order))):
        pairs = ", ".join(f"{landmarks.names[n]} is {landmarks.names[m]}" for n, m in enumerate(order) if n != m)
        reason += (
            f" In another order they fit to {fit_mm:.1f} mm (of the first image and the other: {pairs}): give the same "
            "ones the same names, or put both in one order."
        )
    return Verdict.FAILED, (reason,)


def landmark_figures(errors: np.ndarray, names: Sequence[str], use: str) -> tuple[Measurement, ...]:
    """Mean and largest error and that of each landmark; use: 'check', 'start', or 'left out' (of the fit)."""
    said = {"landmarks": len(errors), "use": use}
    return (
        Measurement("landmark_error_mean", float(np.mean(errors)), "mm", parameters=said),
        Measurement("landmark_error_max", float(np.max(errors)), "mm", parameters=said),
        *(
            Measurement("landmark_error", float(error), "mm", parameters={"landmark": name, "use": use})
            for name, error in zip(names, errors, strict=True)
        ),
    )
