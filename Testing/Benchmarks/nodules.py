"""Simulated nodules among the vessels of a simulated lung: how many are found, and how many false ones are listed.

    python Testing/Benchmarks/nodules.py

A lung of 130 x 180 x 240 mm (-860 HU, noise of 40) with five trees of vessels down to 0.5 mm of radius; solid balls
(40 HU) that touch no vessel, so that the figures are not those of nodules at vessels or the pleura. Found: a candidate
lies within its radius (but at least 2 mm) of its middle.
"""

import sys
import time
from pathlib import Path

import numpy as np
import SimpleITK as sitk
from scipy import ndimage

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from MedProcLib.segmentation.detection.nodules import Nodules  # noqa: E402

SIZE_MM, LUNG_HU, DENSE_HU, NOISE_HU = (130.0, 180.0, 240.0), -860.0, 40.0, 40.0
SPACINGS = ((0.7, 0.7, 1.0), (0.8, 0.8, 2.5))
DIAMETERS = (3.0,) * 12 + (4.0,) * 8 + (6.0,) * 6 + (10.0,) * 4
# Blur of the scanner in a slice (SD); apart from each other and the border.
BLUR_MM, APART_MM, BORDER_MM = 0.5, 15.0, 8.0


def main() -> None:
    print(
        f"{'spacing mm':18s}{'lung':>5s}" + "".join(f"{d:>9g} mm" for d in sorted(set(DIAMETERS))) + "   false        s"
    )
    for spacing in SPACINGS:
        for seed in (0, 1):
            image, mask, nodules = _lung(spacing, seed)
            start = time.process_time()
            _, candidates = Nodules(most=1000)(image, mask)
            seconds = time.process_time() - start
            points, hits, real = np.array([c.position for c in candidates]), {}, set()
            for middle, diameter in nodules:
                away = np.linalg.norm(points - middle, axis=1)
                hits.setdefault(diameter, []).append(away.min() < max(diameter / 2, 2))
                real.update(np.flatnonzero(away < max(diameter / 2, 2)).tolist())
            words = "".join(f"{sum(hits[d]):>6d} of {len(hits[d]):2d}" for d in sorted(hits))
            print(f"{' x '.join(map(str, spacing)):18s}{seed:5d}{words}{len(points) - len(real):8d}{seconds:9.1f}")


def _lung(spacing, seed):
    """Image, mask of all of it, and (middle in mm, diameter) of each nodule."""
    rng, sides = np.random.default_rng(seed), np.array(spacing)
    share = np.zeros([int(mm / s) for mm, s in zip(SIZE_MM, spacing, strict=True)], np.float32)
    for start, end, radius in _vessels(rng):
        _add(share, sides, np.minimum(start, end) - radius, np.maximum(start, end) + radius, _tube(start, end, radius))
    vessels, nodules = share.copy(), []
    for diameter in DIAMETERS:
        while True:
            middle = rng.uniform(BORDER_MM, np.array(SIZE_MM) - BORDER_MM)
            reach = (diameter / 2 + 2) / sides
            low, high = np.maximum(middle / sides - reach, 0).astype(int), (middle / sides + reach).astype(int) + 2
            apart = [np.linalg.norm(middle - other) for other, _ in nodules]
            free = not vessels[tuple(slice(a, b) for a, b in zip(low, high, strict=True))].any()
            if free and min(apart, default=np.inf) > APART_MM:
                break
        nodules.append((middle, diameter))
        _add(share, sides, middle - diameter / 2, middle + diameter / 2, _tube(middle, middle, diameter / 2))
    # a slice is the mean of what it covers, about a Gaussian of 0.4 of its thickness
    values = LUNG_HU + ndimage.gaussian_filter(share, [BLUR_MM / sides[0], BLUR_MM / sides[1], 0.4]) * (
        DENSE_HU - LUNG_HU
    )
    noise = ndimage.gaussian_filter(rng.normal(size=share.shape), [BLUR_MM / sides[0], BLUR_MM / sides[1], 0.3])
    values += noise * (NOISE_HU / noise.std())
    image = sitk.GetImageFromArray(np.rint(values).astype(np.int16).transpose())
    image.SetSpacing(spacing)
    return image, sitk.Cast(image > -5000, sitk.sitkUInt8), nodules


def _vessels(rng):
    """(start, end, radius) in mm of the branches of trees that enter at one side."""
    found = []

    def grow(start, along, radius, depth):
        end = start + along * rng.uniform(8, 18) * 1.3 * max(radius, 1.0) ** 0.5
        found.append((start, end, radius))
        if radius < 0.5 or depth > 11:
            return
        for _ in range(2):
            aside = np.cross(along, rng.normal(size=3))
            turn = np.deg2rad(rng.uniform(20, 45))
            new = along * np.cos(turn) + aside / np.linalg.norm(aside) * np.sin(turn)
            grow(end, new, radius * rng.uniform(0.68, 0.88), depth + 1)

    for _ in range(5):
        along = rng.normal(size=3)
        along[0] = abs(along[0]) + 0.5
        grow(np.array([2.0, SIZE_MM[1] / 2, SIZE_MM[2] / 2]), along / np.linalg.norm(along), rng.uniform(3, 6), 0)
    return found


def _tube(start, end, radius):
    """How deep (mm) points (3, ...) lie in it: a ball where both ends are one."""
    length = np.linalg.norm(end - start)
    along = (end - start) / length if length else np.zeros(3)

    def depth(points):
        offset = points - start[:, None, None, None]
        way = np.clip(np.tensordot(along, offset, 1), 0, length)
        return radius - np.linalg.norm(offset - along[:, None, None, None] * way, axis=0)

    return depth


def _add(share, sides, low, high, depth):
    """Put in what has a depth; its border is as soft as a voxel."""
    first = np.maximum(np.floor(low / sides).astype(int) - 1, 0)
    last = np.minimum(np.ceil(high / sides).astype(int) + 2, share.shape)
    if (last <= first).any():
        return
    box = tuple(slice(a, b) for a, b in zip(first, last, strict=True))
    points = np.stack(
        np.meshgrid(*[np.arange(s.start, s.stop) * mm for s, mm in zip(box, sides, strict=True)], indexing="ij")
    )
    share[box] = np.maximum(share[box], np.clip(depth(points) / 0.8 + 0.5, 0, 1))


if __name__ == "__main__":
    sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(2)
    main()
