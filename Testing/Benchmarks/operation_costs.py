"""What each enhancement operation costs: preview of one 512 x 512 slice, and peak memory as a multiple of the image.

python Testing/Benchmarks/operation_costs.py [--full] [NAME ...]

Preview: the axial middle slice of a 512 x 512 x 64 volume, everything learned before, median of 5. Memory: the peak of
a process that runs the operation on a float32 volume, input and result included, as a multiple of the volume: of
512 x 512 x 100 voxels, or with --full of 512 x 512 x 300.
"""

import json
import statistics
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import SimpleITK as sitk

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))
sys.path.insert(0, str(ROOT / "Testing"))

from MedProcLib.core.errors import InputError  # noqa: E402
from MedProcLib.core.geometry import Geometry  # noqa: E402
from MedProcLib.core.preview import Preview, is_local  # noqa: E402
from MedProcLib.core.recipe import run_operation  # noqa: E402
from MedProcLib.core.registry import create_operation, operations  # noqa: E402

THREADS = 2
SPACING = (0.8, 0.8, 1.5)
GOAL_MS, GOAL_MEMORY = 100, 4.0


def main() -> None:
    arguments = sys.argv[1:]
    if arguments[:1] == ["--memory-of"]:
        _report_peak(arguments[1], int(arguments[2]))
        return
    slices = 300 if "--full" in arguments else 100
    wanted = [word.split(".")[-1] for word in arguments if not word.startswith("--")]
    sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(THREADS)
    names = [d.name for d in operations("enhancement") if not wanted or d.name.split(".")[1] in wanted]
    image = volume(64)
    print(f"{THREADS} threads; preview of a 512 x 512 slice (goal {GOAL_MS} ms); memory at 512 x 512 x {slices}")
    print(f"{'operation':<34}{'preview ms':>11}{'memory':>8}{'run s':>8}  remark")
    for name in names:
        milliseconds, remark = preview_time(name, image)
        peak = json.loads(
            subprocess.run(
                [sys.executable, __file__, "--memory-of", name, str(slices)], capture_output=True, text=True
            ).stdout
            or '{"memory": null, "seconds": null, "remark": "did not run"}'
        )
        shown = "global" if milliseconds is None else f"{milliseconds:.0f}"
        remarks = "; ".join(filter(None, (remark, peak["remark"])))
        over = [] if milliseconds is None or milliseconds <= GOAL_MS else ["slow preview"]
        over += ["memory"] if (peak["memory"] or 0) > GOAL_MEMORY else []
        numbers = "".join(f"{'-' if v is None else format(v, '.1f'):>8}" for v in (peak["memory"], peak["seconds"]))
        print(f"{name:<34}{shown:>11}{numbers}  {remarks} {'<- ' + ', '.join(over) if over else ''}", flush=True)


def volume(slices: int) -> sitk.Image:
    """A head-like volume of 512 x 512 voxels a slice, with noise: float32."""
    rng = np.random.default_rng(0)
    y, x = np.mgrid[-1:1:512j, -1:1:512j].astype(np.float32)
    plane = 10 + 90 * (x**2 + y**2 < 0.7) - 40 * ((x - 0.2) ** 2 + y**2 < 0.1)
    values = np.empty((slices, 512, 512), np.float32)
    for number in range(slices):
        rng.standard_normal(out=values[number], dtype=np.float32)
        values[number] *= 4
        values[number] += plane * (1 + 0.1 * np.sin(number / 9))
    image = sitk.GetImageFromArray(values)
    image.SetSpacing(SPACING)
    return image


def things_for(name: str, image: sitk.Image) -> dict[str, sitk.Image]:
    from Python.enhancement.settings import THINGS_NEEDED

    return {thing: make(image) for thing, make in THINGS_NEEDED.get(name, {}).items()}


def operation_of(name: str):
    return create_operation(name, _needed_parameters(name))


def _needed_parameters(name: str) -> dict:
    """Parameters without which the operation does nothing: those of its first test setting, if it needs any."""
    from Python.enhancement.settings import NEEDED_PARAMETERS

    return NEEDED_PARAMETERS.get(name, {})


def preview_time(name: str, image: sitk.Image) -> tuple[float | None, str]:
    """Milliseconds (median of 5), None for an operation that is global by nature."""
    operation = operation_of(name)
    if not is_local(operation):
        return None, operation.why_global
    preview = Preview(image, **things_for(name, image))
    try:
        grid = preview.prepare([operation])
        middle = grid.points(
            np.array([[0, 0, grid.size[2] // 2], [grid.size[0] - 1, grid.size[1] - 1, grid.size[2] // 2]])
        )
        times = []
        for _ in range(6):
            start = time.perf_counter()
            preview.part([operation], middle)
            times.append(1000 * (time.perf_counter() - start))
    except InputError as error:
        return None, str(error)
    return statistics.median(times[1:]), ""


def _report_peak(name: str, slices: int) -> None:
    sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(THREADS)
    operation = operation_of(name)
    run_operation(operation, {"image": _small(), **things_for(name, _small())})  # imports and tables are not counted
    base = _resident()
    image = volume(slices)
    needed = things_for(name, image)
    size = image.GetNumberOfPixels() * 4
    peak, stop = [0.0], threading.Event()
    watcher = threading.Thread(target=_watch, args=(peak, stop))
    watcher.start()
    remark, start = "", time.perf_counter()
    try:
        result = run_operation(operation, {"image": image, **needed})
        peak[0] = max(peak[0], _resident())
        del result
    except InputError as error:
        remark = str(error)
    seconds = time.perf_counter() - start
    stop.set()
    watcher.join()
    memory = (peak[0] - base) / size - len(needed)
    print(json.dumps({"memory": memory, "seconds": seconds, "remark": remark}))


def _small() -> sitk.Image:
    image = volume(12)[100:164, 100:164, :]
    return Geometry.of(image).stamp(image)


def _watch(peak: list[float], stop: threading.Event) -> None:
    while not stop.wait(0.01):
        peak[0] = max(peak[0], _resident())


def _resident() -> float:
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096.0


if __name__ == "__main__":
    main()
