"""The best closed outline around a point: one click on a lesion, a node, a cyst."""

from dataclasses import dataclass, replace
from typing import Annotated, Literal

import numpy as np
import SimpleITK as sitk
from scipy import ndimage
from scipy.spatial import cKDTree

from ...core.boxes import boxes_of, grown
from ...core.errors import InputError
from ...core.geometry import Geometry
from ...core.operation import operation
from ...core.parameters import Range
from ...core.progress import SILENT, Progress
from ...core.statistics import median_and_sd
from ...core.voxels import gaussian, inside, values_of
from .closed_set import cheapest_surface
from .marked import refuse_constant
from .rays import circle_rays, sphere_rays

Kind = Literal["automatic", "bright", "dark", "either"]
CIRCLE_RAYS, SPHERE_SUBDIVISIONS = 96, 3
MOST_DEPTHS = 80
# Passes: what an outline says of inside and outside serves the next.
PASSES = 3
# Times the search starts, at most; an outline is centered when its middle is nearer than this share of its radius. The
# seed is a voxel, so where it starts depends on how the grid lies; where it ends should not.
CENTERINGS, CENTERED = 6, 0.02
# A seed of this many voxels is a stroke that tells what the inside is like.
STROKE = 20
# Voxels are weighed between this many nearest rays.
NEAREST = 3
# Where the reach is not given: so much in a volume. Half of a picture at first, as pictures seldom have a true scale;
# where the thing turns out smaller than this share of it, so many times its radius, as depths along a ray are few.
VOLUME_MM, SMALL, TIMES_RADIUS = 30.0, 0.25, 3.0
# In a picture smallest radius and blur are at least these shares of the reach then: an echo of a few pixels of hundreds
# is no lesion (chosen with 42 pictures of breasts in view).
LEAST_OF_REACH, BLUR_OF_REACH = 1 / 15, 1 / 45
# An outline with this share of its rays at the reach is told of.
SHARE_AT_REACH = 0.1
# In a volume an outline smaller than this share of the reach and less clear than this many SD is told of: those of
# single clicks in liver, spleen and noise alone had at most 1.03, right ones of that size 2.4 to 4.5.
SMALL_UNCLEAR, LEAST_CLEAR = 1 / 3, 1.3
# Across the outline: so far from it, in radii, is where inside and outside are compared; the step that counts is the
# one that this share of the rays does not reach.
BESIDE, WEAKEST = 0.3, 25


@operation(
    "segmentation.optimal_surface",
    title="Best outline around a point",
    gives="labels",
    source="Li, Wu, Chen & Sonka, Optimal surface segmentation in volumetric images: a graph-theoretic approach, "
    "IEEE PAMI 28(1), 2006",
)
class OptimalSurface:
    """Find the closed outline around each seed that follows the strongest edge and parts like from unlike, at once.

    Rays go out from the seed; the outline crosses each once, and neighboring rays at nearly the same distance. It is
    the best of all such outlines, so a gap in the border is bridged and nothing leaks. For roundish things: lesions,
    nodes, nodules, cysts, in any modality. Of a painted seed all lies inside, and its values say what the inside is
    like. Where outlines of two seeds meet, a voxel goes to the one it lies deeper in. Whether the thing is bright or
    dark is told by which of the two outlines has a step across it nearly all around.
    """

    largest_radius_mm: Annotated[
        float,
        Range(0, 300, "mm"),
        "no part of the outline is farther from the seed; 0: 30 mm in a volume, in a picture half of its shorter side, "
        "less where the thing turns out small (so with 30 where it has no scale, 1 mm a pixel)",
    ] = VOLUME_MM
    smallest_radius_mm: Annotated[float, Range(0, 300, "mm"), "no part of the outline is nearer to its middle"] = 0.0
    object: Annotated[Kind, "brighter or darker than around it; either: both in places"] = "automatic"
    smoothing_mm: Annotated[float, Range(0, 20, "mm"), "SD of the Gaussian that quiets noise first; 0 for none"] = 1.0
    irregularity: Annotated[
        float,
        Range(0.05, 3),
        "largest slope of the outline against a circle around the seed; higher follows more detail",
    ] = 0.7
    likeness: Annotated[
        float, Range(0, 1), "weight of like values inside and other values outside, against that of edges"
    ] = 0.5

    def __call__(self, image, seeds, mask=None, progress=SILENT):
        if 0 < self.largest_radius_mm <= self.smallest_radius_mm:
            raise InputError("The smallest radius is not below the largest one: swap them.")
        values, valid = values_of(image)
        allowed = inside(mask, valid)
        grid = Geometry.of(image)
        numbers = sitk.GetArrayFromImage(seeds)
        boxes = boxes_of(numbers)
        reach = _reach(self, grid)
        if reach <= self.smallest_radius_mm:
            raise InputError(
                f"In this image no outline is farther than {reach:.2g} mm from its middle, so that none has the "
                f"smallest radius, {self.smallest_radius_mm:g} mm: lower it, or correct the size of the voxels."
            )
        for tight in boxes.values():
            box = grown(tight, grid, reach)
            refuse_constant(values[box], valid[box])
        values = values / (np.abs(values).max() or 1.0)
        smooth, work = progress.parts(1, 3)
        if not _seeks_reach(self, grid):
            values = gaussian(values, grid, [self.smoothing_mm] * grid.dimension, smooth)
        found = np.zeros(numbers.shape, numbers.dtype)
        depth = np.full(numbers.shape, np.inf, np.float32)
        for number, share in zip(boxes, work.parts(*[1.0] * len(boxes)), strict=True):
            _outline(self, values, grid, numbers, number, found, depth, share)
        found[~allowed] = 0
        if not found.any():
            raise InputError("No outline was found inside the mask: put the seed into what is wanted.")
        return grid.image_of(found)


@dataclass(frozen=True)
class _Fan:
    """Rays from a center: axes (the image's axes of more than a voxel), directions (n, len(axes)) along these."""

    axes: tuple[int, ...]
    directions: np.ndarray
    neighbors: np.ndarray
    radii: np.ndarray

    @property
    def angle(self) -> float:
        """Mean angle between neighbors, radians."""
        first, other = (self.directions[self.neighbors[:, side]] for side in (0, 1))
        return float(np.arccos(np.clip((first * other).sum(axis=1), -1, 1)).mean())


def _outline(
    settings: OptimalSurface,
    values: np.ndarray,
    grid: Geometry,
    numbers: np.ndarray,
    number: int,
    found: np.ndarray,
    depth: np.ndarray,
    progress: Progress,
) -> None:
    """Write the outline of one object into found (z, y, x) where it is deeper there than what depth says.

    values: blurred, unless how far to reach, and so how much to blur, is still to be found.
    """
    own = numbers == number
    if not _seeks_reach(settings, grid):
        trace = _trace(replace(settings, largest_radius_mm=_reach(settings, grid)), values, grid, own, progress)
    else:
        wide, close = progress.parts(2, 1)
        reach = _reach(settings, grid)
        trace = _trace_blurred(_reaching(settings, reach), values, grid, own, wide)
        radius = float(trace.radii.mean())
        if radius < SMALL * reach:
            trace = _trace_blurred(_reaching(settings, TIMES_RADIUS * radius), values, grid, own, close)
    _paint(trace.fan, grid, trace.middle, trace.radii, number, found, depth)
    farthest = float(trace.fan.radii[-1])
    at_reach = float(np.mean(trace.radii >= trace.fan.radii[-2]))
    if at_reach > SHARE_AT_REACH:
        progress.note(
            f"{100 * at_reach:.0f} % of the outline of object {number} is at the largest radius, {farthest:.3g} mm: if "
            "the object is larger, choose a larger one."
        )
    elif not _is_picture(grid) and trace.clearness < LEAST_CLEAR and trace.radii.mean() < SMALL_UNCLEAR * farthest:
        progress.note(
            f"The outline of object {number} is hardly clearer than noise. If it is not what is wanted, click "
            f"elsewhere in it, paint some of it or, where it is larger, choose a larger radius than {farthest:.3g} mm."
        )


def _is_picture(grid: Geometry) -> bool:
    return sum(n > 1 for n in grid.size) < 3


def _seeks_reach(settings: OptimalSurface, grid: Geometry) -> bool:
    """Whether how far to reach is told by what is found: in pictures, where asked for or where mm mean nothing."""
    no_scale = all(side == 1 for n, side in zip(grid.size, grid.spacing, strict=True) if n > 1)
    return _is_picture(grid) and (
        not settings.largest_radius_mm or (settings.largest_radius_mm == VOLUME_MM and no_scale)
    )


def _reach(settings: OptimalSurface, grid: Geometry) -> float:
    """How far the outline may be from the seed at most, mm."""
    if not _seeks_reach(settings, grid):
        return settings.largest_radius_mm or VOLUME_MM
    return min((n * side for n, side in zip(grid.size, grid.spacing, strict=True) if n > 1), default=VOLUME_MM) / 2


def _reaching(settings: OptimalSurface, reach_mm: float) -> OptimalSurface:
    """The settings for this reach in a picture: blurred and at least as large as it asks for."""
    return replace(
        settings,
        largest_radius_mm=reach_mm,
        smallest_radius_mm=max(settings.smallest_radius_mm, LEAST_OF_REACH * reach_mm),
        smoothing_mm=max(settings.smoothing_mm, BLUR_OF_REACH * reach_mm),
    )


@dataclass(frozen=True)
class _Trace:
    """An outline: radii (rays,) in mm along the rays of a fan from a middle (z, y, x); clearness: see _clearness."""

    fan: _Fan
    middle: np.ndarray
    radii: np.ndarray
    clearness: float


def _trace_blurred(
    settings: OptimalSurface, values: np.ndarray, grid: Geometry, own: np.ndarray, progress: Progress
) -> _Trace:
    """The outline of one object in values that are to be blurred first."""
    smooth, work = progress.parts(1, 6)
    return _trace(settings, gaussian(values, grid, [settings.smoothing_mm] * grid.dimension, smooth), grid, own, work)


def _trace(settings: OptimalSurface, values: np.ndarray, grid: Geometry, own: np.ndarray, progress: Progress) -> _Trace:
    """The outline of one object in blurred values.

    Rays from the middle of a thing cross its border most squarely, so the search is repeated from the outline's middle.
    """
    fan = _fan(settings, grid)
    where = np.argwhere(own)
    middle = where[np.argmin(((where - where.mean(axis=0)) ** 2).sum(axis=1))].astype(float)
    kinds: tuple[Kind, ...] = ("bright", "dark") if settings.object == "automatic" else (settings.object,)
    for turn, share in enumerate(progress.parts(*[1.0] * CENTERINGS)):
        found = {
            kind: _radii(replace(settings, object=kind), fan, values, grid, own, middle, part)
            for kind, part in zip(kinds, share.parts(*[1.0] * len(kinds)), strict=True)
        }
        kind = max(found, key=lambda each: found[each][1])
        # what it is once, it stays
        kinds, (radii, clearness) = (kind,), found[kind]
        offset = _middle_of(fan, radii)
        if turn == CENTERINGS - 1 or np.linalg.norm(offset) < CENTERED * radii.mean():
            break
        for column, axis in enumerate(fan.axes):
            at = values.ndim - 1 - axis
            middle[at] = np.clip(middle[at] + offset[column] / grid.spacing[axis], 0, values.shape[at] - 1)
    return _Trace(fan, middle, radii, clearness)


def _middle_of(fan: _Fan, radii: np.ndarray) -> np.ndarray:
    """Centroid (axes,) in mm, from the rays' origin, of what the outline encloses."""
    n = len(fan.axes)
    moment = (fan.directions * radii[:, None] ** (n + 1)).sum(axis=0) / (n + 1)
    return moment / max(float((radii**n).sum()) / n, 1e-9)


def _radii(
    settings: OptimalSurface,
    fan: _Fan,
    values: np.ndarray,
    grid: Geometry,
    own: np.ndarray,
    middle: np.ndarray,
    progress: Progress,
) -> tuple[np.ndarray, float]:
    """Radius (rays,) in mm of the best outline around a middle (z, y, x), and how clear it is.

    own: the object's seed.
    """
    places = _places(fan, grid, middle)
    profiles = ndimage.map_coordinates(values, places, order=1, mode="nearest")
    within = np.all([(p >= -0.5) & (p <= n - 0.5) for p, n in zip(places, values.shape, strict=True)], axis=0)
    step = max(1, round(settings.irregularity * fan.radii[-1] / 2 * fan.angle / (fan.radii[1] - fan.radii[0])))
    edges = _edge_costs(settings, profiles)
    depths = np.arange(len(fan.radii))
    last_painted = _last_painted(fan, grid, own, middle)
    surface, like = None, None
    if np.count_nonzero(own) >= STROKE:
        surface, like = np.full(len(profiles), last_painted.max()), values[own]
    for turn in range(PASSES if settings.likeness else 1):
        progress(turn / PASSES, "Finding the outline")
        costs = edges
        if surface is not None and settings.likeness:
            unlike = _likeness_costs(profiles, surface, like)
            costs = (1 - settings.likeness) * edges + settings.likeness * unlike
        worst = costs.max() + 0.01 * np.ptp(costs)
        # the outline lies in the image, and around what the user painted
        forbidden = ~within | (depths < last_painted[:, None]) | (fan.radii < settings.smallest_radius_mm)
        surface = cheapest_surface(np.where(forbidden, worst, costs), fan.neighbors, step)
    assert surface is not None
    return _between_depths(fan, costs, surface), _clearness(settings, profiles, surface)


def _clearness(settings: OptimalSurface, profiles: np.ndarray, surface: np.ndarray) -> float:
    """How far a weak part of the outline still steps (SD), more for a larger outline, as its rays see more apart.

    An echo within a dark lesion has a sharp border too, but a short one; a lesion taken for the opposite has none in
    places.
    """
    depths, at = np.arange(profiles.shape[1]), surface[:, None]
    reach = np.maximum(1, BESIDE * at)
    inner, outer = (depths <= at) & (depths > at - reach), (depths > at) & (depths <= at + reach)
    apart = _mean_of(profiles, inner) - _mean_of(profiles, outer)
    steps = {"bright": apart, "dark": -apart}.get(settings.object, np.abs(apart))
    spread = float(profiles[inner].std() + profiles[outer].std()) if outer.any() else 0.0
    return float(np.percentile(steps, WEAKEST)) / (spread or 1.0) * float(np.sqrt(surface.mean()))


def _mean_of(profiles: np.ndarray, part: np.ndarray) -> np.ndarray:
    """Mean (rays,) of a part of each ray, 0 where it is empty."""
    return (profiles * part).sum(axis=1) / np.maximum(part.sum(axis=1), 1)


def _last_painted(fan: _Fan, grid: Geometry, own: np.ndarray, middle: np.ndarray) -> np.ndarray:
    """Depth (rays,) up to which each ray has painted voxels beside it: those it is among the nearest of."""
    offset = ((np.argwhere(own) - middle)[:, ::-1] * grid.spacing)[:, list(fan.axes)]
    distance = np.linalg.norm(offset, axis=1)
    _, nearest = cKDTree(fan.directions).query(offset / np.maximum(distance, 1e-9)[:, None], NEAREST)
    last = np.zeros(len(fan.directions), int)
    depth = np.minimum(distance / (fan.radii[1] - fan.radii[0]), len(fan.radii) - 1).astype(int)
    np.maximum.at(last, nearest, np.repeat(depth[:, None], NEAREST, axis=1))
    return last


def _fan(settings: OptimalSurface, grid: Geometry) -> _Fan:
    axes = tuple(axis for axis in range(grid.dimension) if grid.size[axis] > 1)
    if len(axes) < 2:
        raise InputError("The image is a line of voxels; an outline needs at least a slice.")
    finest = min(grid.spacing[axis] for axis in axes)
    count = int(np.clip(np.ceil(settings.largest_radius_mm / (finest / 2)), 8, MOST_DEPTHS))
    radii = np.linspace(0, settings.largest_radius_mm, count + 1)
    if len(axes) == 2:
        return _Fan(axes, *circle_rays(CIRCLE_RAYS), radii)
    rays, neighbors, _ = sphere_rays(SPHERE_SUBDIVISIONS)
    # the same rays in the patient, however the grid lies
    return _Fan(axes, rays @ np.reshape(grid.direction, (3, 3)), neighbors, radii)


def _places(fan: _Fan, grid: Geometry, middle: np.ndarray) -> np.ndarray:
    """Voxel coordinates (dimension, rays, depths), z, y, x order."""
    offsets = fan.directions[:, None, :] * fan.radii[None, :, None]
    places = np.broadcast_to(middle[:, None, None], (grid.dimension, *offsets.shape[:2])).copy()
    for column, axis in enumerate(fan.axes):
        places[grid.dimension - 1 - axis] += offsets[..., column] / grid.spacing[axis]
    return places


def _edge_costs(settings: OptimalSurface, profiles: np.ndarray) -> np.ndarray:
    """Costs in -1..0: -1 at the strongest edge of the wanted kind."""
    slope = np.gradient(profiles, axis=1)
    strength = {"bright": -slope, "dark": slope, "either": np.abs(slope)}[settings.object]
    # at the center all rays see the same, so an edge there says nothing
    strength[:, 0] = 0
    strong = np.percentile(np.maximum(strength, 0), 99)
    return -np.clip(strength / (strong or 1.0), 0, 1)


def _likeness_costs(profiles: np.ndarray, surface: np.ndarray, like: np.ndarray | None) -> np.ndarray:
    """Costs whose differences along a ray are how much unlike the inside each value is, about -1..1 over the ray.

    surface: the outline so far; like: values of the inside, those within the outline when None.
    """
    depths = np.arange(profiles.shape[1])
    inner = depths <= surface[:, None]
    # as far outside as inside, so that what lies beyond the neighborhood does not count
    outer = ~inner & (depths <= 2 * surface[:, None] + 2)
    inner_at, inner_sd = median_and_sd(profiles[inner] if like is None else like)
    outer_at, outer_sd = median_and_sd(profiles[outer]) if outer.any() else (inner_at, inner_sd)
    least = 0.05 * abs(inner_at - outer_at) or 1e-6
    inner_sd, outer_sd = max(inner_sd, least), max(outer_sd, least)
    unlike = ((profiles - inner_at) / inner_sd) ** 2 + 2 * np.log(inner_sd)
    unlike -= ((profiles - outer_at) / outer_sd) ** 2 + 2 * np.log(outer_sd)
    unlike = np.clip(unlike, -4, 4) / 4
    # an outline at a depth has half of what lies there inside it
    total = np.cumsum(unlike, axis=1) - unlike / 2
    return total / max(float(np.median(surface)), 4.0)


def _between_depths(fan: _Fan, costs: np.ndarray, surface: np.ndarray) -> np.ndarray:
    """Radius (rays,) in mm of the outline, to the vertex of the parabola through the costs around each chosen depth."""
    rays = np.arange(len(surface))
    at = np.clip(surface, 1, costs.shape[1] - 2)
    before, here, after = (costs[rays, at + k] for k in (-1, 0, 1))
    bend = before - 2 * here + after
    shift = np.divide(before - after, 2 * bend, out=np.zeros_like(bend), where=bend > 1e-9)
    shift = np.where((at == surface) & (np.abs(shift) <= 1), shift, 0)
    return (surface + shift) * (fan.radii[1] - fan.radii[0])


def _paint(
    fan: _Fan,
    grid: Geometry,
    middle: np.ndarray,
    radii: np.ndarray,
    number: int,
    found: np.ndarray,
    depth: np.ndarray,
) -> None:
    reach = [radii.max() / s if n > 1 else 0 for s, n in zip(reversed(grid.spacing), reversed(grid.size), strict=True)]
    box = tuple(
        slice(max(0, int(m - r)), min(n, int(np.ceil(m + r)) + 1))
        for m, r, n in zip(middle, reach, found.shape, strict=True)
    )
    index = np.stack(np.meshgrid(*[np.arange(s.start, s.stop) for s in box], indexing="ij"), axis=-1).reshape(
        -1, grid.dimension
    )
    offset = ((index - middle)[:, ::-1] * grid.spacing)[:, list(fan.axes)]
    distance = np.linalg.norm(offset, axis=1)
    direction = offset / np.maximum(distance, 1e-9)[:, None]
    apart, nearest = cKDTree(fan.directions).query(direction, NEAREST)
    weight = 1 / np.maximum(apart, 1e-6) ** 2
    border = (radii[nearest] * weight).sum(axis=1) / weight.sum(axis=1)
    ratio = (distance / np.maximum(border, 1e-9)).reshape([s.stop - s.start for s in box])
    ratio[tuple(int(m) - s.start for m, s in zip(middle, box, strict=True))] = 0
    better = (ratio <= 1) & (ratio < depth[box])
    found[box][better] = number
    depth[box][better] = ratio[better]
