"""N4 and non-local means on a real FLAIR, against the plain full-resolution call and scikit-image.

python Testing/Benchmarks/enhancement.py
"""

import sys
import time
from pathlib import Path

import numpy as np
import SimpleITK as sitk

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from MedProcLib.core.voxels import foreground, values_of  # noqa: E402
from MedProcLib.enhancement.noise.non_local_means import NonLocalMeans  # noqa: E402
from MedProcLib.enhancement.shading.n4 import N4  # noqa: E402

FLAIR = ROOT / "Testing/Data/ms_patient01/study1_FLAIR.nii.gz"
THREADS = 2


def main() -> None:
    sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(THREADS)
    image = sitk.Cast(sitk.ReadImage(str(FLAIR)), sitk.sitkFloat32)
    print(f"{FLAIR.name}, {image.GetSize()} voxels, {THREADS} threads")
    _bias_correction(image)
    _denoising(image)


def _bias_correction(image: sitk.Image) -> None:
    """The field of the coarse fit and the one of the filter on all voxels with its own defaults, same mask."""
    values, valid = values_of(image)
    head = foreground(values, valid)
    mask = sitk.GetImageFromArray(head.astype(np.uint8))
    mask.CopyInformation(image)
    corrected, seconds = _timed(lambda: N4()(image, mask))
    plain, plain_seconds = _timed(lambda: sitk.N4BiasFieldCorrection(image, mask))
    fields = [values[head] / sitk.GetArrayViewFromImage(result)[head] for result in (corrected, plain)]
    ours, theirs = (field / field.mean(dtype=np.float64) for field in fields)
    difference = float(np.sqrt(np.mean((ours / theirs - 1) ** 2)))
    print("\nBias correction (N4)              s    field's RMS difference in the head")
    print(f"MedProc, fitted on 4 mm     {seconds:7.1f}    {100 * difference:.2f} %")
    print(f"plain call, all voxels      {plain_seconds:7.1f}")
    print(f"time ratio                  {plain_seconds / seconds:7.1f}")


def _denoising(image: sitk.Image) -> None:
    """Noise added to a part of the image; the peer with its best of three strengths, on slices (they are thick)."""
    try:
        from skimage.restoration import denoise_nl_means
    except ImportError:
        print("\nNon-local means: scikit-image is not installed, no comparison")
        return
    truth = sitk.GetArrayFromImage(image)[12:26, 40:280, 40:280]
    print("\nNon-local means      noise   noisy dB  MedProc dB  scikit-image dB   MedProc s  scikit-image s   ratio")
    for share in (0.03, 0.06):
        noise = float(share * truth.max())
        noisy = truth + np.random.default_rng(0).normal(0, noise, truth.shape).astype(np.float32)
        noisy_image = sitk.GetImageFromArray(noisy)
        noisy_image.SetSpacing(image.GetSpacing())
        ours, seconds = _timed(
            lambda n=noise, i=noisy_image: sitk.GetArrayFromImage(NonLocalMeans(noise=n, search_radius_mm=3)(i))
        )
        peers = [
            _timed(
                lambda h=h, n=noise, planes=noisy: np.stack(
                    [denoise_nl_means(p, 3, 4, h=h * n, sigma=n, fast_mode=True, preserve_range=True) for p in planes]
                )
            )
            for h in (0.5, 0.6, 0.8)
        ]
        best, peer_seconds = max(peers, key=lambda peer: _psnr(peer[0], truth))
        print(
            f"{'':18s}{noise:8.1f}{_psnr(noisy, truth):11.2f}{_psnr(ours, truth):12.2f}{_psnr(best, truth):17.2f}"
            f"{seconds:12.2f}{peer_seconds:16.2f}{peer_seconds / seconds:8.1f}"
        )


def _psnr(values: np.ndarray, truth: np.ndarray) -> float:
    return float(10 * np.log10(truth.max() ** 2 / np.mean((values - truth) ** 2)))


def _timed(run):
    start = time.perf_counter()
    result = run()
    return result, time.perf_counter() - start


if __name__ == "__main__":
    main()
