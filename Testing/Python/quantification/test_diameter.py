import numpy as np
import pytest
from Benchmarks._bodies import box, ellipsoid
from scipy import ndimage
from scipy.spatial import ConvexHull
from scipy.spatial.distance import pdist
from scipy.spatial.transform import Rotation

from MedProcLib.quantification.chords import convex_hull
from MedProcLib.quantification.contour import longest_of_contour
from MedProcLib.quantification.diameter import in_plane_diameter


def disc(diameter_mm: float, spacing=(1.0, 1.0), size=61) -> np.ndarray:
    y, x = np.mgrid[:size, :size]
    middle = (size - 1) / 2
    return (np.hypot((x - middle) * spacing[0], (y - middle) * spacing[1]) <= diameter_mm / 2)[np.newaxis]


def test_row_of_pixels_is_as_long_as_its_pixels():
    mask = np.zeros((1, 9, 9), bool)
    mask[0, 4, 1:7] = True
    found = longest_of_contour(mask, (0.5, 0.5))
    assert found.long_mm == pytest.approx(3.0)
    assert found.short_mm == pytest.approx(0.5)
    assert sorted(found.long_ends.tolist()) == [[0.5, 4], [6.5, 4]]


def test_row_of_tall_pixels_is_measured_across():
    mask = np.zeros((1, 9, 9), bool)
    mask[0, 4, 1:7] = True
    assert longest_of_contour(mask, (0.5, 2.0)).long_mm == pytest.approx(np.hypot(2.5, 2))


def test_one_pixel():
    found = longest_of_contour(np.ones((1, 1, 1), bool), (0.5, 2.0))
    assert (found.long_mm, found.short_mm) == pytest.approx((2.0, 0.5))


@pytest.mark.parametrize("spacing", [(1.0, 1.0), (0.5, 0.5), (0.4, 0.9)])
def test_disc(spacing):
    found = longest_of_contour(disc(20, spacing), spacing)
    assert found.long_mm == pytest.approx(20, abs=max(spacing))
    assert found.short_mm == pytest.approx(20, abs=max(spacing))


def test_tilted_ellipse():
    y, x = np.mgrid[:200, :200] - 99.5
    angle = np.radians(33)
    u, v = x * np.cos(angle) + y * np.sin(angle), -x * np.sin(angle) + y * np.cos(angle)
    mask = ((u / 80) ** 2 + (v / 25) ** 2 <= 1)[np.newaxis]
    found = longest_of_contour(mask, (0.25, 0.25))
    assert found.long_mm == pytest.approx(40, abs=0.3)
    assert found.short_mm == pytest.approx(12.5, abs=0.3)
    long, short = np.diff(found.long_ends, axis=0)[0], np.diff(found.short_ends, axis=0)[0]
    assert long @ short == pytest.approx(0, abs=1e-9 * 160 * 50)
    assert np.degrees(np.arctan2(long[1], long[0])) % 180 == pytest.approx(33, abs=1)


def test_the_longest_of_all_pairs_of_contour_points():
    rng = np.random.default_rng(2)
    for _ in range(20):
        mask = rng.random((3, 9, 11)) > 0.8
        spacing = (0.7, 1.3)
        found = longest_of_contour(mask, spacing)
        longest = 0.0
        for plane in mask:
            points = []
            for j, i in np.argwhere(plane):
                points += [(i - 0.5, j), (i + 0.5, j), (i, j - 0.5), (i, j + 0.5)]
            if points:
                longest = max(longest, pdist(np.array(points) * spacing).max())
        assert found.long_mm == pytest.approx(longest)
        assert np.linalg.norm(np.diff(found.long_ends, axis=0) * spacing) == pytest.approx(longest)
        assert np.linalg.norm(np.diff(found.short_ends, axis=0) * spacing) == pytest.approx(found.short_mm)
        assert found.short_mm <= longest


def test_slice_with_the_longest_is_found():
    mask = np.concatenate([disc(10), disc(24), disc(16)])
    assert longest_of_contour(mask, (1, 1)).slice_index == 1


def test_of_equal_long_diameters_the_widest_wins():
    mask = np.zeros((2, 20, 20), bool)
    mask[0, 5:15, 10] = True
    mask[1, 5:15, 10] = True
    mask[1, 10, 8:13] = True
    found = longest_of_contour(mask, (1, 1))
    assert (found.slice_index, found.long_mm, found.short_mm) == (1, 10, 5)


@pytest.mark.parametrize("spacing", [(1.0, 1.0), (0.6, 0.8), (0.4, 0.9)])
def test_diameters_are_of_the_object_not_of_its_pixels(spacing):
    """The contour overshoots round bodies by half a pixel and more; what is shown does not."""
    rng = np.random.default_rng(4)
    errors = []
    for _ in range(60):
        body = ellipsoid(*(rng.uniform(10, 24, 2)), 20)
        mask = body.on_grid(Rotation.from_euler("z", rng.uniform(0, 3)), rng.uniform(-0.4, 0.4, 3), (*spacing, 20.0))
        truth = sorted(2 * np.array(body.half[:2]))[::-1]
        raw, found = longest_of_contour(mask, spacing), in_plane_diameter(mask, spacing)
        errors.append([(raw.long_mm - truth[0]), *np.subtract((found.long_mm, found.short_mm), truth)])
        for ends, length in ((found.long_ends, found.long_mm), (found.short_ends, found.short_mm)):
            assert np.linalg.norm(np.diff(ends, axis=0) * spacing) == pytest.approx(length)
    errors = np.array(errors) / max(spacing)
    assert np.mean(errors[:, 0]) > 0.3
    assert np.mean(np.abs(errors[:, 1:]) <= 0.5) > 0.93
    assert np.abs(np.mean(errors[:, 1:], axis=0)).max() < 0.12


def test_corners_are_not_rounded():
    rng = np.random.default_rng(5)
    errors = []
    for _ in range(60):
        sides = rng.uniform(12, 24, 2)
        body = box(*sides, 20)
        mask = body.on_grid(Rotation.from_euler("z", rng.uniform(0, 3)), rng.uniform(-0.4, 0.4, 3), (1.0, 1.0, 20.0))
        found = in_plane_diameter(mask, (1.0, 1.0))
        # the perpendicular to a diagonal, through the middle of the longer sides
        errors.append((found.long_mm - np.hypot(*sides), found.short_mm - np.hypot(*sides) * min(sides) / max(sides)))
    assert (np.mean(np.abs(errors) <= 0.5, axis=0) > 0.7).all()
    assert np.abs(np.mean(errors, axis=0)).max() < 0.3


def test_round_corners_are_no_sharp_ones():
    """Rectangles whose corners are rounded by 1 to 5 pixels, in any place and at any angle."""
    rng, errors = np.random.default_rng(7), []
    y, x = np.mgrid[:41, :41]
    for _ in range(80):
        sides, radius, angle = rng.uniform(12, 24, 2), rng.uniform(1, 5), rng.uniform(0, np.pi)
        u, v = x - 20 - rng.uniform(-0.5, 0.5), y - 20 - rng.uniform(-0.5, 0.5)
        u, v = u * np.cos(angle) + v * np.sin(angle), v * np.cos(angle) - u * np.sin(angle)
        beyond = [np.maximum(np.abs(w) - side / 2 + radius, 0) for w, side in zip((u, v), sides, strict=True)]
        found = in_plane_diameter((np.hypot(*beyond) <= radius)[np.newaxis], (1.0, 1.0))
        errors.append(found.long_mm - np.hypot(*(sides - 2 * radius)) - 2 * radius)
    assert np.mean(np.abs(errors) <= 0.5) > 0.7 and abs(np.mean(errors)) < 0.35


def test_long_thin_bodies():
    """Ellipses 4 times as long as wide, whose tips are hardly wider than a pixel."""
    rng, errors = np.random.default_rng(8), []
    for _ in range(60):
        width = rng.uniform(6, 12)
        body = ellipsoid(4 * width, width, 40)
        mask = body.on_grid(Rotation.from_euler("z", rng.uniform(0, 3)), rng.uniform(-0.4, 0.4, 3), (1.0, 1.0, 40.0))
        found = in_plane_diameter(mask, (1.0, 1.0))
        errors.append((found.long_mm - 4 * width, found.short_mm - width))
    assert (np.mean(np.abs(errors) <= 0.5, axis=0) > 0.85).all()


def test_neither_place_nor_margin_matters():
    for seed in range(20):
        mask = ndimage.gaussian_filter(np.random.default_rng(seed).normal(size=(1, 14, 14)), [0, 1.5, 1.5]) > 0.02
        padded = np.pad(mask, ((2, 2), (5, 3), (1, 7)))
        first, second = (in_plane_diameter(m, (1.0, 1.0)) for m in (mask, padded))
        assert (first.long_mm, first.short_mm) == pytest.approx((second.long_mm, second.short_mm))
        assert second.long_ends - first.long_ends == pytest.approx(np.full((2, 2), [1, 5]))
        with_pixels = np.array([first.long_ends.min(), first.long_ends.max()])
        assert with_pixels[0] > -1.5 and with_pixels[1] < 14.5


def test_what_is_too_thin_for_more_keeps_its_contour():
    mask = np.zeros((1, 9, 9), bool)
    mask[0, 4, 1:7] = True
    assert in_plane_diameter(mask, (0.5, 0.5)).long_mm == pytest.approx(3.0)
    assert in_plane_diameter(np.ones((1, 1, 1), bool), (0.5, 2.0)).long_mm == pytest.approx(2.0)


@pytest.mark.parametrize(("size", "blur", "level"), [(7, 1.0, 0.1), (6, 0.3, 0.0), (14, 1.5, 0.02)])
def test_mirroring_and_turning_change_nothing(size, blur, level):
    """Ragged ones too, whose equally long chords end in parts that differ."""
    for seed in range(60):
        mask = (
            ndimage.gaussian_filter(np.random.default_rng(seed).normal(size=(1, size, size)), [0, blur, blur]) > level
        )
        if not mask.any():
            continue
        placed = (mask, mask[:, ::-1], mask[:, :, ::-1], mask.transpose(0, 2, 1))
        found = [in_plane_diameter(one, (1.0, 1.0)) for one in placed]
        for other in found[1:]:
            assert (other.long_mm, other.short_mm) == pytest.approx((found[0].long_mm, found[0].short_mm), abs=1e-6)


def test_convex_hull_is_that_of_qhull():
    rng = np.random.default_rng(6)
    for n in range(100):
        count = rng.integers(4, 60)
        points = rng.normal(size=(count, 2)) if n % 2 else rng.integers(-6, 7, (count, 2)) * (0.35, 0.65)
        if np.linalg.matrix_rank(points - points[0]) < 2:
            continue
        qhull = ConvexHull(points)
        corners = convex_hull(points)
        x, y = corners.T
        assert (x * np.roll(y, -1) - y * np.roll(x, -1)).sum() / 2 == pytest.approx(qhull.volume)
        assert {*map(tuple, corners)} == {*map(tuple, points[qhull.vertices])}
        # corners of a section come from each edge that meets there, and differ by rounding
        twice = convex_hull(np.concatenate([points, points + rng.normal(size=points.shape) * 1e-16]))
        assert twice == pytest.approx(corners, abs=1e-9)
    assert convex_hull(np.array([[1.0, 2.0]])).tolist() == [[1, 2]]
    assert convex_hull(np.array([[0, 0], [1, 1], [2, 2.0]])).tolist() == [[0, 0], [2, 2]]
    assert convex_hull(np.array([[1, 5.0], [1, 3], [1, 2]])).tolist() == [[1, 2], [1, 5]]
