"""Lesions of known size and contrast put in or taken out between two scans: how many are found, and what else is.

    python3 run.py bench change_sensitivity [CASES [FIRST]]

Each case takes a real FLAIR study and puts soft balls of four radii and four contrasts (16 in all) into usual tissue
at random places; contrast is in SD of the brain's most frequent tissue, the radius that of half the contrast, and each
voxel shows the mean of what it covers. The study is then scanned again as in `bench scan_rescan` (moved, other voxels,
field, noise), without or with the lesions in turn, and both go through the default comparison for MR of the head. A
lesion is found where tissue that changed the right way is within its radius (in brackets: where it also is a finding
that is new, gone, grown or shrunk). Pieces of change beyond 3 mm from all lesions are false.
Needs ../shared/data beside the repository; without it the one shipped study is taken.
"""

import itertools
import sys
from collections import defaultdict
from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk
from _misplaced import SPACINGS, misplaced
from scan_rescan import CHANGED, DATA, SHIPPED, shaded
from scipy import ndimage

from MedProcLib.comparison.change import GAINED, LOST
from MedProcLib.comparison.defaults import head_mr_recipe
from MedProcLib.comparison.pipeline import compare
from MedProcLib.comparison.result import PairComparison
from MedProcLib.comparison.study import Study
from MedProcLib.core.geometry import Geometry
from MedProcLib.core.statistics import mode_and_sd
from MedProcLib.segmentation.anatomy.brain_mask import BrainMask
from MedProcLib.segmentation.common.connectivity import connected_components

RADII_MM, CONTRASTS = (2.0, 3.0, 4.0, 6.0), (1.5, 2.5, 4.0, 6.0)
CASES, SOFT_MM, APART_MM, DEEP_MM, FALSE_MM = 8, 2.0, 7.0, 8.0, 3.0
USUAL_SD, PARTS = 2.0, (2, 2, 6)


@dataclass(frozen=True)
class Lesion:
    center: np.ndarray
    radius: float
    contrast: float


def main(cases: int = CASES, start: int = 0) -> None:
    """One line per case, then a table of the lesions found by radius and contrast."""
    sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(2)
    sources = sorted(DATA.glob("ms_patient*/study?_FLAIR.nii.gz")) or [SHIPPED]
    found: dict[tuple[float, float], list[tuple[bool, bool]]] = defaultdict(list)
    false = 0
    for seed in range(start, start + cases):
        path = sources[(seed + seed // len(SPACINGS)) % len(sources)]
        plain = sitk.ReadImage(str(path), sitk.sitkFloat32)
        brain = BrainMask()(plain)
        changed, lesions = with_lesions(plain, brain, np.random.default_rng(seed + 500))
        first, other, label = (changed, plain, LOST) if seed % 2 else (plain, changed, GAINED)
        again = shaded(misplaced(other, seed)[1], seed)
        pair = compare([Study("first", first, mask=brain), Study("again", again)], head_mr_recipe()).pairs[0]
        results, wrong = scored(pair, lesions, label)
        for lesion, result in zip(lesions, results, strict=True):
            found[lesion.radius, lesion.contrast].append(result)
        false += wrong
        name = f"{path.parent.name} {path.stem.split('_')[0]}"
        print(
            f"case {seed:2d}  {name}  {'taken out' if label == LOST else 'put in   '}  {sum(a for a, _ in results):2d} "
            f"of {len(results)} found, {wrong} false",
            flush=True,
        )
    print("\nradius    " + "".join(f"{c:>14g} SD" for c in CONTRASTS))
    for radius in RADII_MM:
        print(f"{radius:4g} mm   " + "".join(_cell(found[radius, contrast]) for contrast in CONTRASTS))
    print(f"false pieces: {false} in {cases} cases")


def _cell(results: list[tuple[bool, bool]]) -> str:
    return f"{sum(a for a, _ in results)} ({sum(b for _, b in results)}) of {len(results)}".rjust(17)


def with_lesions(image: sitk.Image, brain: sitk.Image, random) -> tuple[sitk.Image, list[Lesion]]:
    """The image with one lesion of each radius and contrast, where there is room, and these lesions."""
    grid = Geometry.of(image)
    values, inside = sitk.GetArrayFromImage(image), sitk.GetArrayViewFromImage(brain) != 0
    spacing = tuple(reversed(grid.spacing))
    smooth = ndimage.gaussian_filter(values, [1 / s for s in spacing])
    mode, sd = mode_and_sd(smooth[inside])
    deep = ndimage.distance_transform_edt(inside, spacing)
    free = ndimage.distance_transform_edt(np.abs(smooth - mode) < USUAL_SD * sd, spacing)
    kinds = list(itertools.product(RADII_MM, CONTRASTS))
    random.shuffle(kinds)
    lesions: list[Lesion] = []
    for radius, contrast in sorted(kinds, key=lambda kind: -kind[0]):
        places = np.argwhere((deep > radius + DEEP_MM) & (free > radius + 1))[:, ::-1]
        for place in random.permutation(places)[:200]:
            center = grid.points((place + random.uniform(-0.5, 0.5, 3))[None])[0]
            if all(np.linalg.norm(center - v.center) > radius + v.radius + APART_MM for v in lesions):
                lesions.append(Lesion(center, radius, contrast))
                break
    return grid.image_of(values + sd * sum(v.contrast * _share(v, grid) for v in lesions).astype(np.float32)), lesions


def _share(lesion: Lesion, grid: Geometry) -> np.ndarray:
    """Share (0..1) of the contrast that each voxel (z, y, x) shows: the mean over its parts."""
    result = np.zeros(tuple(reversed(grid.size)))
    indices, box = _around(lesion, grid, lesion.radius + SOFT_MM)
    for part in np.ndindex(PARTS):
        points = grid.points(indices + (np.array(part) + 0.5) / PARTS - 0.5)
        depth = lesion.radius - np.linalg.norm(points - lesion.center, axis=1)
        result[box] += np.clip(depth / SOFT_MM + 0.5, 0, 1).reshape(result[box].shape) / np.prod(PARTS)
    return result


def _around(lesion: Lesion, grid: Geometry, reach_mm: float) -> tuple[np.ndarray, tuple[slice, ...]]:
    """Indices (n, 3) of the voxels around a lesion, and the box (z, y, x) that they fill in that order."""
    middle = np.round(grid.indices(lesion.center[None])[0]).astype(int)
    reach = np.ceil(reach_mm / np.array(grid.spacing)).astype(int) + 1
    low, high = np.maximum(middle - reach, 0), np.minimum(middle + reach + 1, grid.size)
    box = tuple(slice(int(a), int(b)) for a, b in zip(low[::-1], high[::-1], strict=True))
    z, y, x = np.meshgrid(*(np.arange(s.start, s.stop) for s in box), indexing="ij")
    return np.stack([x, y, z], axis=-1).reshape(-1, 3).astype(float), box


def scored(pair: PairComparison, lesions: list[Lesion], label: int) -> tuple[list[tuple[bool, bool]], int]:
    """(found as changed tissue, and as a finding that changed) of each lesion; pieces of change that are none of them.

    Lesions that are to be found are in the first study's space, as the change and the first study's labels are.
    """
    grid, change = Geometry.of(pair.change), sitk.GetArrayFromImage(pair.change)
    findings = sitk.GetArrayFromImage(pair.fixed_labels if label == LOST else _in_first(pair))
    changed = [f.number for f in pair.findings if f.change.value in CHANGED]
    results, allowed = [], np.zeros(change.shape, bool)
    for lesion in lesions:
        indices, box = _around(lesion, grid, lesion.radius + FALSE_MM)
        distance = np.linalg.norm(grid.points(indices) - lesion.center, axis=1).reshape(change[box].shape)
        within = distance <= max(lesion.radius, min(grid.spacing))
        allowed[box] |= distance <= lesion.radius + FALSE_MM
        hit = bool(np.any(change[box][within] == label))
        results.append((hit, hit and bool(np.isin(findings[box][within], changed).any())))
    numbers, counts = connected_components(pair.change, "corner")
    return results, len(counts) - 1 - len(set(np.unique(numbers[allowed]).tolist()) - {0})


def _in_first(pair: PairComparison) -> sitk.Image:
    """The other study's labels on the first study's grid."""
    return sitk.Resample(
        pair.moving_labels, pair.fixed_labels, pair.registration.transform, sitk.sitkNearestNeighbor, 0
    )


if __name__ == "__main__":
    main(*map(int, sys.argv[1:3]))
