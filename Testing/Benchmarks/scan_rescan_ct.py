"""The same body scanned again by CT without change: how many places does the usual comparison call changed?

    python3 run.py bench scan_rescan_ct [CASES [FIRST]]

Each case takes a real CT (an abdomen with the bases of the lungs, a part of a chest) and scans it twice in slices of 3
to 5 mm, the second time moved by up to 5 degrees about each axis and 12 mm along it: each voxel is the mean of what it
covers, with noise of 15 HU. Nothing is segmented, so the findings are places where any tissue changed.
Needs ../shared/data beside the repository.
"""

import sys
from collections import Counter

import numpy as np
import SimpleITK as sitk
from scan_rescan import ROOT
from scipy.spatial.transform import Rotation

from MedProcLib.comparison.halfway import transform_of
from MedProcLib.comparison.pipeline import compare
from MedProcLib.comparison.resolution import blurred_by, positive
from MedProcLib.comparison.study import Study
from MedProcLib.core.geometry import Geometry, resample

DATA = ROOT.parent / "shared" / "data"
SOURCES = ("01_ct/totalseg_example/ct.nii.gz", "05_ibsi_radiomics/ct_phantom/phantom.nii.gz")
SPACINGS = ((1.5, 1.5, 5.0), (1.5, 1.5, 3.0), (2.0, 2.0, 4.0))
DEGREES, SHIFT_MM, NOISE_HU, LOWEST_HU = 5.0, 12.0, 15.0, -1024.0


def main(cases: int = 8, start: int = 0) -> None:
    """Print one line per case and how many places changed in the median."""
    if not DATA.exists():
        print(f"Needs the shared data at {DATA}.")
        return
    counts = []
    for seed in range(start, start + cases):
        source = DATA / SOURCES[seed % len(SOURCES)]
        image, number = sitk.ReadImage(str(source), sitk.sitkFloat32), seed // len(SOURCES)
        first, other = scanned(image, 2 * number + 1, moved=False), scanned(image, 2 * number + 2)
        (pair,) = compare([Study("first", first, modality="CT"), Study("again", other, modality="CT")]).pairs
        classes = Counter(finding.change.value for finding in pair.findings)
        counts.append(sum(classes.values()))
        said = ", ".join(f"{n} {c}" for c, n in sorted(classes.items())) or "nothing"
        ml = sum(max(finding.volumes_mm3) for finding in pair.findings) / 1000
        slices = " and ".join(f"{each.GetSpacing()[2]:g}" for each in (first, other))
        verdict = pair.registration.verdict
        print(f"case {seed:2d}  {source.parent.name:16s} slices of {slices} mm  {verdict:9s} {said} ({ml:.1f} ml)")
    print(f"places of change: median {np.median(counts):g}, most {max(counts)}, none in {counts.count(0)} of {cases}")


def scanned(image: sitk.Image, seed: int, moved: bool = True) -> sitk.Image:
    """A scan of a body that is moved, or as it is, in voxels of its own."""
    random, own, matrix = np.random.default_rng(seed), Geometry.of(image), np.eye(4)
    shift = np.zeros(3)
    if moved:
        matrix[:3, :3] = Rotation.from_rotvec(np.radians(random.uniform(-DEGREES, DEGREES, 3))).as_matrix()
        shift = random.uniform(-SHIFT_MM, SHIFT_MM, 3)
        matrix[:3, 3] = own.center + shift - matrix[:3, :3] @ own.center
    spacing = np.maximum(SPACINGS[seed % len(SPACINGS)], np.array(own.spacing) * (1 - 1e-3))
    axes = np.reshape(own.direction, (3, 3))
    size = np.ceil(own.extent / spacing).astype(int)
    origin = own.center + shift - axes @ ((size - 1) / 2 * spacing)
    grid = Geometry(tuple(size.tolist()), tuple(spacing.tolist()), tuple(origin.tolist()), own.direction)
    back = np.linalg.inv(matrix)
    covered, held = (sides @ sides.T / 12 for sides in (back[:3, :3] @ axes * spacing, axes * own.spacing))
    # from the lowest value on, so that what lies beyond the image is air
    lifted = blurred_by(image - LOWEST_HU, positive(covered - held))
    values = sitk.GetArrayFromImage(resample(lifted, grid, transform_of(back), sitk.sitkBSpline3)) + LOWEST_HU
    values = np.maximum(values, LOWEST_HU) + random.normal(0, NOISE_HU, values.shape)
    return grid.image_of(values.astype(np.float32))


if __name__ == "__main__":
    main(*map(int, sys.argv[1:3]))
