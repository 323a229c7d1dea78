"""How far the borders of two parts lie apart."""

import math

import numpy as np

from ...core.progress import SILENT, Progress
from .nearest import distances_to
from .overlap import ratio
from .part import Part

PERCENTILE = 95
# A distance counts as within a tolerance when rounding alone sets them apart.
ROUNDING = 1 + 1e-9


def border_values(reference: Part, test: Part, tolerance_mm: float, progress: Progress = SILENT) -> dict[str, float]:
    """Values of the distances between border voxels by name (see figures.SURFACE_FIGURES)."""
    if not (reference.count and test.count):
        return _without_surface(
            ("hausdorff", "hausdorff_95", "average_symmetric_surface_distance", "mean_average_surface_distance"),
            ("surface_dice",),
            reference.count == test.count == 0,
        )
    there, back = distances_both_ways(reference.border_voxels, test.border_voxels, reference.spacing, progress)
    within = sum(int(np.count_nonzero(d <= tolerance_mm * ROUNDING)) for d in (there, back))
    return {
        "hausdorff": float(max(there.max(), back.max())),
        "hausdorff_95": float(max(np.percentile(there, PERCENTILE), np.percentile(back, PERCENTILE))),
        "average_symmetric_surface_distance": float((there.sum() + back.sum()) / (there.size + back.size)),
        "mean_average_surface_distance": float((there.mean() + back.mean()) / 2),
        "surface_dice": within / (there.size + back.size),
    }


def area_weighted_values(
    reference: Part, test: Part, tolerance_mm: float, progress: Progress = SILENT
) -> dict[str, float]:
    """Values of figures.AREA_WEIGHTED_FIGURES by name."""
    if not (reference.count and test.count):
        return _without_surface(
            (
                "hausdorff_area_weighted",
                "hausdorff_95_area_weighted",
                "average_distance_reference_to_test_area_weighted",
                "average_distance_test_to_reference_area_weighted",
            ),
            (
                "surface_dice_area_weighted",
                "surface_overlap_reference_area_weighted",
                "surface_overlap_test_area_weighted",
            ),
            reference.count == test.count == 0,
        )
    (cells, areas), (test_cells, test_areas) = reference.elements, test.elements
    there, back = distances_both_ways(cells, test_cells, reference.spacing, progress)
    within = [float(a[d <= tolerance_mm * ROUNDING].sum()) for d, a in ((there, areas), (back, test_areas))]
    total = [float(a.sum()) for a in (areas, test_areas)]
    return {
        "surface_dice_area_weighted": sum(within) / sum(total),
        "hausdorff_area_weighted": float(max(there.max(), back.max())),
        "hausdorff_95_area_weighted": max(_weighted_percentile(there, areas), _weighted_percentile(back, test_areas)),
        "average_distance_reference_to_test_area_weighted": float(there @ areas) / total[0],
        "average_distance_test_to_reference_area_weighted": float(back @ test_areas) / total[1],
        "surface_overlap_reference_area_weighted": ratio(within[0], total[0]),
        "surface_overlap_test_area_weighted": ratio(within[1], total[1]),
    }


def distances_both_ways(
    first: np.ndarray, second: np.ndarray, spacing: tuple[float, ...], progress: Progress = SILENT
) -> tuple[np.ndarray, np.ndarray]:
    """Distance in mm of each point (dimension, n; voxel indices) of the first to the second's nearest, and back."""
    there, back = progress.parts(first.shape[1], second.shape[1])
    return (
        distances_to(first, second, spacing, there),
        distances_to(second, first, spacing, back),
    )


def _weighted_percentile(distances: np.ndarray, areas: np.ndarray) -> float:
    """The smallest distance within which PERCENTILE % of the area lie."""
    order = np.argsort(distances, kind="stable")
    shares = np.cumsum(areas[order]) / areas.sum()
    return float(distances[order[min(int(np.searchsorted(shares, PERCENTILE / 100)), order.size - 1)]])


def _without_surface(distances: tuple[str, ...], shares: tuple[str, ...], both_empty: bool) -> dict[str, float]:
    return {
        **dict.fromkeys(distances, 0.0 if both_empty else math.nan),
        **dict.fromkeys(shares, 1.0 if both_empty else 0.0),
    }
