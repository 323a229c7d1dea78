"""The best closed outline: exact optimum, volumes of known bodies, gaps in borders, several seeds."""

import numpy as np
import pytest
import SimpleITK as sitk

from MedProcLib.core.errors import InputError
from MedProcLib.core.geometry import Geometry
from MedProcLib.core.progress import Progress
from MedProcLib.segmentation.common.seeds import seeds_from_points
from MedProcLib.segmentation.presets.presets import preset_named
from MedProcLib.segmentation.region.closed_set import cheapest_surface
from MedProcLib.segmentation.region.optimal_surface import OptimalSurface
from MedProcLib.segmentation.region.rays import circle_rays, sphere_rays

OBLIQUE = sitk.VersorTransform((0.6, 0, 0.8), 0.5).GetMatrix()


def distances(size, spacing, center=0.0):
    axes = [(np.arange(n) - (n - 1) / 2) * s for n, s in zip(size[::-1], spacing[::-1], strict=True)]
    return np.sqrt(sum((m - center) ** 2 for m in np.meshgrid(*axes, indexing="ij")))


def image_of(inside, spacing, noise=10.0, contrast=50.0):
    values = 50 + contrast * inside + np.random.default_rng(0).normal(0, noise, inside.shape)
    image = sitk.GetImageFromArray(values.astype(np.float32))
    image.SetSpacing(spacing)
    return image


def outline(image, points, **parameters):
    seeds = seeds_from_points(Geometry.of(image), np.array(points), range(1, len(points) + 1))
    return sitk.GetArrayFromImage(OptimalSurface(**parameters)(image, seeds))


def overlap(found, truth):
    return 2 * np.count_nonzero(found & truth) / (np.count_nonzero(found) + np.count_nonzero(truth))


@pytest.mark.parametrize("step", [1, 2, 4])
def test_the_surface_of_a_chain_is_the_one_of_dynamic_programming(step):
    costs = np.random.default_rng(step).normal(size=(14, 17))
    chain = np.array([[i, i + 1] for i in range(13)])
    surface = cheapest_surface(costs, chain, step)
    best = costs[0]
    for column in costs[1:]:
        best = column + [best[max(0, k - step) : k + step + 1].min() for k in range(17)]
    assert np.abs(np.diff(surface)).max() <= step
    assert costs[np.arange(14), surface].sum() == pytest.approx(best.min(), abs=14 * np.ptp(costs) / 2000)


def test_rays_cover_circle_and_sphere_evenly():
    rays, pairs = circle_rays(90)
    assert np.allclose(rays.sum(axis=0), 0) and len(pairs) == 90
    rays, pairs, triangles = sphere_rays(2)
    assert rays.shape == (162, 3) and len(pairs) == 480 and len(triangles) == 320  # Euler: 162 - 480 + 320 = 2
    assert np.allclose(np.linalg.norm(rays, axis=1), 1) and np.allclose(rays.sum(axis=0), 0)


@pytest.mark.parametrize("noise", [5.0, 20.0])
@pytest.mark.parametrize("contrast", [50.0, -40.0])
@pytest.mark.parametrize(
    "size, spacing", [((60, 60, 60), (1.0, 1.0, 1.0)), ((90, 90, 24), (0.7, 0.7, 3.0)), ((60, 60), (1.0, 1.0))]
)
def test_volume_of_a_ball_from_a_point_off_its_center(size, spacing, contrast, noise):
    truth = distances(size, spacing, 4.0) < 12
    image = image_of(truth, spacing, noise, contrast)
    if len(size) == 3:
        image.SetDirection(OBLIQUE)
    found = outline(image, [Geometry.of(image).center], largest_radius_mm=25) > 0
    assert overlap(found, truth) > 0.97
    assert found.sum() == pytest.approx(truth.sum(), rel=0.04)


def test_an_outline_at_the_largest_radius_is_told_of():
    """Of a kidney of 190 ml and more a ball of 28 mm was outlined without a word."""
    truth = distances((60, 60), (1.0, 1.0)) < 16
    image = image_of(truth, (1.0, 1.0))
    seeds = seeds_from_points(Geometry.of(image), np.array([Geometry.of(image).center]), [1])
    said = []
    for largest in (22, 14):
        progress = Progress()
        OptimalSurface(largest_radius_mm=largest)(image, seeds, progress=progress)
        said += [(largest, note) for note in progress.notes]
    ((largest, note),) = said
    assert largest == 14 and int(note.split()[0]) > 50 and "object 1 is at the largest radius, 14 mm" in note


@pytest.mark.parametrize(("contrast", "told"), [(50.0, False), (0.0, True)])
def test_an_outline_that_follows_noise_is_told_of(contrast, told):
    """A click deep in liver or spleen, of which nothing ends within the reach, gave some ml of noise without a word."""
    image = image_of(distances((30, 30, 30), (3.0, 3.0, 3.0)) < 9, (3.0, 3.0, 3.0), 20.0, contrast)
    seeds = seeds_from_points(Geometry.of(image), np.array([Geometry.of(image).center]), [1])
    progress = Progress()
    OptimalSurface()(image, seeds, progress=progress)
    assert ["hardly clearer than noise" in note for note in progress.notes] == [True] * told


def test_the_outline_does_not_depend_on_how_the_grid_lies():
    """A lobed body, written down as a function of place, on an upright grid and on a turned, left-handed one."""

    def body_on(grid):
        points = grid.points(np.argwhere(np.ones(grid.size)))
        radius = np.linalg.norm(points, axis=1)
        lobes = points.prod(axis=1) / np.maximum(radius, 1e-9) ** 3
        inside = np.reshape(np.clip(11 + 14 * lobes - radius + 0.5, 0, 1), grid.size).T
        return inside, grid.image_of((50 + 50 * inside).astype(np.float32))

    matrix = np.reshape(OBLIQUE, (3, 3)) @ np.diag([-1, 1, 1])
    half = np.full(3, 21.5)
    for direction in (np.eye(3), matrix):
        grid = Geometry((44,) * 3, (1.0,) * 3, tuple(-direction @ half), tuple(direction.ravel()))
        inside, image = body_on(grid)
        found = outline(image, [(3.0, -2.0, 2.0)], largest_radius_mm=20, irregularity=0.4)
        assert overlap(found > 0, inside > 0.5) > 0.93


def test_a_gap_in_the_border_does_not_leak():
    """A disk that a bar of the same brightness joins to the image's border, as a lesion a vessel."""
    radius = distances((120, 120), (1.0, 1.0))
    disk = radius < 20
    bar = np.zeros_like(disk)
    bar[56:64, 60:] = True
    image = image_of(disk | bar, (1.0, 1.0), 5.0)
    found = outline(image, [(59.5, 59.5)], largest_radius_mm=50, smoothing_mm=0.5) > 0
    assert overlap(found, disk) > 0.95
    assert not found[:, 95:].any()


def test_a_voxel_goes_to_the_object_it_lies_deeper_in():
    y, x = np.mgrid[:60, :100]
    first, other = (x - 35) ** 2 + (y - 30) ** 2 < 15**2, (x - 63) ** 2 + (y - 30) ** 2 < 15**2
    image = image_of(first | other, (1.0, 1.0), 3.0)
    found = outline(image, [(35, 30), (63, 30)], largest_radius_mm=25)
    assert overlap(found == 1, first) > 0.93 and overlap(found == 2, other) > 0.93
    assert found[30, 48] == 1 and found[30, 50] == 2


def test_what_is_painted_lies_inside():
    """A bright core in a dimmer body: the point finds the core, a stroke across the body finds all of it."""
    radius = distances((90, 90), (1.0, 1.0))
    body, core = radius < 25, radius < 10
    image = image_of(0.6 * body + 0.8 * core, (1.0, 1.0), 3.0)
    small = outline(image, [(44.5, 44.5)], largest_radius_mm=40) > 0
    assert overlap(small, core) > 0.95
    stroke = np.zeros((90, 90), np.uint8)
    stroke[44, 23:67] = 1
    stroke[23:67, 44] = 1
    seeds = Geometry.of(image).image_of(stroke)
    whole = sitk.GetArrayFromImage(OptimalSurface(largest_radius_mm=40)(image, seeds)) > 0
    assert overlap(whole, body) > 0.93


def test_a_picture_with_no_room_for_the_smallest_radius_is_refused():
    """As where the size of its pixels is in cm."""
    image = image_of(distances((40, 60), (0.05, 0.05)) < 0.5, (0.05, 0.05))
    with pytest.raises(InputError, match="no outline is farther than 1 mm"):
        outline(image, [(1.5, 1.0)], largest_radius_mm=0, smallest_radius_mm=2)


def test_a_line_of_voxels_is_refused():
    image = sitk.GetImageFromArray(np.arange(20, dtype=np.float32).reshape(1, 1, 20))
    seeds = Geometry.of(image).image_of(np.eye(1, 20, 5, dtype=np.uint8).reshape(1, 1, 20))
    with pytest.raises(InputError, match="line of voxels"):
        OptimalSurface()(image, seeds)


@pytest.mark.parametrize("radius", [12, 40, 110])
def test_a_dark_lesion_of_any_size_in_a_picture_without_a_scale(radius):
    """In speckle, with the point on a bright echo in its middle."""
    apart = distances((320, 320), (1.0, 1.0))
    lesion = apart < radius
    speckle = np.random.default_rng(radius).rayleigh(1.0, apart.shape) * (40 - 28 * lesion)
    speckle[apart < 0.1 * radius] = 150
    image = sitk.GetImageFromArray(speckle.astype(np.float32))
    recipe = preset_named("us_region").recipe()
    seeds = seeds_from_points(Geometry.of(image), np.array([(159.5, 159.5)]), [1])
    found = sitk.GetArrayFromImage(recipe.run(image=image, seeds=seeds)["labels"]) > 0
    assert overlap(found, lesion) > 0.93


@pytest.mark.parametrize(("side", "reached"), [(1.0, True), (0.999, False)])
def test_the_usual_reach_is_one_in_mm_where_a_picture_says_how_large_its_pixels_are(side, reached):
    """A disk of 60 pixels' radius, which is 60 mm or of a size that the picture does not tell."""
    disk = distances((200, 200), (1.0, 1.0)) < 60
    found = outline(image_of(disk, (side, side)), [(99.5 * side, 99.5 * side)])
    assert bool(overlap(found, disk) > 0.95) == reached
