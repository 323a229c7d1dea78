"""Key points of Gaussian blobs, whose place and scale are known, and of a real image, turned and measured anew."""

import numpy as np
import pytest
import SimpleITK as sitk
from scipy import optimize
from scipy.spatial import cKDTree

from MedProcLib.core.errors import Cancelled, InputError
from MedProcLib.core.geometry import Geometry, resample
from MedProcLib.core.progress import Progress
from MedProcLib.quantification.keypoints.detect import detect_key_points, finest_scale
from MedProcLib.quantification.keypoints.gaussian_pyramid import LEVELS
from MedProcLib.quantification.keypoints.match import match

TURN = np.reshape(sitk.Euler3DTransform((0, 0, 0), 0.4, -0.3, 0.7).GetMatrix(), (3, 3))
GRIDS = {
    "2D": Geometry((90, 80), (1.0, 1.0), (5.0, -9.0), (1.0, 0.0, 0.0, 1.0)),
    "2D oblique left-handed anisotropic": Geometry((90, 50), (1.0, 1.6), (5.0, -9.0), (0.6, 0.8, 0.8, -0.6)),
    "3D": Geometry((44, 40, 42), (1.0, 1.0, 1.0), (5.0, -9.0, 40.0), tuple(np.eye(3).ravel())),
    "3D oblique left-handed anisotropic": Geometry(
        (44, 40, 21), (1.0, 1.1, 2.0), (5.0, -9.0, 40.0), tuple((TURN @ np.diag([1, -1, 1])).ravel())
    ),
}


def scale_of_blob(sd, dimension):
    """SD at which the difference of Gaussians answers most to a Gaussian blob."""
    step = 2 ** (1 / LEVELS)

    def answer(s):
        return (sd**2 + (step * s) ** 2) ** (-dimension / 2) - (sd**2 + s**2) ** (-dimension / 2)

    return optimize.minimize_scalar(answer, bounds=(0.2 * sd, 5 * sd), method="bounded").x


@pytest.mark.parametrize("height", [1.0, -1.0])
@pytest.mark.parametrize("name", list(GRIDS))
def test_a_blob_is_found_where_and_as_large_as_it_is(blobs, name, height):
    grid = GRIDS[name]
    sd = 4.0
    center = grid.center + 1.3
    found = detect_key_points(blobs(grid, [(center, sd, height)]))
    strongest = found.only(found.places == 0)
    assert np.abs(strongest.points - center).max() < 0.05
    assert strongest.scales == pytest.approx(scale_of_blob(sd, grid.dimension), rel=0.07)
    assert (strongest.signs == np.sign(height)).all()
    turns = strongest.frames
    assert np.allclose(turns @ np.swapaxes(turns, 1, 2), np.eye(grid.dimension)) and (np.linalg.det(turns) > 0).all()


def test_edges_and_lines_are_no_points(blobs):
    grid = GRIDS["2D"]
    y, x = np.mgrid[: grid.size[1], : grid.size[0]].astype(float)
    line = grid.image_of(np.exp(-((x - 0.5 * y - 20) ** 2) / 18))
    assert detect_key_points(line, largest_mm=5).count == 0
    grid = GRIDS["3D"]
    z, y, x = np.mgrid[: grid.size[2], : grid.size[1], : grid.size[0]].astype(float)
    rod = grid.image_of(np.exp(-((x - 0.3 * z - 15) ** 2 + (y - 20) ** 2) / 18))
    sheet = grid.image_of(np.exp(-((x - 0.3 * z - 15) ** 2) / 18))
    assert detect_key_points(rod, largest_mm=4).count == detect_key_points(sheet, largest_mm=4).count == 0


def test_the_mask_and_the_number_of_points(plane):
    every = detect_key_points(plane)
    few = detect_key_points(plane, most=20)
    assert few.count == 20 and np.allclose(few.points[few.first], every.points[every.first][:20])
    assert (np.diff(every.strengths[every.first]) <= 0).all()
    mask = Geometry.of(plane).image_of(np.arange(320)[np.newaxis, :] + np.zeros((320, 1)) < 160)
    left = detect_key_points(plane, mask)
    columns = Geometry.of(plane).indices(left.points)[:, 0]
    assert 0 < left.count < every.count and columns.max() < 161


def test_as_many_points_as_the_peer_finds(plane):
    sift = pytest.importorskip("skimage.feature").SIFT(upsampling=1, c_dog=0.01, c_edge=10)
    values = sitk.GetArrayFromImage(plane)
    low, high = np.percentile(values, (1, 99))
    sift.detect((values - low) / (high - low))
    theirs = np.unique(sift.positions, axis=0)
    found = detect_key_points(plane, least_contrast=0.01)
    ours = Geometry.of(plane).indices(found.points[found.first])[:, ::-1]
    distance, _ = cKDTree(ours).query(theirs)
    assert abs(found.count - len(theirs)) < 0.05 * len(theirs) and (distance < 1).mean() > 0.9


def moved_plane(plane, angle=0.8, shift=(9.0, -5.0)):
    """The slice on another grid, left-handed and anisotropic, under a rotation, and the transform back."""
    turn = sitk.Euler2DTransform([float(x) for x in Geometry.of(plane).center], angle, shift)
    grid = Geometry((300, 250), (0.9, 1.1), (0.0, 0.0), (0.0, 1.0, 1.0, 0.0))
    grid = Geometry(grid.size, grid.spacing, tuple(Geometry.of(plane).center - grid.center), grid.direction)
    return resample(plane, grid, turn), turn


def test_points_of_a_turned_image_match(plane):
    other, turn = moved_plane(plane)
    found = [detect_key_points(image) for image in (plane, other)]
    pairs = match(*found)
    back = np.array([turn.TransformPoint(p.tolist()) for p in found[1].points[pairs.other]])
    error = np.linalg.norm(back - found[0].points[pairs.first], axis=1)
    assert len(error) > 50 and (error < 1.5).mean() > 0.9 and np.median(error) < 0.3
    right = error < 1.5
    scales = found[1].scales[pairs.other][right] / found[0].scales[pairs.first][right]
    assert np.median(scales) == pytest.approx(1, abs=0.05)
    frames = found[0].frames[pairs.first][right], found[1].frames[pairs.other][right]
    turned = np.swapaxes(frames[0], 1, 2) @ np.reshape(turn.GetMatrix(), (2, 2)) @ frames[1]
    assert (turned[:, 0, 0] > np.cos(np.radians(10))).mean() > 0.8


def test_a_larger_image_has_the_same_points_larger(plane):
    large = sitk.Image(plane)
    large.SetSpacing([2.5 * s for s in plane.GetSpacing()])
    small, found = detect_key_points(plane), detect_key_points(large, largest_mm=50)
    assert small.count == found.count and np.allclose(found.scales, 2.5 * small.scales, rtol=1e-3)
    assert np.allclose(found.descriptors, small.descriptors, atol=1e-2)
    pairs = match(small, found)
    assert (pairs.first == pairs.other).all() and len(pairs.first) > 0.9 * small.count


def test_zoomed_pixels(plane):
    """The same anatomy, twice as large in mm: found by the descriptors, not by the size."""
    grid = Geometry.of(plane)
    zoom = sitk.AffineTransform((0.5 * np.eye(2)).ravel().tolist(), (0, 0), [float(x) for x in grid.center])
    found = [detect_key_points(plane), detect_key_points(resample(plane, grid, zoom))]
    pairs = match(*found)
    back = np.array([zoom.TransformPoint(p.tolist()) for p in found[1].points[pairs.other]])
    right = np.linalg.norm(back - found[0].points[pairs.first], axis=1) < 1.5
    assert right.sum() > 15 and right.mean() > 0.8
    assert np.median((found[1].scales[pairs.other] / found[0].scales[pairs.first])[right]) == pytest.approx(2, rel=0.1)


def test_contrast_does_not_matter(plane):
    brighter = sitk.ShiftScale(plane, 1000.0, 0.02)
    found, again = detect_key_points(plane), detect_key_points(brighter)
    assert found.count == again.count and np.allclose(found.descriptors, again.descriptors, atol=1e-2)


def test_the_same_voxels_stored_otherwise(flair):
    """Flipped storage is the same image: points, frames and descriptors stay, up to where coarser grids begin."""
    small = sitk.BinShrink(flair[70:230, 70:250, 8:30], (2, 2, 1))
    found = [detect_key_points(image) for image in (small, sitk.Flip(small, (True, False, False)))]
    assert found[0].count == found[1].count > 8
    pairs = match(*found)
    assert len(pairs.first) > 0.8 * found[0].count
    apart = np.linalg.norm(found[0].points[pairs.first] - found[1].points[pairs.other], axis=1)
    assert (apart < 0.1 * found[0].scales[pairs.first]).all() and np.median(apart) < 1e-3
    assert np.allclose(found[0].scales[pairs.first], found[1].scales[pairs.other], rtol=0.03)
    # two orientations of nearly one strength may change places
    change = found[0].frames[pairs.first] - found[1].frames[pairs.other]
    assert np.median(np.abs(change).max(axis=(1, 2))) < 0.05


def test_voxels_without_a_number_and_huge_ones(plane):
    values = sitk.GetArrayFromImage(plane).astype(float)
    values[:5] = np.nan
    odd = detect_key_points(Geometry.of(plane).image_of(values * 1e200))
    assert odd.count > 0.9 * detect_key_points(plane).count and np.isfinite(odd.descriptors).all()


def test_what_has_no_points():
    grid = GRIDS["2D"]
    with pytest.raises(InputError, match="constant"):
        detect_key_points(grid.image_of(np.full((80, 90), 7.0)))
    slope = grid.image_of(np.add.outer(np.zeros(80), np.arange(90.0)))
    assert detect_key_points(slope).count == 0
    slice_ = sitk.GetImageFromArray(np.random.default_rng(0).random((1, 30, 30)))
    with pytest.raises(InputError, match="extract the slice"):
        detect_key_points(slice_)
    with pytest.raises(InputError, match="below the smallest"):
        detect_key_points(slope, smallest_mm=8, largest_mm=4)
    progress = Progress()
    progress.cancel()
    with pytest.raises(Cancelled):
        detect_key_points(slope, progress=progress)


def test_the_finest_scale_minds_thick_slices():
    thin = Geometry((9, 9, 9), (1, 1, 1), (0, 0, 0), tuple(np.eye(3).ravel()))
    thick = Geometry((9, 9, 9), (1, 1, 6), (0, 0, 0), tuple(np.eye(3).ravel()))
    assert finest_scale(thin) == pytest.approx(1.6) and finest_scale(thick) == pytest.approx(3.2)
