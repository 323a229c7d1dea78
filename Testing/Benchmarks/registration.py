"""Rigid registration of randomly misplaced real images: worst error in the body, verdict, seconds; a table of verdicts.

    python3 run.py bench registration [cases of each kind, 20 by default]

Each case moves an image by up to 30 degrees and 40 mm, samples it on another grid (spacing, direction) and adds noise:
FLAIR of the head, and with ../shared/data beside the repository CT of chest and abdomen, PET of the whole body, and
FLAIR against T1 of one examination, by both metrics (their own alignment, made by others, is the truth: about 0.5 mm).
Harder ones follow: turned by 35 to 70 degrees, which the search does not cover, and a field of view half as large.
An error above 1 mm anywhere in the body that is called good is a silent failure.
"""

import sys
import tempfile
import time
import zipfile
from pathlib import Path

import numpy as np
import SimpleITK as sitk
from scipy.spatial.transform import Rotation

from MedProcLib.comparison.alignment.points import largest_distance
from MedProcLib.comparison.alignment.volume import head_points, prepare
from MedProcLib.comparison.halfway import matrix_of, transform_of
from MedProcLib.comparison.register import register
from MedProcLib.comparison.resolution import blurred_by, positive
from MedProcLib.comparison.result import Verdict
from MedProcLib.core.files import read_image
from MedProcLib.core.geometry import Geometry, resample

ROOT = Path(__file__).resolve().parents[2]
IMAGE = ROOT / "Testing" / "Data" / "ms_patient01" / "study1_FLAIR.nii.gz"
SHARED = ROOT.parent / "shared/data"
SPACINGS = ((0.72, 0.72, 4.0), (0.9, 0.9, 3.0), (1.2, 1.0, 1.2), (0.8, 5.0, 0.8))
LIMIT_MM = 1.0
COIL_MM = np.array([230, 230, 190])


def main(cases: int = 20) -> None:
    """Print one line per case, and how verdicts and errors go together."""
    sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(2)
    table: dict[tuple[str, bool], int] = {}
    for name, read, metric, hard in _kinds():
        pair = read()
        if pair is None:
            print(f"{name}: no ../shared/data")
            continue
        worst = max((_one(name, *pair, metric, number, hard, table) for number in range(cases)), default=0.0)
        print(f"{name}: worst error {worst:.3f} mm of {cases}", flush=True)
    print("verdict    within 1 mm  worse")
    for verdict in Verdict:
        print(f"{verdict:9}  {table.get((verdict, True), 0):11}  {table.get((verdict, False), 0):5}")
    print(f"Silently wrong (more than {LIMIT_MM} mm, called good): {table.get((Verdict.GOOD, False), 0)}")


def _one(name: str, image: sitk.Image, source: sitk.Image, metric: str, number: int, hard: str, table: dict) -> float:
    points = head_points(prepare(image, None, "The image", metric))
    matrix, moved = misplaced(source, number, hard)
    start, used = time.perf_counter(), time.process_time()
    found = register(image, moved, metric=metric)
    seconds, used = time.perf_counter() - start, time.process_time() - used
    error = largest_distance(matrix_of(found.transform), matrix, points)
    key = found.verdict, bool(error <= LIMIT_MM)
    table[key] = table.get(key, 0) + 1
    angle = np.degrees(Rotation.from_matrix(matrix[:3, :3]).magnitude())
    center = points.mean(axis=0)
    shift = np.linalg.norm(matrix[:3, :3] @ center + matrix[:3, 3] - center)
    print(
        f"{name:22} {number:3} {angle:5.1f} deg {shift:5.1f} mm  error {error:8.3f} mm  {found.verdict.value:9} "
        f"{seconds:5.1f} s ({used:.1f} s processor)",
        flush=True,
    )
    return error


def _kinds():
    """(name, reader of (image, image to misplace), metric, what is hard about it)."""
    ct = SHARED / "01_ct/totalseg_example/ct.nii.gz"
    t1, flair = (SHARED / f"02_mr/ms_cross_sectional_patient26/{name}.nii.gz" for name in ("T1", "FLAIR"))
    return (
        ("FLAIR", lambda: _pair(IMAGE, IMAGE), "correlation_ratio", ""),
        ("CT", lambda: _pair(ct, ct), "correlation_ratio", ""),
        ("PET", _pet, "correlation_ratio", ""),
        ("T1 FLAIR", lambda: _pair(t1, flair), "correlation_ratio", ""),
        ("T1 FLAIR, information", lambda: _pair(t1, flair), "mutual_information", ""),
        ("FLAIR, far turned", lambda: _pair(IMAGE, IMAGE), "correlation_ratio", "turned"),
        ("FLAIR, half the field", lambda: _pair(IMAGE, IMAGE), "correlation_ratio", "half"),
        ("CT of head T1", lambda: _pair(ct, t1), "mutual_information", ""),
    )


def _pair(first: Path, other: Path) -> tuple[sitk.Image, sitk.Image] | None:
    if not (first.exists() and other.exists()):
        return None
    one, two = (sitk.ReadImage(str(path), sitk.sitkFloat32) for path in (first, other))
    return one, two


def _pet() -> tuple[sitk.Image, sitk.Image] | None:
    archive = SHARED / "04_pet/sts001_fdg/pet_dicom.zip"
    if not archive.exists():
        return None
    with tempfile.TemporaryDirectory() as folder:
        zipfile.ZipFile(archive).extractall(folder)
        image = sitk.Cast(read_image(next(Path(folder).rglob("*.dcm")).parent), sitk.sitkFloat32)
    return image, image


def misplaced(image: sitk.Image, seed: int, hard: str = "") -> tuple[np.ndarray, sitk.Image]:
    """(4 x 4 matrix image -> moved, the image moved by it, sampled on another grid, with noise)."""
    random = np.random.default_rng(seed)
    own = Geometry.of(image)
    axis = random.normal(size=3)
    angle = np.radians(random.uniform(-30, 30))
    if hard == "turned":
        angle = np.sign(angle) * np.radians(random.uniform(35, 70))
    shift = random.normal(size=3)
    shift *= random.uniform(0, 40) / np.linalg.norm(shift)
    matrix = np.eye(4)
    matrix[:3, :3] = Rotation.from_rotvec(angle * axis / np.linalg.norm(axis)).as_matrix()
    matrix[:3, 3] = own.center + shift - matrix[:3, :3] @ own.center
    spacing = np.array(SPACINGS[seed % len(SPACINGS)])
    direction = Rotation.from_rotvec(np.radians(random.uniform(-8, 8, 3))).as_matrix()
    # a field of view around the place where the body now is, give or take a centimetre: a head coil's, or the image's
    extent = np.maximum(COIL_MM, own.extent) if own.extent.max() > 300 else COIL_MM
    if own.extent.max() > 300:
        spacing = np.maximum(spacing, 3.0)
    if hard == "half":
        extent = extent * [1, 1, 0.5]
    size = np.ceil(extent / spacing).astype(int)
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
    main(*(int(word) for word in sys.argv[1:2]))
