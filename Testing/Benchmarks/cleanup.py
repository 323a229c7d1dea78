"""Clean-up and combining on 20 segments in 512 x 512 x 300 voxels, against the plain way: segment by segment, the
whole volume each time, with SimpleITK or scipy (scikit-image for surfaces).

    python Testing/Benchmarks/cleanup.py [OPERATION ...]

Each run is a process of its own, so that its peak memory (beside the label maps) is known. The plain way is timed on
two segments and scaled up; it gives a mask for each segment and does not settle which of them a voxel goes to. Times
are of the processor, which other work on the machine changes least; ratios are plain / MedProc.
"""

import itertools
import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import SimpleITK as sitk
from scipy import ndimage

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from MedProcLib.segmentation.cleanup.fill_holes import FillHoles  # noqa: E402
from MedProcLib.segmentation.cleanup.hollow import Hollow  # noqa: E402
from MedProcLib.segmentation.cleanup.interpolate_slices import InterpolateSlices  # noqa: E402
from MedProcLib.segmentation.cleanup.keep_largest import KeepLargest  # noqa: E402
from MedProcLib.segmentation.cleanup.morphology import Morphology  # noqa: E402
from MedProcLib.segmentation.cleanup.smooth import Smooth  # noqa: E402
from MedProcLib.segmentation.cleanup.split_touching import SplitTouching  # noqa: E402
from MedProcLib.segmentation.cleanup.surface import MakeSurface  # noqa: E402
from MedProcLib.segmentation.combining.majority_vote import MajorityVote  # noqa: E402
from MedProcLib.segmentation.combining.shape_average import ShapeAverage  # noqa: E402
from MedProcLib.segmentation.combining.staple import Staple  # noqa: E402

SIZE, SPACING = (300, 512, 512), (0.8, 0.8, 1.5)
SEGMENTS, TIMED_SEGMENTS, RATERS = 20, 2, 3
RADIUS_MM = 3.0


def main(names: list[str]) -> None:
    print(f"{SEGMENTS} segments in {SIZE[2]} x {SIZE[1]} x {SIZE[0]} voxels; {RATERS} raters where they are combined\n")
    print("operation             MedProc                     plain                      ratio")
    print("                   CPU s   wall s   MiB       CPU s   wall s   MiB      CPU    memory")
    for name in names or CASES:
        ours, plain = _in_process(name, "medproc"), _in_process(name, "plain")
        print(
            f"{name:18s}{ours['cpu']:6.1f}{ours['wall']:9.1f}{ours['MiB']:7.0f}{plain['cpu']:11.1f}{plain['wall']:9.1f}"
            f"{plain['MiB']:7.0f}{plain['cpu'] / ours['cpu']:9.1f}{plain['MiB'] / max(ours['MiB'], 1):9.1f}",
            flush=True,
        )


def _in_process(name: str, which: str) -> dict[str, float]:
    run = subprocess.run([sys.executable, __file__, "--one", name, which], capture_output=True, text=True, check=True)
    return json.loads(run.stdout.splitlines()[-1])


def _one(name: str, which: str) -> None:
    ours, plain, several, per_segment = CASES[name]
    thing = [_labels(shift) for shift in range(RATERS)] if several else _labels(0, painted=name == "interpolate_slices")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    wall, cpu = time.perf_counter(), time.process_time()
    if which == "medproc":
        ours(thing)
        scale = 1.0
    elif per_segment:
        for segment in range(1, TIMED_SEGMENTS + 1):
            plain(thing, segment)
        scale = SEGMENTS / TIMED_SEGMENTS
    else:
        plain(thing)
        scale = 1.0
    wall, cpu = (time.perf_counter() - wall) * scale, (time.process_time() - cpu) * scale
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(json.dumps({"wall": wall, "cpu": cpu, "MiB": (peak - before) / 1024}))


def _labels(shift: int, painted: bool = False) -> sitk.Image:
    """Ellipsoids with rough surfaces and holes on a 4 x 5 lattice, moved by a few voxels for each rater."""
    rng = np.random.default_rng(0)
    values = np.zeros(SIZE, np.uint8)
    cell = (SIZE[0] // 2, SIZE[1] // 2, SIZE[2] // 5)
    axes = np.meshgrid(*[np.linspace(-1.05, 1.05, n) for n in cell], indexing="ij", sparse=True)
    for value, corner in enumerate(np.ndindex(2, 2, 5), 1):
        radii = rng.uniform(0.6, 1.0, 3)
        squared = sum((axis / radius) ** 2 for axis, radius in zip(axes, radii, strict=True))
        noise = rng.random(squared.shape, np.float32)
        inside = (squared <= 0.9 + 0.2 * noise) & (noise < 0.999)
        box = tuple(slice(c * n, (c + 1) * n) for c, n in zip(corner, cell, strict=True))
        values[box][inside] = value
    if painted:
        values[np.arange(SIZE[0]) % 5 != 0] = 0
    image = sitk.GetImageFromArray(np.roll(values, 2 * shift, axis=shift % 3))
    image.SetSpacing(SPACING)
    return image


def _mask(labels: sitk.Image, segment: int) -> sitk.Image:
    return sitk.BinaryThreshold(labels, segment, segment)


def _distance(mask: sitk.Image) -> sitk.Image:
    return sitk.SignedMaurerDistanceMap(mask, squaredDistance=False, useImageSpacing=True)


def _plain_largest(labels: sitk.Image, segment: int) -> sitk.Image:
    return sitk.RelabelComponent(sitk.ConnectedComponent(_mask(labels, segment))) == 1


def _plain_dilate(labels: sitk.Image, segment: int) -> sitk.Image:
    return _distance(_mask(labels, segment)) <= RADIUS_MM


def _plain_open(labels: sitk.Image, segment: int) -> sitk.Image:
    return _distance(_distance(_mask(labels, segment)) < -RADIUS_MM) <= RADIUS_MM


def _plain_hollow(labels: sitk.Image, segment: int) -> sitk.Image:
    mask = _mask(labels, segment)
    return sitk.And(mask, _distance(mask) > -RADIUS_MM)


def _plain_fill(labels: sitk.Image, segment: int) -> sitk.Image:
    return sitk.BinaryFillhole(_mask(labels, segment))


def _plain_smooth(labels: sitk.Image, segment: int) -> sitk.Image:
    return sitk.SmoothingRecursiveGaussian(sitk.Cast(_mask(labels, segment), sitk.sitkFloat32), RADIUS_MM / 2) > 0.5


def _plain_split(labels: sitk.Image, segment: int) -> sitk.Image:
    mask = _mask(labels, segment)
    return sitk.Mask(sitk.MorphologicalWatershed(_distance(mask), 1.0, False, False), mask)


def _plain_interpolate(labels: sitk.Image, segment: int) -> np.ndarray:
    """Signed distance maps of the painted slices, and weighted means of two."""
    mask = sitk.GetArrayFromImage(_mask(labels, segment)) != 0
    painted = np.flatnonzero(mask.any(axis=(1, 2)))
    sides = (SPACING[1], SPACING[0])
    distances = {
        k: ndimage.distance_transform_edt(~mask[k], sides) - ndimage.distance_transform_edt(mask[k], sides)
        for k in painted
    }
    for first, second in itertools.pairwise(painted):
        for k in range(first + 1, second):
            share = (k - first) / (second - first)
            mask[k] = (1 - share) * distances[first] + share * distances[second] < 0
    return mask


def _plain_surface(labels: sitk.Image, segment: int) -> object:
    from skimage.measure import marching_cubes

    return marching_cubes(sitk.GetArrayFromImage(_mask(labels, segment)), 0.5, spacing=SPACING[::-1])


def _plain_average(raters: list[sitk.Image], segment: int) -> sitk.Image:
    total = _distance(_mask(raters[0], segment))
    for rater in raters[1:]:
        total = total + _distance(_mask(rater, segment))
    return total < 0


# MedProc, the plain way, whether there are several raters, whether the plain way goes segment by segment
CASES: dict[str, tuple[Callable, Callable, bool, bool]] = {
    "keep_largest": (KeepLargest(), _plain_largest, False, True),
    "fill_holes": (FillHoles(), _plain_fill, False, True),
    "dilate": (Morphology("dilate", RADIUS_MM), _plain_dilate, False, True),
    "open": (Morphology("open", RADIUS_MM), _plain_open, False, True),
    "hollow": (Hollow(RADIUS_MM), _plain_hollow, False, True),
    "smooth": (Smooth(RADIUS_MM / 2), _plain_smooth, False, True),
    "split_touching": (SplitTouching(), _plain_split, False, True),
    "interpolate_slices": (InterpolateSlices(), _plain_interpolate, False, True),
    "surface": (MakeSurface(), _plain_surface, False, True),
    "majority_vote": (MajorityVote(), lambda raters: sitk.LabelVoting(raters), True, False),
    "staple": (Staple(), lambda raters, segment: sitk.STAPLE(raters, 1.0, segment), True, True),
    "shape_average": (ShapeAverage(), _plain_average, True, True),
}


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        _one(*sys.argv[2:])
    else:
        main(sys.argv[1:])
