"""Registration of prostate MR to ultrasound, labels of corresponding structures before and after: overlap, distance.

    python3 run.py bench deformable

Needs ../shared/data beside the repository (10_registration). The labels (4th dimension: gland, then point-like
landmarks) are never shown to the registration, but for the row that starts from them. The files' spacing is not true
(0.4 mm for a prostate of 20 mm), so distances are in units of the header. The 2D pair of heads is refused, and said so.
"""

import time
from pathlib import Path

import numpy as np
import SimpleITK as sitk

from MedProcLib.comparison.register import register
from MedProcLib.comparison.registration.deformation import deformation_figures
from MedProcLib.comparison.registration.from_landmarks import register_landmarks
from MedProcLib.comparison.registration.landmarks import Landmarks
from MedProcLib.comparison.result import Registration, Verdict
from MedProcLib.core.errors import InputError
from MedProcLib.core.geometry import Geometry, resample

DATA = Path(__file__).resolve().parents[3] / "shared/data/10_registration"
CASES = ("prostate_mr_trus_case000000", "prostate_mr_trus_case000001")


def main() -> None:
    """One row per case and way of registration, and the mean over cases."""
    print("case                          way         Dice gland  distance (mean over labels)  verdict   folded  CPU s")
    rows: dict[str, list[tuple[float, float]]] = {}
    for case in CASES:
        fixed, moving = (sitk.ReadImage(str(DATA / case / f"{n}_images.nii.gz"), sitk.sitkFloat32) for n in SIDES)
        labels = [_labels(DATA / case / f"{n}_labels.nii.gz") for n in SIDES]
        for way, found, seconds in _ways(fixed, moving, labels):
            dice, distance = _agreement(labels, found.transform)
            folded = next(f.value for f in deformation_figures(found.transform, Geometry.of(fixed)) if f.unit == "%")
            rows.setdefault(way, []).append((dice, distance))
            print(
                f"{case:29} {way:11} {dice:10.3f} {distance:29.2f}  {found.verdict.value:9} "
                f"{folded:5.2f}% {seconds:5.1f}",
                flush=True,
            )
    for way, values in rows.items():
        dice, distance = np.mean(values, axis=0)
        print(f"{'mean':29} {way:11} {dice:10.3f} {distance:29.2f}")
    try:
        register(*(sitk.ReadImage(str(DATA / f"ct_2d_head/CT_2D_head_{n}.mha"), sitk.sitkFloat32) for n in SIDES))
    except InputError as error:
        print(f"ct_2d_head: refused ({error})")


SIDES = ("fixed", "moving")


def _ways(fixed: sitk.Image, moving: sitk.Image, labels: list[list[sitk.Image]]):
    same = sitk.AffineTransform(3)
    yield "before", Registration(same, same, same, Verdict.DOUBTFUL), 0.0
    centers = Landmarks(*(np.array([_center(label) for label in side]) for side in labels))
    for way, settings in (
        ("rigid", {"kind": "rigid"}),
        ("affine", {"kind": "affine"}),
        ("deformable", {"kind": "deformable"}),
        ("landmarks", None),
        ("from these", {"kind": "deformable", "landmarks": centers}),
    ):
        began = time.process_time()
        if settings is None:
            found = register_landmarks(centers)
        else:
            found = register(fixed, moving, metric="mutual_information", **settings)
        yield way, found, time.process_time() - began


def _labels(path: Path) -> list[sitk.Image]:
    whole = sitk.ReadImage(str(path))
    return [whole[:, :, :, n] > 0 for n in range(whole.GetSize()[3])]


def _center(label: sitk.Image) -> np.ndarray:
    indices = np.argwhere(sitk.GetArrayViewFromImage(label) > 0)[:, ::-1]
    return Geometry.of(label).points(indices.mean(axis=0))[0]


def _agreement(labels: list[list[sitk.Image]], transform: sitk.Transform) -> tuple[float, float]:
    """(Dice of the gland on the fixed grid, mean distance of the labels' centers)."""
    grid = Geometry.of(labels[0][0])
    there = [resample(label, grid, transform, sitk.sitkNearestNeighbor) for label in labels[1]]
    a, b = (sitk.GetArrayViewFromImage(label) > 0 for label in (labels[0][0], there[0]))
    distances = [
        np.linalg.norm(np.array(transform.TransformPoint(_center(f).tolist())) - _center(m))
        for f, m in zip(*labels, strict=True)
    ]
    return float(2 * (a & b).sum() / (a.sum() + b.sum())), float(np.mean(distances))


if __name__ == "__main__":
    main()
