"""Non-local means against scikit-image, patch-based denoising and smoothing, on a real FLAIR with known Rician noise.

python Testing/Benchmarks/denoising.py
"""

import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import SimpleITK as sitk

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from MedProcLib.enhancement.noise.bilateral import Bilateral  # noqa: E402
from MedProcLib.enhancement.noise.curvature_diffusion import CurvatureDiffusion  # noqa: E402
from MedProcLib.enhancement.noise.gaussian import Gaussian  # noqa: E402
from MedProcLib.enhancement.noise.gradient_diffusion import GradientDiffusion  # noqa: E402
from MedProcLib.enhancement.noise.median import Median  # noqa: E402
from MedProcLib.enhancement.noise.non_local_means import NonLocalMeans  # noqa: E402
from MedProcLib.enhancement.noise.total_variation import TotalVariation  # noqa: E402

try:
    from skimage.metrics import structural_similarity
    from skimage.restoration import denoise_nl_means
except ImportError:
    sys.exit("scikit-image is not installed, so there is nothing to compare with")

FLAIR = ROOT / "Testing/Data/ms_patient01/study1_FLAIR.nii.gz"
THREADS = 2
GOAL_PEER, GOAL_PATCH = 1, 50
SHARES = (0.03, 0.06, 0.1)  # SD of the noise, of the largest value


def main() -> None:
    sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(THREADS)
    image = sitk.Cast(sitk.ReadImage(str(FLAIR)), sitk.sitkFloat32)
    print(f"{FLAIR.name}, {image.GetSize()} voxels, {THREADS} threads, known Rician noise; best of 3 times")
    _against_scikit_image("in its thick slices", image, planes=True)
    block = image[80:240, 80:240, :]
    block.SetSpacing((1.0, 1.0, 1.0))
    _against_scikit_image("as a 3D image (its slices taken as 1 mm thick)", block, planes=False)
    _against_patch_based(image[120:168, 120:168, 14:26])
    _against_smoothing(image[40:280, 40:280, 16:20])


def _against_scikit_image(what: str, image: sitk.Image, planes: bool) -> None:
    """Patches of 3 voxels; the peer's search reaches 4 (planes) or 3 voxels along each axis, ours as far or as many."""
    truth = sitk.GetArrayFromImage(image)
    reach = 4 if planes else 3
    same_count = 5.0 if planes else 4.4  # a disc of 81, a ball of 365 voxels for a square of 81, a cube of 343
    side = image.GetSpacing()[0]
    print(f"\nNon-local means {what}: {truth.shape}")
    print("noise    dB: noisy  scikit-image  MedProc, same radius / count    times as fast, same radius / count")
    for share in SHARES:
        noise, noisy = _noisy(truth, share)
        best, peer_seconds = -np.inf, np.inf
        for strength in (0.6, 0.8):
            made, seconds = _timed(partial(_peer, noisy, strength * noise, noise, reach, planes), 1)
            peer_seconds = min(peer_seconds, seconds)
            best = max(best, *(_psnr(v, truth) for v in _with_and_without_bias(made, noise)))
        figures, ratios = [], []
        for radius in (reach, same_count):
            ours = NonLocalMeans(
                noise=noise, search_radius_mm=min(radius * side, 30), patch_radius_mm=side, rician=True
            )
            made, seconds = _timed(partial(_run, ours, noisy, image), 3)
            figures.append(_psnr(made, truth))
            ratios.append(peer_seconds / seconds)
        print(
            f"{noise:5.1f}{_psnr(noisy, truth):13.2f}{best:14.2f}{figures[0]:15.2f} / {figures[1]:.2f}"
            f"{ratios[0]:29.1f} / {ratios[1]:.1f} (goal: {GOAL_PEER})"
        )


def _peer(noisy: np.ndarray, h: float, noise: float, reach: int, planes: bool) -> np.ndarray:
    parts = noisy if planes else [noisy]
    made = [denoise_nl_means(p, 3, reach, h=h, sigma=noise, fast_mode=True, preserve_range=True) for p in parts]
    return np.stack(made) if planes else made[0]


def _against_patch_based(image: sitk.Image) -> None:
    """ITK's with its own number of samples and iterations, and the smallest patch that it knows."""
    truth = sitk.GetArrayFromImage(image)
    noise, noisy = _noisy(truth, 0.06)
    peer = sitk.PatchBasedDenoisingImageFilter()
    peer.SetPatchRadius(1)
    peer.SetNoiseModel(peer.RICIAN)
    peer.SetNoiseSigma(noise)
    peer.SetNoiseModelFidelityWeight(0.05)
    theirs, peer_seconds = _timed(lambda: sitk.GetArrayFromImage(peer.Execute(_image(noisy, image))), 1)
    ours, seconds = _timed(partial(_run, NonLocalMeans(noise=noise, rician=True), noisy, image), 3)
    print(f"\nPatch-based denoising of SimpleITK, {truth.shape}: {peer_seconds:.1f} s, {_psnr(theirs, truth):.2f} dB")
    print(f"Non-local means: {seconds:.3f} s, {_psnr(ours, truth):.2f} dB (noisy {_psnr(noisy, truth):.2f})")
    print(f"times as fast: {peer_seconds / seconds:.0f} (goal: {GOAL_PATCH})")


def _against_smoothing(image: sitk.Image) -> None:
    """The best of each grid in PSNR and in SSIM; for each setting the best of plain and bias removed."""
    truth = sitk.GetArrayFromImage(image)
    print("\nAgainst the best setting of each smoother (dB / SSIM, each its best, bias removed where that is better)")
    grids = _grids()
    print(f"{'noise':<8}{'noisy':>15}" + "".join(f"{name:>17}" for name in grids))
    for share in SHARES:
        noise, noisy = _noisy(truth, share)
        row = []
        for settings in grids.values():
            figures = []
            for operation in settings(noise):
                made = _run(operation, noisy, image)
                variants = [made] if isinstance(operation, NonLocalMeans) else _with_and_without_bias(made, noise)
                figures += [(_psnr(v, truth), _ssim(v, truth)) for v in variants]
            row.append(tuple(max(figure) for figure in zip(*figures, strict=True)))
        cells = [(_psnr(noisy, truth), _ssim(noisy, truth)), *row]
        print(f"{noise:<8.1f}" + "".join(f"{db:9.2f} / {likeness:.3f}".rjust(17) for db, likeness in cells), flush=True)


def _grids() -> dict[str, Callable[[float], list]]:
    """Settings to try of each operation, for a noise SD. Non-local means with its defaults only."""
    scales, edges = (0.5, 0.8, 1.2, 2.0), (1.5, 3.0, 6.0)
    return {
        "non-local means": lambda n: [NonLocalMeans(noise=n, rician=True)],
        "Gaussian": lambda n: [Gaussian(sd_mm=s) for s in (0.3, 0.4, 0.5, 0.6, 0.8, 1.0, 1.4)],
        "median": lambda n: [Median(radius_mm=r) for r in (0.8, 1.1, 1.5, 2.2)],
        "gradient d.": lambda n: [GradientDiffusion(s, e, noise=n) for s in scales for e in edges],
        "curvature d.": lambda n: [CurvatureDiffusion(s, e, noise=n) for s in scales for e in edges],
        "bilateral": lambda n: [Bilateral(s, r, noise=n) for s in (0.8, 1.2, 2.0) for r in (1.0, 2.0, 3.0)],
        "total variation": lambda n: [TotalVariation(s, noise=n) for s in (0.3, 0.5, 0.8, 1.2)],
    }


def _noisy(truth: np.ndarray, share: float) -> tuple[float, np.ndarray]:
    rng = np.random.default_rng(0)
    noise = float(share * truth.max())
    return noise, np.hypot(truth + rng.normal(0, noise, truth.shape), rng.normal(0, noise, truth.shape)).astype(
        np.float32
    )


def _with_and_without_bias(smooth: np.ndarray, noise: float) -> list[np.ndarray]:
    """As it is, and with the Rician bias taken off as bright voxels and as dark ones need it."""
    return [smooth, *(np.sqrt(np.maximum(smooth**2 - share * noise**2, 0)) for share in (1, np.pi / 2))]


def _run(operation, values: np.ndarray, like: sitk.Image) -> np.ndarray:
    return sitk.GetArrayFromImage(operation(_image(values, like)))


def _image(values: np.ndarray, like: sitk.Image) -> sitk.Image:
    image = sitk.GetImageFromArray(values)
    image.CopyInformation(like)
    return image


def _psnr(values: np.ndarray, truth: np.ndarray) -> float:
    return float(10 * np.log10(truth.max() ** 2 / np.mean((values - truth) ** 2)))


def _ssim(values: np.ndarray, truth: np.ndarray) -> float:
    """Mean over the slices."""
    span = float(truth.max())
    return float(np.mean([structural_similarity(a, b, data_range=span) for a, b in zip(values, truth, strict=True)]))


def _timed(run: Callable, times: int):
    """The result and the shortest of so many times in seconds."""
    shortest = np.inf
    for _ in range(times):
        start = time.perf_counter()
        result = run()
        shortest = min(shortest, time.perf_counter() - start)
    return result, shortest


if __name__ == "__main__":
    main()
