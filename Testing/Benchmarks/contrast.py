"""CLAHE against SimpleITK's adaptive histogram equalization and scikit-image's equalize_adapthist, with equal tiles.

python Testing/Benchmarks/contrast.py [--quick]

All on 2 threads; the fastest of several calls counts. SimpleITK's filter, which takes minutes on a volume, runs on
a crop, and both are given per million voxels. The preview is that of an axial slice of a 512 x 512 x 300 volume, with
the mappings learned before; what learning takes is said too.
"""

import sys
import time
from pathlib import Path

import numpy as np
import SimpleITK as sitk

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from MedProcLib.core.preview import Preview  # noqa: E402
from MedProcLib.enhancement.contrast.clahe import Clahe  # noqa: E402

FLAIR = ROOT / "Testing/Data/ms_patient01/study1_FLAIR.nii.gz"
CT = ROOT.parent / "shared/data/01_ct/totalseg_example/ct.nii.gz"
THREADS = 2
TILE_MM = 30.0
CROP = (40, 40, 20)  # voxels that SimpleITK is timed on


def main() -> None:
    sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(THREADS)
    images = {"phantom 256^3": phantom(256, 256)}
    for name, path in (("FLAIR of a head", FLAIR), ("CT of a chest", CT)):
        if path.is_file():
            images[name] = sitk.Cast(sitk.ReadImage(str(path)), sitk.sitkFloat32)
    print(f"CLAHE, tiles of {TILE_MM:g} mm, {THREADS} threads; seconds per million voxels, crop of the middle")
    print(f"{'image':<18}{'crop':>15}{'MedProc':>10}{'SimpleITK':>11}{'ratio':>7}")
    for name, image in images.items():
        _against_simpleitk(name, image)
    print("\nwhole image, seconds")
    print(f"{'image':<18}{'size':>15}{'':>4}{'MedProc':>10}{'scikit-image':>14}{'ratio':>7}{'correlation':>13}")
    for name, image in images.items():
        _against_scikit_image(name, image, "3D")
        _against_scikit_image(name + ", slice", image[:, :, image.GetSize()[2] // 2], "2D")
    if "--quick" not in sys.argv:
        _preview()


def phantom(slices: int, side: int) -> sitk.Image:
    """Noise on a slow gain over a few balls, 0.8 x 0.8 x 1.5 mm."""
    rng = np.random.default_rng(0)
    z, y, x = np.ogrid[-1 : 1 : slices * 1j, -1 : 1 : side * 1j, -1 : 1 : side * 1j]
    values = np.empty((slices, side, side), np.float32)
    for number, height in enumerate(z[:, 0, 0]):
        rng.standard_normal(out=values[number], dtype=np.float32)
        values[number] *= 15
        distance = np.sqrt(height**2 + y[0] ** 2 + x[0] ** 2)
        values[number] += 400 * (distance < 0.9) * (1 + 0.3 * x[0]) + 60 * np.sin(25 * distance)
    image = sitk.GetImageFromArray(values)
    image.SetSpacing((0.8, 0.8, 1.5))
    return image


def _against_simpleitk(name: str, image: sitk.Image) -> None:
    """Ours on the whole image, theirs on a small part, which flatters it: most windows reach beyond it and hold less.

    Whole numbers, since its cost grows with the number of different values in the window.
    """
    image = sitk.Round(image)
    middle = tuple(slice(n // 2 - c // 2, n // 2 + c // 2) for n, c in zip(image.GetSize(), CROP, strict=True))
    radius = [max(1, round(TILE_MM / s / 2)) for s in image.GetSpacing()]
    crop = image[middle]
    ours = best_time(lambda: Clahe(tile_mm=TILE_MM)(image)) / image.GetNumberOfPixels() * 1e6
    theirs = best_time(lambda: sitk.AdaptiveHistogramEqualization(crop, radius, 0.3, 0.3), 1)
    theirs *= 1e6 / crop.GetNumberOfPixels()
    size = " x ".join(str(n) for n in crop.GetSize())
    print(f"{name:<18}{size:>15}{ours:10.3f}{theirs:11.2f}{theirs / ours:7.0f}", flush=True)


def _against_scikit_image(name: str, image: sitk.Image, kind: str) -> None:
    try:
        from skimage.exposure import equalize_adapthist
    except ImportError:
        print(f"{name:<18} scikit-image is not installed")
        return
    values = sitk.GetArrayFromImage(image)
    low, high = np.percentile(values, (0.1, 99.9))
    scaled = ((values - low) / (high - low)).clip(0, 1)
    kernel = [max(1, round(TILE_MM / s)) for s in reversed(image.GetSpacing())]
    kernel = [min(k, n) for k, n in zip(kernel, scaled.shape, strict=True)]
    operation = Clahe(tile_mm=TILE_MM)
    times = 2 if kind == "3D" else 20
    seconds = best_time(lambda: operation(image), times)
    peer_seconds = best_time(lambda: equalize_adapthist(scaled, kernel, 3 / 256), times)
    alike = np.corrcoef(
        equalize_adapthist(scaled, kernel, 3 / 256).ravel(), sitk.GetArrayFromImage(operation(image)).ravel()
    )[0, 1]
    size = " x ".join(str(n) for n in image.GetSize())
    print(
        f"{name[:18]:<18}{size:>15}{kind:>4}{seconds:10.3f}{peer_seconds:14.3f}{peer_seconds / seconds:7.1f}"
        f"{alike:13.3f}",
        flush=True,
    )


def _preview() -> None:
    image = phantom(300, 512)
    preview = Preview(image)
    print(f"\n{'512 x 512 x 300':<18}{'learning s':>12}{'axial ms':>10}{'sagittal ms':>13}{'whole run s':>13}")
    for tiles in ("3D", "each slice"):
        operation = Clahe(tiles=tiles)
        learning = best_time(lambda o=operation: preview.prepare([o]), 1)
        grid = preview.prepare([operation])
        axial, sagittal = (
            grid.points(np.array(c)) for c in (((0, 0, 150), (511, 511, 150)), ((256, 0, 0), (256, 511, 299)))
        )
        times = [
            1000 * best_time(lambda o=operation, c=corners: preview.part([o], c), 5) for corners in (axial, sagittal)
        ]
        run = best_time(lambda o=operation: o(image), 1)
        print(f"{tiles:<18}{learning:12.2f}{times[0]:10.0f}{times[1]:13.0f}{run:13.1f}", flush=True)


def best_time(run, times: int = 2) -> float:
    best = np.inf
    for _ in range(times):
        start = time.perf_counter()
        run()
        best = min(best, time.perf_counter() - start)
    return best


if __name__ == "__main__":
    main()
