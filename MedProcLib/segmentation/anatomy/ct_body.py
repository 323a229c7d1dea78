"""The body in CT on a grid along the patient's axes, and the table that it lies on."""

import numpy as np
from scipy import ndimage

from ...core.geometry import Geometry
from ...core.progress import SILENT, Progress
from ..common.morphology import closed, dilated, distance_to, eroded
from .fixed_parts import fixed_parts

# No tissue but air and lung is below this; an image that goes there is taken as CT.
CT_AIR_HU = -500.0
# Air around the patient is below this, the lung above it (both averaged over a working voxel).
GAS_HU = -950.0
# Lung that the rim of the image cuts open has body on more of its four sides than air and foam behind the back have.
LUNG_SIDES = 2.05
# Where the round field of view cuts lung open it is looked at so many voxels away from what stands outside.
RIM_VOXELS = 2
# Arms, legs and heads are rounder than this; tables and what lies on them are flatter.
LIMB_RADIUS_MM = 12.0
# The table is the same in all slices: what is dense outside the body in this share of at least so many mm of slices.
TABLE_SHARE, TABLE_LENGTH_MM = 0.6, 20.0
# How deep a table that the body touches may reach into its outline, by mistake.
TABLE_DEPTH_MM = 8.0


def body_region(
    values: np.ndarray,
    grid: Geometry,
    threshold_hu: float,
    opening_mm: float,
    closing_mm: float,
    progress: Progress = SILENT,
) -> np.ndarray:
    """The body (z, y, x) with its cavities, without table, blanket and air; arms and legs beside it belong to it.

    values: HU on a grid of patient_grid. Empty when nothing is above the threshold.
    """
    cut, close, slices, bed = progress.parts(3, 4, 2, 1)
    dense = values > threshold_hu
    free = dense & ~fixed_parts(dense, grid) if dense.ndim == 3 else dense
    body = _thick_pieces(free, grid, opening_mm, cut)
    if not body.any():
        return body
    body = _cavities_filled(body, grid, closing_mm, close)
    body = _filled_by_slice(body, values, slices)
    return _without_touching_table(body, dense, grid, bed)


def table_region(
    values: np.ndarray, body: np.ndarray, grid: Geometry, threshold_hu: float, least_mm: float
) -> np.ndarray:
    """What is denser than the threshold beside the body and at least so long (mm) in some direction."""
    pieces, count = ndimage.label((values > threshold_hu) & ~body, np.ones((3,) * values.ndim))
    keep = np.zeros(count + 1, bool)
    for number, box in enumerate(ndimage.find_objects(pieces), 1):
        sides = [(s.stop - s.start) * mm for s, mm in zip(box, reversed(grid.spacing), strict=True)]
        keep[number] = max(sides) >= least_mm
    return keep[pieces]


def unseen_region(values: np.ndarray) -> np.ndarray:
    """What (z, y, x) lies outside a round field of view: the darkest value alone, from the rim of a slice inward."""
    lowest = float(values.min())
    if lowest > GAS_HU:
        return np.zeros(values.shape, bool)
    padding = values == lowest
    if values.ndim == 2:
        return _from_rim(padding)
    return np.stack([_from_rim(plane) for plane in padding])


def _from_rim(plane: np.ndarray) -> np.ndarray:
    pieces, count = ndimage.label(plane)
    keep = np.zeros(count + 1, bool)
    for rim in (pieces[0], pieces[-1], pieces[:, 0], pieces[:, -1]):
        keep[rim] = True
    keep[0] = False
    return keep[pieces]


def _thick_pieces(dense: np.ndarray, grid: Geometry, opening_mm: float, progress: Progress) -> np.ndarray:
    """The pieces that are left when bridges are cut: the largest, and those as thick as a limb."""
    depth = distance_to(~dense, grid, progress)
    if not np.isfinite(depth).all():
        return dense
    pieces, count = ndimage.label(depth > opening_mm)
    if not count:
        return dense
    sizes = np.bincount(pieces.ravel(), minlength=count + 1)
    sizes[0] = 0
    keep = np.bincount(pieces[depth >= LIMB_RADIUS_MM], minlength=count + 1) > 0
    keep[0] = False
    keep[np.argmax(sizes)] = True
    # erosion takes up to a voxel more than the radius
    reach = opening_mm + max(s for s, n in zip(grid.spacing, grid.size, strict=True) if n > 1) / 2
    return dilated(keep[pieces], grid, reach) & dense


def _cavities_filled(body: np.ndarray, grid: Geometry, closing_mm: float, progress: Progress) -> np.ndarray:
    """The body with what it encloses but for openings narrower than twice the radius; dents stay as they are."""
    first, second = progress.parts(3, 1)
    shut = ndimage.binary_fill_holes(closed(body, grid, closing_mm, first)) if closing_mm else body
    outside = dilated(~shut, grid, closing_mm + max(grid.spacing), second) if not shut.all() else ~shut
    return ndimage.binary_fill_holes(body | (shut & ~outside))


def _filled_by_slice(body: np.ndarray, values: np.ndarray, progress: Progress) -> np.ndarray:
    """Fill each transverse slice: cavities that the first and last slice cut open are no holes in 3D.

    Lungs that a side of the image, or the round field of view, cuts open are closed there.
    """
    unseen = unseen_region(values)
    if body.ndim == 2:
        return _filled_plane(body | _cut_by_field(body, values, unseen), values)
    result = body.copy()
    for number, plane in enumerate(result):
        if plane.any():
            plane |= _cut_by_field(plane, values[number], unseen[number])
            plane |= _filled_plane(plane, values[number])
        progress((number + 1) / len(result), "Filling slices")
    return result


def _cut_by_field(plane: np.ndarray, values: np.ndarray, unseen: np.ndarray) -> np.ndarray:
    """Holes of a slice that are open to what was not seen, and are lung."""
    result = np.zeros_like(plane)
    if not unseen.any():
        return result
    away = ndimage.distance_transform_edt(~unseen)
    # a body that the field cuts is mixed with what stands outside: holes are not joined along that rim
    holes, count = ndimage.label(~plane & (away > RIM_VOXELS))
    edge = away <= 2 * RIM_VOXELS
    sides = _sides(plane)
    for number in np.flatnonzero(np.bincount(holes[edge], minlength=count + 1)).tolist():
        hole = holes == number
        if number and np.median(values[hole & edge]) > GAS_HU and sides[hole].mean() > LUNG_SIDES:
            result |= ndimage.binary_dilation(hole, iterations=RIM_VOXELS + 1) & ~unseen
    return result


def _filled_plane(plane: np.ndarray, values: np.ndarray) -> np.ndarray:
    """A slice with its holes filled, also those that the image's rim cuts open and that are lung."""
    if min(plane.shape) < 2:
        return plane
    rim = _rim(plane.shape)
    start = int(np.argmax(plane[rim]))
    y, x = (np.roll(part, -start) for part in rim)
    wall = np.pad(plane, 1)
    if plane[y[0], x[0]]:  # else the body does not reach the rim
        holes, _ = ndimage.label(~plane)
        sides = _sides(plane)
        runs, count = ndimage.label(~plane[y, x])
        for number in range(1, count + 1):
            run = runs == number
            hole = holes == holes[y[run][0], x[run][0]]
            # an airway that the rim cuts beside lung is gas, the hole as a whole is not
            lung = max(np.median(values[y[run], x[run]]), np.median(values[hole])) > GAS_HU
            if lung and sides[hole].mean() > LUNG_SIDES:
                wall[_beyond(y[run], plane.shape[0]), x[run] + 1] = True
                wall[y[run] + 1, _beyond(x[run], plane.shape[1])] = True
    return ndimage.binary_fill_holes(wall)[1:-1, 1:-1] | plane


def _beyond(index: np.ndarray, length: int) -> np.ndarray:
    """Indices in a padded array: those at an end are moved one beyond it."""
    return index + 1 - (index == 0) + (index == length - 1)


def _sides(plane: np.ndarray) -> np.ndarray:
    """On how many of the four sides (front, back, left, right) of each pixel there is body."""
    count = np.zeros(plane.shape, np.uint8)
    for axis in (0, 1):
        count += np.logical_or.accumulate(plane, axis)
        count += np.flip(np.logical_or.accumulate(np.flip(plane, axis), axis), axis)
    return count


def _rim(shape: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Indices (y, x) of the outermost pixels of a slice, once around."""
    height, width = shape
    y = [np.zeros(width - 1), np.arange(height - 1), np.full(width - 1, height - 1), np.arange(height - 1, 0, -1)]
    x = [np.arange(width - 1), np.full(height - 1, width - 1), np.arange(width - 1, 0, -1), np.zeros(height - 1)]
    return np.concatenate(y).astype(int), np.concatenate(x).astype(int)


def _without_touching_table(body: np.ndarray, dense: np.ndarray, grid: Geometry, progress: Progress) -> np.ndarray:
    """Take the table out of the outline where the body lies on it: it runs on where the body does not."""
    if body.ndim == 2:
        return body
    free = ~body
    seen = free.sum(axis=0)
    table = (dense & free).sum(axis=0) >= np.maximum(TABLE_SHARE * seen, TABLE_LENGTH_MM / grid.spacing[2])
    if not table.any():
        return body
    shell = body & ~eroded(body, grid, TABLE_DEPTH_MM, progress)
    thinner = body & ~(shell & table)
    # what is cut off from the body by that was table too
    pieces, count = ndimage.label(thinner)
    if count < 2:
        return thinner
    sizes = np.bincount(pieces.ravel())
    sizes[0] = 0
    return thinner & (sizes >= 0.001 * sizes.max())[pieces]
