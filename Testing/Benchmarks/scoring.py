"""All scores of two 512 x 512 x 300 label maps with 20 segments, against the package surface-distance per segment.

The peer makes a mask of the whole volume for each segment, as its users do, and computes Dice, surface Dice, surface
overlap, average distances and the 95 % and 100 % Hausdorff distances. MedProc gives these, equal within 1e-6, and the
figures of border voxels, boundary IoU and lesions besides. Seconds are of one run each on the same machine.
"""

import time
import tracemalloc
import warnings

import numpy as np
import SimpleITK as sitk
from scipy import ndimage

from MedProcLib.segmentation.scoring.score import Score, score

SIZE, SPACING = (300, 512, 512), (1.5, 0.7, 0.7)  # z, y, x
SEGMENTS, TOLERANCE = 20, 2.0


def main() -> None:
    reference, test = _volumes()
    images = [sitk.GetImageFromArray(array) for array in (reference, test)]
    for image in images:
        image.SetSpacing(SPACING[::-1])
    ours, seconds, processor = _timed(lambda: score(*images, Score(tolerance_mm=TOLERANCE)))
    tracemalloc.start()
    score(*images, Score(tolerance_mm=TOLERANCE))
    memory = tracemalloc.get_traced_memory()[1] / 2**20
    tracemalloc.stop()
    voxels = " x ".join(map(str, SIZE[::-1]))
    print(f"{SEGMENTS} segments in {voxels} voxels, mean Dice {ours.mean.value('dice'):.3f}")
    print("                                    seconds  processor s")
    figures = len(ours.rows[0].measurements)
    print(
        f"MedProc, {figures} figures              {seconds:10.1f} {processor:12.1f}   {memory:.0f} MiB beside the maps"
    )
    try:
        import surface_distance  # noqa: F401
    except ImportError:
        print("surface-distance is not installed (pip install surface-distance): no comparison.")
        return
    peer, peer_seconds, peer_processor = _timed(lambda: [_peer(reference == n, test == n) for n in _labels()])
    print(f"surface-distance, {len(peer[0])} figures     {peer_seconds:10.1f} {peer_processor:12.1f}")
    print(f"ratio                            {peer_seconds / seconds:10.1f} {peer_processor / processor:12.1f}")
    worst = max(abs(ours.row(n).value(k) - v) for n, row in zip(_labels(), peer, strict=True) for k, v in row.items())
    print(f"largest difference of a figure   {worst:10.1e}")
    assert worst < 1e-6


def _labels() -> range:
    return range(1, SEGMENTS + 1)


def _volumes() -> tuple[np.ndarray, np.ndarray]:
    """Bumpy ellipsoids of 20 to 60 mm radius on a lattice of 5 x 4, and the same with other bumps, 1 mm apart or so."""
    rng = np.random.default_rng(0)
    cell = (SIZE[0], SIZE[1] // 5, SIZE[2] // 4)
    axes = np.meshgrid(
        *[(np.arange(n) - n / 2) * s for n, s in zip(cell, SPACING, strict=True)], indexing="ij", sparse=True
    )
    made = [np.zeros(SIZE, np.uint8) for _ in range(2)]
    for value, corner in zip(_labels(), np.ndindex(1, 5, 4), strict=True):
        box = tuple(slice(c * n, (c + 1) * n) for c, n in zip(corner, cell, strict=True))
        radii = rng.uniform(0.4, 0.95, 3) * [n * s / 2 for n, s in zip(cell, SPACING, strict=True)]
        distance = np.sqrt(sum((axis / radius) ** 2 for axis, radius in zip(axes, radii, strict=True)))
        bumps = _bumps(rng, cell)
        for labels, more in zip(made, (0.0, 0.025), strict=True):
            labels[box][distance + 0.05 * bumps + more * _bumps(rng, cell) < 1] = value
    return made[0], made[1]


def _bumps(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    coarse = ndimage.gaussian_filter(rng.normal(size=[n // 4 for n in shape]), 2)
    zoomed = ndimage.zoom(coarse / coarse.std(), [n / c for n, c in zip(shape, coarse.shape, strict=True)], order=1)
    return zoomed.astype(np.float32)


def _peer(reference: np.ndarray, test: np.ndarray) -> dict[str, float]:
    import surface_distance as peer

    distances = peer.compute_surface_distances(reference, test, SPACING)
    there, back = peer.compute_average_surface_distance(distances)
    overlap, overlap_back = peer.compute_surface_overlap_at_tolerance(distances, TOLERANCE)
    return {
        "dice": peer.compute_dice_coefficient(reference, test),
        "surface_dice_area_weighted": peer.compute_surface_dice_at_tolerance(distances, TOLERANCE),
        "hausdorff_area_weighted": peer.compute_robust_hausdorff(distances, 100),
        "hausdorff_95_area_weighted": peer.compute_robust_hausdorff(distances, 95),
        "average_distance_reference_to_test_area_weighted": there,
        "average_distance_test_to_reference_area_weighted": back,
        "surface_overlap_reference_area_weighted": overlap,
        "surface_overlap_test_area_weighted": overlap_back,
    }


def _timed(work):
    """Result, seconds on the clock and of the processors."""
    start, spent = time.perf_counter(), time.process_time()
    result = work()
    return result, time.perf_counter() - start, time.process_time() - spent


if __name__ == "__main__":
    warnings.simplefilter("ignore", DeprecationWarning)  # the peer uses old names of scipy
    main()
