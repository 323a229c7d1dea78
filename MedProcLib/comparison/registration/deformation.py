"""How a transform deforms space: how far it moves, how it changes volume, and whether it folds."""

import numpy as np
import SimpleITK as sitk

from ...core.geometry import Geometry
from ...core.measurement import Measurement
from ..inverse import inverted
from ..maps.jacobian import jacobian
from ..result import Verdict

# a deformation is smooth: a grid of this many points along its longest side tells all of it
POINTS_PER_SIDE = 64
FOLDED_FAILED_PERCENT = 1.0
LARGEST_CHANGE = 5.0  # of local volume


def deformation_figures(transform: sitk.Transform, domain: Geometry) -> tuple[Measurement, ...]:
    """Least and largest Jacobian, the folded share, and the inverse's error (99th percentile) over a study's grid.

    Source: Christensen and Johnson, IEEE TMI 20(7), 2001 (inverse consistency); Rohlfing, IEEE TMI 31(2), 2012 (what
    such figures cannot say: they do not show that a registration is right).
    """
    grid = _thinned(domain)
    found, inner = jacobian(transform, grid), (slice(1, -1),) * grid.dimension
    determinant, folded = found.determinant[inner], found.folded[inner]
    back = inverted(transform, domain)
    points = grid.points(np.argwhere(np.ones(tuple(reversed(grid.size))))[:: max(1, determinant.size // 2000), ::-1])
    again = np.array([back.TransformPoint(transform.TransformPoint(point)) for point in points.tolist()])
    return (
        Measurement("jacobian_min", float(determinant.min()), ""),
        Measurement("jacobian_max", float(determinant.max()), ""),
        Measurement("folded", 100 * float(folded.mean()), "%"),
        Measurement("inverse_error", float(np.percentile(np.linalg.norm(again - points, axis=1), 99)), "mm"),
    )


def judge_deformation(figures: tuple[Measurement, ...]) -> tuple[Verdict, tuple[str, ...]]:
    """Verdict by folds and by the change of volume, and its reason where it is not good: tissue cannot fold."""
    value = {figure.name: figure.value for figure in figures}
    folded = value["folded"]
    if folded == 0 and value["jacobian_min"] >= 1 / LARGEST_CHANGE and value["jacobian_max"] <= LARGEST_CHANGE:
        return Verdict.GOOD, ()
    if folded == 0:
        return Verdict.DOUBTFUL, (
            f"Volume changes to {value['jacobian_min']:.2g} to {value['jacobian_max']:.2g} times itself in places: "
            "more than tissue does.",
        )
    reason = f"The deformation folds in {folded:.2g} % of the study: it cannot be right there."
    return Verdict.DOUBTFUL if folded <= FOLDED_FAILED_PERCENT else Verdict.FAILED, (reason,)


def _thinned(domain: Geometry) -> Geometry:
    """A grid over the same place with at most 64 points a side, and at least three."""
    step = max(float(domain.extent.max()) / POINTS_PER_SIDE, min(domain.spacing))
    size = np.maximum(np.ceil(domain.extent / step).astype(int), 3)
    spacing = domain.extent / size
    axes = np.reshape(domain.direction, (domain.dimension,) * 2)
    origin = domain.center - axes @ ((size - 1) / 2 * spacing)
    return Geometry(
        tuple(int(n) for n in size), tuple(spacing.tolist()), tuple(origin.tolist()), tuple(axes.ravel().tolist())
    )
