"""Segments as a list: contrast to a shell of known values, orders, renumbering."""

import numpy as np
import pytest
import SimpleITK as sitk

from MedProcLib.core.errors import InputError
from MedProcLib.core.geometry import Geometry
from MedProcLib.segmentation.detection.list_findings import ListFindings
from MedProcLib.segmentation.detection.listing import candidates_of_labels


@pytest.fixture
def scene():
    """Noise of SD 5 around 100 with three boxes: 130 (4 x 4 x 4), 60 (3 x 3 x 3) and 110 (8 x 8 x 8 voxels)."""
    values = np.random.default_rng(0).normal(100, 5, (40, 48, 56))
    labels = np.zeros(values.shape, np.uint8)
    for value, box, level in (
        (1, np.s_[5:9, 5:9, 5:9], 130),
        (4, np.s_[20:23, 30:33, 30:33], 60),
        (7, np.s_[25:33, 10:18, 10:18], 110),
    ):
        labels[box], values[box] = value, level
    image = sitk.GetImageFromArray(values.astype(np.float32))
    image.SetSpacing((1.0, 1.0, 2.0))
    image.SetOrigin((5, 6, 7))
    return image, Geometry.of(image).image_of(labels)


def test_contrast_in_sd_of_the_surroundings(scene):
    image, labels = scene
    made, candidates = ListFindings()(image, labels)
    assert [c.score for c in candidates] == pytest.approx([8, 6, 2], rel=0.15)
    assert "darker than around it" in candidates[0].reason and "brighter" in candidates[1].reason
    assert [c.volume_mm3 for c in candidates] == [54, 128, 1024]
    before, after = (sitk.GetArrayFromImage(thing) for thing in (labels, made))
    for old, new in ((4, 1), (1, 2), (7, 3)):
        np.testing.assert_array_equal(after == new, before == old)
    np.testing.assert_allclose(candidates[0].position, (5 + 31, 6 + 31, 7 + 2 * 21), atol=1e-6)


@pytest.mark.parametrize(
    "order, first", [("volume", 1024), ("highest value", 128), ("lowest value", 54), ("contrast", 54)]
)
def test_orders(scene, order, first):
    assert ListFindings(order=order)(*scene)[1][0].volume_mm3 == first


def test_least_contrast(scene):
    assert len(ListFindings(least_contrast=5.0)(*scene)[1]) == 2
    with pytest.raises(InputError, match="stands out by 50 SD"):
        ListFindings(least_contrast=50.0)(*scene)


def test_the_place_of_a_finding_is_its_voxel_nearest_to_the_center_in_mm():
    """A hollow box in thick slices: the nearest wall is beside the center, not above or below."""
    labels = np.zeros((9, 9, 9), np.uint8)
    labels[2:7, 2:7, 2:7], labels[3:6, 3:6, 3:6] = 1, 0
    segments = sitk.GetImageFromArray(labels)
    segments.SetSpacing((1.0, 1.0, 5.0))
    for candidates in (
        ListFindings()(sitk.Cast(segments, sitk.sitkFloat32), segments)[1],
        candidates_of_labels(segments),
    ):
        assert np.linalg.norm(np.subtract(candidates[0].position, (4, 4, 20))) == pytest.approx(2)


def test_label_values_of_any_size(scene):
    image, labels = scene
    large = sitk.Cast(labels, sitk.sitkInt32) * 700_000_000 // 7
    made, candidates = ListFindings()(image, large)
    assert sitk.GetArrayFromImage(made).max() == 3 and len(candidates) == 3


def test_pieces_by_volume_with_their_middle_inside():
    """A ring: its centroid lies in the hole, the position given does not."""
    y, x = np.mgrid[:40, :40] - 20.0
    ring = (np.hypot(x, y) > 10) & (np.hypot(x, y) < 14)
    labels = sitk.GetImageFromArray(ring.astype(np.uint8))
    (candidate,) = candidates_of_labels(labels)
    column, row = (int(v) for v in candidate.position)
    assert ring[row, column] and candidate.volume_mm3 == ring.sum()
    assert candidate.diameter_mm == pytest.approx((4 * ring.sum() / np.pi) ** 0.5)
