"""The same patient scanned again without change: no finding may be called new, grown, shrunk or gone.

    python3 run.py bench scan_rescan [CASES [FIRST]]

Each case takes a real FLAIR study, moves it by up to 30 degrees and 40 mm, samples it in other voxels (each the mean of
what it covers), multiplies it by a smooth field of 30 % and adds 3 % noise; both go through the default comparison for
MR of the head, the brain of the study as it is found once for all cases.
Needs ../shared/data beside the repository; without it the one shipped study is taken.
"""

import sys
from collections import Counter
from pathlib import Path

import numpy as np
import SimpleITK as sitk
from _misplaced import SPACINGS, misplaced

from MedProcLib.comparison.defaults import head_mr_recipe
from MedProcLib.comparison.pipeline import compare
from MedProcLib.comparison.study import Study
from MedProcLib.core.geometry import Geometry
from MedProcLib.segmentation.anatomy.brain_mask import BrainMask

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT.parent / "shared" / "data" / "03_longitudinal"
SHIPPED = ROOT / "Testing" / "Data" / "ms_patient01" / "study1_FLAIR.nii.gz"
CASES, FIELD = 30, 0.3
CHANGED = {"new", "grown", "shrunk", "gone", "merged", "split"}


def main(cases: int = CASES, start: int = 0) -> None:
    """Print one line per case and the share without change."""
    sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(2)
    sources = sorted(DATA.glob("ms_patient*/study?_FLAIR.nii.gz")) or [SHIPPED]
    quiet = refused = 0
    firsts: dict[Path, Study] = {}
    for seed in range(start, start + cases):
        path = sources[(seed + seed // len(SPACINGS)) % len(sources)]  # every study in all voxels
        if path not in firsts:
            image = sitk.ReadImage(str(path), sitk.sitkFloat32)
            firsts[path] = Study("first", image, mask=BrainMask()(image))
        again = shaded(misplaced(firsts[path].image, seed)[1], seed)
        pair = compare([firsts[path], Study("again", again)], head_mr_recipe()).pairs[0]
        classes = Counter(finding.change.value for finding in pair.findings)
        verdict = pair.registration.verdict.value
        refused += verdict == "failed"
        quiet += verdict != "failed" and not CHANGED & set(classes)
        said = ", ".join(f"{n} {c}" for c, n in sorted(classes.items())) or "nothing"
        name = f"{path.parent.name} {path.stem.split('_')[0]}"
        spacing = " x ".join(f"{s:g}" for s in again.GetSpacing())
        print(f"case {seed:2d}  {name}  {spacing:18s} registration {verdict:9s} {said}", flush=True)
    print(f"without any change called: {quiet} of {cases} ({refused} registrations refused)")


def shaded(image: sitk.Image, seed: int) -> sitk.Image:
    """The image times a smooth field (second order) that varies by 30 % from its lowest to its highest place."""
    random = np.random.default_rng(seed + 1000)
    values = sitk.GetArrayFromImage(image)
    axes = [
        np.linspace(-1, 1, n).reshape([-1 if a == axis else 1 for a in range(3)]) for axis, n in enumerate(values.shape)
    ]
    field = sum(random.normal() * a for a in axes) + sum(0.5 * random.normal() * a * b for a in axes for b in axes)
    field = 1 + FIELD * ((field - field.min()) / np.ptp(field) - 0.5)
    return Geometry.of(image).image_of((values * field).astype(np.float32))


if __name__ == "__main__":
    main(*map(int, sys.argv[1:3]))
