"""Lesions of known size and contrast put in or taken out between two scans: how many are found, and what else is.

    python3 run.py bench change_sensitivity [CASES [FIRST]]

Each case takes a real FLAIR study and puts soft balls of four radii and four contrasts (16 in all) into usual tissue
at random places; contrast is in SD of the brain's most frequent tissue as scanned, shading included (10 to 16 % of its
brightness, about twice the SD after bias correction), the radius that of half the contrast, and each voxel shows the
mean of what it covers. The study is then scanned again as in `bench scan_rescan` (moved, other voxels, field, noise),
without or with the lesions in turn, and both go through the default comparison for MR of the head. A lesion is found
where tissue that changed the right way is within its radius (in brackets: where it also is a finding that is new, gone,
grown or shrunk). Pieces of change beyond 3 mm from all lesions are false.
Needs ../shared/data beside the repository; without it the one shipped study is taken.
"""

import itertools
import sys
from collections import defaultdict

import numpy as np
import SimpleITK as sitk
from _inserted import Lesion, around, shown, with_lesions, within
from _misplaced import SPACINGS, misplaced
from scan_rescan import CHANGED, DATA, SHIPPED, shaded

from MedProcLib.comparison.change import GAINED, LOST
from MedProcLib.comparison.defaults import head_mr_recipe
from MedProcLib.comparison.pipeline import compare
from MedProcLib.comparison.result import PairComparison
from MedProcLib.comparison.study import Study
from MedProcLib.core.geometry import Geometry
from MedProcLib.segmentation.anatomy.brain_mask import BrainMask

RADII_MM, CONTRASTS = (2.0, 3.0, 4.0, 6.0), (1.5, 2.5, 4.0, 6.0)
KINDS = tuple(itertools.product(RADII_MM, CONTRASTS))
CASES = 8


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
        changed, lesions = with_lesions(plain, brain, KINDS, np.random.default_rng(seed + 500))
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


def scored(pair: PairComparison, lesions: list[Lesion], label: int) -> tuple[list[tuple[bool, bool]], int]:
    """(found as changed tissue, and as a finding that changed) of each lesion; pieces of change that are none of them.

    Lesions that are to be found are in the first study's space, as the change and the first study's labels are.
    """
    hits, false = shown(pair.change, lesions, label)
    findings = sitk.GetArrayFromImage(pair.fixed_labels if label == LOST else _in_first(pair))
    changed = [f.number for f in pair.findings if f.change.value in CHANGED]
    results, grid = [], Geometry.of(pair.change)
    for lesion, hit in zip(lesions, hits, strict=True):
        box, distance = around(lesion, grid)
        there = findings[box][distance <= within(lesion, grid)]
        results.append((hit, hit and bool(np.isin(there, changed).any())))
    return results, false


def _in_first(pair: PairComparison) -> sitk.Image:
    """The other study's labels on the first study's grid."""
    return sitk.Resample(
        pair.moving_labels, pair.fixed_labels, pair.registration.transform, sitk.sitkNearestNeighbor, 0
    )


if __name__ == "__main__":
    main(*map(int, sys.argv[1:3]))
