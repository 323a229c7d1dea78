"""The border of a lung field in a radiograph, where the picture shows it: the chest wall, heart, diaphragm and apex."""

import numpy as np
from scipy import ndimage

from ...core.contours import inside_polygon
from ...core.geometry import Geometry
from ...core.voxels import gaussian
from ..common.morphology import dilated, eroded
from ..common.ordered_outline import ordered_outline
from ..common.slice_by_slice import hull
from ..region.closed_set import cheapest_surface
from ..region.rays import circle_rays

# These limits were chosen on every second one of 275 labeled radiographs (Docs/validation.md).
# Contrast is taken against surroundings of this SD: a rib, a clavicle, an apex above it stand out.
SURROUNDINGS_MM = 25.0
# The border is looked for so far within and outside of the region that was found, along lines to its smoothed outline.
INWARD_MM, OUTWARD_MM, DEPTH_MM, OUTLINE_MM = 18.0, 24.0, 1.0, 10.0
# So many lines; the border moves by so many depths at most from one to the next.
LINES, STEPS = 180, 2
# An edge that is so many times as strong as edges usually are is as good as any stronger one.
STRONG = 6.0
# The apex: transparent by so much (SD of the surroundings), at least so large, at most so far above the rest, and
# closed above, which the neck and the shoulder are not. Narrower places are cut.
APEX_BELOW, APEX_MM2, APEX_REACH_MM, APEX_OPENING_MM = 0.15, 60.0, 45.0, 2.0
# It is looked for over this part of the lung's height, and joined to this part.
APEX_OVERLAP, APEX_JOINED = 0.2, 0.25


def locally_normalized(density: np.ndarray, grid: Geometry, sd_mm: float) -> np.ndarray:
    """Density (rows, columns) against its surroundings, in SD of these."""
    widths = [sd_mm] * 2
    apart = density - gaussian(density, grid, widths)
    return apart / np.sqrt(np.maximum(gaussian(apart**2, grid, widths), 1e-12))


def with_apex(field: np.ndarray, apart: np.ndarray, grid: Geometry) -> np.ndarray:
    """A lung field (rows, columns) with the apex that the clavicle and the first rib cut off, if there is one.

    apart: `locally_normalized` density.
    """
    rows = ndimage.find_objects(field.astype(np.uint8))[0][0]
    top, height, side = rows.start, rows.stop - rows.start, min(grid.spacing)
    upper_columns = np.nonzero(field[: top + height // 4])[1]
    left, right = np.percentile(upper_columns, (5, 95)).astype(int)
    first = max(0, top - round(APEX_REACH_MM / side))
    zone = np.zeros_like(field)
    zone[first : top + round(APEX_OVERLAP * height), left : right + 1] = True
    dark = (apart < -APEX_BELOW) & zone
    dark = dilated(eroded(dark, grid, APEX_OPENING_MM), grid, APEX_OPENING_MM) & dark
    numbers, count = ndimage.label(dark)
    open_above = np.unique(numbers[: first + 2])
    sizes = np.bincount(numbers[~field], minlength=count + 1) * side**2
    apex = [n for n in range(1, count + 1) if sizes[n] >= APEX_MM2 and n not in open_above]
    if not apex:
        return field
    upper = field.copy()
    upper[top + round(APEX_JOINED * height) :] = False
    return field | hull(upper | np.isin(numbers, apex))


def at_edges(field: np.ndarray, apart: np.ndarray, grid: Geometry) -> np.ndarray:
    """The field (rows, columns) with its border where the density rises most outward, all around at once.

    Of all closed outlines near the region's the one with the strongest edges, by a minimum cut.
    """
    points = ordered_outline(field)
    way = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(points, axis=0, append=points[:1]), axis=1))])
    at, side = np.linspace(0, way[-1], LINES, endpoint=False), min(grid.spacing)
    points = np.stack([np.interp(at, way, np.append(line, line[0])) for line in points.T], axis=1)
    points = ndimage.gaussian_filter1d(points, OUTLINE_MM / side * LINES / way[-1], axis=0, mode="wrap")
    along = np.roll(points, -1, axis=0) - np.roll(points, 1, axis=0)
    along /= np.maximum(np.linalg.norm(along, axis=1, keepdims=True), 1e-9)
    outward = np.stack([-along[:, 1], along[:, 0]], axis=1)
    depths = np.arange(-INWARD_MM, OUTWARD_MM + DEPTH_MM / 2, DEPTH_MM) / side
    places = points[:, None] + outward[:, None] * depths[:, None]
    profiles = ndimage.map_coordinates(apart, np.moveaxis(places, 2, 0), order=1, mode="nearest")
    rise = ndimage.gaussian_filter1d(np.gradient(profiles, axis=1), 1, axis=1)
    usual = 1.4826 * float(np.median(np.abs(rise - np.median(rise)))) or 1.0
    chosen = cheapest_surface(-np.clip(rise / usual, -1, STRONG), circle_rays(LINES)[1], STEPS)
    border = ndimage.gaussian_filter1d(points + outward * depths[chosen][:, None], 1, axis=0, mode="wrap")
    return inside_polygon(border[:, ::-1], field.shape)
