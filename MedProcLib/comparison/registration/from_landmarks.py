"""Registration by landmarks alone: for studies whose images have too little in common."""

import numpy as np

from ...core.errors import InputError
from ...core.measurement import Measurement
from ..halfway import half, transform_of
from ..result import Registration, Verdict
from .landmarks import Landmarks, fit_landmarks, judge_landmarks, landmark_figures, left_out_errors


def register_landmarks(landmarks: Landmarks, kind: str = "rigid") -> Registration:
    """The least-squares transform of the landmarks, judged by each landmark's error under the fit to all others.

    kind: 'rigid' or 'affine'. With no landmark to spare nothing can be checked: the verdict is doubtful. Raises
    InputError for another kind, too few landmarks, and landmarks on a line or in a plane.
    """
    if kind not in ("rigid", "affine"):
        raise InputError(f"Landmarks alone give a rigid or an affine transform, not '{kind}'.")
    matrix = fit_landmarks(landmarks, kind)
    errors = left_out_errors(landmarks, kind)
    judged: tuple[Verdict, tuple[str, ...]]
    figures: tuple[Measurement, ...] = ()
    if np.isnan(errors).any():
        judged = Verdict.DOUBTFUL, ("All landmarks are needed for the fit: mark one more to check it.",)
    else:
        judged = judge_landmarks(errors, landmarks)
        figures = landmark_figures(errors, landmarks.names, "left out")
    root = half(matrix)
    return Registration(transform_of(matrix), transform_of(np.linalg.inv(root)), transform_of(root), *judged, figures)
