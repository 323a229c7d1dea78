"""The trunk and the limbs beside it, in each transverse slice of a CT."""

import numpy as np
from scipy import ndimage

from ...core.geometry import Geometry
from ...core.progress import SILENT, Progress
from ..common.morphology import dilated, eroded
from ..common.slice_by_slice import filled_slices, hull, slices_apart
from .spine import Spine

# Gaps between the muscles of the wall; bridges of skin between an arm and the trunk are thinner than twice this.
GAP_MM, BRIDGE_MM = 4.0, 10.0
# The trunk lies around the spine; a limb lies beside it and no nearer to the midline.
AROUND_SPINE_MM, LIMB_ASIDE_MM, OVERLAP_MM = 50.0, 60.0, 10.0


def trunk_and_limbs(
    lean: np.ndarray, spine: Spine, grid: Geometry, progress: Progress = SILENT
) -> tuple[np.ndarray, np.ndarray]:
    """Convex outline of the trunk's muscle and bone, and what lies beside it (z, y, x) in each slice.

    lean: what is neither fat nor skin.
    """
    flat = slices_apart(grid)
    first, second, third = progress.parts(1, 1, 1)
    whole = filled_slices(dilated(filled_slices(lean), flat, GAP_MM, first))
    core = eroded(whole, flat, BRIDGE_MM, second)
    for z, plane in enumerate(core):
        core[z] = _at_spine(plane, np.abs(spine.across(z, plane.shape[1], grid)))
    # where no core is left, the slice is too thin to hold trunk and limbs
    without_core = ~np.any(core, axis=(1, 2), keepdims=True)
    main = whole & (dilated(core, flat, BRIDGE_MM + 1.5 * grid.spacing[0], third) | without_core)
    trunk, limbs = np.zeros_like(lean), np.zeros_like(lean)
    for z, plane in enumerate(whole):
        limbs[z] = _limbs(plane & ~main[z], main[z], spine.across(z, plane.shape[1], grid))
        trunk[z] = hull(plane & ~limbs[z] & lean[z])
    return trunk, limbs


def _at_spine(core: np.ndarray, aside: np.ndarray) -> np.ndarray:
    """The piece of a slice that has most around the spine."""
    pieces, count = ndimage.label(core)
    near = np.bincount(pieces[:, aside < AROUND_SPINE_MM].ravel(), minlength=count + 1)
    near[0] = 0
    return pieces == np.argmax(near) if near.any() else np.zeros_like(core)


def _limbs(rest: np.ndarray, main: np.ndarray, across: np.ndarray) -> np.ndarray:
    """The pieces of a slice beside its main part that lie to a side of it and away from the midline."""
    pieces, count = ndimage.label(rest)
    columns = across[main.any(axis=0)]
    keep = np.zeros(count + 1, bool)
    for number, box in enumerate(ndimage.find_objects(pieces), 1):
        x = across[np.nonzero(pieces[box] == number)[1] + box[1].start]
        within = len(columns) and columns[0] + OVERLAP_MM < x.mean() < columns[-1] - OVERLAP_MM
        keep[number] = not within and np.abs(x).min() > LIMB_ASIDE_MM
    return keep[pieces]
