"""Change maps against known change: percentage volume change, false discoveries, Jacobian determinant, speed.

    python3 run.py bench change_maps

Boundary shift: of a brain phantom made anew at both sizes (nothing is interpolated), and of real T1 studies of which
both sides were resampled by half of a known scaling; without ../shared/data the real part is left out.
"""

import time
from pathlib import Path

import numpy as np
import SimpleITK as sitk
from _brain_phantom import BrainPhantom, brain_phantom

from MedProcLib.comparison.maps.boundary_shift import BoundaryShift
from MedProcLib.comparison.maps.jacobian import jacobian
from MedProcLib.comparison.maps.significant import SignificantChange
from MedProcLib.core.errors import InputError
from MedProcLib.core.geometry import Geometry, resample
from MedProcLib.segmentation.anatomy.brain_mask import BrainMask
from MedProcLib.segmentation.common.morphology import distance_to

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
REAL = (
    "03_longitudinal/ms_patient01/study1_T1W.nii.gz",
    "03_longitudinal/ms_patient01/study2_T1W.nii.gz",
    "02_mr/ms_cross_sectional_patient26/T1.nii.gz",
)


def main() -> None:
    """Print one block for each map."""
    sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(2)
    phantom_shift()
    real_shift()
    false_discoveries()
    jacobians()


def phantom_shift() -> None:
    print("Percentage volume change of a phantom, 1 mm (half of the scaling on either side; noise and field in %)")
    print("  truth  noise  field   found   95 % interval      error  boundary/mask  seconds")
    for half in (0.0, 0.0017, 0.0028):
        pair = [_as_1_mm(brain_phantom((1 + k * half,) * 3)) for k in (-1, 1)]
        truth = _percent(*(float(p.fractions[1:].sum(dtype=float)) for p in pair))
        for noise, field in ((0, 0), (3, 20), (5, 40)):
            images = [p.image("T1", noise, field, seed) for seed, p in enumerate(pair)]
            masks = [Geometry.of(i).image_of(p.mask) for i, p in zip(images, pair, strict=True)]
            print(f"{truth:7.3f} {noise:6} {field:6} {_shift(images, masks, truth)}", flush=True)


def real_shift() -> None:
    print("\nPercentage volume change of real T1 studies scaled by a known factor (noise in % of the brain's median,")
    print("field: smooth ratio of the two sides in %, not in the same place)")
    print("  truth  noise  field   found   95 % interval      error  boundary/mask  seconds")
    for name in REAL:
        if not (DATA / name).is_file():
            print(f"  {name} is not there.")
            continue
        print(f"  {name}")
        # less fine in its plane, so that the voxels are nearer to cubes
        image = sitk.BinShrink(sitk.ReadImage(str(DATA / name), sitk.sitkFloat32), [2, 2, 1])
        brain = BrainMask()(image)
        for truth in (0.0, -0.5, -1.0, -3.0):
            for noise, field in ((1, 0), (3, 0), (3, 5)):
                images, masks = _scaled(image, brain, truth, noise, field)
                print(f"{truth:7.3f} {noise:6} {field:6} {_shift(images, masks, truth)}", flush=True)


def false_discoveries() -> None:
    print("\nSignificant change at a false discovery rate of 5 % (12 pairs, noise 5, lesions of +15 or none)")
    print("  lesions  dependence   named  false %  expected false %  found of the lesions %")
    grid = Geometry((80, 80, 60), (1.0, 1.0, 1.5), (0.0,) * 3, tuple(np.eye(3).ravel()))
    generator = np.random.default_rng(0)
    base = 100 + 100 * _smooth(generator.normal(size=(60, 80, 80)), grid, 3.0)
    lesion = np.zeros(base.shape, bool)
    for z, y, x in ((20, 25, 25), (40, 55, 50), (30, 30, 60)):
        lesion[z - 4 : z + 4, y - 5 : y + 5, x - 5 : x + 5] = True
    far = distance_to(lesion, grid) > 4
    for added in (0, 15):
        for dependence in ("positive", "any"):
            named, false, expected, found = np.array(
                [_discovered(base, added * lesion, grid, far, dependence, lesion, seed) for seed in range(12)]
            ).T
            total = max(named.sum(), 1)
            print(
                f"  {added:7} {dependence:>11} {named.mean():7.0f} {100 * false.sum() / total:8.2f} "
                f"{100 * expected.sum() / total:17.2f} {100 * found.mean():23.0f}",
                flush=True,
            )


def jacobians() -> None:
    print("\nJacobian determinant of a known radial deformation, up to 2.2 (oblique grid; ITK's filter ignores it)")
    grid = Geometry((128, 128, 96), (1.0, 1.0, 1.3), (5.0, -8.0, 20.0), _oblique())
    points = grid.points(np.indices(tuple(reversed(grid.size))).reshape(3, -1)[::-1].T.astype(float))
    away = points - grid.center
    r2 = np.sum(away**2, axis=1)
    g = 0.3 * np.exp(-r2 / 25**2)
    truth = ((1 + g) ** 2 * (1 + g - 2 * r2 / 25**2 * g)).reshape(tuple(reversed(grid.size)))
    displacement = (away * g[:, None]).reshape((*truth.shape, 3))
    field = grid.stamp(sitk.GetImageFromArray(displacement, isVector=True))
    transform = sitk.DisplacementFieldTransform(sitk.Image(field))
    start = time.perf_counter()
    found = jacobian(transform, grid).determinant
    middle = time.perf_counter()
    itk = sitk.GetArrayFromImage(sitk.DisplacementFieldJacobianDeterminant(field))
    end = time.perf_counter()
    for name, values in (("MedProc", found), ("ITK", itk)):
        error = values - truth
        print(f"  {name:8} RMS error {np.sqrt(np.mean(error**2)):.5f}, largest {np.abs(error).max():.4f}")
    print(f"  seconds, MedProc by ITK: {(middle - start) / (end - middle):.1f} ({middle - start:.1f} s)")


def _shift(images: list[sitk.Image], masks: list[sitk.Image], truth: float) -> str:
    start = time.perf_counter()
    try:
        _, rows = BoundaryShift()(*images, *masks)
    except InputError as error:
        return f"refused: {error}"
    seconds = time.perf_counter() - start
    found, low, high = (rows[0].value(f"percentage_volume_change{end}") for end in ("", "_low", "_high"))
    # what counting the voxels of both outlines would say
    counted = _percent(rows[0].value("volume_first"), rows[0].value("volume_other"))
    return f"{found:7.3f}  {low:7.3f}..{high:7.3f} {found - truth:9.3f} {counted:14.3f} {seconds:8.1f}"


def _scaled(
    image: sitk.Image, brain: sitk.Image, percent: float, noise: float, field: float
) -> tuple[list[sitk.Image], list[sitk.Image]]:
    """Both sides of a change of volume in percent of their mean, with noise and each with a field of its own."""
    grid = Geometry.of(image)
    # volumes 1 - p/2 and 1 + p/2 of their mean
    sides = [(1 + k * percent / 200) ** (1 / 3) for k in (-1, 1)]
    level = float(np.median(sitk.GetArrayViewFromImage(image)[sitk.GetArrayViewFromImage(brain) > 0]))
    images, masks = [], []
    for seed, factor in enumerate(sides):
        scale = sitk.AffineTransform((np.eye(3) / factor).ravel().tolist(), (0, 0, 0), grid.center.tolist())
        values = sitk.GetArrayFromImage(resample(image, grid, scale, sitk.sitkBSpline3))
        axis = np.linspace(-1, 1, values.shape[2 - seed]).reshape([-1 if a == 2 - seed else 1 for a in range(3)])
        values = values * (1 + field / 200 * axis)
        values += np.random.default_rng(seed).normal(0, noise / 100 * level, values.shape)
        images.append(grid.image_of(values.astype(np.float32)))
        masks.append(resample(brain, grid, scale, sitk.sitkNearestNeighbor))
    return images, masks


def _discovered(base, added, grid, far, dependence, lesion, seed) -> tuple[float, float, float, float]:
    first, other = (
        grid.image_of((values + np.random.default_rng(100 + 2 * seed + k).normal(0, 5, base.shape)).astype(np.float32))
        for k, values in enumerate((base, base + added))
    )
    _, change, rows = SignificantChange(dependence=dependence)(first, other)
    found = sitk.GetArrayFromImage(change) > 0
    false = np.count_nonzero(found & far) if added.any() else np.count_nonzero(found)
    return found.sum(), false, rows[0].value("expected_false_voxels"), found[lesion].mean()


def _percent(first: float, other: float) -> float:
    return 200 * (other - first) / (other + first)


def _as_1_mm(phantom: BrainPhantom) -> BrainPhantom:
    return BrainPhantom(phantom.fractions, (1.0, 1.0, 1.0))


def _smooth(values: np.ndarray, grid: Geometry, sd_mm: float) -> np.ndarray:
    return sitk.GetArrayFromImage(sitk.SmoothingRecursiveGaussian(grid.image_of(values), sd_mm))


def _oblique() -> tuple[float, ...]:
    turn = sitk.Euler3DTransform()
    turn.SetRotation(0.3, -0.2, 0.5)
    return turn.GetMatrix()


if __name__ == "__main__":
    main()
