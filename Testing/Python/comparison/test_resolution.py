"""Studies of different resolution made alike."""

import numpy as np
import pytest
import SimpleITK as sitk
from scipy import ndimage
from scipy.spatial.transform import Rotation

from MedProcLib.comparison.resolution import MatchResolution, blurred_by, positive, voxel_spread
from MedProcLib.core.errors import InputError
from MedProcLib.core.geometry import Geometry

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


def test_thick_slices_in_two_directions_become_alike():
    """The same body in axial and in sagittal slices of 5 mm differs; after matching it hardly does."""
    z, y, x = np.mgrid[:60, :60, :60].astype(float) - 29.5
    body = np.where((x / 18) ** 2 + (y / 14) ** 2 + (z / 20) ** 2 < 1, 100.0, 0.0).astype(np.float32)
    thick = [sitk.GetImageFromArray(ndimage.uniform_filter1d(body, 5, axis)) for axis in (0, 2)]
    spread = [np.diag([1.0, 1, 25]) / 12, np.diag([25.0, 1, 1]) / 12]
    matched = MatchResolution()(*thick, *spread)

    def apart(images) -> float:
        a, b = (sitk.GetArrayFromImage(i) for i in images)
        return float(np.sqrt(np.mean((a - b) ** 2)))

    assert apart(thick) > 4
    assert apart(matched) < 0.25 * apart(thick)


def test_like_studies_stay_as_they_are():
    image = spot()
    spread = voxel_spread(Geometry.of(image), np.eye(4))
    np.testing.assert_allclose(np.diag(spread), np.square(SPACING) / 4)
    first, other = MatchResolution()(image, image, spread, spread)
    np.testing.assert_array_equal(sitk.GetArrayFromImage(first), sitk.GetArrayFromImage(image))
    np.testing.assert_array_equal(sitk.GetArrayFromImage(other), sitk.GetArrayFromImage(image))


def test_the_spread_turns_with_the_transform_and_does_not_mind_handedness():
    turn = np.eye(4)
    turn[:3, :3] = Rotation.from_rotvec([0, 0, np.pi / 2]).as_matrix()
    geometry = Geometry.of(spot((1, 0, 0, 0, 1, 0, 0, 0, -1)))
    np.testing.assert_allclose(np.diag(voxel_spread(geometry, turn)), np.square([1.5, 1.0, 2.0]) / 4)


def test_only_directions_that_are_coarser_count():
    np.testing.assert_allclose(positive(np.diag([4.0, -9.0, 0.0])), np.diag([4.0, 0, 0]), atol=1e-12)


def test_images_on_two_grids_are_refused():
    with pytest.raises(InputError, match="geometry"):
        MatchResolution()(spot(), spot((0, 1, 0, 1, 0, 0, 0, 0, 1)), np.eye(3), np.eye(3))
