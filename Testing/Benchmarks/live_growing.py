"""Grow from seeds while strokes are drawn: processor time after each stroke against that of all computed anew.

    python Testing/Benchmarks/live_growing.py [VOXELS_PER_SIDE]

A phantom of 256 x 256 x 256 voxels of 1 mm: a large ball and a smaller one in noise, worked on as a whole and within
30 mm of the seeds (the default). The three slices through the stroke come first, computed in these alone; then a first
look at all of it goes on over the costs as they were; the exact result follows.
"""

import sys
import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import SimpleITK as sitk
from scipy import ndimage

from MedProcLib.segmentation.region.grow_from_seeds import GrowFromSeeds

SIDE = 256


def main() -> None:
    side = int(sys.argv[1]) if len(sys.argv) > 1 else SIDE
    image = sitk.GetImageFromArray(_phantom(side))
    print(f"{side}³ voxels; processor seconds; off: voxels other than in the exact result, share of slices and of all")
    for reach, where in ((0.0, "whole volume"), (30.0, "30 mm around")):
        operation = GrowFromSeeds(reach_mm=reach)
        following = operation.following()
        print(where)
        before = np.zeros((side,) * 3, np.uint8)
        for what, seeds in _strokes(side):
            drawn = sitk.GetImageFromArray(seeds)
            planes = _planes_through(tuple(np.argwhere(seeds != before).mean(axis=0).astype(int).tolist()), side)
            before = seeds
            start = time.process_time()
            slices = following.look(image, drawn, None, planes)
            slices_s = time.process_time() - start
            first, first_s = _timed(following, image, drawn)
            exact_s = 0.0
            exact = first
            if not following.exact:
                exact, exact_s = _timed(following, image, drawn)
            anew, anew_s = _timed(operation, image, drawn)
            same = np.array_equal(*(sitk.GetArrayViewFromImage(each) for each in (exact, anew)))
            share = np.mean(sitk.GetArrayViewFromImage(first) != sitk.GetArrayViewFromImage(anew))
            off = np.mean([_off(part, anew) for part in slices if part is not None] or [np.nan])
            print(
                f"  {what:32} slices {slices_s:5.2f} (off {off:.1e})  first look {first_s:5.2f} (off {share:.1e})  "
                f"exact after {exact_s:5.2f}  anew {anew_s:5.2f}  {'equal' if same else 'NOT EQUAL'}",
                flush=True,
            )


def _phantom(side: int) -> np.ndarray:
    z, y, x = np.ogrid[:side, :side, :side]
    middle = side / 2
    large = (z - middle) ** 2 + (y - middle) ** 2 + (x - middle) ** 2 < (side / 4) ** 2
    small = (z - middle) ** 2 + (y - 0.3 * side) ** 2 + (x - 0.7 * side) ** 2 < (side / 7) ** 2
    values = ndimage.gaussian_filter((100 + 80 * large + 60 * small).astype(np.float32), 1)
    return values + np.random.default_rng(0).normal(0, 8, values.shape).astype(np.float32)


def _strokes(side: int) -> Iterator[tuple[str, np.ndarray]]:
    """Seeds after one stroke more each time, of some 20 to 60 voxels."""
    seeds = np.zeros((side,) * 3, np.uint8)
    middle, tenth = side // 2, side // 10
    seeds[middle, middle - 10 : middle + 10, middle - 2 : middle + 2] = 1
    seeds[middle, tenth // 2 : -tenth // 2, tenth] = seeds[middle, tenth // 2, :] = seeds[-tenth, middle, :] = 2
    yield "the first strokes", seeds.copy()
    inside, along = middle + 20, slice(middle + 20, middle + 30)
    border = (middle + side // 4 - 1, middle, slice(middle - 5, middle + 5))
    strokes: tuple[tuple[str, tuple[Any, ...], int], ...] = (
        ("in the ball, far from others", (middle + 5, along, slice(inside, inside + 2)), 1),
        ("in the ball, beside another", (middle + 9, along, slice(inside - 2, inside)), 1),
        ("around it", (middle + 5, slice(side // 5, side // 5 + 8), slice(-side // 5, 3 - side // 5)), 2),
        ("across the border, to correct it", border, 1),
        ("erased again", border, 0),
    )
    for what, place, number in strokes:
        seeds[place] = number
        yield what, seeds.copy()


def _planes_through(place: tuple[int, ...], side: int) -> list[np.ndarray]:
    """Corners of the three slices of voxels through a place (z, y, x)."""
    planes = []
    for axis, index in enumerate(reversed(place)):
        corners = np.array([(0, 0), (0, side - 1), (side - 1, side - 1), (side - 1, 0)], float)
        planes.append(np.insert(corners, axis, index, axis=1))
    return planes


def _off(part: sitk.Image, whole: sitk.Image) -> float:
    """Share of the voxels of a part that are others in the whole."""
    start = whole.TransformPhysicalPointToIndex(part.GetOrigin())
    there = sitk.RegionOfInterest(whole, part.GetSize(), start)
    return float(np.mean(sitk.GetArrayViewFromImage(part) != sitk.GetArrayViewFromImage(there)))


def _timed(grow: Any, image: sitk.Image, seeds: sitk.Image) -> tuple[sitk.Image, float]:
    start = time.process_time()
    return grow(image, seeds), time.process_time() - start


if __name__ == "__main__":
    main()
