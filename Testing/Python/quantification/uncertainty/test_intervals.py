"""A small version of Testing/Benchmarks/sizes.py."""

import numpy as np
import pytest
from Benchmarks._bodies import ball, box, capsule, cylinder, ellipsoid, lens
from scipy import ndimage
from scipy.spatial import ConvexHull
from scipy.spatial.distance import pdist
from scipy.spatial.transform import Rotation

from MedProcLib.quantification.diameter import in_plane_diameter
from MedProcLib.quantification.uncertainty.diameter import diameter_intervals
from MedProcLib.quantification.uncertainty.mean import mean_intensity_interval
from MedProcLib.quantification.uncertainty.volume import (
    Surface,
    grid_volume_sd,
    surface_of,
    volume_interval,
)

MAKERS = {
    "ball": lambda width, rng: ball(width),
    "ellipsoid": lambda width, rng: ellipsoid(width * rng.uniform(1.2, 2), width * rng.uniform(1, 1.2), width),
    "box": lambda width, rng: box(width, width * rng.uniform(1, 1.3), width * rng.uniform(1, 1.6)),
    "cylinder": lambda width, rng: cylinder(width, width * rng.uniform(1, 2)),
}


def placements(kind, spacing, count, seed=0):
    """(body, turn, mask) of bodies 6 to 10 voxels wide at random."""
    rng = np.random.default_rng([seed, list(MAKERS).index(kind)])
    for _ in range(count):
        body = MAKERS[kind](rng.uniform(6, 10) * np.prod(spacing) ** (1 / 3), rng)
        turn = Rotation.random(random_state=rng)
        yield body, turn, body.on_grid(turn, rng.uniform(-0.5, 0.5, 3) * spacing, spacing)


@pytest.mark.parametrize("spacing", [(1.0, 1.0, 1.0), (0.7, 0.7, 2.5)], ids=["cubes", "slices"])
def test_intervals_hold_the_truth(spacing):
    held = {kind: [] for kind in MAKERS}
    for kind in MAKERS:
        for body, turn, mask in placements(kind, spacing, 36):
            volume, diameters = volume_interval(mask, spacing), diameter_intervals(mask, spacing)
            pairs = zip((volume, *diameters), (body.volume, *body.in_plane(turn)), strict=True)
            held[kind].append([interval.low <= truth <= interval.high for interval, truth in pairs])
    shares = {kind: np.mean(hits, axis=0) for kind, hits in held.items()}
    # 95 % in the mean and 89 to 100 % of one kind, with the scatter of 36 placements
    assert all((share >= 0.8).all() for share in shares.values()), shares
    assert (np.mean(list(shares.values()), axis=0) >= 0.9).all(), shares


def test_intervals_of_diameters_are_no_wider_than_the_pixels_let_them_be():
    widths = []
    for _, _, mask in placements("ellipsoid", (1.0, 1.0, 1.0), 20):
        widths += [interval.high - interval.low for interval in diameter_intervals(mask, (1.0, 1.0, 1.0))]
    assert max(widths) < 3 and np.mean(widths) < 1.4


def test_intervals_of_diameters_tell_corners_from_round_ends():
    """Balls 12 to 20 pixels wide are known to a fraction of a pixel, polyhedra are not: their widest place is a corner
    between two slices, and which of two diagonals is the longer one decides the short diameter."""
    rng = np.random.default_rng(5)
    widths, held = {"ball": [], "polyhedron": []}, []
    for _ in range(25):
        turn, shift = Rotation.random(random_state=rng), rng.uniform(-0.5, 0.5, 3)
        mask = ball(rng.uniform(12, 20)).on_grid(turn, shift, (1.0, 1.0, 1.0))
        widths["ball"] += [interval.high - interval.low for interval in diameter_intervals(mask, (1.0, 1.0, 1.0))]
        corners = rng.normal(size=(10, 3))
        corners *= rng.uniform(8, 12) / np.linalg.norm(corners, axis=1)[:, np.newaxis]
        planes = ConvexHull(corners).equations
        places = np.stack(np.meshgrid(*[np.arange(-13.0, 14.0)] * 3, indexing="ij"), axis=-1)[..., ::-1] - shift
        mask = (places @ planes[:, :3].T + planes[:, 3] <= 0).all(axis=-1)
        found = diameter_intervals(mask, (1.0, 1.0, 1.0))
        widths["polyhedron"] += [interval.high - interval.low for interval in found]
        heights = np.linspace(corners[:, 2].min(), corners[:, 2].max(), 60)[1:-1]
        longest = max(pdist(np.array(section(corners, height))).max() for height in heights)
        held.append(found.long.low <= longest <= found.long.high)
    assert np.mean(widths["ball"]) < 0.8 and np.mean(widths["polyhedron"]) > 1.5
    assert np.mean(held) >= 0.84


def test_intervals_hold_the_diameters_that_are_shown():
    """Irregular bodies in a slice or two of 5 mm: the truth is likely to be larger than what the slices show."""
    rng, spacing = np.random.default_rng(3), (0.7, 0.7, 5.0)
    for _ in range(12):
        high = ndimage.gaussian_filter(rng.normal(size=(9, 60, 60)), (0.4, 3, 3))
        pieces, count = ndimage.label(high > 2 * high.std())
        mask = pieces == 1 + np.argmax(np.bincount(pieces.ravel(), minlength=count + 1)[1:])
        shown, found = in_plane_diameter(mask, spacing[:2]), diameter_intervals(mask, spacing)
        for value, interval in ((shown.long_mm, found.long), (shown.short_mm, found.short)):
            assert interval.low - 1e-9 <= value <= interval.high + 1e-9


def section(corners, height):
    """Points of a convex polyhedron's section across z: of the lines between all its corners."""
    ends = [(a, b) for a in corners for b in corners if a[2] < height <= b[2]]
    return [a[:2] + (height - a[2]) / (b[2] - a[2]) * (b - a)[:2] for a, b in ends]


@pytest.mark.parametrize("spacing", [(1.0, 1.0, 1.0), (0.7, 0.7, 3.5)], ids=["cubes", "slices"])
def test_area_of_bodies_a_few_layers_thick(spacing):
    """Steps over voxels see 0.8 of it in thick slices, which made the intervals of small findings too narrow."""
    rng = np.random.default_rng(0)
    ratios = []
    for kind in MAKERS:
        for _ in range(12):
            body = MAKERS[kind](rng.uniform(1.5, 3.5) * max(spacing), rng)
            mask = body.on_grid(Rotation.random(random_state=rng), rng.uniform(-0.5, 0.5, 3) * spacing, spacing)
            ratios.append(surface_of(mask, spacing).area / body.area)
    assert np.mean(ratios) == pytest.approx(1.02, abs=0.07)


def test_intervals_of_bodies_hardly_a_slice_thick():
    """What is seen in one slice or two may be twice as large and more, or half as large."""
    rng = np.random.default_rng(2)
    spacing, held = (0.7, 0.7, 4.0), []
    while len(held) < 300:
        body = ellipsoid(*rng.uniform(3, 8, 3))
        mask = body.on_grid(Rotation.random(random_state=rng), rng.uniform(-0.5, 0.5, 3) * spacing, spacing)
        if mask.any():
            interval = volume_interval(mask, spacing)
            held.append((interval.low > body.volume, body.volume > interval.high))
    below, above = np.mean(held, axis=0)
    assert below + above == pytest.approx(0.05, abs=0.03)
    assert below < 0.05 and above < 0.05


def test_volume_error_of_cubes_is_matern_s():
    """0.0667 area u^4: the body's power spectrum summed over the cubic lattice, whose Epstein zeta is 16.532."""
    assert grid_volume_sd(300.0, (2, 2, 2)) ** 2 == pytest.approx(0.0667 * 300 * 16, rel=2e-3)


def test_volume_error_is_that_of_shifted_balls():
    rng = np.random.default_rng(1)
    bodies = [ball(width) for width in rng.uniform(8, 12, 300)]
    spacing = (1.0, 0.8, 1.6)
    errors = []
    for body in bodies:
        mask = body.on_grid(Rotation.random(random_state=rng), rng.uniform(-0.5, 0.5, 3) * spacing, spacing)
        errors.append((mask.sum() * np.prod(spacing) - body.volume) / grid_volume_sd(body.area, spacing))
    assert np.std(errors) == pytest.approx(1, abs=0.15)
    assert np.mean(errors) == pytest.approx(0, abs=0.2)


def test_intervals_of_large_bodies_are_as_wide_as_what_the_slices_show():
    """In thick slices a box is seldom in line with them. A ball always touches one, sometimes just so, which shows."""
    rng, spacing = np.random.default_rng(4), (0.7, 0.7, 2.5)
    makers = {"box": lambda w: box(w, 1.2 * w, 1.4 * w), "ball": ball}
    held, ratios = {kind: [] for kind in makers}, {kind: [] for kind in makers}
    for kind, make in makers.items():
        for _ in range(60):
            body = make(rng.uniform(18, 24))
            mask = body.on_grid(Rotation.random(random_state=rng), rng.uniform(-0.5, 0.5, 3) * spacing, spacing)
            surface = surface_of(mask, spacing)
            interval = volume_interval(mask, spacing, surface=surface)
            usual = 1.96 * grid_volume_sd(surface.area, spacing) / interval.estimate
            ratios[kind].append(np.log(interval.high / interval.low) / 2 / usual)
            held[kind].append(interval.low <= body.volume <= interval.high)
    assert np.median(ratios["box"]) < 0.5 and np.median(ratios["ball"]) < 0.82
    assert all(np.mean(hits) >= 0.87 for hits in held.values())


def test_intervals_hold_the_truth_of_tubes_and_lenses():
    """Their sides are parallel and their rims sharp; balls, boxes and cylinders alone do not tell of these."""
    rng, spacing = np.random.default_rng(6), (0.7, 0.7, 2.5)
    for make in (lambda w: capsule(w, 0.7 * w), lambda w: lens(w, 1.6 * w)):
        held = []
        for _ in range(40):
            body, turn = make(rng.uniform(8, 14)), Rotation.random(random_state=rng)
            mask = body.on_grid(turn, rng.uniform(-0.5, 0.5, 3) * spacing, spacing)
            pairs = zip(diameter_intervals(mask, spacing), body.in_plane(turn), strict=True)
            held.append([interval.low <= truth <= interval.high for interval, truth in pairs])
        assert (np.mean(held, axis=0) >= 0.82).all()


def test_volume_interval_grows_with_the_border_s_error():
    mask = np.ones((10, 10, 10), bool)
    grid, border = volume_interval(mask, (1, 1, 1)), volume_interval(mask, (1, 1, 1), border_sd_mm=0.5)
    assert border.high - border.low > 3 * (grid.high - grid.low)
    assert volume_interval(mask, (1, 1, 1), surface=Surface(600.0)).estimate == 1000
    one = volume_interval(np.ones((1, 1, 1), bool), (1, 1, 5))
    assert 0 < one.low < one.estimate < one.high
    assert np.isfinite(volume_interval(np.ones((1, 1, 1), bool), (0.01, 0.01, 0.01), border_sd_mm=20).high)


def test_estimates_are_within_half_a_pixel_for_round_bodies():
    errors = []
    for body, turn, mask in placements("ellipsoid", (1.0, 1.0, 1.0), 50, seed=1):
        errors.append(diameter_intervals(mask, (1, 1, 1)).long.estimate - body.in_plane(turn)[0])
    assert np.mean(np.abs(errors) < 0.5) > 0.8
    assert abs(np.mean(errors)) < 0.12


@pytest.mark.parametrize("shape", [(1, 1, 1), (1, 1, 6), (1, 5, 5), (7, 1, 1)])
def test_few_voxels_have_wide_intervals(shape):
    long, short = diameter_intervals(np.ones(shape, bool), (0.5, 0.7, 3))
    for found in (long, short):
        assert 0 <= found.low <= found.estimate <= found.high < 100
    assert long.high - long.low > 0.3


@pytest.mark.parametrize("correlation", [0.0, 1.1, 1.5])
def test_mean_of_correlated_noise(correlation):
    rng = np.random.default_rng(5)
    body, spacing, held = ball(10.4), (1.0, 1.0, 1.0), []
    for _ in range(40):
        mask = np.pad(body.on_grid(Rotation.identity(), rng.uniform(-0.5, 0.5, 3), spacing), 3)
        noise = rng.normal(size=[n + 8 for n in mask.shape])
        if correlation:
            noise = ndimage.gaussian_filter(noise, correlation)
        image = 40 + 10 * (noise / noise.std())[4:-4, 4:-4, 4:-4]
        found = mean_intensity_interval(mask, image, spacing)
        held.append(found.low <= 40 <= found.high)
    assert 0.85 <= np.mean(held) <= 1


def test_mean_of_a_box_along_the_grid():
    """Faces between the voxels' planes are in or out as a whole: their border is no average over many places."""
    rng = np.random.default_rng(8)
    fine, shape, held = 4, (18, 17, 16), []
    for _ in range(60):
        starts, sizes = rng.uniform(3, 4, 3), rng.uniform(6, 10, 3)
        lines = [
            np.abs(np.arange(n * fine) / fine - start - size / 2) <= size / 2
            for n, start, size in zip(shape, starts, sizes, strict=True)
        ]
        body = lines[0][:, None, None] & lines[1][:, None] & lines[2]
        shown = 100 * ndimage.gaussian_filter(body.astype(np.float32), 0.8 * fine)
        mask, image = body[::fine, ::fine, ::fine], shown[::fine, ::fine, ::fine]
        found = mean_intensity_interval(mask, image + rng.normal(0, 5, image.shape), (1.0, 1.0, 1.0))
        held.append(found.low <= shown[body].mean() <= found.high)
    assert np.mean(held) > 0.85


@pytest.mark.parametrize("spacing", [(1.0, 1.0, 1.0), (1.0, 1.0, 5.0)])
def test_mean_of_a_body_of_few_voxels(spacing):
    """Its border is half as bright as it is, however many voxels lie around it."""
    mask = np.zeros((14, 14, 14), bool)
    mask[6:8, 6, 6] = True
    found, volume = mean_intensity_interval(mask, 10.0 * mask, spacing), volume_interval(mask, spacing)
    assert found.low == pytest.approx(10 - 5 * (1 - volume.estimate / volume.high))
    assert found.high == pytest.approx(10 + 5 * np.log(volume.estimate / volume.low))


@pytest.mark.parametrize("width", [2.0, 5.0])
def test_interval_of_the_mean_is_no_wider_than_need_be(width):
    """Blurred balls without noise: what is at the border alone."""
    rng, fine, error, wide = np.random.default_rng(5), 4, [], []
    for _ in range(25):
        size = width * rng.uniform(0.8, 1.2)
        lines = [(np.arange(14 * fine) / fine - 7 - rng.uniform(-0.5, 0.5)) ** 2 for _ in range(3)]
        body = np.add.outer(np.add.outer(lines[0], lines[1]), lines[2]) < (size / 2) ** 2
        shown = 100 * ndimage.gaussian_filter(body.astype(np.float32), 0.8 * fine)
        mask, image = body[::fine, ::fine, ::fine], shown[::fine, ::fine, ::fine]
        found = mean_intensity_interval(mask, image, (1.0, 1.0, 1.0))
        error.append(found.estimate - shown[body].mean())
        wide.append((found.high - found.low) / 2)
    assert 1.6 < np.mean(wide) / np.std(error) < 6


def test_mean_of_values_that_are_not_usual():
    mask = np.zeros((12, 12, 12), bool)
    mask[3:9, 3:9, 3:9] = True
    constant = mean_intensity_interval(mask, np.full(mask.shape, 7.0), (1, 1, 1))
    assert constant == pytest.approx((7, 7, 7))
    huge = np.random.default_rng(0).normal(1e37, 1e36, mask.shape)
    huge[0, 0, 0] = np.nan
    found = mean_intensity_interval(mask, huge, (1, 1, 1))
    assert found.low < found.estimate < found.high and np.isfinite(found.high)
    assert np.isnan(mean_intensity_interval(mask, np.full(mask.shape, np.nan), (1, 1, 1)).estimate)
    assert np.isfinite(mean_intensity_interval(np.ones((1, 1, 2), bool), np.ones((1, 1, 2)), (1, 1, 1)).high)


def test_mean_of_a_body_without_any_noise():
    """Rounding left a variance below zero."""
    mask = np.pad(np.ones((8, 8, 8), bool), 10)
    found = mean_intensity_interval(mask, np.where(mask, 0.3, 0.1), (1.0, 1.0, 1.0))
    assert found.estimate == pytest.approx(0.3, abs=1e-9) and 0.27 < found.low <= found.high < 0.33


def test_anatomy_around_a_segment_is_no_noise():
    """A segment among large structures of other levels: its mean is known as well as noise and border let it be."""
    random = np.random.default_rng(3)
    z, y, x = np.mgrid[:40, :40, :40]
    levels = 100 + 60 * np.sin(x / 5.0) * np.cos(y / 6.0) + 20 * np.sin(z / 7.0)
    mask = (x - 20) ** 2 + (y - 20) ** 2 + (z - 20) ** 2 < 9.3**2
    interval = mean_intensity_interval(mask, levels + random.normal(0, 2, levels.shape), (1.0, 1.0, 1.0))
    assert interval.low < levels[mask].mean() < interval.high
    assert interval.high - interval.low < 3


def test_noise_within_a_segment_is_learned_there_when_anatomy_is_around():
    """White noise in an even organ among large structures: its mean is known as n voxels let it be, not as n / 8."""
    random, half = np.random.default_rng(6), []
    z, y, x = np.mgrid[:32, :32, :32]
    mask = np.maximum(np.maximum(abs(x - 16), abs(y - 16)), abs(z - 16)) <= 8
    levels = np.where(mask, 100.0, 100 + 60 * np.sin(x / 5.0) * np.cos(y / 6.0) + 20 * np.sin(z / 7.0))
    levels[2:-2, 2:-2, 2:-2][ndimage.binary_dilation(mask)[2:-2, 2:-2, 2:-2]] = 100
    for _ in range(10):
        found = mean_intensity_interval(mask, levels + random.normal(0, 10, levels.shape), (1.0, 1.0, 1.0))
        half.append((found.high - found.low) / 2)
    exact = 1.96 * 10 / np.sqrt(mask.sum())
    assert exact < np.mean(half) < 2 * exact
