"""Tissue classes on a brain of known tissue and a real one, and contours and circles on known balls, against peers.

    python Testing/Benchmarks/tissue.py

The brain is Testing/Benchmarks/_brain_phantom.py: noise in percent of white matter's intensity, bias in percent from
its lowest to its highest place. `smoothness` was set by looking at it (0.3 to 1.2 differ by at most 0.01 in Dice at 5 %
noise); how far the noise of classes may differ, how much of a voxel may be mixed and what contrast classes need
(NOISE_RATIO, MOST_MIXED, MOST_RATIO) by looking at the real brain below. The rest is as published. Dice of CSF, gray
and white matter against what most of each voxel is; RMSE of the shares; volume of the shares over the true one. The
real images (../shared/data) have no truth: their volumes are printed, and how well the same brain placed otherwise
agrees.
"""

import sys
import time
from pathlib import Path

import numpy as np
import SimpleITK as sitk
from _brain_phantom import MEANS, BrainPhantom, brain_phantom
from _placed import brought_back, dice, placements

ROOT = Path(__file__).resolve().parents[2]
REAL = ROOT.parent / "shared" / "data" / "02_mr" / "ms_cross_sectional_patient26"
sys.path.insert(0, str(ROOT))

from MedProcLib.segmentation.contour.chan_vese import ChanVese  # noqa: E402
from MedProcLib.segmentation.contour.geodesic_active_contour import GeodesicActiveContour  # noqa: E402
from MedProcLib.segmentation.contour.hough_circles import HoughCircles  # noqa: E402
from MedProcLib.segmentation.contour.hough_spheres import HoughSpheres  # noqa: E402
from MedProcLib.segmentation.tissue.fuzzy_c_means import FuzzyCMeans  # noqa: E402
from MedProcLib.segmentation.tissue.tissue_classes import TissueClasses  # noqa: E402

TISSUES = ("csf", "grey_matter", "white_matter")
# Slices of a thick second image, and how far one lies off that was not aligned.
SLICE_MM, OFF_MM = 4.0, 1.0
IMAGES = [("T1", 3, 20), ("T1", 5, 20), ("T1", 5, 40), ("T1", 9, 20), ("T1", 9, 40), ("T2", 5, 20), ("FLAIR", 5, 20)]


def main() -> None:
    sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(2)
    _known_brain(brain_phantom())
    _two_images(brain_phantom())
    _real_brain()
    _contours()
    _round()


def _known_brain(phantom: BrainPhantom) -> None:
    mask = sitk.Cast(phantom.placed(phantom.mask.astype(np.uint8)), sitk.sitkUInt8)
    print(
        "image            method                  Dice CSF  gray  white    RMSE CSF  gray  white   "
        "volume CSF  gray  white      s"
    )
    for weighting, noise, bias in IMAGES:
        image = phantom.image(weighting, noise, bias)
        name = f"{weighting} {noise} % {bias} %"
        order = np.argsort(np.argsort(MEANS[weighting]))

        def ours(image=image, weighting=weighting):
            labels, maps = TissueClasses(weighting=weighting)(image, mask)
            return sitk.GetArrayFromImage(labels), np.stack([sitk.GetArrayFromImage(maps[t]) for t in TISSUES])

        def k_means(image=image, order=order, weighting=weighting):
            start = [0.0, *sorted(MEANS[weighting])]
            found = sitk.GetArrayFromImage(sitk.ScalarImageKmeans(image, start)).astype(int)
            hard = np.stack([(found == 1 + k) & phantom.mask for k in order]).astype(np.float32)
            return (hard.argmax(axis=0) + 1) * (hard.sum(axis=0) > 0), hard

        def fuzzy(image=image, order=order):
            _, maps = FuzzyCMeans()(image, mask)
            soft = np.stack([sitk.GetArrayFromImage(maps[f"class_{1 + k}"]) for k in order])
            return (soft.argmax(axis=0) + 1) * phantom.mask, soft

        for method, run in (("tissue_classes", ours), ("fuzzy_c_means", fuzzy), ("SimpleITK k-means", k_means)):
            start = time.perf_counter()
            labels, shares = run()
            _print_scores(name, method, phantom, labels, shares, time.perf_counter() - start)


def _print_scores(
    name: str, method: str, phantom: BrainPhantom, labels: np.ndarray, shares: np.ndarray, seconds: float
) -> None:
    scores = [dice(labels == k, phantom.labels == k) for k in (1, 2, 3)]
    inside = phantom.mask
    errors = [np.sqrt(np.mean((s - f)[inside] ** 2)) for s, f in zip(shares, phantom.fractions, strict=True)]
    sizes = [s.sum() / f.sum() for s, f in zip(shares, phantom.fractions, strict=True)]
    row = "   ".join("".join(f"{x:7.3f}" for x in group) for group in (scores, errors, sizes))
    print(f"{name:17s}{method:22s}{row}{seconds:8.1f}", flush=True)


def _two_images(phantom: BrainPhantom) -> None:
    """T1 alone, and with another image of the same noise and shading: on it, in thick slices, and 1 mm off."""
    thick = brain_phantom((1.0, 1.0, SLICE_MM))
    mask = _centered(sitk.Cast(phantom.placed(phantom.mask.astype(np.uint8)), sitk.sitkUInt8))
    print()
    for noise, bias in ((3, 20), (5, 40), (9, 40)):
        first = _centered(phantom.image("T1", noise, bias))
        seconds: dict[str, sitk.Image | None] = {"alone": None}
        for kind in ("T2", "FLAIR"):
            on_it = _centered(phantom.image(kind, noise, bias, seed=1))
            off = sitk.Image(on_it)
            off.SetOrigin([x + OFF_MM / 3**0.5 for x in on_it.GetOrigin()])
            slices = _centered(thick.image(kind, noise, bias, seed=1))
            seconds |= {kind: on_it, f"{kind}, {SLICE_MM:g} mm slices": slices, f"{kind}, {OFF_MM:g} mm off": off}
        for name, second in seconds.items():
            start = time.perf_counter()
            labels, maps = TissueClasses()(first, mask, second)
            shares = np.stack([sitk.GetArrayFromImage(maps[t]) for t in TISSUES])
            took = time.perf_counter() - start
            _print_scores(f"T1 {noise} % {bias} %", name, phantom, sitk.GetArrayFromImage(labels), shares, took)


def _centered(image: sitk.Image) -> sitk.Image:
    """With its middle at 0, whatever its voxels."""
    half = (np.array(image.GetSize()) - 1) / 2 * image.GetSpacing()
    image.SetOrigin((-half).tolist())
    return image


def _real_brain() -> None:
    if not REAL.is_dir():
        print(f"\n{REAL} is not there; no real brain")
        return
    image = sitk.ReadImage(str(REAL / "T1.nii.gz"))
    print("\nreal T1, extracted      ml CSF   gray  white   Dice with as it is: CSF  gray  white       s")
    first = None
    for name, place in placements(0.0).items():
        placed = place(image)
        start = time.perf_counter()
        labels, maps = TissueClasses()(placed)
        seconds = time.perf_counter() - start
        volumes = [
            float(sitk.GetArrayViewFromImage(maps[t]).sum()) * float(np.prod(placed.GetSpacing())) / 1000
            for t in TISSUES
        ]
        back = brought_back(labels, image)
        first = back if first is None else first
        scores = [dice(back == k, first == k) for k in (1, 2, 3)]
        print(
            f"{name:22s}{''.join(f'{v:8.0f}' for v in volumes)}{'':20s}"
            f"{''.join(f'{s:7.3f}' for s in scores)}{seconds:8.1f}"
        )


def _disk(noise: float, size: int = 160, radius: float = 40.0) -> tuple[sitk.Image, np.ndarray]:
    y, x = np.indices((size, size)) - (size - 1) / 2
    truth = np.hypot(x, y) < radius
    values = 20 + 80.0 * truth + np.random.default_rng(0).normal(0, noise, truth.shape)
    return sitk.GetImageFromArray(values.astype(np.float32)), truth


def _contours() -> None:
    """Peers with those settings of mu, start, sigma and threshold (of some tried) that suit them best at all noises."""
    from skimage import segmentation

    print("\nnoisy disk (contrast 80)   noise   Dice      s")
    for noise in (20, 50, 80):
        image, truth = _disk(noise)
        values = sitk.GetArrayFromImage(image)
        center = np.zeros(truth.shape, np.uint8)
        center[80, 80] = 1
        seeds = sitk.GetImageFromArray(center)
        start_of_peer = segmentation.disk_level_set(truth.shape, radius=5)

        def peer_geodesic(values=values, start=start_of_peer):
            edges = segmentation.inverse_gaussian_gradient(values / 100, alpha=100, sigma=2)
            return (
                segmentation.morphological_geodesic_active_contour(edges, 200, start, balloon=1, threshold="auto") > 0
            )

        runs = {
            "chan_vese": lambda image=image: sitk.GetArrayFromImage(ChanVese()(image)) > 0,
            "chan_vese, seed": lambda image=image, seeds=seeds: (
                sitk.GetArrayFromImage(ChanVese(reach_mm=60)(image, seeds)) > 0
            ),
            "skimage chan_vese": lambda values=values: segmentation.chan_vese(
                values, mu=0.05, tol=1e-6, max_num_iter=1000, init_level_set="small disk"
            ),
            "geodesic_active_contour": lambda image=image, seeds=seeds: (
                sitk.GetArrayFromImage(GeodesicActiveContour(sd_mm=2, smoothness_mm=3, reach_mm=60)(image, seeds)) > 0
            ),
            "skimage morph. geodesic": peer_geodesic,
        }
        for name, run in runs.items():
            start = time.perf_counter()
            found = run()
            seconds = time.perf_counter() - start
            print(f"{name:26s}{noise:6d}{max(dice(found, truth), dice(~found, truth)):8.3f}{seconds:8.2f}")


def _round() -> None:
    from skimage import feature, transform

    print("\none circle, radius 9.3         noise  center error (voxels)  radius error      s")
    y, x = np.indices((64, 64))
    for noise in (0, 8, 20):
        share = np.clip(9.3 - np.hypot(x - 20.3, y - 22.7) + 0.5, 0, 1)
        values = 20 + 80 * share + np.random.default_rng(0).normal(0, noise, share.shape)
        start = time.perf_counter()
        radii = np.arange(3, 17)
        found = transform.hough_circle(feature.canny(values, sigma=2), radii)
        _, px, py, pr = transform.hough_circle_peaks(found, radii, total_num_peaks=1)
        _row("skimage hough_circle", noise, np.hypot(px[0] - 20.3, py[0] - 22.7), abs(pr[0] - 9.3), start)
        start = time.perf_counter()
        _, candidates = HoughCircles(largest_radius_mm=16, most=1)(sitk.GetImageFromArray(values))
        place = np.array(candidates[0].position)
        away = float(np.linalg.norm(place - (20.3, 22.7)))
        _row("hough_circles", noise, away, abs(candidates[0].diameter_mm / 2 - 9.3), start)
    z, y, x = np.indices((200, 200, 200), np.float32)
    share = np.clip(14.3 - np.sqrt((x - 90.2) ** 2 + (y - 71) ** 2 + (z - 120.7) ** 2) + 0.5, 0, 1)
    values = 20 + 80 * share + np.random.default_rng(0).normal(0, 20, share.shape)
    start = time.perf_counter()
    _, candidates = HoughSpheres(largest_radius_mm=20)(sitk.GetImageFromArray(values.astype(np.float32)))
    away = float(np.linalg.norm(np.array(candidates[0].position) - (90.2, 71, 120.7)))
    _row(f"hough_spheres 200^3 ({len(candidates)} found)", 20, away, abs(candidates[0].diameter_mm / 2 - 14.3), start)


def _row(name: str, noise: float, center: float, radius: float, start: float) -> None:
    print(f"{name:30s}{noise:6.0f}{center:17.2f}{radius:18.2f}{time.perf_counter() - start:10.2f}")


if __name__ == "__main__":
    main()
