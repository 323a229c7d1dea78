"""Rigid registration of 20 random misplacements of a real image: worst error in the head, verdict, seconds.

    python3 run.py bench registration

Each case moves ms_patient01's first FLAIR study by up to 30 degrees and 40 mm, samples it on another grid (spacing,
direction) and adds noise. An error above 0.5 mm anywhere in the head must come with the verdict 'failed'.
"""

import time
from pathlib import Path

import numpy as np
import SimpleITK as sitk
from scipy.spatial.transform import Rotation

from MedProcLib.comparison.alignment import head_points, largest_distance, prepare
from MedProcLib.comparison.halfway import matrix_of, transform_of
from MedProcLib.comparison.register import register
from MedProcLib.comparison.resolution import blurred_by, positive
from MedProcLib.comparison.result import Verdict
from MedProcLib.core.geometry import Geometry, resample

ROOT = Path(__file__).resolve().parents[2]
IMAGE = ROOT / "Testing" / "Data" / "ms_patient01" / "study1_FLAIR.nii.gz"
SPACINGS = ((0.72, 0.72, 4.0), (0.9, 0.9, 3.0), (1.2, 1.0, 1.2), (0.8, 5.0, 0.8))
LIMIT_MM = 0.5


def main(cases: int = 20) -> None:
    """Print one line per case and a summary."""
    sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(2)
    image = sitk.ReadImage(str(IMAGE), sitk.sitkFloat32)
    points = head_points(prepare(image, None, "The image"))
    silent = 0
    print("case  degrees    mm  spacing (mm)     worst error (mm)  verdict    seconds")
    for number in range(cases):
        matrix, moved = misplaced(image, number)
        start = time.perf_counter()
        found = register(image, moved)
        seconds = time.perf_counter() - start
        error = largest_distance(matrix_of(found.transform), matrix, points)
        silent += error > LIMIT_MM and found.verdict is not Verdict.FAILED
        angle = np.degrees(Rotation.from_matrix(matrix[:3, :3]).magnitude())
        center = points.mean(axis=0)
        shift = np.linalg.norm(matrix[:3, :3] @ center + matrix[:3, 3] - center)
        spacing = " x ".join(f"{s:g}" for s in moved.GetSpacing())
        print(
            f"{number:4}  {angle:7.1f} {shift:5.1f}  {spacing:16} {error:16.3f}  {found.verdict.value:9} "
            f"{seconds:8.1f}",
            flush=True,
        )
    print(f"Silently wrong (more than {LIMIT_MM} mm, not said to have failed): {silent} of {cases}")


def misplaced(image: sitk.Image, seed: int) -> tuple[np.ndarray, sitk.Image]:
    """(4 x 4 matrix image -> moved, the image moved by it, sampled on another grid, with noise)."""
    random = np.random.default_rng(seed)
    own = Geometry.of(image)
    axis = random.normal(size=3)
    angle = np.radians(random.uniform(-30, 30))
    shift = random.normal(size=3)
    shift *= random.uniform(0, 40) / np.linalg.norm(shift)
    matrix = np.eye(4)
    matrix[:3, :3] = Rotation.from_rotvec(angle * axis / np.linalg.norm(axis)).as_matrix()
    matrix[:3, 3] = own.center + shift - matrix[:3, :3] @ own.center
    spacing = np.array(SPACINGS[seed % len(SPACINGS)])
    direction = Rotation.from_rotvec(np.radians(random.uniform(-8, 8, 3))).as_matrix()
    # a head coil's field of view around the place where the head now is, give or take a centimetre
    size = np.ceil(np.array([230, 230, 190]) / spacing).astype(int)
    center = own.center + shift + random.uniform(-10, 10, 3)
    origin = center - direction @ ((size - 1) / 2 * spacing)
    grid = Geometry(
        tuple(int(n) for n in size), tuple(spacing.tolist()), tuple(origin.tolist()), tuple(direction.ravel().tolist())
    )
    # each voxel is the mean of what it covers, as in a scanner
    there = np.linalg.inv(matrix)
    wider = direction * spacing, np.reshape(own.direction, (3, 3)) * own.spacing
    covered, held = (axes @ axes.T / 12 for axes in (there[:3, :3] @ wider[0], wider[1]))
    moved = resample(blurred_by(image, positive(covered - held)), grid, transform_of(there), sitk.sitkBSpline3)
    values = sitk.GetArrayFromImage(moved)
    noise = 0.03 * np.percentile(values, 99)
    return matrix, grid.image_of((values * 1.4 + random.normal(0, noise, values.shape)).astype(np.float32))


if __name__ == "__main__":
    main()
