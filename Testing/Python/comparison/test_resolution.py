"""Studies of different resolution made alike."""

import numpy as np
import pytest
import SimpleITK as sitk
from scipy import ndimage
from scipy.spatial.transform import Rotation

from MedProcLib.comparison.blur_difference import blur_difference
from MedProcLib.comparison.halfway import transform_of
from MedProcLib.comparison.resolution import MatchResolution, Sampling, blurred_by, positive
from MedProcLib.core.errors import InputError
from MedProcLib.core.geometry import Geometry, resample

SIZE, SPACING = (40, 36, 30), (1.0, 1.5, 2.0)


def spot(direction=(1, 0, 0, 0, 1, 0, 0, 0, 1)) -> sitk.Image:
    values = np.zeros(SIZE[::-1], np.float32)
    values[15, 18, 20] = 1
    image = sitk.GetImageFromArray(values)
    image.SetSpacing(SPACING)
    image.SetDirection(direction)
    return image


def test_along_the_axes_it_is_the_usual_gaussian():
    sd = np.array([2.0, 3.0, 4.0])
    found = sitk.GetArrayFromImage(blurred_by(spot(), np.diag(sd**2)))
    expected = ndimage.gaussian_filter(sitk.GetArrayFromImage(spot()), (sd / SPACING)[::-1], mode="nearest", truncate=6)
    assert np.abs(found - expected).max() < 0.01 * expected.max()


def test_a_spot_gets_the_covariance_that_is_asked_for_on_an_oblique_grid():
    axes = Rotation.from_rotvec([0.4, -0.7, 0.2]).as_matrix()
    wanted = Rotation.from_rotvec([0.1, 0.5, 0.9]).as_matrix()
    wanted = wanted @ np.diag([9.0, 4.0, 1.0]) @ wanted.T
    image = spot(axes.ravel().tolist())
    values = sitk.GetArrayFromImage(blurred_by(image, wanted)).astype(float)
    points = Geometry.of(image).points(np.indices(values.shape).reshape(3, -1)[::-1].T.astype(float))
    weights = values.ravel() / values.sum()
    offset = points - weights @ points
    assert values.sum() == pytest.approx(1, abs=1e-3)
    np.testing.assert_allclose((offset * weights[:, None]).T @ offset, wanted, atol=0.15)


def sampled(image: sitk.Image, thickness: int, axis: int, start: int) -> tuple[sitk.Image, Sampling]:
    """The image as scanned in slices (each the mean of so many of its own) and interpolated back; where it was."""
    step = [1.0, 1.0, 1.0]
    step[axis] = float(thickness)
    grid = Geometry.of(image)
    size, first = list(grid.size), np.zeros(3)
    size[axis], first[axis] = (size[axis] - start) // thickness, start + (thickness - 1) / 2
    voxels = Geometry(
        tuple(size),
        tuple((np.array(grid.spacing) * step).tolist()),
        tuple(grid.points(first[None])[0].tolist()),
        grid.direction,
    )
    mean = ndimage.uniform_filter1d(sitk.GetArrayFromImage(image), thickness, 2 - axis, origin=0)
    # the mean of an even number of slices lies between two of them
    slices = resample(grid.image_of(mean), voxels)
    return resample(slices, grid), Sampling(voxels, sitk.Transform(3, sitk.sitkIdentity))


def apart(images, inner: int = 8) -> float:
    """Root mean square difference of two images, their border left out."""
    a, b = (sitk.GetArrayFromImage(i)[inner:-inner, inner:-inner, inner:-inner] for i in images)
    return float(np.sqrt(np.mean((a - b) ** 2)))


def test_thick_slices_in_two_directions_become_alike():
    """The same body in axial and in sagittal slices of 5 mm differs; after matching it hardly does."""
    z, y, x = np.mgrid[:60, :60, :60].astype(float) - 29.5
    body = np.where((x / 18) ** 2 + (y / 14) ** 2 + (z / 20) ** 2 < 1, 100.0, 0.0).astype(np.float32)
    body = sitk.GetImageFromArray(ndimage.gaussian_filter(body, 0.7))
    thick, where = zip(*(sampled(body, 5, axis, 0) for axis in (2, 0)), strict=True)
    assert apart(thick) > 4
    assert apart(MatchResolution()(*thick, *where)) < 0.2 * apart(thick)


@pytest.mark.parametrize(("thicknesses", "left"), [((1, 5), 0.1), ((3, 3), 0.65), ((3, 5), 0.35)])
def test_what_is_lost_between_slices_of_one_study_is_lost_in_both(thicknesses, left):
    """Slices that begin elsewhere, of one or two thicknesses: what blurring alike leaves of the difference is gone."""
    fine = sitk.GetImageFromArray(_texture())
    scans, where = zip(*(sampled(fine, t, 2, s) for t, s in zip(thicknesses, (0, 1), strict=True)), strict=True)
    grid = Geometry.of(fine)
    blurs = [positive(3 * (theirs.average - own.average)) for own, theirs in (where, where[::-1])]
    alike = [blurred_by(image, blur) for image, blur in zip(scans, blurs, strict=True)]
    matched = MatchResolution()(*scans, *where)
    assert Geometry.of(matched[0]).same_grid(grid)
    assert apart(matched) < left * apart(scans)
    assert apart(matched) < max(left, 0.6) * apart(alike)


def test_like_studies_stay_as_they_are():
    image = spot()
    where = Sampling(Geometry.of(image), sitk.Transform(3, sitk.sitkIdentity))
    np.testing.assert_allclose(np.diag(where.average), np.square(SPACING) / 12)
    first, other = MatchResolution()(image, image, where, where)
    for matched in (first, other):
        np.testing.assert_allclose(sitk.GetArrayFromImage(matched), sitk.GetArrayFromImage(image), atol=1e-4)


def test_the_voxels_turn_with_the_transform_and_do_not_mind_handedness():
    turn = np.eye(4)
    turn[:3, :3] = Rotation.from_rotvec([0, 0, np.pi / 2]).as_matrix()
    geometry = Geometry.of(spot((1, 0, 0, 0, 1, 0, 0, 0, -1)))
    where = Sampling(geometry, transform_of(turn))
    np.testing.assert_allclose(np.diag(where.average), np.square([1.5, 1.0, 2.0]) / 12)


def test_inside_is_what_the_voxels_do_not_mix_with_the_outside():
    """Slices of 5 mm carry an edge one slice further along them, and one pixel within them."""
    grid = Geometry((21, 21, 41), (1.0, 1.0, 1.0), (0.0, 0.0, 0.0), tuple(np.eye(3).ravel()))
    slices = Geometry((21, 21, 9), (1.0, 1.0, 5.0), (0.0, 0.0, 0.0), tuple(np.eye(3).ravel()))
    region = np.zeros((41, 21, 21), bool)
    region[:, 5:] = True
    region[33:] = False
    inside = Sampling(slices, sitk.Transform(3, sitk.sitkIdentity)).inside(region, grid)
    assert not inside[31:].any() and inside[:31, 6:].all() and not inside[:, :5].any()


def test_a_voxel_without_a_number_stays_and_spoils_no_other():
    fine = sitk.GetImageFromArray(_texture())
    (first, other), where = zip(*(sampled(fine, t, 2, 0) for t in (1, 4)), strict=True)
    expected = MatchResolution()(first, other, *where)
    first[5, 6, 7], other[9, 9, 9] = np.nan, np.inf
    for found, clean, place in zip(
        MatchResolution()(first, other, *where), expected, ((7, 6, 5), (9, 9, 9)), strict=True
    ):
        values, before = sitk.GetArrayFromImage(found), sitk.GetArrayFromImage(clean)
        assert np.argwhere(~np.isfinite(values)).tolist() == [list(place)]
        values[place] = before[place]
        assert np.median(np.abs(values - before)) < 1e-3 * before.std()


def test_only_directions_that_are_coarser_count():
    np.testing.assert_allclose(positive(np.diag([4.0, -9.0, 0.0])), np.diag([4.0, 0, 0]), atol=1e-12)


def test_images_on_two_grids_are_refused():
    with pytest.raises(InputError, match="geometry"):
        where = Sampling(Geometry.of(spot()), sitk.Transform(3, sitk.sitkIdentity))
        MatchResolution()(spot(), spot((0, 1, 0, 1, 0, 0, 0, 0, 1)), where, where)


def _texture(seed: int = 0) -> np.ndarray:
    random = np.random.default_rng(seed)
    return ndimage.gaussian_filter(random.normal(size=(44, 48, 52)), 1.5).astype(np.float32) * 500


@pytest.mark.parametrize("direction", [(1, 0, 0, 0, 1, 0, 0, 0, 1), (0, 0, -1, 1, 0, 0, 0, 1, 0)])
def test_how_much_more_one_image_is_blurred_shows_in_the_images(direction):
    """Of two noisy images in other units, the second blurred by a known covariance and with a lesion of its own."""
    first = sitk.GetImageFromArray(_texture())
    first.SetSpacing((1.0, 0.8, 1.3))
    first.SetDirection(direction)
    wanted = np.array([[0.9, 0.2, 0.0], [0.2, 0.5, -0.3], [0.0, -0.3, 0.7]])
    random = np.random.default_rng(1)
    one, two = (sitk.GetArrayFromImage(v) for v in (first, blurred_by(first, wanted)))
    one, two = (v + random.normal(0, 2, v.shape).astype(np.float32) for v in (one, two))
    two[20:24, 20:24, 20:24] += 300
    found = blur_difference(one, 3 * two + 50, np.ones(one.shape, bool), Geometry.of(first))
    np.testing.assert_allclose(found, wanted, atol=0.12)
    assert not blur_difference(one[:2], two[:2], np.ones((2, 48, 52), bool), Geometry.of(first[:, :, :2])).any()


def test_an_image_resampled_to_finer_voxels_than_it_has_detail_for_is_not_blurred_twice():
    thick = sitk.GetImageFromArray(ndimage.gaussian_filter1d(_texture(), 2.0, axis=0))
    grid, identity = Geometry.of(thick), sitk.Transform(3, sitk.sitkIdentity)
    # the second promises 1 mm in all directions
    slices = Geometry((52, 48, 11), (1.0, 1.0, 4.0), (0.0, 0.0, 0.0), grid.direction)
    where = Sampling(slices, identity), Sampling(grid, identity)
    first, other = (sitk.GetArrayFromImage(v) for v in MatchResolution()(where[0].seen(thick), thick, *where))
    plain = sitk.GetArrayFromImage(MatchResolution(measured=False)(where[0].seen(thick), thick, *where)[1])
    inner = np.s_[8:36]
    assert np.std((other - first)[inner]) < 0.5 * np.std((plain - first)[inner])
