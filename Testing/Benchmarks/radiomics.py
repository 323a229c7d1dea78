"""Radiomic features against IBSI's consensus values, and against PyRadiomics and MIRP in time; their memory.

    run.py bench radiomics, with any of: consensus speed memory

Consensus: digital phantom (482 values), and, with ../shared/data beside the repository, the CT phantom under
configurations A to E (1322; -v lists both, ours beside IBSI's) and the filters of IBSI 2, and the validation data of
one patient. Speed: all features of
IBSI 1 in 3D of one lesion, against PyRadiomics (its own, textures in C) and MIRP (the same as ours, exact as ours, and
with its approximation of autocorrelation), best of some runs, in one process with one thread. Memory: a lesion in
512 x 512 x 300 voxels, and (Linux) an organ interpolated to finer voxels, with few and many gray levels; what is held
at the peak, inputs included, over the inputs.
"""

import csv
import dataclasses
import json
import logging
import math
import os
import subprocess
import sys
import tempfile
import time
import tracemalloc
import warnings
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import SimpleITK as sitk
from scipy import ndimage

from MedProcLib.quantification.radiomics.extract import every_segment, region_features
from MedProcLib.quantification.radiomics.settings import Radiomics
from MedProcLib.quantification.radiomics.settings_file import preset_named, settings_of

ROOT = Path(__file__).resolve().parents[2]
VALUES = ROOT / "Testing/Data/ibsi1"
SHARED = ROOT.parent / "shared/data/05_ibsi_radiomics"
BIN = 25.0
# of noise: nearly every voxel is a zone
MANY_LEVELS = 32
ORGAN = "organ"  # the word by which this file calls itself
IMPORTS = {"PYTHONPATH": str(ROOT)}


def main() -> None:
    chosen = [word for word in sys.argv[1:] if not word.startswith("-")] or ["consensus", "speed", "memory"]
    if chosen[0] == ORGAN:
        _organ(chosen[1:])
        return
    if "consensus" in chosen:
        _digital_phantom("-v" in sys.argv)
        if SHARED.exists():
            _ct_phantom("-v" in sys.argv)
            _filters()
            _validation_data()
    if "speed" in chosen:
        _speed()
    if "memory" in chosen:
        _memory()
        _memory_of_an_organ()


def _digital_phantom(listed: bool) -> None:
    found = region_features(*_phantom(), preset_named("ibsi_digital_phantom"))
    values = {feature.tag: feature.value for feature in found.features}
    rows = _rows(VALUES / "digital_phantom.csv")
    good = [_within(values.get(row["tag"], math.nan), row) for row in rows]
    if listed:
        _list(values, rows)
    print(f"digital phantom: {sum(good)} of {len(rows)} consensus values within tolerance")


def _list(values: dict[str, float], rows: list[dict[str, str]]) -> None:
    """Ours beside the consensus."""
    print(f"{'tag':28} {'value':>12} {'reference':>10} {'tolerance':>10}")
    for row in rows:
        value = values.get(row["tag"], math.nan)
        fine = "ok" if _within(value, row) else "MISS"
        print(f"{row['tag']:28} {value:12.6g} {row['value']:>10} {row['tolerance']:>10} {fine}")


def _ct_phantom(listed: bool) -> None:
    image, mask = (sitk.ReadImage(str(SHARED / f"ct_phantom/{name}.nii.gz")) for name in ("phantom", "mask"))
    for configuration in "ABCDE":
        start = time.perf_counter()
        found = region_features(image, mask, preset_named(f"ibsi_config_{configuration.lower()}"))
        seconds = time.perf_counter() - start
        values = {feature.tag: feature.value for feature in found.features}
        rows = [row for row in _rows(VALUES / "ct_phantom.csv") if row["configuration"] == configuration]
        if listed:
            _list(values, rows)
        missed = [row["tag"] for row in rows if not _within(values.get(row["tag"], math.nan), row)]
        print(
            f"CT phantom, {configuration}: {len(rows) - len(missed)} of {len(rows)} within tolerance, {seconds:.1f} s "
            + " ".join(missed)
        )


def _filters() -> None:
    """Features of filter responses: IBSI 2, phase 2."""
    image, mask = (sitk.ReadImage(str(SHARED / f"ct_phantom/{name}.nii.gz")) for name in ("phantom", "mask"))
    configurations = {"A": {"dimension": "2D"}, "B": {"spacing_mm": 1, "round_intensities": True}}
    rows = _rows(VALUES.parent / "ibsi2/feature_values.csv")
    good = 0
    for number, steps in json.loads((VALUES.parent / "ibsi2/feature_filters.json").read_text()).items():
        for configuration, step in steps.items():
            common = {"resegmentation_range": [-1000, 400], "families": "statistics", "filter": step}
            found = region_features(image, mask, settings_of(common | configurations[configuration]))
            own = [row for row in rows if row["filter"] == f"{number}.{configuration}"]
            good += sum(_within(found.value(row["tag"]), row) for row in own)
    print(f"CT phantom, filters of IBSI 2: {good} of {len(rows)} within tolerance")


def _validation_data() -> None:
    folder = SHARED / "sts_validation/STS_001"
    rows = _rows(folder / "consensus_features.csv")
    deviations = {}
    for modality, preset in (("CT", "ct"), ("PET", "pet"), ("MR_T1", "mr")):
        image, mask = (sitk.ReadImage(str(folder / f"{modality}_{name}.nii.gz")) for name in ("image", "mask"))
        found = region_features(image, sitk.Cast(mask, sitk.sitkUInt8), preset_named(f"ibsi_validation_{preset}"))
        values = {feature.tag: feature.value for feature in found.features} | found.diagnostics
        for row in rows:
            if row["modality"] == modality:
                expected = float(row["consensus_value"])
                deviation = abs(values.get(row["tag"], math.inf) - expected) / (abs(expected) or 1)
                deviations[modality, row["tag"]] = deviation
    worst = max(deviations, key=lambda key: deviations[key])
    print(
        f"validation data, STS_001: {sum(d <= 0.005 for d in deviations.values())} of {len(deviations)} within 0.5 %, "
        f"largest deviation {100 * deviations[worst]:.3f} % ({worst[0]} {worst[1]})"
    )


def _speed() -> None:
    logging.disable(logging.WARNING)
    warnings.filterwarnings("ignore")
    settings = Radiomics(discretization="fixed bin size", bin_size=BIN)
    for voxels in (4_000, 25_000):
        image, mask = _lesion((80, 80, 80), voxels)
        seconds, found = _best(lambda image=image, mask=mask: region_features(image, mask, settings), 5)
        count = len(found.features)
        print(f"lesion of {voxels} voxels, {found.diagnostics['levels']} levels: {count} features in {seconds:.3f} s")
        peers = {"PyRadiomics": _pyradiomics, "MIRP": _mirp, "MIRP, approximate": partial(_mirp, exact=False)}
        for name, peer in peers.items():
            try:
                theirs, count = peer(image, mask)
                print(f"    {name:17} {count} features in {theirs:6.3f} s, ratio {theirs / seconds:.1f}", flush=True)
            except ImportError:
                print(f"    {name:17} is not installed")
    logging.disable(logging.NOTSET)


def _pyradiomics(image: sitk.Image, mask: sitk.Image) -> tuple[float, int]:
    # its package has the name of this file
    sys.path = [path for path in sys.path if Path(path).resolve() != Path(__file__).resolve().parent]
    from radiomics import featureextractor, setVerbosity

    setVerbosity(logging.CRITICAL)
    extractor = featureextractor.RadiomicsFeatureExtractor(binWidth=BIN)
    seconds, found = _best(lambda: extractor.execute(image, mask), 5)
    return seconds, sum(key.startswith("original_") for key in found)


def _mirp(image: sitk.Image, mask: sitk.Image, exact: bool = True) -> tuple[float, int]:
    """Its features of the image in memory as ours are, no interpolation, same bins and aggregations."""
    import mirp

    def run() -> Any:
        (table,) = mirp.extract_features(
            image=sitk.GetArrayFromImage(image),
            mask=sitk.GetArrayFromImage(mask),
            image_modality="mr",
            write_features=False,
            export_features=True,
            by_slice=False,
            no_approximation=exact,
            base_feature_families="all",
            base_discretisation_method="fixed_bin_size",
            base_discretisation_bin_width=BIN,
            resegmentation_intensity_range=[-2000.0, math.nan],
            glcm_spatial_method=["3d_average", "3d_volume_merge"],
            glrlm_spatial_method=["3d_average", "3d_volume_merge"],
        )
        return table

    seconds, table = _best(run, 1)
    prefixes = ("morph", "loc", "stat", "ih", "ivh", "cm", "rlm", "szm", "dzm", "ngt", "ngl")
    return seconds, sum(name.split("_")[0] in prefixes for name in table.columns)


def _memory() -> None:
    random = np.random.default_rng(0)
    shape = (300, 512, 512)
    values, inside = np.zeros(shape, np.int16), np.zeros(shape, np.uint8)
    lesion, mask = (sitk.GetArrayFromImage(each) for each in _lesion((80, 80, 80), 25_000))
    place = (slice(100, 180), slice(200, 280), slice(300, 380))
    for slab in values:
        slab[:] = random.integers(-100, 200, slab.shape)
    values[place], inside[place] = lesion, mask
    image, labels = sitk.GetImageFromArray(values), sitk.GetImageFromArray(inside)
    del values, inside
    for each in (image, labels):
        each.SetSpacing((0.8, 0.8, 1.5))
    inputs = image.GetNumberOfPixels() * 3
    settings = dataclasses.replace(preset_named("ct"), filter='{"operation": "enhancement.texture_log"}')
    for what, chosen in (("preset ct", preset_named("ct")), ("preset ct with a filter", settings)):
        tracemalloc.start()
        start = time.perf_counter()
        region_features(image, labels, chosen)
        seconds = time.perf_counter() - start
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        # region_features makes a mask of 0 and 1 of the labels, which SimpleITK holds unseen
        peak += labels.GetNumberOfPixels()
        print(
            f"25000 voxels in 512 x 512 x 300, {what}: {seconds:.1f} s, {peak / 2**20:.0f} MiB beside "
            f"{inputs / 2**20:.0f} MiB of inputs: {(inputs + peak) / inputs:.2f} times"
        )


def _memory_of_an_organ() -> None:
    """Most of an image of thick slices, interpolated to voxels that are finer: what the arrays are sized by is new.

    In a process of its own that reads them from files, as what the process holds at its peak, less what it holds once
    its modules are there.
    """
    shape, spacing = (60, 256, 256), (0.8, 0.8, 3.0)
    axes = np.ogrid[: shape[0], : shape[1], : shape[2]]
    inside = sum(((axis - n / 2) / (0.45 * n)) ** 2 for axis, n in zip(axes, shape, strict=True)) < 1
    values = np.random.default_rng(0).binomial(400, 0.25, shape).astype(np.int16)
    with tempfile.TemporaryDirectory() as folder:
        paths = [str(Path(folder) / f"{name}.nrrd") for name in ("image", "labels")]
        for array, path in zip((values, inside.astype(np.uint8)), paths, strict=True):
            image = sitk.GetImageFromArray(array)
            image.SetSpacing(spacing)
            sitk.WriteImage(image, path)
        for bins in ("size", "number"):
            command = [sys.executable, str(Path(__file__).resolve()), ORGAN, *paths, bins]
            subprocess.run(command, check=True, env={**os.environ, **IMPORTS})


def _organ(given: list[str]) -> None:
    *paths, bins = given
    side = 1.0
    settings = (
        Radiomics(spacing_mm=side, discretization="fixed bin size", bin_size=BIN)
        if bins == "size"
        else Radiomics(spacing_mm=side, discretization="fixed bin number", bin_number=MANY_LEVELS)
    )
    region_features(*_lesion((20, 20, 20), 500), settings)
    before = _resident("VmRSS")
    Path("/proc/self/clear_refs").write_text("5")  # the peak counts from here
    image, labels = (sitk.ReadImage(path) for path in paths)
    voxels, inputs = int(np.count_nonzero(sitk.GetArrayViewFromImage(labels))), 3 * labels.GetNumberOfPixels()
    start = time.process_time()
    (found,) = every_segment(image, labels, settings)
    seconds, held = time.process_time() - start, _resident("VmHWM") - before
    made = math.prod(n * s / side for n, s in zip(image.GetSize(), image.GetSpacing(), strict=True))
    print(
        f"{voxels} voxels in 256 x 256 x 60 to {side:g} mm, {found.diagnostics['levels']:.0f} levels, all features: "
        f"{seconds:.1f} s of CPU, "
        f"{held / 2**20:.0f} MiB at the peak with the inputs: {held / inputs:.1f} times these ({inputs / 2**20:.0f} "
        f"MiB), {held / made / 3:.1f} times the interpolated ones ({made * 3 / 2**20:.0f} MiB)"
    )


def _resident(what: str) -> int:
    """Bytes of memory of this process: VmRSS now, VmHWM at its peak (Linux)."""
    (line,) = (line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith(what))
    return int(line.split()[1]) * 1024


def _best(run: Callable[[], Any], times: int) -> tuple[float, Any]:
    """Shortest time of some runs after one that warms up, and the result."""
    result, best = run(), math.inf
    for _ in range(times):
        start = time.perf_counter()
        result = run()
        best = min(best, time.perf_counter() - start)
    return best, result


def _phantom() -> tuple[sitk.Image, sitk.Image]:
    """The digital phantom of IBSI (arXiv 1612.07003, CC BY 4.0)."""
    slices = ("14411146114164144641", "14411116111131144611", "14411111111191111611", "14411111111111111611")
    values = np.array([int(figure) for figure in "".join(slices)], np.int16).reshape(4, 4, 5)
    inside = np.ones(values.shape, np.uint8)
    for x, y, z in ((0, 2, 1), (3, 0, 2), (4, 0, 2), (2, 2, 2), (3, 0, 3), (4, 0, 3)):
        inside[z, y, x] = 0
    image, mask = sitk.GetImageFromArray(values), sitk.GetImageFromArray(inside)
    for each in (image, mask):
        each.SetSpacing((2.0, 2.0, 2.0))
    return image, mask


def _lesion(shape: tuple[int, int, int], voxels: int) -> tuple[sitk.Image, sitk.Image]:
    """A lumpy body in correlated noise."""
    random = np.random.default_rng(0)
    lumps = ndimage.gaussian_filter(random.normal(size=shape), 6)
    z, y, x = np.indices(shape) - (np.array(shape) / 2).reshape(3, 1, 1, 1)
    depth = 3 * lumps / lumps.std() - np.sqrt(x**2 + 1.2 * y**2 + 0.8 * z**2)
    inside = depth >= np.sort(depth.ravel())[-voxels]
    values = 50 + 200 * ndimage.gaussian_filter(random.normal(size=shape), 1)
    return sitk.GetImageFromArray(values.astype(np.float32)), sitk.GetImageFromArray(inside.astype(np.uint8))


def _rows(path: Path) -> list[dict[str, str]]:
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def _within(value: float, row: dict[str, str]) -> bool:
    """As IBSI compares: the value to three significant digits lies within the tolerance."""
    if not math.isfinite(value):
        return False
    digits = 2 - math.floor(math.log10(abs(value))) if value else 0
    expected = float(row["value"])
    return abs(round(value, digits) - expected) <= float(row["tolerance"]) + 1e-9 * abs(expected)


if __name__ == "__main__":
    main()
