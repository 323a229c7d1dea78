"""Components and sizes, against counted truth and a peer."""

import numpy as np
import pytest
import SimpleITK as sitk

from MedProcLib.core.errors import InputError
from MedProcLib.core.geometry import Geometry
from MedProcLib.segmentation.cleanup.components import Components
from MedProcLib.segmentation.cleanup.remove_small import RemoveSmall


def label_map(values, spacing=None):
    image = sitk.GetImageFromArray(values)
    image.SetSpacing(spacing or (1.0,) * values.ndim)
    return image


def array(image):
    return sitk.GetArrayFromImage(image)


def test_pieces_of_different_labels_stay_apart_and_are_numbered_by_size():
    values = np.zeros((1, 6, 8), np.int16)
    values[0, 1, 1:6] = 4
    values[0, 2, 1:4] = 9
    values[0, 5, 7] = 4
    result = array(Components()(label_map(values)))
    assert (result[0, 1, 1:6] == 1).all() and (result[0, 2, 1:4] == 2).all() and result[0, 5, 7] == 3
    assert np.count_nonzero(result) == 9


@pytest.mark.parametrize("connectivity, steps", [("face", 1), ("corner", 3)])
@pytest.mark.parametrize("kind", [np.uint8, np.int16, np.uint32, np.int64])
def test_components_are_those_of_scikit_image(connectivity, steps, kind):
    measure = pytest.importorskip("skimage.measure")
    values = np.random.default_rng(0).integers(0, 4, (12, 14, 16)).astype(kind)
    ours = array(Components(connectivity)(label_map(values)))
    peer = measure.label(values, background=0, connectivity=steps)
    assert len({*zip(ours.ravel(), peer.ravel(), strict=True)}) == ours.max() + 1 == peer.max() + 1


def test_labels_beyond_the_precision_of_floating_point_are_told_apart():
    values = np.zeros((3, 3, 4), np.int64)
    values[1, 1, 1], values[1, 1, 2] = 2**60, 2**60 + 1
    assert array(Components()(label_map(values))).max() == 2


@pytest.mark.parametrize("connectivity, left", [("face", 0), ("corner", 2)])
def test_corner_contact(connectivity, left):
    values = np.zeros((4, 4, 4), np.uint8)
    values[1, 1, 1] = values[2, 2, 2] = 5
    result = array(RemoveSmall(2.0, connectivity=connectivity)(label_map(values)))
    assert np.count_nonzero(result == 5) == left


def test_sizes_are_in_mm3_per_piece_and_limits_count_as_inside():
    values = np.zeros((5, 20, 20), np.uint8)
    values[0, 0, :4] = 7  # 4 voxels of 2.5 mm3 at the image's border: 10 mm3
    values[2, 5, :3] = 7  # 7.5 mm3
    values[4, 10:14, 5:15] = 3  # 100 mm3
    image = label_map(values, (0.5, 1.0, 5.0))
    kept = array(RemoveSmall(10.0)(image))
    assert (kept[0, 0, :4] == 7).all() and not kept[2].any() and np.count_nonzero(kept == 3) == 40
    assert set(np.unique(array(RemoveSmall(7.6, 99.0)(image)))) == {0, 7}
    np.testing.assert_array_equal(array(RemoveSmall(0.0)(image)), values)


def test_grid_pixel_type_and_input_are_kept():
    image = label_map(np.random.default_rng(0).integers(0, 3, (6, 7, 8)).astype(np.int32), (1.0, 2.0, 3.0))
    image.SetDirection((0, 1, 0, -1, 0, 0, 0, 0, 1))
    before = array(image)
    result = RemoveSmall(30.0)(image)
    assert Geometry.of(result) == Geometry.of(image) and result.GetPixelID() == sitk.sitkInt32
    np.testing.assert_array_equal(array(image), before)


@pytest.mark.parametrize("operation", [RemoveSmall(1e9), Components()])
def test_nothing_left_and_nothing_there(operation):
    empty = sitk.Image(5, 5, 5, sitk.sitkUInt8)
    assert not array(operation(empty)).any()
    if isinstance(operation, RemoveSmall):
        assert not array(operation(empty + 1)).any()


def test_2d_is_by_area():
    values = np.zeros((10, 10), np.uint8)
    values[1, 1:3], values[5:8, 5:8] = 1, 2
    assert set(np.unique(array(RemoveSmall(5.0)(label_map(values))))) == {0, 2}


def test_refusals():
    labels = label_map(np.ones((3, 3, 3), np.uint8))
    with pytest.raises(InputError, match="swap"):
        RemoveSmall(10.0, 5.0)(labels)
    with pytest.raises(InputError, match="whole numbers"):
        RemoveSmall()(sitk.Cast(labels, sitk.sitkFloat32))
