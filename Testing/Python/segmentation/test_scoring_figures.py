"""Figures of a score against their plain definitions on small arrays, and surface-distance where installed."""

import itertools
import math
import warnings

import numpy as np
import pytest
import SimpleITK as sitk
from scipy import ndimage
from scipy.spatial.distance import cdist, directed_hausdorff

from MedProcLib.segmentation.scoring import surface_elements
from MedProcLib.segmentation.scoring.figures import ALL_FIGURES
from MedProcLib.segmentation.scoring.score import Score, score


def image_of(array, spacing):
    image = sitk.GetImageFromArray(np.asarray(array).astype(np.uint8))
    image.SetSpacing([float(side) for side in reversed(spacing)])
    return image


def row_of(reference, test, spacing, **settings):
    return score(image_of(reference, spacing), image_of(test, spacing), Score(**settings)).rows[0]


def random_pair(seed):
    """Two masks that agree more or less, in 2D or 3D, and a spacing; they touch the borders."""
    rng = np.random.default_rng(seed)
    shape = rng.integers(4, 12, 2 + seed % 2)
    first = ndimage.gaussian_filter(rng.normal(size=shape), 0.8)
    second = first + rng.uniform(0, 1.5) * first.std() * rng.normal(size=shape)
    spacing = tuple(rng.uniform(0.4, 4, shape.size).tolist())
    return first > np.quantile(first, 0.6), second > np.quantile(second, rng.uniform(0.4, 0.8)), spacing


def border_points(mask, spacing):
    """Voxels with a face neighbor outside, one by one."""
    found = []
    for place in np.argwhere(mask):
        for axis, step in itertools.product(range(mask.ndim), (-1, 1)):
            other = place.copy()
            other[axis] += step
            if not 0 <= other[axis] < mask.shape[axis] or not mask[tuple(other)]:
                found.append(place)
                break
    return np.array(found) * spacing


@pytest.mark.parametrize("seed", range(16))
def test_figures_are_those_of_their_definitions(seed):
    reference, test, spacing = random_pair(seed)
    tolerance, width = 1.3, 2.1
    row = row_of(reference, test, spacing, tolerance_mm=tolerance, boundary_mm=width)
    tp, fp, fn, tn = (np.sum(a & b) for a, b in itertools.product((reference, ~reference), (test, ~test)))
    fp, fn = fn, fp
    voxel = math.prod(spacing)
    a, b = border_points(reference, spacing), border_points(test, spacing)
    apart = cdist(a, b)
    there, back = apart.min(axis=1), apart.min(axis=0)
    bands = []
    for mask, border in ((reference, a), (test, b)):
        near = np.zeros(mask.shape, bool)
        inside = np.argwhere(mask)
        near[tuple(inside[cdist(inside * spacing, border).min(axis=1) < width].T)] = True
        bands.append(near)
    expected = {
        "dice": 2 * tp / (2 * tp + fp + fn),
        "jaccard": tp / (tp + fp + fn),
        "sensitivity": tp / (tp + fn),
        "specificity": tn / (tn + fp),
        "precision": tp / (tp + fp),
        "reference_volume": (tp + fn) * voxel,
        "test_volume": (tp + fp) * voxel,
        "volume_difference": (int(fp) - int(fn)) * voxel,
        "relative_volume_difference": 100 * (int(fp) - int(fn)) / (tp + fn),
        "absolute_volume_difference": abs(int(fp) - int(fn)) * voxel,
        "absolute_relative_volume_difference": 100 * abs(int(fp) - int(fn)) / (tp + fn),
        "hausdorff": max(directed_hausdorff(a, b)[0], directed_hausdorff(b, a)[0]),
        "hausdorff_95": max(np.percentile(there, 95), np.percentile(back, 95)),
        "average_symmetric_surface_distance": (there.sum() + back.sum()) / (there.size + back.size),
        "mean_average_surface_distance": (there.mean() + back.mean()) / 2,
        "surface_dice": (np.sum(there <= tolerance) + np.sum(back <= tolerance)) / (there.size + back.size),
        "boundary_iou": np.sum(bands[0] & bands[1]) / np.sum(bands[0] | bands[1]),
    }
    for name, value in expected.items():
        assert row.value(name) == pytest.approx(value, rel=1e-12, abs=1e-12), name


@pytest.mark.parametrize("seed", range(16))
def test_area_weighted_figures_are_those_of_surface_distance(seed):
    peer = pytest.importorskip("surface_distance")
    reference, test, spacing = random_pair(seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # it uses old names of scipy
        distances = peer.compute_surface_distances(reference, test, spacing)
    row = row_of(reference, test, spacing, tolerance_mm=1.3)
    averages, overlaps = (
        peer.compute_average_surface_distance(distances),
        peer.compute_surface_overlap_at_tolerance(distances, 1.3),
    )
    expected = {
        "surface_dice_area_weighted": peer.compute_surface_dice_at_tolerance(distances, 1.3),
        "hausdorff_area_weighted": peer.compute_robust_hausdorff(distances, 100),
        "hausdorff_95_area_weighted": peer.compute_robust_hausdorff(distances, 95),
        "average_distance_reference_to_test_area_weighted": averages[0],
        "average_distance_test_to_reference_area_weighted": averages[1],
        "surface_overlap_reference_area_weighted": overlaps[0],
        "surface_overlap_test_area_weighted": overlaps[1],
    }
    for name, value in expected.items():
        assert row.value(name) == pytest.approx(value, abs=1e-6), name


def test_area_weighted_figures_by_hand():
    """A cube of 10 x 10 x 10 mm and one shifted by 2 mm: of the six faces, two are 2 mm off; corners are cut."""
    reference = np.zeros((20, 20, 20), bool)
    reference[5:15, 5:15, 5:15] = True
    row = row_of(reference, np.roll(reference, 2, axis=0), (1, 1, 1), tolerance_mm=1)
    assert row.value("hausdorff_area_weighted") == row.value("hausdorff_95_area_weighted") == 2
    # faces of 9 x 9, edges of 9 that are cut at 45 degrees, corners
    face, edge, corner = 81, 9 / math.sqrt(2), math.sqrt(3) / 8
    area = 6 * face + 12 * edge + 8 * corner
    cells, areas = surface_elements.surface_elements(reference, (1.0, 1.0, 1.0))
    assert areas.sum() == pytest.approx(area, rel=1e-12) and cells.shape == (3, areas.size) == (3, 11**3 - 9**3)
    # 2 mm away: the end outside the other, and what is more than 1 mm from the edge of the end inside it
    end = face + 4 * edge + 4 * corner
    off = end + 7 * 7
    assert row.value("surface_dice_area_weighted") == pytest.approx(1 - off / area, rel=1e-12)
    # 1 mm away: the first row of the sides, and the end inside nearer to its edge
    near = 4 * 9 + 4 / math.sqrt(2) + (9 * 9 - 7 * 7)
    for name in ("average_distance_reference_to_test", "average_distance_test_to_reference"):
        assert row.value(f"{name}_area_weighted") == pytest.approx((2 * off + near) / area, rel=1e-12)


def test_surface_elements_of_every_case():
    """Area of a cell: a plane is kept flat, a case and its complement share a surface, and axes may be exchanged."""
    sides = (0.7, 1.9, 1.1)
    areas = surface_elements._areas(sides)
    assert areas[0] == areas[255] == 0 and np.all(areas[1:255] > 0)
    assert np.array_equal(areas, areas[::-1])
    corner = np.linalg.norm(np.cross((-0.35, 0.95, 0), (-0.35, 0, 0.55))) / 2
    for one in range(8):
        assert areas[1 << one] == pytest.approx(corner)
        assert areas[1 << one | 1 << (7 - one)] == pytest.approx(2 * corner)  # opposite corners are taken apart
    halves = {0b01010101: (1, 2), 0b00110011: (0, 2), 0b00001111: (0, 1)}
    for case, (u, v) in halves.items():
        assert areas[case] == pytest.approx(sides[u] * sides[v])
    swapped = surface_elements._areas((sides[1], sides[0], sides[2]))
    exchanged = [sum((case >> c & 1) << (c >> 1 & 1 | (c & 1) << 1 | c & 4) for c in range(8)) for case in range(256)]
    assert np.allclose(areas, swapped[exchanged], rtol=1e-12)


def test_contours_of_a_square():
    square = np.zeros((9, 9), bool)
    square[2:6, 2:6] = True
    cells, lengths = surface_elements.surface_elements(square, (2.0, 1.0))
    assert lengths.sum() == pytest.approx(2 * 3 * 2 + 2 * 3 * 1 + 4 * math.hypot(2, 1) / 2)
    assert cells.shape == (2, 16)


def test_a_sphere_comes_out_as_geometry_says():
    """Balls of 20 and 22 mm around one center: volumes, ASSD and Hausdorff distance by geometry, to the voxel."""
    z, y, x = (np.arange(n) * s for n, s in ((32, 1.5), (60, 0.8), (60, 0.8)))
    radius = np.sqrt(((z - 23)[:, None, None]) ** 2 + ((y - 23.6)[:, None]) ** 2 + (x - 23.6) ** 2)
    row = row_of(radius <= 20, radius <= 22, (1.5, 0.8, 0.8), tolerance_mm=3)
    assert row.value("reference_volume") == pytest.approx(4 / 3 * math.pi * 20**3, rel=0.01)
    assert row.value("dice") == pytest.approx(2 / (1 + 1.1**3), rel=0.01)
    assert row.value("average_symmetric_surface_distance") == pytest.approx(2, abs=0.2)
    # all cells that the surface crosses count, two voxels thick in places: this definition comes out lower
    assert 1.4 < row.value("average_distance_reference_to_test_area_weighted") < 2
    assert 2 <= row.value("hausdorff") <= 3 and row.value("surface_dice") == 1


def test_each_figure_says_what_defines_it():
    reference, test, spacing = random_pair(1)
    row = row_of(reference, test, spacing, tolerance_mm=2.5)
    assert [m.name for m in row.measurements] == [figure.name for figure in ALL_FIGURES]
    for measurement in row.measurements:
        assert measurement.parameters["definition"] and measurement.parameters["source"] and measurement.ucum
    by_name = {m.name: m for m in row.measurements}
    assert by_name["surface_dice"].parameters["tolerance_mm"] == 2.5
    assert by_name["lesion_f1"].parameters["match"] == "iou"
    assert "surface-distance" in by_name["surface_dice_area_weighted"].parameters["source"]
    with pytest.raises(KeyError):
        row.value("beauty")
