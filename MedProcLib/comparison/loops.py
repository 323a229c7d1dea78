"""Whether registrations around a loop of three studies agree: a check that needs no truth."""

from dataclasses import replace

import numpy as np
import SimpleITK as sitk

from ..core.boxes import box_around
from ..core.geometry import Geometry
from ..core.measurement import Measurement
from .inverse import inverted
from .result import Comparison, Registration, Verdict

# Two ways from one study to another that differ by more: one of the three registrations is off.
LOOP_GOOD_MM = 1.0


def with_loop_error(registration: Registration, comparison: Comparison, places: tuple[int, int]) -> Registration:
    """The registration of two later studies (positions in the comparison) with how far it is, at most, from the way
    over the first study; doubtful where that is far.

    The distance is that over the box of what the two studies share. Source: Christensen and Johnson, Invertibility and
    transitivity analysis for nonrigid image registration, J. Electron. Imaging 12(1), 2003.
    """
    if registration.verdict is Verdict.FAILED:
        return registration
    ways = {pair.moving: pair for pair in comparison.pairs}
    first, other = (ways[n] for n in places)
    region = first.region
    back = first.registration.to_other  # leads from the space of the region to the earlier study
    points = np.array([back.TransformPoint(p.tolist()) for p in _box(region)])
    to_first = inverted(first.registration.transform, first.grid)
    over_first = [other.registration.transform.TransformPoint(to_first.TransformPoint(p.tolist())) for p in points]
    direct = [registration.transform.TransformPoint(p.tolist()) for p in points]
    error = float(np.linalg.norm(np.subtract(direct, over_first), axis=1).max())
    figures = (*registration.figures, Measurement("loop_error", error, "mm"))
    if error <= LOOP_GOOD_MM:
        return replace(registration, figures=figures)
    reason = f"It differs by up to {error:.1f} mm from the way over the first study: one of the registrations is off."
    return replace(registration, verdict=Verdict.DOUBTFUL, reasons=(*_kept(registration), reason), figures=figures)


def _kept(registration: Registration) -> tuple[str, ...]:
    return registration.reasons if registration.verdict is not Verdict.GOOD else ()


def _box(region: sitk.Image) -> np.ndarray:
    """Corners and center (9, 3; LPS, mm) of the box around a mask; of its grid when it is empty."""
    grid, box = Geometry.of(region), box_around(sitk.GetArrayViewFromImage(region) != 0)
    if box is None:
        return np.vstack([grid.corners(), grid.center])
    ends = np.array([(side.start, side.stop - 1) for side in reversed(box)], float)
    corners = np.stack(np.meshgrid(*ends, indexing="ij"), axis=-1).reshape(-1, 3)
    return grid.points(np.vstack([corners, ends.mean(axis=1)]))
