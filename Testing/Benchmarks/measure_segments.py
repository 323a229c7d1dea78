"""Measuring 100 segments in 512 x 512 x 300 voxels, against the way of Slicer's Segment Statistics.

    python Testing/Benchmarks/measure_segments.py [--small]

The peer works as Segment Statistics does, with the same VTK filters: for each segment its binary label map is taken
out of the shared one over the whole extent; its label-map statistics are a pass over that, its scalar statistics a
pass over the volume through a stencil made of it; median and percentiles are those of numpy. It is timed on a few
segments and scaled up; both give the same numbers, which is checked. Memory is what is allocated beside the volumes.
"""

import sys
import time
import tracemalloc
from collections.abc import Callable

import numpy as np
import SimpleITK as sitk
import vtk
from vtk.util.numpy_support import numpy_to_vtk, vtk_to_numpy

from MedProcLib.quantification.known_rows import KnownRows
from MedProcLib.quantification.measure import Measure

SPACING = (0.7, 0.7, 1.5)
SEGMENTS, TIMED_SEGMENTS = 100, 4
SAME = {"components": False, "diameters": False}
WAYS = {
    "the peer's figures, and surface": SAME,
    "also diameters": {"components": False},
    "also all statistics": {"components": False, "robust": True, "distribution": True},
    "also a row per component": {"robust": True, "distribution": True},
    "also a row per slice": {"robust": True, "distribution": True, "slices": True},
}
# live figures: what is known of the other segments is kept
EDITED = "all, a row per component, after an edit of one"
# spread out: every segment's box is most of the volume, the worst case
SCATTERED = "the peer's figures of 10 segments scattered all over"


def main() -> None:
    size = (60, 128, 128) if "--small" in sys.argv else (300, 512, 512)
    image, labels = _volume(size)
    inputs = sum(sitk.GetArrayViewFromImage(one).nbytes for one in (image, labels))
    print(f"{SEGMENTS} segments in {size[2]} x {size[1]} x {size[0]} voxels, {inputs / 2**20:.0f} MiB of volumes")
    peer, peer_wall, peer_cpu, _ = _timed(lambda: _segment_by_segment(image, labels), memory=False)
    peer_wall, peer_cpu = (seconds * SEGMENTS / TIMED_SEGMENTS for seconds in (peer_wall, peer_cpu))
    print(f"{'':52} {'wall s':>8} {'CPU s':>8} {'ratio':>7} {'CPU ratio':>9} {'memory / volumes':>17}")
    print(f"{'segment by segment (Segment Statistics)':52} {peer_wall:8.1f} {peer_cpu:8.1f}")
    for title, settings in WAYS.items():
        rows, wall, cpu, memory = _timed(lambda settings=settings: Measure(**settings)(image, labels))
        _require_same({row.segment: row for row in rows if row.is_whole}, peer)
        ratios = f"{peer_wall / wall:7.0f} {peer_cpu / cpu:9.0f}"
        print(f"{title:52} {wall:8.2f} {cpu:8.2f} {ratios} {memory / inputs:17.2f}")
    known, settings = KnownRows(), Measure(robust=True, distribution=True)
    settings.of_maps(image, [labels], known=known)
    labels[tuple(int(side) for side in np.argwhere(sitk.GetArrayViewFromImage(labels) == 50)[0][::-1])] = 0
    _, wall, cpu, _ = _timed(lambda: settings.of_maps(image, [labels], known=known), memory=False)
    print(f"{EDITED:52} {wall:8.2f} {cpu:8.2f} {peer_wall / wall:7.0f} {peer_cpu / cpu:9.0f}")
    scattered = _scattered(labels)
    _, wall, cpu, memory = _timed(lambda: Measure(**SAME)(image, scattered))
    ratios = f"{peer_wall / 10 / wall:7.0f} {peer_cpu / 10 / cpu:9.0f}"
    print(f"{SCATTERED:52} {wall:8.2f} {cpu:8.2f} {ratios} {memory / inputs:17.2f}")


def _volume(size: tuple[int, int, int]) -> tuple[sitk.Image, sitk.Image]:
    """Noise, and ellipsoids on a 5 x 5 x 4 lattice."""
    rng = np.random.default_rng(0)
    labels = np.zeros(size, np.uint8)
    cell = (size[0] // 4, size[1] // 5, size[2] // 5)
    grid = np.meshgrid(*[np.linspace(-1.1, 1.1, n) for n in cell], indexing="ij", sparse=True)
    for value, corner in enumerate(np.ndindex(4, 5, 5), 1):
        radii = rng.uniform(0.4, 1.0, 3)
        inside = sum((axis / radius) ** 2 for axis, radius in zip(grid, radii, strict=True)) <= 1
        box = tuple(slice(c * n, (c + 1) * n) for c, n in zip(corner, cell, strict=True))
        labels[box][inside] = value
    values = rng.normal(100, 20, size).astype(np.int16)
    return _image(values), _image(labels)


def _scattered(labels: sitk.Image) -> sitk.Image:
    """Of ten segments, each in ten places of the volume."""
    array = sitk.GetArrayFromImage(labels)
    array[array > 0] = (array[array > 0] - 1) % 10 + 1
    return _image(array)


def _image(array: np.ndarray) -> sitk.Image:
    image = sitk.GetImageFromArray(array)
    image.SetSpacing(SPACING)
    return image


def _segment_by_segment(image: sitk.Image, labels: sitk.Image) -> dict[int, dict[str, float]]:
    volume, shared = _vtk_image(image), _vtk_image(labels)
    values = vtk_to_numpy(volume.GetPointData().GetScalars())
    return {segment: _statistics(volume, values, shared, segment) for segment in range(1, TIMED_SEGMENTS + 1)}


def _statistics(volume, values: np.ndarray, shared, segment: int) -> dict[str, float]:
    taken_out = vtk.vtkImageThreshold()
    taken_out.SetInputData(shared)
    taken_out.ThresholdBetween(segment, segment)
    taken_out.SetInValue(1)
    taken_out.SetOutValue(0)
    taken_out.SetOutputScalarTypeToUnsignedChar()
    taken_out.Update()
    binary = taken_out.GetOutput()
    found: dict[str, float] = {}
    for data in (binary, volume):
        stencil = vtk.vtkImageToImageStencil()
        stencil.SetInputData(binary)
        stencil.ThresholdByUpper(1)
        stencil.Update()
        accumulate = vtk.vtkImageAccumulate()
        accumulate.SetInputData(data)
        accumulate.SetStencilData(stencil.GetOutput())
        accumulate.Update()
        if data is binary:
            found["count"] = accumulate.GetVoxelCount()
    found["minimum"], found["maximum"] = accumulate.GetMin()[0], accumulate.GetMax()[0]
    found["mean"] = accumulate.GetMean()[0]
    # it divides by n - 1
    found["sd"] = accumulate.GetStandardDeviation()[0] * np.sqrt(1 - 1 / found["count"])
    mask = vtk_to_numpy(binary.GetPointData().GetScalars()) != 0
    found["p5"], found["median"], found["p95"] = np.percentile(values[mask], (5, 50, 95))
    dimensions = binary.GetDimensions()
    places = np.nonzero(mask.reshape(dimensions[::-1]))
    for axis, indices, spacing in zip("spl", places, reversed(SPACING), strict=True):
        found[f"centroid_{axis}"] = indices.mean() * spacing
    return found


def _vtk_image(image: sitk.Image):
    array = sitk.GetArrayFromImage(image)
    data = vtk.vtkImageData()
    data.SetDimensions(image.GetSize())
    data.SetSpacing(image.GetSpacing())
    data.GetPointData().SetScalars(numpy_to_vtk(array.ravel(), deep=True))
    return data


def _require_same(rows, peer: dict[int, dict[str, float]]) -> None:
    for segment, figures in peer.items():
        for name, value in figures.items():
            assert np.isclose(rows[segment].value(name), value, rtol=1e-4), (segment, name)


def _timed(work: Callable, memory: bool = True):
    """Result, wall and processor seconds, and the most memory in bytes, from a run of its own."""
    start, cpu = time.perf_counter(), time.process_time()
    result = work()
    wall, cpu = time.perf_counter() - start, time.process_time() - cpu
    if not memory:
        return result, wall, cpu, 0
    tracemalloc.start()
    work()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return result, wall, cpu, peak


if __name__ == "__main__":
    main()
