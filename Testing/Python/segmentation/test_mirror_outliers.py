"""The plane of symmetry of a turned head, and what one side has and the other has not."""

import numpy as np
import pytest
import SimpleITK as sitk

from MedProcLib.core.errors import Cancelled, InputError
from MedProcLib.core.geometry import Geometry
from MedProcLib.core.progress import Progress
from MedProcLib.segmentation.common import symmetry
from MedProcLib.segmentation.common.symmetry import mirror_plane
from MedProcLib.segmentation.detection.mirror_outliers import MirrorOutliers

from .two_sides import LESION_AT, LESION_MM, two_sides


def turned(image: sitk.Image, axis, degrees: float, shift=(0.0, 0.0, 0.0)) -> tuple[sitk.Image, np.ndarray]:
    """The patient turned and moved (the voxels stay), and the rotation."""
    matrix = np.reshape(sitk.VersorTransform(axis, np.deg2rad(degrees)).GetMatrix(), (3, 3))
    result = sitk.Image(image)
    result.SetDirection((matrix @ np.reshape(image.GetDirection(), (3, 3))).ravel().tolist())
    result.SetOrigin((matrix @ np.array(image.GetOrigin()) + shift).tolist())
    return result, matrix


@pytest.mark.parametrize(
    "axis, degrees", [((0, 0, 1), 0), ((0, 0, 1), 30), ((0.6, 0, 0.8), -25), ((0.48, 0.6, 0.64), 37)]
)
def test_the_plane_of_a_turned_and_moved_head(axis, degrees):
    shift = np.array([12.0, -30.0, 7.0])
    image, matrix = turned(two_sides(), axis, degrees, shift)
    values = sitk.GetArrayFromImage(image)
    plane = mirror_plane(values, values > 20, Geometry.of(image))
    angle = np.degrees(np.arccos(min(1.0, abs(float(plane.normal @ matrix[:, 0])))))
    assert angle < 2.0
    assert abs(plane.offset - shift @ plane.normal) < 2.0
    assert plane.likeness > 0.9
    point = shift + matrix @ np.array([20.0, 5.0, -3.0])
    mirrored = shift + matrix @ np.array([-20.0, 5.0, -3.0])
    np.testing.assert_allclose(plane.mirrored(point[None])[0], mirrored, atol=2.5)
    np.testing.assert_allclose(
        plane.transform.TransformPoint(point.tolist()), plane.mirrored(point[None])[0], atol=1e-9
    )


def test_some_voxels_of_a_large_body_show_its_plane_too(monkeypatch):
    image, matrix = turned(two_sides(), (0.6, 0, 0.8), -25)
    values = sitk.GetArrayFromImage(image)
    monkeypatch.setattr(symmetry, "ENOUGH_VOXELS", 2000)
    assert np.count_nonzero(values > 20) * np.prod(image.GetSpacing()) / symmetry.COARSE_MM**3 > 3 * 2000
    plane = mirror_plane(values, values > 20, Geometry.of(image))
    assert np.degrees(np.arccos(min(1.0, abs(float(plane.normal @ matrix[:, 0]))))) < 1.0 and abs(plane.offset) < 1.0
    stopped = Progress(lambda fraction, message: "plane" in message and stopped.cancel())
    with pytest.raises(Cancelled):  # at the first direction that is tried
        mirror_plane(values, values > 20, Geometry.of(image), stopped)


@pytest.mark.parametrize("polarity, lesion", [("bright", 60.0), ("dark", -60.0)])
def test_a_lesion_of_one_side_is_the_best_candidate(polarity, lesion):
    image, matrix = turned(two_sides(lesion=lesion), (0.6, 0, 0.8), 20)
    labels, candidates = MirrorOutliers(polarity=polarity)(image)
    best = candidates[0]
    assert np.linalg.norm(np.array(best.position) - matrix @ np.array(LESION_AT)) < LESION_MM
    assert 0.2 < best.volume_mm3 / (4 / 3 * np.pi * LESION_MM**3) < 1.8
    assert f"{polarity}er than the other side" in best.reason and best.expected_false <= 1
    array = sitk.GetArrayFromImage(labels)
    index = np.rint(Geometry.of(labels).indices(np.array([best.position])))[0].astype(int)
    assert array[tuple(index[::-1])] == 1


def test_a_healthy_head_gives_no_more_than_expected():
    found = []
    for seed in range(4):
        try:
            found.append(len(MirrorOutliers(expected_false=1.0)(two_sides(lesion=0, seed=seed))[1]))
        except InputError as error:
            assert "likeness of the sides" in str(error)
            found.append(0)
    # few decoys say it roughly
    assert np.mean(found) <= 3.0


def test_too_little_to_tell_sides():
    image = two_sides()
    mask = np.zeros((44, 64, 60), np.uint8)
    mask[20:22, 30:33, 30:33] = 1
    with pytest.raises(InputError, match="too little in the image"):
        MirrorOutliers()(image, Geometry.of(image).image_of(mask))
