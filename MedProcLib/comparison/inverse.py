"""The inverse of a registration's transform, also where a part of it is a B-spline."""

from weakref import WeakKeyDictionary

import numpy as np
import SimpleITK as sitk

from ..core.geometry import Geometry
from .halfway import parts_of

# Deformations are smooth over centimetres: their inverse is tabulated on a grid of this spacing.
TABLE_MM = 4.0
MARGIN_MM = 20.0
MOST_POINTS = 200_000
LEAST_POINTS = 32  # along the longest side of a small domain

# Inverting a deformation takes seconds, and a pair of studies needs it in half a dozen places.
_known: WeakKeyDictionary[sitk.Transform, tuple[Geometry, sitk.Transform]] = WeakKeyDictionary()


def inverted(transform: sitk.Transform, domain: Geometry) -> sitk.Transform:
    """Transform that undoes the given one.

    domain: grid of points the transform takes; non-linear parts are inverted over it (with a margin), by iteration on
    a displacement field, to about a tenth of a millimetre. Over the same domain again the same transform is returned,
    so neither may be modified.
    """
    if transform.IsLinear():
        return transform.GetInverse()
    domain_then, inverse = _known.get(transform, (None, None))
    if inverse is None or domain_then != domain:
        inverse = _inverted_composite(transform, domain)
        _known[transform] = domain, inverse
    return inverse


def _inverted_composite(transform: sitk.Transform, domain: Geometry) -> sitk.Transform:
    # the last part of a composite is applied first: inverted, in reverse order
    points = domain.corners()
    inverses = []
    for part in reversed(parts_of(transform)):
        inverses.append(part.GetInverse() if part.IsLinear() else _inverted_field(part, points))
        points = np.array([part.TransformPoint(p.tolist()) for p in points])
    return sitk.CompositeTransform(inverses)


def _inverted_field(part: sitk.Transform, corners: np.ndarray) -> sitk.Transform:
    low, high = corners.min(axis=0), corners.max(axis=0)
    margin = min(MARGIN_MM, float((high - low).max()) / 4)
    low, high = low - margin, high + margin
    step = min(TABLE_MM, float((high - low).max()) / LEAST_POINTS)
    if part.GetTransformEnum() == sitk.sitkDisplacementField:
        # as fine as the field itself
        own = min(sitk.DisplacementFieldTransform(part).GetDisplacementField().GetSpacing())
        step = min(step, max(own, float(np.prod(high - low) / MOST_POINTS) ** (1 / len(low))))
    size = np.ceil((high - low) / step).astype(int) + 1
    direction = np.eye(len(low)).ravel().tolist()
    field = sitk.TransformToDisplacementField(
        part, sitk.sitkVectorFloat64, [int(n) for n in size], low.tolist(), [step] * len(low), direction
    )
    inverse = sitk.InvertDisplacementField(
        field, maximumNumberOfIterations=50, maxErrorToleranceThreshold=0.05, meanErrorToleranceThreshold=0.005
    )
    return sitk.DisplacementFieldTransform(inverse)
