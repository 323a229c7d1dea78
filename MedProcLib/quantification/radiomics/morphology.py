"""Morphological features of IBSI (arXiv 1612.07003, 3.1)."""

import math

import numpy as np
from scipy.spatial.distance import cdist

from ..bit_mask import BitMask
from ..surface import surface_volume_and_area
from .ellipsoid import ellipsoid_area, ellipsoid_volume, smallest_ellipsoid
from .feature import Definition, Feature, defined
from .mesh_points import Hull, surface_hull
from .oriented_box import smallest_box
from .region import Region
from .spatial import moran_and_geary
from .statistics import mean_of

FAMILY = "morphology"
DEFINITIONS = (
    Definition("morph_volume", "Volume (mesh)", "RNU0", "mm3"),
    Definition("morph_vol_approx", "Volume (voxel counting)", "YEKZ", "mm3"),
    Definition("morph_area_mesh", "Surface area (mesh)", "C0JK", "mm2"),
    Definition("morph_av", "Surface to volume ratio", "2PR5", "1/mm"),
    Definition("morph_comp_1", "Compactness 1", "SKGS"),
    Definition("morph_comp_2", "Compactness 2", "BQWJ"),
    Definition("morph_sph_dispr", "Spherical disproportion", "KRCK"),
    Definition("morph_sphericity", "Sphericity", "QCFX"),
    Definition("morph_asphericity", "Asphericity", "25C7"),
    Definition("morph_com", "Center of mass shift", "KLMA", "mm"),
    Definition("morph_diam", "Maximum 3D diameter", "L0JK", "mm"),
    Definition("morph_pca_maj_axis", "Major axis length", "TDIC", "mm"),
    Definition("morph_pca_min_axis", "Minor axis length", "P9VJ", "mm"),
    Definition("morph_pca_least_axis", "Least axis length", "7J51", "mm"),
    Definition("morph_pca_elongation", "Elongation", "Q3CK"),
    Definition("morph_pca_flatness", "Flatness", "N17B"),
    Definition("morph_vol_dens_aabb", "Volume density (axis-aligned bounding box)", "PBX1"),
    Definition("morph_area_dens_aabb", "Area density (axis-aligned bounding box)", "R59B"),
    Definition("morph_vol_dens_ombb", "Volume density (oriented minimum bounding box)", "ZH1A"),
    Definition("morph_area_dens_ombb", "Area density (oriented minimum bounding box)", "IQYR"),
    Definition("morph_vol_dens_aee", "Volume density (approximate enclosing ellipsoid)", "6BDE"),
    Definition("morph_area_dens_aee", "Area density (approximate enclosing ellipsoid)", "RDD2"),
    Definition("morph_vol_dens_mvee", "Volume density (minimum volume enclosing ellipsoid)", "SWZ1"),
    Definition("morph_area_dens_mvee", "Area density (minimum volume enclosing ellipsoid)", "BRI8"),
    Definition("morph_vol_dens_conv_hull", "Volume density (convex hull)", "R3ER"),
    Definition("morph_area_dens_conv_hull", "Area density (convex hull)", "7T7F"),
    Definition("morph_integ_int", "Integrated intensity", "99N0", "intensity.mm3"),
    Definition("morph_moran_i", "Moran's I index", "N365"),
    Definition("morph_geary_c", "Geary's C measure", "NPT7"),
)
# Distances of so many pairs of corners at a time.
PAIRS = 1 << 18


def morphological_features(region: Region, unit: str) -> list[Feature]:
    """Features of the shape of a region in 3D (its morphological mask), and of where its intensities lie.

    unit: of the image's values, a key of core.units.
    """
    mask, spacing = region.morphological, region.spacing
    volume, area = surface_volume_and_area(mask, spacing)
    hull = surface_hull(mask, spacing)
    count, center, covariance, size = _moments(mask, spacing)
    figures = {
        "volume": volume,
        "vol_approx": count * math.prod(spacing),
        "area_mesh": area,
        **_roundness(volume, area),
        "com": _center_of_mass_shift(center, region),
        "diam": _longest(hull.corners),
        **(_principal_axes(covariance / (count - 1), volume, area) if count > 1 else {}),
        **_densities(size, spacing, hull, volume, area),
        "integ_int": mean_of(region.values) * volume,
    }
    figures["moran_i"], figures["geary_c"] = moran_and_geary(region.values, region.intensity, spacing)
    return defined(DEFINITIONS, FAMILY, {f"morph_{name}": figure for name, figure in figures.items()}, unit)


def _roundness(volume: float, area: float) -> dict[str, float]:
    ratio = 36 * math.pi * volume**2 / area**3
    return {
        "av": area / volume,
        "comp_1": volume / (math.sqrt(math.pi) * area**1.5),
        "comp_2": ratio,
        "sph_dispr": ratio ** (-1 / 3),
        "sphericity": ratio ** (1 / 3),
        "asphericity": ratio ** (-1 / 3) - 1,
    }


def _center_of_mass_shift(center: np.ndarray, region: Region) -> float:
    """Distance of the center of the shape from that of the intensities (mm); NaN where these sum to 0."""
    depth, height, width = region.intensity.shape
    sums, along_y, along_x = np.zeros(depth), np.zeros(height), np.zeros(width)
    first = 0
    for z, inside in enumerate(region.intensity):
        weights = np.zeros(inside.shape)
        last = first + int(np.count_nonzero(inside))
        weights[inside] = region.values[first:last]
        first = last
        across = weights.sum(axis=1)
        sums[z] = across.sum()
        along_y += across
        along_x += weights.sum(axis=0)
    total = float(sums.sum())
    if total == 0:
        return math.nan
    weighted = np.array([along @ np.arange(len(along)) for along in (along_x, along_y, sums)]) / total
    return float(np.linalg.norm(weighted * region.spacing - center))


def _longest(corners: np.ndarray) -> float:
    step = max(1, PAIRS // len(corners))
    return max(float(cdist(corners[i : i + step], corners).max()) for i in range(0, len(corners), step))


def _moments(mask: BitMask, spacing: tuple[float, float, float]) -> tuple[int, np.ndarray, np.ndarray, np.ndarray]:
    """Voxels of a mask, mean of their centers (x, y, z; mm), sums of products of their offsets from it
    (3, 3; mm2), and size of its box (x, y, z; voxels). Of projections, so that no list of voxels is needed.
    """
    depth, height, width = mask.shape
    # by the axis of x, y, z across them
    planes = {2: np.zeros((height, width), int), 1: np.zeros((depth, width), int), 0: mask.count_by_line}
    for z, inside in enumerate(mask):
        planes[2] += inside
        planes[1][z] = np.count_nonzero(inside, axis=0)
    lines = [planes[2].sum(axis=0), planes[2].sum(axis=1), planes[1].sum(axis=1)]
    count = int(lines[0].sum())
    places = [np.arange(len(line)) for line in lines]
    means = np.array([line @ place / count for line, place in zip(lines, places, strict=True)])
    offsets = [(place - mean) * side for place, mean, side in zip(places, means, spacing, strict=True)]
    sums = np.diag([line @ offset**2 for line, offset in zip(lines, offsets, strict=True)])
    for low, high in ((0, 1), (0, 2), (1, 2)):
        sums[low, high] = sums[high, low] = offsets[high] @ planes[3 - low - high] @ offsets[low]
    occupied = [np.flatnonzero(line) for line in lines]
    return count, means * spacing, sums, np.array([places[-1] - places[0] + 1 for places in occupied])


def _principal_axes(covariance: np.ndarray, volume: float, area: float) -> dict[str, float]:
    """Lengths 4 sqrt(eigenvalue) of the covariance of the voxel centers, and the ellipsoid of these axes.

    The covariance is the unbiased one: that is what gives the consensus values of the digital phantom.
    """
    eigenvalues = np.linalg.eigvalsh(covariance)[::-1]
    # a region one voxel thick has an eigenvalue of 0 but for rounding
    eigenvalues = np.where(eigenvalues > 1e-12 * eigenvalues[0], eigenvalues, 0.0)
    major, minor, least = (float(axis) for axis in 4 * np.sqrt(eigenvalues))
    semi_axes = 2 * np.sqrt(eigenvalues)
    ellipsoid, surface = ellipsoid_volume(semi_axes), ellipsoid_area(semi_axes)
    return {
        "pca_maj_axis": major,
        "pca_min_axis": minor,
        "pca_least_axis": least,
        "pca_elongation": minor / major if major else math.nan,
        "pca_flatness": least / major if major else math.nan,
        "vol_dens_aee": volume / ellipsoid if ellipsoid else math.nan,
        "area_dens_aee": area / surface if surface else math.nan,
    }


def _densities(
    size: np.ndarray, spacing: tuple[float, float, float], hull: Hull, volume: float, area: float
) -> dict[str, float]:
    """Share of volume and area of the bodies that enclose the surface; size: of the box along the axes, in voxels."""
    aligned, oriented = size * spacing, smallest_box(hull.corners, hull.normals)
    ellipsoid = smallest_ellipsoid(hull.corners)
    enclosing = {
        "aabb": _box(aligned),
        # a search over orientations must not do worse than the axes' own
        "ombb": min(_box(aligned), _box(oriented)),
        "mvee": (ellipsoid_volume(ellipsoid), ellipsoid_area(ellipsoid)),
        "conv_hull": (hull.volume, hull.area),
    }
    return {f"vol_dens_{name}": volume / v for name, (v, _) in enclosing.items()} | {
        f"area_dens_{name}": area / a for name, (_, a) in enclosing.items()
    }


def _box(sides: np.ndarray) -> tuple[float, float]:
    a, b, c = (float(side) for side in sides)
    return a * b * c, 2 * (a * b + b * c + c * a)
