"""One body of known size at random, measured: errors, and whether its 95 % intervals hold the truth."""

from typing import NamedTuple

import numpy as np
from _bodies import (
    Body,
    ball,
    box,
    capsule,
    cylinder,
    double_cone,
    ellipsoid,
    elliptic_cylinder,
    half_ball,
    lens,
    torus,
)
from _more_bodies import spindle
from scipy import ndimage
from scipy.spatial.transform import Rotation

from MedProcLib.quantification.contour import longest_of_contour
from MedProcLib.quantification.diameter import in_plane_diameter
from MedProcLib.quantification.surface import surface_volume_and_area
from MedProcLib.quantification.uncertainty.diameter import diameter_intervals
from MedProcLib.quantification.uncertainty.mean import mean_intensity_interval
from MedProcLib.quantification.uncertainty.volume import surface_of, volume_interval

SPACINGS = ((1.0, 1.0, 1.0), (0.7, 0.7, 2.5), (1.0, 1.0, 5.0))
# width in voxels, the coarsest side, of the size classes; in mm they are 1 to 50 mm wide
CLASSES = ((1, 3), (3, 6), (6, 10), (10, 20), (20, 50))
WIDEST_MM = 50.0
BODIES = ("ball", "ellipsoid", "box", "cylinder", "torus", "capsule", "lens")
# nothing was fitted to these
OTHERS = ("double cone", "elliptic cylinder", "spindle")
ALONG = ("ellipsoid along", "box along", "cylinder along", "half ball along", "plate along")
KINDS = (*BODIES, *OTHERS, *ALONG)
# thickest plate in mm: it is up to 5 times as wide
THICKEST_PLATE = 10.0
# the image of a body is made on a grid so many times as fine
FINE = 3
# voxels of a body's image, beyond which it is not made: it would take too long
LARGEST_IMAGE = 12_000
# so many placements of each line get an image and a mesh, which take most of the time
IMAGES = 100
# placements that are drawn at a time
MANY = 25


class Piece(NamedTuple):
    """Some placements of a kind, of one spacing and width class (numbers of SPACINGS and CLASSES)."""

    kind: str
    voxel: int
    width: int
    number: int
    count: int


class Sized(NamedTuple):
    """errors (n, 10), hits (n, 4): of volume, long and short diameter, mean; NaN where unknown."""

    errors: np.ndarray
    hits: np.ndarray


def pieces_of(placements: int, voxels: list[int]) -> list[Piece]:
    """In the order in which they are printed."""
    found = []
    for voxel in voxels:
        for width in range(len(CLASSES)):
            for kind in KINDS:
                least, most = _widths(kind, voxel, width)
                if least < most:
                    starts = range(0, placements, MANY)
                    found += [Piece(kind, voxel, width, n, min(MANY, placements - s)) for n, s in enumerate(starts)]
    return found


def sized(piece: Piece) -> Sized:
    """Of those placements that hold a voxel center."""
    rng = np.random.default_rng([KINDS.index(piece.kind), *piece[1:4]])
    results = [_placed(piece, rng, n + piece.number * MANY < IMAGES) for n in range(piece.count)]
    found = [result for result in results if result is not None]
    return Sized(
        np.array([errors for errors, _ in found], float).reshape(-1, 10),
        np.array([hits for _, hits in found], float).reshape(-1, 4),
    )


def _widths(kind: str, voxel: int, width: int) -> tuple[float, float]:
    """Least and largest, in mm."""
    (low, high), side = CLASSES[width], max(SPACINGS[voxel])
    return low * side, min(high * side, THICKEST_PLATE if kind == "plate along" else WIDEST_MM)


def _placed(piece: Piece, rng: np.random.Generator, with_image: bool) -> tuple[list[float], list[float]] | None:
    """(errors, hits) of one body at random, that of its mean with an image only; None when it holds no voxel center."""
    kind, spacing = piece.kind, SPACINGS[piece.voxel]
    body = _body(kind, rng.uniform(*_widths(*piece[:3])), rng)
    turn = Rotation.identity() if kind in ALONG else Rotation.random(random_state=rng)
    shift = rng.uniform(-0.5, 0.5, 3) * spacing
    mask = body.on_grid(turn, shift, spacing)
    if not mask.any():
        return None
    mask = mask[ndimage.find_objects(mask.astype(np.uint8))[0]]
    surface = surface_of(mask, spacing)
    counted = volume_interval(mask, spacing, surface=surface)
    mesh = surface_volume_and_area(mask, spacing) if with_image else (np.nan, np.nan)
    errors = [counted.estimate / body.volume, surface.area / body.area, mesh[0] / body.volume, mesh[1] / body.area]
    errors = [ratio - 1 for ratio in errors]
    hits = [_holds(counted, body.volume)]
    if body.chord is None:
        errors, hits = [*errors, *[np.nan] * 6], [*hits, np.nan, np.nan]
    else:
        truth, pixel = body.in_plane(turn), max(spacing[:2])
        contour, found = longest_of_contour(mask, spacing[:2]), diameter_intervals(mask, spacing)
        shown = in_plane_diameter(mask[contour.slice_index][np.newaxis], spacing[:2])
        measured = [length for each in (contour, shown) for length in (each.long_mm, each.short_mm)]
        measured += [found.long.estimate, found.short.estimate]
        errors += [abs(value - true) / pixel for value, true in zip(measured, truth * 3, strict=True)]
        hits += [_holds(interval, true) for interval, true in zip(found, truth, strict=True)]
    return errors, [*hits, _mean_holds(body, turn, shift, spacing, rng) if with_image else np.nan]


def _body(kind: str, width: float, rng: np.random.Generator) -> Body:
    """A body whose smallest width is given, of random proportions."""
    if kind == "ball":
        return ball(width)
    if kind == "half ball along":
        return half_ball(2 * width)
    if kind.startswith("cylinder"):
        return cylinder(width, width * rng.uniform(1, 2))
    if kind == "torus":
        return torus(width * rng.uniform(2, 3), width)
    if kind == "capsule":
        return capsule(width, width * rng.uniform(0.2, 1))
    if kind == "lens":
        return lens(width, width * rng.uniform(1.3, 2))
    if kind == "double cone":
        return double_cone(width, width * rng.uniform(1, 2))
    if kind == "elliptic cylinder":
        return elliptic_cylinder(width * rng.uniform(1.2, 1.8), width, width * rng.uniform(1, 2))
    if kind == "spindle":
        return spindle(width, width * rng.uniform(1.3, 2.5))
    make = ellipsoid if kind.startswith("ellipsoid") else box
    if make is ellipsoid:
        sides = [rng.uniform(1.2, 2), rng.uniform(1, 1.2), 1.0]
    elif kind == "plate along":
        sides = [1.0, rng.uniform(3, 5), rng.uniform(3, 5)]
    else:
        sides = [1.0, rng.uniform(1, 1.3), rng.uniform(1, 1.6)]
    if kind in ALONG:
        sides = rng.permutation(sides).tolist()
    return make(*(width * side for side in sides))


def _mean_holds(body: Body, turn: Rotation, shift: np.ndarray, spacing, rng: np.random.Generator) -> float:
    """Whether the interval of the mean holds; NaN for bodies so large that their image would take too long."""
    reach = 2 * np.abs(turn.as_matrix()) @ body.half / spacing + 10
    if np.prod(reach) > LARGEST_IMAGE:
        return np.nan
    # places of the fine grid: FINE of them in each voxel, the middle one at its center
    counts = [int(np.ceil(r / 2)) for r in reach]
    axes = [np.arange(-c * FINE, c * FINE + 1) / FINE * s - o for c, s, o in zip(counts, spacing, shift, strict=True)]
    z, y, x = np.meshgrid(*axes[::-1], indexing="ij")
    fine = body.inside(np.stack([x, y, z], axis=-1) @ turn.as_matrix())
    blurred = 100 * ndimage.gaussian_filter(fine.astype(np.float32), 0.8 * FINE)
    image = blurred[::FINE, ::FINE, ::FINE].astype(float)
    noise = ndimage.gaussian_filter(rng.normal(size=image.shape), 0.6, mode="wrap")
    mask = fine[::FINE, ::FINE, ::FINE]
    found = mean_intensity_interval(mask, image + 10 * noise / noise.std(), spacing)
    return _holds(found, float(blurred[fine].mean()))


def _holds(interval, truth: float) -> float:
    return float(interval.low <= truth <= interval.high)
