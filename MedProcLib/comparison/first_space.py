"""A patient in the space of its first time point, where the common space is another one's.

It is that of the study that the others were aligned with: after an earlier one was added, or that one taken out, the
first time point lies elsewhere.
"""

from collections.abc import Sequence
from dataclasses import replace
from itertools import product

import numpy as np
import SimpleITK as sitk

from ..core.geometry import Geometry
from .halfway import matrix_of, parts_of, transform_of
from .inverse import inverted
from .tracks.common_space import to_common
from .tracks.model import Observation, Patient, Place, Point


def in_space_of(patient: Patient, from_common: sitk.Transform | None) -> Patient:
    """The patient with its places told in the space that a transform (LPS, mm; None: the same) takes them to."""
    if from_common is None:
        return patient

    def moved(observation: Observation) -> Observation:
        return replace(observation, place=_moved(observation.place, from_common))

    tracks = [replace(track, observations=tuple(map(moved, track.observations))) for track in patient.tracks]
    return replace(patient, tracks=tuple(tracks))


def from_first(transforms: Sequence[sitk.Transform | None], first: sitk.Image) -> list[sitk.Transform]:
    """Transforms from the first of several spaces to each of the others, of those from the common space to all (LPS,
    mm; None: the same). first: the image of the first one."""
    own, others = transforms[0], [each or sitk.AffineTransform(3) for each in transforms[1:]]
    return others if own is None else [after(each, inverted(own, _domain(own, first))) for each in others]


def after(second: sitk.Transform, first: sitk.Transform) -> sitk.Transform:
    """One transform that does the first, then the second."""
    if first.IsLinear() and second.IsLinear():
        return transform_of(matrix_of(second) @ matrix_of(first))
    return sitk.CompositeTransform([*parts_of(second), *parts_of(first)])  # the last is applied first


def _domain(from_common: sitk.Transform, image: sitk.Image) -> Geometry:
    """Box of the common space around an image."""
    corners = to_common(Geometry.of(image).corners(), from_common)
    low, side = corners.min(axis=0), np.maximum(np.ptp(corners, axis=0), 1.0)  # of one slice too
    return Geometry((2, 2, 2), tuple(side.tolist()), tuple(low.tolist()), tuple(np.eye(3).ravel().tolist()))


def _moved(place: Place, transform: sitk.Transform) -> Place:
    corners = np.array([transform.TransformPoint(c) for c in product(*zip(place.low, place.high, strict=True))])
    center: Point = transform.TransformPoint(place.common_center)
    low, high = (tuple(side.tolist()) for side in (corners.min(axis=0), corners.max(axis=0)))
    return replace(place, common_center=center, low=low, high=high)
