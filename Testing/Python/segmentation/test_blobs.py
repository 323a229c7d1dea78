"""Blobs: place and size of known balls, the stated number of false ones, suppression in mm."""

import itertools

import numpy as np
import pytest
import SimpleITK as sitk
from skimage.feature import blob_log

from MedProcLib.core.errors import InputError
from MedProcLib.core.geometry import Geometry
from MedProcLib.segmentation.detection.blobs import BlobDetector
from MedProcLib.segmentation.detection.operating_point import OperatingPoint
from MedProcLib.segmentation.detection.scale_space import blobs_of
from MedProcLib.segmentation.detection.suppression import suppressed

from .spots import BALLS, centers_of, spotted

OBLIQUE = sitk.VersorTransform((0.6, 0, 0.8), 0.5).GetMatrix()
DIAMETERS = np.array([diameter for _, diameter in BALLS])


@pytest.mark.parametrize("polarity, contrast", [("bright", 40.0), ("dark", -40.0)])
@pytest.mark.parametrize(
    "size, spacing",
    [
        ((64, 60, 56), (1.0, 1.0, 1.0)),
        ((128, 120, 28), (0.5, 0.5, 2.0)),
        ((90, 84), (0.7, 0.7)),
        ((64, 60, 1), (1, 1, 5)),
    ],
)
def test_place_and_size_of_balls(size, spacing, polarity, contrast):
    image = spotted(size, spacing, contrast=contrast)
    if len(size) == 3 and size[2] > 1:
        image.SetDirection(OBLIQUE)
    _, candidates = BlobDetector(polarity=polarity)(image)
    centers = centers_of(size, spacing)
    if len(size) == 3 and size[2] > 1:
        centers = Geometry.of(image).points(centers / spacing)
    for center, diameter in zip(centers, DIAMETERS, strict=True):
        planar = centers.shape[1] if size[-1] > 1 else 2
        apart = [np.linalg.norm(np.array(c.position)[:planar] - center[:planar]) for c in candidates]
        nearest = candidates[int(np.argmin(apart))]
        assert min(apart) < max(spacing[:2]) + 0.2 * max(spacing)
        assert float(nearest.reason.split("diameter of ")[1].split()[0]) == pytest.approx(diameter, rel=0.3)
        if len(size) == 3 and size[2] > 1:
            assert nearest.volume_mm3 == pytest.approx(np.pi / 6 * diameter**3, rel=0.35)
    assert len(candidates) <= len(BALLS) + 4
    assert all(a.score >= b.score for a, b in itertools.pairwise(candidates))


@pytest.mark.parametrize("expected", [1.0, 10.0])
def test_as_many_false_ones_as_stated_are_found_in_noise(expected):
    """Mean over 10 images of noise: within a factor of 2."""
    found = []
    for seed in range(10):
        try:
            image = spotted((56, 56, 48), seed=seed, balls=())
            found.append(len(BlobDetector(expected_false=expected, most=1000)(image)[1]))
        except InputError:
            found.append(0)
    assert expected / 2 <= np.mean(found) <= expected * 2


def test_the_same_balls_as_another_program():
    image = spotted((90, 84), (1.0, 1.0))
    values = sitk.GetArrayFromImage(image).astype(float)
    peers = blob_log(values, min_sigma=2, max_sigma=7, num_sigma=12, threshold=8, threshold_rel=None)
    _, candidates = BlobDetector(expected_false=0.1)(image)
    for candidate in candidates[:4]:
        apart = np.hypot(peers[:, 1] - candidate.position[0], peers[:, 0] - candidate.position[1])
        peer = peers[np.argmin(apart)]
        assert apart.min() < 1.5
        stated = float(candidate.reason.split("diameter of ")[1].split()[0])
        assert stated == pytest.approx(2 * 2**0.5 * peer[2], rel=0.3)


def test_an_empty_background_does_not_count_as_quiet():
    """An image of which more than half is 0, such as a brain cut out: its scores were 10^17 SD."""
    image = spotted((90, 84), (1.0, 1.0))
    wide = sitk.ConstantPad(image, (90, 90), (90, 90), float(sitk.GetArrayViewFromImage(image).mean()))
    _, expected = BlobDetector()(image)
    _, candidates = BlobDetector()(wide)
    assert candidates[0].score == pytest.approx(expected[0].score, rel=0.3)


def test_labels_are_the_candidates_in_order():
    labels, candidates = BlobDetector()(spotted())
    array = sitk.GetArrayFromImage(labels)
    counts = np.bincount(array.ravel(), minlength=len(candidates) + 1)
    assert [c.number for c in candidates] == list(range(1, len(candidates) + 1))
    np.testing.assert_allclose(counts[1:], [c.volume_mm3 for c in candidates])


def test_a_blob_in_another_one_is_suppressed_and_one_beside_it_is_not():
    points = np.array([[0.0, 0, 0], [3, 0, 0], [11, 0, 0], [0, 0, 50]])
    radii, scores = np.array([5.0, 2, 5, 1]), np.array([9.0, 10, 5, 1])
    np.testing.assert_array_equal(suppressed(points, radii, scores), [1, 2, 3])
    np.testing.assert_array_equal(suppressed(points, radii, scores, apart=0.5), [1, 0, 2, 3])
    assert suppressed(np.zeros((0, 3)), np.zeros(0), np.zeros(0)).size == 0


def test_the_operating_point_of_an_exponential_tail():
    """10,000 decoys with exponential scores: above the tail's start the expected number is known."""
    scores = np.random.default_rng(0).exponential(2.0, 10_000)
    point = OperatingPoint.of(scores)
    for score in (4.0, 10.0, 20.0):
        assert point.expected_false(score) == pytest.approx(10_000 * np.exp(-score / 2), rel=0.5)
    for expected in (0.1, 1.0, 50.0):
        assert point.expected_false(point.score_for(expected)) == pytest.approx(expected, rel=0.05)
    assert OperatingPoint.of(np.zeros(0)).score_for(1.0) == -np.inf


def test_nothing_that_stands_out_is_explained():
    with pytest.raises(InputError, match=r"best of .* scores"):
        BlobDetector(expected_false=0.01)(spotted((48, 48, 40), balls=()))


def test_a_blob_is_as_strong_wherever_the_voxels_lie():
    """Half a voxel off in all directions, the nearest voxel's response is 4 % lower."""
    found = []
    for offset in ((0, 0, 0), (0.5, 0.5, 0.5), (0.3, -0.4, 0.1)):
        squares = sum((place - 16 - o) ** 2 for place, o in zip(np.indices((33, 33, 33)), offset, strict=True))
        image = sitk.GetImageFromArray((100 * np.exp(-squares / (2 * 3.0**2))).astype(np.float32))
        bright, _ = blobs_of(image, np.ones((33, 33, 33), bool), 8.0, 8.0)
        assert bright.points[0] == pytest.approx(np.add(16, offset[::-1]), abs=0.05)
        found.append(bright.strengths[0])
    assert found[1:] == pytest.approx([found[0]] * 2, rel=0.01)
