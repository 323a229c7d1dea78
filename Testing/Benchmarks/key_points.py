"""Key points: two visits of a patient brought together without a start, any turn of a volume, and the peer in a slice.

The visits are those of Testing/Data/ms_patient01, whose true relation is the authors' registration to a common space:
the distance of 500 points of the head from where they belong. A volume is turned about a random axis by more and more.
In a slice, scikit-image's SIFT finds and matches the points of the same turned image.
"""

import sys
import time
from pathlib import Path

import numpy as np
import SimpleITK as sitk
from scipy.spatial.transform import Rotation

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from MedProcLib.core.errors import InputError  # noqa: E402
from MedProcLib.core.geometry import Geometry, resample  # noqa: E402
from MedProcLib.quantification.keypoints.detect import detect_key_points  # noqa: E402
from MedProcLib.quantification.keypoints.match import match  # noqa: E402
from MedProcLib.quantification.keypoints.rigid_start import rigid_start  # noqa: E402

DATA = ROOT / "Testing" / "Data" / "ms_patient01"


def main() -> int:
    """0 when the visits lie within 2 mm and every turn is found."""
    visits = [sitk.ReadImage(str(DATA / f"study{n}_FLAIR.nii.gz"), sitk.sitkFloat32) for n in (1, 2)]
    close = print_visits(*visits)
    found = print_turns(visits[0])
    print_slice(visits[0])
    return 0 if close and found else 1


def print_visits(first: sitk.Image, other: sitk.Image) -> bool:
    truth = [sitk.ReadTransform(str(DATA / f"study{n}_FLAIR_to_common_space.txt")) for n in (1, 2)]
    common = Geometry.of(sitk.ReadImage(str(DATA / "lesion_change_gt_common_space.nii.gz")))
    points = common.points(np.random.default_rng(0).uniform(0.25, 0.75, (500, 3)) * common.size)
    here, there = (np.array([t.TransformPoint(p.tolist()) for p in points]) for t in truth)
    before = np.linalg.norm(here - there, axis=1)
    close = True
    for smallest in (0.0, 2.5, 3.0):
        start = time.perf_counter()
        fit = rigid_start(first, other, smallest_mm=smallest)
        seconds = time.perf_counter() - start
        moved = np.array([fit.transform.TransformPoint(p.tolist()) for p in here])
        error = np.linalg.norm(moved - there, axis=1)
        print(
            f"visits, smallest scale {smallest or 'finest'}: error mean {error.mean():.2f}, largest {error.max():.2f} "
            f"mm (before {before.mean():.2f}); {fit.count} of {len(fit.inliers)} pairs agree; {seconds:.1f} s"
        )
        close &= bool(error.max() < 2)
    return close


def print_turns(image: sitk.Image) -> bool:
    grid = Geometry.of(image)
    small = sitk.BinShrink(image, (2, 2, 1))
    found = True
    for angle in (10, 45, 90, 180):
        axis = np.random.default_rng(angle).normal(size=3)
        turn = sitk.Euler3DTransform()
        turn.SetCenter([float(x) for x in grid.center])
        matrix = Rotation.from_rotvec(np.radians(angle) * axis / np.linalg.norm(axis)).as_matrix()
        turn.SetMatrix(matrix.ravel().tolist())
        other = Geometry((150, 150, 150), (1.6, 1.6, 1.6), (0.0, 0.0, 0.0), tuple(np.eye(3).ravel()))
        other = Geometry(other.size, other.spacing, tuple(grid.center - other.center), other.direction)
        back = turn.GetInverse()
        corners = grid.corners()
        expected = np.array([back.TransformPoint(p.tolist()) for p in corners])
        try:
            fit = rigid_start(small, resample(image, other, turn), smallest_mm=3.0)
        except InputError as error:
            print(f"turned by {angle:3d} degrees: {error}")
            found = False
            continue
        moved = np.array([fit.transform.TransformPoint(p.tolist()) for p in corners])
        error_mm = np.linalg.norm(moved - expected, axis=1).max()
        print(
            f"turned by {angle:3d} degrees: largest error of a corner of the image {error_mm:.2f} mm, {fit.count} pairs"
        )
        found &= bool(error_mm < 5)
    return found


def print_slice(image: sitk.Image) -> None:
    from skimage.feature import SIFT, match_descriptors

    plane = image[:, :, 18]
    plane.SetDirection((1, 0, 0, 1))
    grid = Geometry.of(plane)
    turn = sitk.Euler2DTransform([float(x) for x in grid.center], 0.8, (9.0, -5.0))
    other = resample(plane, grid, turn)
    start = time.perf_counter()
    found = [detect_key_points(each) for each in (plane, other)]
    pairs = match(*found)
    ours = time.perf_counter() - start
    back = np.array([turn.TransformPoint(p.tolist()) for p in found[1].points[pairs.other]])
    good = np.linalg.norm(back - found[0].points[pairs.first], axis=1) < 1.5
    start = time.perf_counter()
    peers = []
    for each in (plane, other):
        values = sitk.GetArrayFromImage(each)
        low, high = np.percentile(values, (1, 99))
        peer = SIFT(upsampling=1, c_dog=0.01)
        peer.detect_and_extract((values - low) / (high - low))
        peers.append(peer)
    matches = match_descriptors(peers[0].descriptors, peers[1].descriptors, max_ratio=0.8, cross_check=True)
    theirs = time.perf_counter() - start
    here, there = (grid.points(p.positions[m][:, ::-1]) for p, m in zip(peers, matches.T, strict=True))
    back = np.array([turn.TransformPoint(p.tolist()) for p in there])
    right = np.linalg.norm(back - here, axis=1) < 1.5
    print(
        f"slice: {good.sum()} of {len(good)} matches right, scikit-image {right.sum()} of {len(right)}; "
        f"time / theirs {ours / theirs:.2f}"
    )


if __name__ == "__main__":
    sys.exit(main())
