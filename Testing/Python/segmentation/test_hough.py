"""Circles and spheres whose centers and radii are known, on oblique and anisotropic grids, against scikit-image."""

import itertools

import numpy as np
import pytest
import SimpleITK as sitk

from MedProcLib.core.errors import InputError
from MedProcLib.core.geometry import Geometry
from MedProcLib.core.progress import Progress
from MedProcLib.segmentation.contour.hough_circles import HoughCircles
from MedProcLib.segmentation.contour.hough_spheres import HoughSpheres

from .case import LEFT_HANDED, OBLIQUE

BALLS = [((20.3, 22.7, 24.1), 9.3), ((45.2, 20.8, 20.4), 4.2), ((44.6, 47.3, 38.2), 14.7), ((15.0, 48.2, 12.2), 6.0)]
DISKS = [(center[:2], radius) for center, radius in BALLS]


def phantom(size, spacing, objects, noise, direction=None, contrast=80.0):
    """Objects (center x, y[, z] in mm from the first voxel; radius) with their share in each border voxel."""
    identity = tuple(np.eye(len(size)).ravel())
    grid = Geometry(tuple(size), tuple(spacing), tuple(7.0 * i for i in range(len(size))), direction or identity)
    axes = np.meshgrid(*[np.arange(n) * s for n, s in zip(size[::-1], spacing[::-1], strict=True)], indexing="ij")
    values = np.full(size[::-1], 100.0)
    for center, radius in objects:
        away = np.sqrt(sum((a - c) ** 2 for a, c in zip(axes, center[::-1], strict=True)))
        values += contrast * np.clip((radius - away) / np.mean(spacing) + 0.5, 0, 1)
    values += np.random.default_rng(0).normal(0, noise, values.shape)
    places = [grid.points(np.array([center]) / spacing)[0] for center, _ in objects]
    return grid.image_of(values.astype(np.float32)), places


@pytest.mark.parametrize("noise", [0, 8, 20])
@pytest.mark.parametrize(
    "size, spacing, direction",
    [
        ((64, 64, 56), (1.0,) * 3, OBLIQUE),
        ((80, 80, 28), (0.8, 0.8, 2.0), LEFT_HANDED),
        ((64, 64, 20), (1, 1, 3), OBLIQUE),
    ],
)
def test_spheres_to_half_a_voxel(size, spacing, direction, noise):
    image, places = phantom(size, spacing, BALLS, noise, direction)
    labels, candidates = HoughSpheres(least_radius_mm=3, largest_radius_mm=16)(image)
    assert len(candidates) == len(BALLS), "none missed, none made up"
    values = sitk.GetArrayFromImage(labels)
    for place, (_, radius) in zip(places, BALLS, strict=True):
        nearest = min(candidates, key=lambda c: np.linalg.norm(np.array(c.position) - place))
        assert np.linalg.norm(np.array(nearest.position) - place) < 0.5
        assert abs(nearest.diameter_mm / 2 - radius) < 0.25
        size_mm3 = np.count_nonzero(values == nearest.number) * np.prod(spacing)
        assert size_mm3 == pytest.approx(4 / 3 * np.pi * radius**3, rel=0.15)
        assert labels[image.TransformPhysicalPointToIndex(nearest.position)] == nearest.number
    assert [c.number for c in candidates] == [1, 2, 3, 4]
    assert all(a.score >= b.score for a, b in itertools.pairwise(candidates))


@pytest.mark.parametrize("noise", [0, 8, 20])
def test_circles_to_half_a_voxel(noise):
    image, places = phantom((64, 64), (1.0, 1.0), DISKS, noise, (0.8, -0.6, 0.6, 0.8))
    _, candidates = HoughCircles(least_radius_mm=3, largest_radius_mm=16)(image)
    assert len(candidates) == len(DISKS)
    for place, (_, radius) in zip(places, DISKS, strict=True):
        nearest = min(candidates, key=lambda c: np.linalg.norm(np.array(c.position) - place))
        assert np.linalg.norm(np.array(nearest.position) - place) < 0.5
        assert abs(nearest.diameter_mm / 2 - radius) < 0.4


def test_circles_are_at_least_as_near_as_scikit_image():
    transform = pytest.importorskip("skimage.transform")
    feature = pytest.importorskip("skimage.feature")
    image, _ = phantom((64, 64), (1.0, 1.0), DISKS[:1], 8)
    (center, radius), radii = DISKS[0], np.arange(3, 17)
    edges = feature.canny(sitk.GetArrayFromImage(image), sigma=2)
    _, x, y, r = transform.hough_circle_peaks(transform.hough_circle(edges, radii), radii, total_num_peaks=1)
    peer = np.hypot(x[0] - center[0], y[0] - center[1]), abs(r[0] - radius)
    _, (found,) = HoughCircles(largest_radius_mm=16)(image)
    place = image.TransformPhysicalPointToContinuousIndex(found.position)
    ours = np.hypot(place[0] - center[0], place[1] - center[1]), abs(found.diameter_mm / 2 - radius)
    assert ours[0] <= peer[0] + 0.02 and ours[1] <= peer[1] + 0.02


def test_dark_objects_and_the_best_one_only():
    image, _ = phantom((64, 64, 56), (1.0,) * 3, BALLS, 5, contrast=-80)
    with pytest.raises(InputError, match="No sphere"):
        HoughSpheres(largest_radius_mm=16)(image)
    for kind in ("dark", "any"):
        labels, candidates = HoughSpheres(largest_radius_mm=16, object_is=kind, most=1)(image)
        assert len(candidates) == 1 and sitk.GetArrayFromImage(labels).max() == 1


def test_noise_alone_shows_no_spheres_and_few_circles():
    image, _ = phantom((64, 64, 40), (1.0,) * 3, [], 20)
    with pytest.raises(InputError, match="No sphere"):
        HoughSpheres()(image)
    with pytest.raises(InputError, match="No circle"):
        HoughCircles()(image[:, :, 5])


def test_half_a_sphere_scores_half():
    image, _ = phantom((60, 60, 60), (1.0,) * 3, [((30.0, 30.0, 30.0), 12.0)], 3)
    values = sitk.GetArrayFromImage(image)
    # the other half lies in tissue as bright: it has no edge
    z = np.arange(60)[:, None, None]
    cut = np.where(z > 30, 180.0, values).astype(np.float32)
    half = Geometry.of(image).image_of(cut)
    _, candidates = HoughSpheres(least_score=0.3, least_radius_mm=8, largest_radius_mm=16)(half)
    best = min(candidates, key=lambda c: abs(c.diameter_mm - 24))
    assert best.score == pytest.approx(0.5, abs=0.12)
    assert abs(best.diameter_mm / 2 - 12) < 0.5


def test_circles_of_a_volume_lie_in_its_slices():
    size, spacing = (48, 48, 6), (1.0, 1.0, 5.0)
    tube = [((24.0, 22.0, z * 5.0), 8.0) for z in range(6)]
    grid = Geometry(size, spacing, (0.0,) * 3, tuple(np.eye(3).ravel()))
    values = np.concatenate(
        [sitk.GetArrayFromImage(phantom(size[:2], spacing[:2], [((24.0, 22.0), 8.0)], 4)[0])[None]] * 6
    )
    labels, candidates = HoughCircles()(grid.image_of(values))
    assert len(candidates) == 6 and sitk.GetArrayFromImage(labels).any(axis=(1, 2)).all()
    for candidate in candidates:
        assert min(np.linalg.norm(np.array(candidate.position) - center) for center, _ in tube) < 0.3
        assert candidate.volume_mm3 == pytest.approx(np.pi * 64 * 5, rel=0.05)


@pytest.mark.parametrize("radius, seen, said", [(14.9, 2, False), (16.5, 1, True), (24.0, 1, True)])
def test_that_there_are_larger_ones_is_said(radius, seen, said):
    image, _ = phantom((110, 80), (1, 1), [((20, 30), 8.0), ((70, 40), radius)], 8)
    if said:
        with pytest.raises(InputError, match=r"^No circle of 3 to 7 mm.* There are larger ones.*7 mm"):
            HoughCircles(largest_radius_mm=7)(image)
    progress = Progress(notes=[])
    _, candidates = HoughCircles(largest_radius_mm=15)(image, progress=progress)
    assert len(candidates) == seen and any("larger" in note for note in progress.notes) is said
