"""Deformable registration beside elastix: labeled pairs, known deformations of real images, and pairs that are wrong.

    python3 run.py bench deformable [pairs] [known] [wrong]

Needs ../shared/data beside the repository. Labels are never shown to the registration, but for the rows that start from
landmarks. elastix (itk-elastix, left out where it is not installed) registers rigidly, affinely and by B-splines with
mutual information. Seconds are those of the processor (for elastix with about 20 for loading it). The prostates.
spacing is not true (0.4 mm for a prostate of 20 mm), so their distances are in units of the header.
"""

import resource
import sys
import time
from pathlib import Path

import numpy as np
import SimpleITK as sitk
from scipy import ndimage

from MedProcLib.comparison.register import register
from MedProcLib.comparison.registration.landmarks import Landmarks
from MedProcLib.comparison.registration.other_tools import found_program
from MedProcLib.comparison.result import Registration, Verdict
from MedProcLib.core.geometry import Geometry, resample

DATA = Path(__file__).resolve().parents[3] / "shared/data"
PROSTATES = ("prostate_mr_trus_case000000", "prostate_mr_trus_case000001")
HIPPOCAMPI = (("001", "003"), ("004", "006"), ("007", "008"), ("011", "014"), ("015", "017"), ("019", "020"))
HEAD = DATA / "02_mr/ms_cross_sectional_patient26"
SIDES = ("fixed", "moving")
Labels = list[list[sitk.Image]]


def main() -> None:
    """The tables that are asked for, all by default."""
    asked = sys.argv[1:]
    for name, table in (("pairs", pairs), ("known", known), ("wrong", wrong)):
        if not asked or name in asked:
            table()


def pairs() -> None:
    """Overlap and distance of corresponding labels."""
    print("case                 way          Dice  distance of centers  verdict   seconds")
    for case in PROSTATES:
        images = [_read(f"10_registration/{case}/{n}_images.nii.gz") for n in SIDES]
        labels = [_split(sitk.ReadImage(str(DATA / f"10_registration/{case}/{n}_labels.nii.gz"))) for n in SIDES]
        _rows(case[9:], images, labels, "mutual_information", True)
    images = [_read(f"10_registration/ct_2d_head/CT_2D_head_{n}.mha") for n in SIDES]
    labels = [[_read(f"10_registration/ct_2d_head/CT_2D_head_{n}_mask.mha") > 0] for n in SIDES]
    _rows("2D heads", images, labels, "mutual_information")
    for pair in HIPPOCAMPI:
        images = [_read(f"02_mr/msd_hippocampus/images/hippocampus_{n}.nii.gz") for n in pair]
        whole = [sitk.ReadImage(str(DATA / f"02_mr/msd_hippocampus/labels/hippocampus_{n}.nii.gz")) for n in pair]
        _rows(f"hippocampi {'-'.join(pair)}", images, [[each == 1, each == 2] for each in whole], "correlation_ratio")


def known() -> None:
    """Error in the head of a deformation that is known: a T1 image, and T1, T2 or FLAIR of the same head bent."""
    print("bent image      by mm (mean, max)  way      error mm (mean, 95 %)  verdict   seconds")
    images = {n: _shrunk(_read(f"02_mr/ms_cross_sectional_patient26/{n}.nii.gz")) for n in ("T1", "T2", "FLAIR")}
    images["inverted T1"] = _remapped(images["T1"])
    fixed = images["T1"]
    grid = Geometry.of(fixed)
    inside = ndimage.binary_erosion(sitk.GetArrayFromImage(fixed) > 0, iterations=2)
    points = grid.points(np.argwhere(inside)[::97, ::-1].astype(float))
    for number, (name, image) in enumerate(images.items()):
        truth = _bend(grid, 8.0, 25.0, number)
        moving = _noisy(resample(image, grid, truth), number)
        still = np.linalg.norm(_through(truth, points) - points, axis=1)
        for way, found, seconds in _ways([fixed, moving], "mutual_information"):
            error = np.linalg.norm(_through(truth, _through(found.transform, points)) - points, axis=1)
            print(
                f"{name:15} {still.mean():9.2f} {still.max():7.2f}   {way:8} {error.mean():8.2f} "
                f"{np.percentile(error, 95):11.2f}      {found.verdict.value:9} {seconds:6.1f}",
                flush=True,
            )


def wrong() -> None:
    """What the verdict says of pairs that do not belong together, and of the same image bent by noise alone."""
    print("pairs that do not belong together                     verdict   deformed  reason")
    head = _shrunk(_read("02_mr/ms_cross_sectional_patient26/T1.nii.gz"), 3)
    grid, values = Geometry.of(head), sitk.GetArrayFromImage(head)
    random = np.random.default_rng(0)
    noise = ndimage.gaussian_filter(random.normal(size=values.shape), 1.5)
    others = {
        "head and smooth noise": grid.image_of(noise.astype(np.float32)),
        "head and itself upside down": grid.image_of(values[::-1].copy()),
        "head and its voxels in other blocks": grid.image_of(_shuffled(values, random)),
        "head and hippocampus": _read("02_mr/msd_hippocampus/images/hippocampus_001.nii.gz"),
        "head and prostate in ultrasound": _read(f"10_registration/{PROSTATES[0]}/fixed_images.nii.gz"),
    }
    for name, other in others.items():
        found = register(head, other, kind="deformable", metric="mutual_information")
        deformed = "no" if found.transform.IsLinear() else "yes"
        print(f"{name:53} {found.verdict.value:9} {deformed:9} {found.reasons[0][:90]}", flush=True)


def _rows(case: str, images: list[sitk.Image], labels: Labels, metric: str, marked: bool = False) -> None:
    same = sitk.AffineTransform(images[0].GetDimension())
    ways = [("before", Registration(same, same, same, Verdict.DOUBTFUL), 0.0), *_ways(images, metric)]
    if marked:
        centers = Landmarks(*(np.array([_center(label) for label in side]) for side in labels))
        ways += [("landmarks", *_timed(images, metric, landmarks=centers))]
    for way, found, seconds in ways:
        dice, distance = _agreement(labels, found.transform)
        said = "" if way in ("before", "elastix") else found.verdict.value
        print(f"{case:20} {way:11} {dice:6.3f} {distance:12.2f}         {said:9} {seconds:6.1f}", flush=True)


def _ways(images: list[sitk.Image], metric: str):
    yield "ours", *_timed(images, metric)
    if found_program("elastix"):
        yield "elastix", *_timed(images, metric, tool="elastix")


def _timed(images: list[sitk.Image], metric: str, **settings) -> tuple[Registration, float]:
    children, own = _children(), time.process_time()
    found = register(*images, kind="deformable", metric=metric, **settings)
    seconds = _children() - children if "tool" in settings else time.process_time() - own
    return found, seconds


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _read(name: str) -> sitk.Image:
    return sitk.ReadImage(str(DATA / name), sitk.sitkFloat32)


def _split(labels: sitk.Image) -> list[sitk.Image]:
    return [labels[:, :, :, n] > 0 for n in range(labels.GetSize()[3])]


def _shrunk(image: sitk.Image, times: int = 2) -> sitk.Image:
    return sitk.BinShrink(image, [times] * 3)


def _remapped(image: sitk.Image) -> sitk.Image:
    """Dark where it was bright, and not linearly; air stays dark."""
    values = sitk.GetArrayFromImage(image)
    return Geometry.of(image).image_of(np.where(values > 1, values.max() - values, 0) ** 1.3)


def _noisy(image: sitk.Image, seed: int) -> sitk.Image:
    values = sitk.GetArrayFromImage(image)
    noise = np.random.default_rng(seed).normal(0, 0.03 * np.percentile(values, 99), values.shape)
    return Geometry.of(image).image_of((values + noise).astype(np.float32))


def _bend(grid: Geometry, most: float, smooth: float, seed: int) -> sitk.Transform:
    """A smooth random displacement (mm) of at most this size."""
    random, shape = np.random.default_rng(seed), tuple(reversed(grid.size))
    sigma = [smooth / s for s in reversed(grid.spacing)]
    field = np.stack([ndimage.gaussian_filter(random.normal(size=shape), sigma, mode="constant") for _ in range(3)], -1)
    field *= most / np.linalg.norm(field, axis=-1).max()
    return sitk.DisplacementFieldTransform(grid.stamp(sitk.GetImageFromArray(field, isVector=True)))


def _shuffled(values: np.ndarray, random: np.random.Generator, side: int = 15) -> np.ndarray:
    found = values.copy()
    corners = [
        (z, y, x)
        for z in range(0, values.shape[0] - side + 1, side)
        for y in range(0, values.shape[1] - side + 1, side)
        for x in range(0, values.shape[2] - side + 1, side)
    ]
    for corner, number in zip(corners, random.permutation(len(corners)), strict=True):
        there = tuple(slice(c, c + side) for c in corner)
        found[there] = values[tuple(slice(c, c + side) for c in corners[number])]
    return found


def _through(transform: sitk.Transform, points: np.ndarray) -> np.ndarray:
    return np.array([transform.TransformPoint(point) for point in points.tolist()])


def _center(label: sitk.Image) -> np.ndarray:
    indices = np.argwhere(sitk.GetArrayViewFromImage(label) > 0)[:, ::-1]
    return Geometry.of(label).points(indices.mean(axis=0))[0]


def _agreement(labels: Labels, transform: sitk.Transform) -> tuple[float, float]:
    """(Dice of all labels together on the fixed grid, mean distance of the labels' centers)."""
    grid = Geometry.of(labels[0][0])
    there = [resample(label, grid, transform, sitk.sitkNearestNeighbor) for label in labels[1]]
    sides = [[sitk.GetArrayViewFromImage(label) > 0 for label in side] for side in (labels[0], there)]
    shared = sum(int((a & b).sum()) for a, b in zip(*sides, strict=True))
    distances = [
        np.linalg.norm(np.array(transform.TransformPoint(_center(f).tolist())) - _center(m))
        for f, m in zip(*labels, strict=True)
    ]
    return 2 * shared / sum(int(a.sum()) for side in sides for a in side), float(np.mean(distances))


if __name__ == "__main__":
    main()
