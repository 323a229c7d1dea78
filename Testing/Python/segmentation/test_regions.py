"""What grows from seeds against analytic phantoms, scikit-image, SimpleITK and a direct solver."""

import numpy as np
import pytest
import SimpleITK as sitk
from scipy import ndimage, sparse
from scipy.sparse.linalg import spsolve
from skimage import segmentation as peers

from MedProcLib.core.errors import InputError
from MedProcLib.core.progress import Progress
from MedProcLib.segmentation.region.blocks import block_factors
from MedProcLib.segmentation.region.confidence_connected import ConfidenceConnected
from MedProcLib.segmentation.region.connected_threshold import ConnectedThreshold
from MedProcLib.segmentation.region.fast_marching import FastMarching
from MedProcLib.segmentation.region.grow_from_seeds import GrowFromSeeds
from MedProcLib.segmentation.region.marching import march
from MedProcLib.segmentation.region.marker_watershed import MarkerWatershed
from MedProcLib.segmentation.region.neighborhood_connected import NeighborhoodConnected
from MedProcLib.segmentation.region.random_walker import RandomWalker, step_chances
from MedProcLib.segmentation.region.walk import walk
from MedProcLib.segmentation.region.watershed import Watershed


def array(image):
    return sitk.GetArrayFromImage(image)


def dice(first, second):
    return 2 * np.count_nonzero(first & second) / (np.count_nonzero(first) + np.count_nonzero(second))


def image_of(values, spacing=None):
    image = sitk.GetImageFromArray(np.ascontiguousarray(values))
    if spacing:
        image.SetSpacing(spacing)
    return image


def seeds_at(shape, places, spacing=None):
    seeds = np.zeros(shape, np.uint8)
    for place, number in places.items():
        seeds[place] = number
    return image_of(seeds, spacing)


def two_balls(noise=5.0, spacing=(1.0, 1.0, 2.0)):
    """Balls of radius 10 mm, of 100 and 140 on 40, that touch; image, truth (1, 2), seeds (1, 2, 3 in the ground)."""
    size = (64, 48, 20)
    z, y, x = np.meshgrid(
        *[np.arange(n) * s for n, s in zip(size[::-1], spacing[::-1], strict=True)], indexing="ij", sparse=True
    )
    first = (x - 22) ** 2 + (y - 24) ** 2 + (z - 20) ** 2 <= 100
    other = (x - 41) ** 2 + (y - 24) ** 2 + (z - 20) ** 2 <= 100
    truth = np.where(other, 2, np.where(first, 1, 0))
    values = np.array([40.0, 100.0, 140.0])[truth] + np.random.default_rng(0).normal(0, noise, truth.shape)
    seeds = seeds_at(truth.shape, {(10, 24, 20): 1, (10, 24, 43): 2, (10, 4, 4): 3, (10, 44, 60): 3}, spacing)
    return image_of(values.astype(np.float32), spacing), truth, seeds


def test_fronts_reach_at_the_distance_in_mm_and_meet_halfway():
    seeds = np.zeros((20, 40, 40), np.int32)
    seeds[10, 20, 20] = 1
    z, y, x = np.mgrid[:20, :40, :40]
    distance = np.sqrt(((z - 10) * 2) ** 2 + (y - 20) ** 2 + (x - 20) ** 2)
    time, _ = march(np.ones(seeds.shape, np.float32), seeds, (2.0, 1.0, 1.0))
    # of first order: a point is a poor start
    assert np.abs(time - distance).max() < 2.5 and np.abs(time - distance).mean() < 1.5
    seeds[:] = 0
    seeds[10, 20, 5], seeds[10, 20, 30] = 4, 9
    for at_once in (10**9, 4000):
        _, number = march(np.ones(seeds.shape, np.float32), seeds, (2.0, 1.0, 1.0), at_once=at_once)
        np.testing.assert_array_equal(number, np.where(x < 17.5, 4, 9))


def test_fronts_go_around_walls_and_the_coarse_grid_leads_to_the_same():
    cost = np.random.default_rng(0).uniform(0.5, 1.5, (24, 60, 60)).astype(np.float32)
    cost[:, 30, :50] = np.inf
    seeds = np.zeros(cost.shape, np.int32)
    seeds[12, 10, 10], seeds[12, 50, 10] = 1, 2
    time, number = march(cost, seeds, (1.0, 1.0, 1.0))
    assert not number[:, 30, :50].any() and (number[:, :30, :40] == 1).all()
    assert np.isinf(time[:, 30, :50]).all()
    fine = march(cost, seeds, (1.0, 1.0, 1.0), at_once=15000)[1]
    assert np.count_nonzero(fine != number) < 0.01 * number.size
    assert block_factors((24, 60, 60), (4.0, 1.0, 1.0), 15000) == (1, 3, 2)


@pytest.mark.parametrize("shape", [(7, 30, 1), (1, 1, 9), (12, 12)])
def test_fronts_on_flat_arrays(shape):
    seeds = np.zeros(shape, np.int32)
    seeds[(0,) * len(shape)], seeds[tuple(n - 1 for n in shape)] = 1, 2
    time, number = march(np.ones(shape, np.float32), seeds, (1.0,) * len(shape))
    assert np.isfinite(time).all() and set(np.unique(number)) == {1, 2}


def test_connected_threshold_is_that_of_simpleitk_and_seeds_share_what_they_both_reach():
    image, truth, _ = two_balls()
    seeds = seeds_at(truth.shape, {(10, 24, 20): 1}, image.GetSpacing())
    expected = sitk.ConnectedThreshold(image, [(20, 24, 10)], 70.0, 200.0)
    np.testing.assert_array_equal(array(ConnectedThreshold(lower=70, upper=200)(image, seeds)), array(expected))
    both = seeds_at(truth.shape, {(10, 24, 18): 1, (10, 24, 45): 5}, image.GetSpacing())
    shared = array(ConnectedThreshold(lower=70)(image, both))
    np.testing.assert_array_equal(shared > 0, array(expected) > 0)
    # the middle between the seeds, in x
    assert dice(shared == 1, (truth > 0) & (np.arange(64) < 31.5)) > 0.97


def test_leaks_are_refused_or_limited_and_seeds_in_the_wrong_place_named():
    image, truth, seeds = two_balls()
    with pytest.raises(InputError, match="leaked"):
        ConnectedThreshold(lower=0, maximum_volume_mm3=9000)(image, seeds)
    with pytest.raises(InputError, match="Seed 3 lies where the image is"):
        ConnectedThreshold(lower=70)(image, seeds)
    alone = seeds_at(truth.shape, {(10, 24, 20): 1}, image.GetSpacing())
    told, at_ease = Progress(), Progress()
    ConnectedThreshold(lower=0)(image, alone, progress=told)
    assert len(told.notes) == 1 and "seed 1 reaches over nearly the whole" in told.notes[0]
    ConnectedThreshold(lower=70)(image, alone, progress=at_ease)
    found = array(ConnectedThreshold(lower=0, maximum_radius_mm=6)(image, alone, progress=at_ease))
    assert len(at_ease.notes) == 1 and at_ease.notes[0].startswith("Object 1 ends 6 mm from its seeds")
    assert np.count_nonzero(found) * 2 == pytest.approx(4 / 3 * np.pi * 6**3, rel=0.06)
    with pytest.raises(InputError, match="outside the mask"):
        ConnectedThreshold(lower=0)(image, seeds, image_of((truth == 1).astype(np.uint8), image.GetSpacing()))


def test_confidence_connected_is_that_of_simpleitk():
    image, truth, _ = two_balls(spacing=(1.0, 1.0, 1.0))
    place = tuple(int(k) for k in np.argwhere(truth == 1).mean(axis=0))
    seeds = seeds_at(truth.shape, {place: 1})
    expected = array(sitk.ConfidenceConnected(image, [place[::-1]], 4, 2.5, 2)) > 0
    found = array(ConfidenceConnected(radius_mm=2, iterations=4, multiplier=2.5)(image, seeds)) > 0
    assert dice(found, expected) > 0.99


def test_neighborhood_connected_is_that_of_simpleitk_and_gives_back_the_rim():
    image, truth, _ = two_balls(spacing=(1.0, 1.0, 1.0))
    place = tuple(int(k) for k in np.argwhere(truth == 1).mean(axis=0))
    seeds = seeds_at(truth.shape, {place: 1})
    # a ball of 1.75 voxels is a cube of 3
    expected = array(sitk.NeighborhoodConnected(image, [place[::-1]], 70.0, 125.0, [1, 1, 1])) > 0
    found = array(NeighborhoodConnected(lower=70, upper=125, radius_mm=1.75, rim=False)(image, seeds)) > 0
    inner = np.s_[1:-1, 1:-1, 1:-1]
    np.testing.assert_array_equal(found[inner], expected[inner])
    whole = array(NeighborhoodConnected(lower=70, upper=125, radius_mm=1.75)(image, seeds)) > 0
    assert dice(whole, truth == 1) > 0.98 > dice(found, truth == 1)


def test_neighborhood_connected_does_not_pass_a_thin_bridge():
    values = np.full((40, 40), 20.0, np.float32)
    values[5:15, 5:35] = values[25:35, 5:35] = 100
    values[15:25, 20] = 100
    seeds = seeds_at(values.shape, {(10, 10): 1})
    assert array(ConnectedThreshold(lower=60)(image_of(values), seeds))[30, 10]
    found = array(NeighborhoodConnected(lower=60, radius_mm=1.5)(image_of(values), seeds))
    assert not found[25:].any() and found[5:15, 5:35].all()


OF_SEVERAL = [
    (GrowFromSeeds(background_seed=3, reach_mm=0), 0.97),
    # a walk falls half a millimeter short where the border is blurred and the seeds are points
    (RandomWalker(background_seed=3, reach_mm=0), 0.92),
    (MarkerWatershed(background_seed=3, reach_mm=0), 0.95),
    (FastMarching(background_seed=3, distance_mm=0), 0.95),
]


@pytest.mark.parametrize(
    "operation, least", OF_SEVERAL, ids=lambda o: getattr(o, "declaration", None) and o.declaration.name
)
def test_two_touching_balls_of_different_brightness(operation, least):
    image, truth, seeds = two_balls()
    result = operation(image, seeds)
    labels = array(result[0] if isinstance(result, tuple) else result)
    assert set(np.unique(labels)) == {0, 1, 2}
    for number in (1, 2):
        assert dice(labels == number, truth == number) > least


@pytest.mark.parametrize(
    "operation", [GrowFromSeeds(reach_mm=14), RandomWalker(reach_mm=14), MarkerWatershed(reach_mm=14)], ids=str
)
def test_one_click_needs_no_seed_around_it(operation):
    z, y, x = np.mgrid[:24, :40, :40]
    ball = (z - 12) ** 2 + (y - 20) ** 2 + (x - 20) ** 2 <= 64
    values = 40 + 60.0 * ball + np.random.default_rng(0).normal(0, 5, ball.shape)
    result = operation(image_of(values.astype(np.float32)), seeds_at(ball.shape, {(12, 20, 20): 1}))
    assert dice(array(result[0] if isinstance(result, tuple) else result) > 0, ball) > 0.92


@pytest.mark.parametrize(("operation", "least"), [(GrowFromSeeds, 0.7), (RandomWalker, 0.99)])
def test_an_object_larger_than_the_reach_is_cut_there_and_told_of(operation, least):
    """All that lay beyond counted as surroundings: of this ball the reach left Dice 0.23 and 0.02 of what it allows."""
    z, y, x = np.meshgrid(*[np.arange(n) * 3.0 for n in (24, 28, 28)], indexing="ij", sparse=True)
    from_seed = np.sqrt((z - 36) ** 2 + (y - 42) ** 2 + (x - 33) ** 2)
    ball = (z - 36) ** 2 + (y - 42) ** 2 + (x - 42) ** 2 <= 30**2
    values = 40 + 60.0 * ball + np.random.default_rng(0).normal(0, 10, ball.shape)
    image, seeds = image_of(values, (3.0,) * 3), seeds_at(ball.shape, {(12, 14, 11): 1}, (3.0,) * 3)
    for reach, told in ((24, 1), (42, 0)):
        progress = Progress()
        result = operation(reach_mm=reach)(image, seeds, progress=progress)
        found = array(result[0] if isinstance(result, tuple) else result) == 1
        assert dice(found, ball & (from_seed <= reach)) > least and not found[from_seed > reach + 0.1].any()
        assert len(progress.notes) == told and all(f"Object 1 ends {reach} mm" in note for note in progress.notes)


def test_fast_marching_stops_at_its_distance_and_at_edges():
    values = np.full((30, 60, 60), 50.0, np.float32) + np.random.default_rng(0).normal(0, 1, (30, 60, 60))
    values[:, :, 40:] += 100
    seeds = seeds_at(values.shape, {(15, 30, 30): 1})
    found = array(FastMarching(distance_mm=12)(image_of(values.astype(np.float32)), seeds)) > 0
    x = np.nonzero(found)[2]
    assert abs(30 - x.min() - 12) <= 2 and x.max() < 41


def test_watershed_from_seeds_is_that_of_scikit_image():
    image, _, seeds = two_balls(noise=0.0, spacing=(1.0, 1.0, 1.0))
    gradient = array(sitk.GradientMagnitudeRecursiveGaussian(image, 1.0))
    expected = peers.watershed(gradient, array(seeds).astype(int))
    found = array(MarkerWatershed(reach_mm=0)(image, seeds))
    for number in (1, 2, 3):
        assert dice(found == number, expected == number) > 0.97


def test_watershed_parts_what_stands_out_and_not_the_noise():
    z, y, x = np.mgrid[:20, :40, :80]
    places = [(10, 20, 15), (10, 20, 40), (10, 20, 65)]
    values = sum(100 * np.exp(-((z - a) ** 2 + (y - b) ** 2 + (x - c) ** 2) / 100) for a, b, c in places)
    values = values + np.random.default_rng(0).normal(0, 2, values.shape)
    mask = image_of((values > 30).astype(np.uint8))
    labels = array(Watershed(level=20, level_in="intensity")(image_of(values.astype(np.float32)), mask))
    assert set(np.unique(labels[values > 30])) == {1, 2, 3} and not labels[values <= 30].any()
    assert len({labels[place] for place in places}) == 3
    sizes = np.bincount(labels.ravel())[1:]
    assert (np.diff(sizes) <= 0).all()
    fine = array(Watershed(level=0, smoothing_mm=0)(image_of(values.astype(np.float32)), mask))
    assert fine.max() > 20


def test_the_walk_solves_its_equations():
    values = np.random.default_rng(0).normal(0, 10, (6, 14, 12))
    values[:, 5:9, 3:8] += 60
    seeds = np.zeros(values.shape, np.int32)
    seeds[3, 7, 5], seeds[0, 0, 0], seeds[5, 13, 11] = 1, 2, 3
    spacing = (3.0, 1.0, 1.0)
    links = step_chances(values, np.ones(values.shape, bool), spacing, 2.0)
    index = np.arange(values.size).reshape(values.shape)
    rows, columns, weights = [], [], []
    for axis, link in enumerate(links):
        low, high = np.delete(index, -1, axis).ravel(), np.delete(index, 0, axis).ravel()
        rows += [low, high]
        columns += [high, low]
        weights += [link.ravel(), link.ravel()]
    matrix = sparse.coo_array(
        (np.concatenate(weights).astype(float), (np.concatenate(rows), np.concatenate(columns)))
    ).tocsr()
    laplacian = sparse.diags_array(np.asarray(matrix.sum(axis=1)).ravel()).tocsr() - matrix
    free = seeds.ravel() == 0
    for number in (1, 2, 3):
        right = matrix[free][:, ~free] @ (seeds.ravel()[~free] == number).astype(float)
        expected = spsolve(laplacian[free][:, free].tocsc(), right)
        found = walk(links, spacing, seeds, number).ravel()
        np.testing.assert_allclose(found[free], expected, atol=2e-3)
        np.testing.assert_array_equal(found[~free], seeds.ravel()[~free] == number)


def test_random_walker_is_that_of_scikit_image():
    values = np.full((40, 40), 40.0) + np.random.default_rng(0).normal(0, 6, (40, 40))
    y, x = np.mgrid[:40, :40]
    disk = (y - 20) ** 2 + (x - 20) ** 2 < 100
    values[disk] += 50
    seeds = np.zeros((40, 40), np.uint8)
    seeds[18:22, 18:22], seeds[0], seeds[-1] = 1, 2, 2
    settings = RandomWalker(smoothing_mm=0, likeness=0, edge=2, reach_mm=0, background_seed=2)
    labels, maps = settings(image_of(values.astype(np.float32)), image_of(seeds))
    # the same weights: ours are exp(-(d / (edge scale))²) with one scale for each axis
    scales = [1.4826 * np.median(np.abs(np.diff(values, axis=axis))) for axis in (0, 1)]
    beta = 10 * values.std() / (2 * np.mean(scales)) ** 2
    expected = peers.random_walker(values, seeds.astype(int), beta=beta, mode="bf", return_full_prob=True)
    assert np.abs(array(maps["probability of 1"]) - expected[0]).mean() < 0.01
    assert dice(array(labels) == 1, expected[0] > 0.5) > 0.98


def test_a_large_box_is_walked_on_a_coarser_grid(monkeypatch):
    image, truth, seeds = two_balls()
    monkeypatch.setattr("MedProcLib.segmentation.region.random_walker.MOST_VOXELS", 20000)
    labels, maps = RandomWalker(background_seed=3, reach_mm=0)(image, seeds)
    assert list(maps) == ["probability of 1", "probability of 2"]
    for number in (1, 2):
        assert dice(array(labels) == number, truth == number) > 0.88


def test_seeds_that_share_a_block_of_the_coarser_grid_are_each_walked_to_or_refused(monkeypatch):
    monkeypatch.setattr("MedProcLib.segmentation.region.random_walker.MOST_VOXELS", 4000)  # blocks of 2 voxels a side
    values = np.random.default_rng(0).normal(0, 1, (32, 32, 32)).astype(np.float32)
    values[8:24, 8:24, 8:16] += 8
    values[8:24, 8:24, 16:24] -= 8
    seeds = np.zeros(values.shape, np.uint8)
    seeds[2, 2], seeds[16, 16, 16:22], seeds[16, 16, 14:16] = 4, 3, 1
    seeds[17, 17, 14] = 2  # in the block of all seeds of number 1
    walker = RandomWalker(background_seed=4, reach_mm=0, point_radius_mm=0)
    with pytest.raises(InputError, match=r"seeds of number 1 lie too near to others.*mark more"):
        walker(image_of(values), image_of(seeds))
    seeds[17, 17, 14], seeds[15, 16, 16:22] = 3, 3  # which has other blocks too
    labels = array(walker(image_of(values), image_of(seeds))[0])
    assert dice(labels[8:24, 8:24] == 1, values[8:24, 8:24] > 4) > 0.85


@pytest.mark.parametrize("operation", [operation for operation, _ in OF_SEVERAL], ids=lambda o: o.declaration.name)
def test_growing_keeps_to_the_mask_and_does_not_jump_to_pieces_without_a_seed(operation):
    image, truth, seeds = two_balls()
    mask = np.ones(truth.shape, np.uint8)
    mask[:, :, 58:60] = 0  # a wall; the seed beyond it is taken away
    array_of_seeds = array(seeds)
    array_of_seeds[:, :, 58:] = 0
    seeds = image_of(array_of_seeds, image.GetSpacing())
    other = type(operation)(**{**operation.parameters, "background_seed": 0})
    result = other(image, seeds, image_of(mask, image.GetSpacing()))
    labels = array(result[0] if isinstance(result, tuple) else result)
    assert not labels[:, :, 58:].any() and labels[:, :, :58].all()


def test_a_real_lesion_of_the_lung_from_one_click(shared_data):
    folder = shared_data / "01_ct" / "pyradiomics_lung1"
    image = sitk.ReadImage(str(folder / "image.nrrd"))
    truth = array(sitk.ReadImage(str(folder / "label.nrrd"))) == 1
    depth = ndimage.distance_transform_edt(truth, image.GetSpacing()[::-1])
    seeds = seeds_at(truth.shape, {np.unravel_index(np.argmax(depth), depth.shape): 1}, image.GetSpacing())
    seeds.CopyInformation(image)
    assert dice(array(GrowFromSeeds(reach_mm=13)(image, seeds)) > 0, truth) > 0.7
    assert dice(array(RandomWalker(reach_mm=13)(image, seeds)[0]) > 0, truth) > 0.8


def test_only_surroundings_or_one_object_everywhere_are_refused():
    image, truth, _ = two_balls()
    alone = seeds_at(truth.shape, {(10, 24, 20): 3}, image.GetSpacing())
    with pytest.raises(InputError, match="surroundings"):
        GrowFromSeeds(background_seed=3)(image, alone)
    everywhere = image_of(np.ones(truth.shape, np.uint8), image.GetSpacing())
    with pytest.raises(InputError, match="nothing around"):
        GrowFromSeeds()(image, everywhere)


def test_a_seed_that_nothing_is_like_is_told_to_move():
    """Around the seed's own 2 the faces hold 100, the edges and corners 0: mean 22, SD 41, so the faces are unlike."""
    values = np.zeros((7, 7, 7), np.float32)
    for axis in range(3):
        for step in (-1, 1):
            values[tuple(3 + step * (axis == k) for k in range(3))] = 100
    values[3, 3, 3] = 2
    seeds = np.zeros(values.shape, np.uint8)
    seeds[3, 3, 3] = 1
    with pytest.raises(InputError, match="Nothing beside seed 1 is like it: move it"):
        ConfidenceConnected(multiplier=1.0, radius_mm=1.0)(*map(sitk.GetImageFromArray, (values, seeds)))
    painted = (values > 50).astype(np.uint8)
    painted[3, 3, 3] = 1
    whole = ConfidenceConnected(multiplier=0.1, radius_mm=0)(*map(sitk.GetImageFromArray, (values, painted)))
    np.testing.assert_array_equal(sitk.GetArrayFromImage(whole), painted, "what is painted whole is no point")
