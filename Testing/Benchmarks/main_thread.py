"""What runs ask of Slicer's main thread: 10 segments in 512 x 512 x 300 voxels; the goal is 0.2 s at a time.

    python Testing/Benchmarks/main_thread.py [--small]

The scene is Slicer's own, without its window. A worker thread does the rest, so what counts is the longest single
action in the main thread. Copying all at once is what it is compared with.
"""

import functools
import sys
import time
from collections.abc import Callable

import numpy as np

from MedProcLib.core.geometry import Geometry
from MedProcLib.core.progress import Progress
from MedProcLib.core.recipe import Recipe
from MedProcLib.core.registry import create_operation
from MedProcLib.quantification.measure import Measure
from MedProcLib.scene.headless import start_headless_scene

SEGMENTS = 10


def main() -> None:
    start_headless_scene()
    import slicer

    size = (128, 128, 60) if "--small" in sys.argv else (512, 512, 300)
    print(f"{SEGMENTS} segments in {size[0]} x {size[1]} x {size[2]} voxels, main thread, longest action")
    print(f"{'':60} {'wall s':>7} {'CPU s':>7}")
    for title, apart in (("segments share a label map", False), ("each segment has its own label map", True)):
        volume, segmentation = _nodes(size, apart)
        print(f"Quantification: {title}")
        _measure(volume, segmentation, at_once=not apart)
        print(f"Segmentation: {title}")
        _segment(volume, segmentation)
        print("Enhancement: the segments as mask")
        _enhance(volume, segmentation)
        slicer.mrmlScene.Clear(0)


def _measure(volume, segmentation, at_once: bool) -> None:
    from MedProcLib.scene.measurement_input import measured_rows, measurement_source
    from MedProcLib.scene.measurement_scene import add_measurements
    from MedProcLib.scene.segmentations import labels_of_segmentation
    from MedProcLib.scene.volumes import image_of_volume

    if at_once:
        copies = _timed(lambda: (image_of_volume(volume), labels_of_segmentation(segmentation, volume)))
        _show("all copied at once", copies)
    source, actions = measurement_source(segmentation, volume), Actions()
    rows = measured_rows(source.read(Progress(ask=actions)), Measure())
    _show("Apply: reading the nodes", actions.longest)
    table = None

    def write() -> None:
        nonlocal table
        nodes = add_measurements(rows, source, Recipe.of(Measure()), segmentation, volume, table, lines=True)
        table = nodes.table

    _show("Apply: a new table, and lines", _timed(write))
    segmentation.GetSegmentation().GetNthSegment(3).GetRepresentation("Binary labelmap").Modified()
    actions = Actions()
    source.read(Progress(ask=actions))
    _show("live: reading an edited segment", actions.longest)
    _show("live: the same table and lines", _timed(write))


def _segment(volume, segmentation) -> None:
    """From the segments, and the first one as a mask and painted seeds, to new segments with surfaces."""
    from MedProcLib.scene.findings import decide
    from MedProcLib.scene.label_preview import LabelPreview, preview_segments
    from MedProcLib.scene.scoring_input import scoring_source
    from MedProcLib.scene.segmentation_scene import add_outcome
    from MedProcLib.widgets.segmentation_task import segmentation_task

    recipe = Recipe.of(create_operation("segmentation.keep_at_seeds"), create_operation("segmentation.remove_small"))
    task = segmentation_task(volume, recipe, segmentation, seeds=[segmentation], startFrom=segmentation)
    actions = Actions()
    ready = task.compute(Progress(ask=actions))
    _show("Apply: reading the nodes", actions.longest)
    nodes: list = []
    added = _timed(lambda: nodes.append(add_outcome(ready, volume, task.provenance)))
    _show("Apply: new segments with surfaces, and the list", added)
    table, found = nodes[0].table, nodes[0].segmentation
    _show("findings: the largest is accepted", _timed(lambda: decide(table, 0, "accepted", "A. Reader")))
    _show("findings: the next one is rejected", _timed(lambda: decide(table, 1, "rejected", "A. Reader")))
    actions = Actions()
    scoring_source(segmentation, found).read(Progress(ask=actions))
    _show("score: reading the nodes", actions.longest)
    preview = LabelPreview()
    for what in ("segments over the slices", "others in their place"):
        shown = preview_segments(ready.outcome.labels, ready.outcome.structures)
        _show(f"live: {what}", _timed(functools.partial(preview.show, shown)))
    preview.clear()


def _enhance(volume, segmentation) -> None:
    from MedProcLib.scene.volumes import update_volume, volume_from_image
    from MedProcLib.widgets.enhancement_task import enhancement_task

    recipe = Recipe.of(create_operation("enhancement.window"))
    actions = Actions()
    made = enhancement_task([volume], recipe, segmentation).compute(Progress(ask=actions))[0]
    _show("Apply: reading the nodes", actions.longest)
    nodes = []
    _show("Apply: a new volume", _timed(lambda: nodes.append(volume_from_image(made, "New", like=volume))))
    _show("Apply: the same volume", _timed(lambda: update_volume(nodes[0], made)))


class Actions:
    """Runs what is asked of the main thread, and keeps the longest wall and processor seconds."""

    def __init__(self) -> None:
        self.longest = (0.0, 0.0)

    def __call__(self, action: Callable):
        result = []
        self.longest = max(self.longest, _timed(lambda: result.append(action())))
        return result[0]


def _nodes(size: tuple[int, int, int], apart: bool):
    """A CT volume of noise, and balls all over it, in one label map or each in its own."""
    from MedProcLib.scene.segmentations import SegmentInfo, add_segments, segmentation_from_labels
    from MedProcLib.scene.volumes import volume_from_image

    grid = Geometry(size, (0.8, 0.8, 1.0), (0.0, 0.0, 0.0), (1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0))
    rng = np.random.default_rng(0)
    shape = size[::-1]
    labels = np.zeros(shape, np.uint8)
    axes = np.ogrid[: shape[0], : shape[1], : shape[2]]
    radius = min(shape) // 8
    for value, center in enumerate(rng.uniform(radius, np.array(shape) - radius, (SEGMENTS, 3)), 1):
        labels[sum((axis - place) ** 2 for axis, place in zip(axes, center, strict=True)) < radius**2] = value
    volume = volume_from_image(grid.image_of(rng.integers(-1000, 1000, shape, np.int16)), "CT")
    names = {value: SegmentInfo(f"S{value}") for value in range(1, SEGMENTS + 1)}
    if not apart:
        labels[0, 0, 0] = labels[-1, -1, -1] = 1  # the label map is as large as the volume
        return volume, segmentation_from_labels(grid.image_of(labels), names, "Seg", volume)
    segmentation = segmentation_from_labels(grid.image_of(np.zeros(shape, np.uint8)), {}, "Seg", volume)
    for value, info in names.items():
        alone = (labels == value).astype(np.uint8)
        alone[0, 0, 0] = alone[-1, -1, -1] = 1
        add_segments(segmentation, grid.image_of(alone), {1: info})
    return volume, segmentation


def _timed(action: Callable) -> tuple[float, float]:
    wall, cpu = time.perf_counter(), time.thread_time()
    action()
    return time.perf_counter() - wall, time.thread_time() - cpu


def _show(title: str, seconds: tuple[float, float]) -> None:
    print(f"  {title:58} {seconds[0]:7.3f} {seconds[1]:7.3f}", flush=True)


if __name__ == "__main__":
    main()
