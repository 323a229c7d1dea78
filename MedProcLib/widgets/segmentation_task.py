"""A run of MedProc Segmentation: what it needs is read from the scene, then it computes without touching a node."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import SimpleITK as sitk

from ..core.errors import InputError
from ..core.preset import Preset
from ..core.progress import SILENT, Progress
from ..core.provenance import Provenance
from ..core.recipe import Recipe, Step
from ..core.registry import create_operation
from ..scene.seeds import BY_LIST, seeds_of_nodes
from ..scene.segmentation_scene import EACH
from ..scene.segmentations import SegmentInfo, labels_of_segmentation
from ..scene.volumes import image_of_volume
from ..segmentation.outcome import SegmentationOutcome, last_segments, needed, segment
from ..segmentation.presets.presets import preset_named, preset_of_recipe
from .region_choice import region_image

BRAIN, BODY, SEGMENT, BOX, WHOLE = "Brain", "Body", "Segment", "Box", "Whole image"
REGION_OPERATIONS = {BRAIN: "segmentation.brain_mask", BODY: "segmentation.body_mask"}


@dataclass(frozen=True)
class SegmentationTask:
    """All that a run needs; compute() touches no node, so it may run in a worker thread.

    things: mask, seeds, labels, ... that the steps start from; named: what the objects of seeds are called.
    """

    volume: Any
    output: Any
    grouping: str
    title: str
    image: sitk.Image
    things: dict[str, Any]
    region: Any
    recipe: Recipe
    inputs: dict[str, str]
    named: dict[int, SegmentInfo]

    def compute(self, progress: Progress = SILENT) -> SegmentationOutcome:
        return segment(self.recipe, self.region, progress, image=self.image, **self.things)

    @property
    def provenance(self) -> Provenance:
        region = (Step(self.region),) if self.region is not None else ()
        return Provenance(Recipe((*region, *self.recipe.steps)), self.inputs)


def segmentation_task(
    volume: Any,
    recipe: Recipe | Preset | str,
    region: Any = None,
    mask: Any = None,
    maskSegment: str = "",
    output: Any = None,
    grouping: str = EACH,
    seeds: Any = (),
    objects: str = BY_LIST,
    startFrom: Any = None,
    reference: Any = None,
    raters: Sequence = (),
) -> SegmentationTask:
    """Read the nodes (main thread); see MedProcSegmentationLogic.process. Raises InputError."""
    if region is None:
        region = WHOLE
    chosen = preset_named(recipe) if isinstance(recipe, str) else recipe
    chain = chosen.recipe() if isinstance(chosen, Preset) else chosen
    preset = chosen if isinstance(chosen, Preset) else preset_of_recipe(chain)
    if not isinstance(region, str):
        region, mask = (BOX if region.IsA("vtkMRMLMarkupsROINode") else SEGMENT), region
    if region in (SEGMENT, BOX) and mask is None:
        raise InputError("No mask to search in: choose one, or another region.")
    if region not in (SEGMENT, BOX):
        mask = None
    if not chain.enabled_steps:
        raise InputError("No step is switched on: switch on at least one.")
    last_segments(chain)
    seeds = _nodes(seeds)
    image = image_of_volume(volume)
    usable = needed(chain)[1]
    things, named = starting_points(
        volume,
        region_image(mask, maskSegment if region == SEGMENT else "", volume),
        seeds if "seeds" in usable else [],
        objects,
        startFrom if "labels" in usable else None,
        reference if "reference" in usable else None,
        list(raters) if "raters" in usable else [],
    )
    used = {"image": [volume], "mask": _nodes(mask), "seeds": seeds, "labels": _nodes(startFrom)}
    used |= {"reference": _nodes(reference), "raters": list(raters)}
    inputs = {
        role: ", ".join(node.GetName() for node in nodes)
        for role, nodes in used.items()
        if nodes and (role == "image" or role in things)
    }
    operation = create_operation(REGION_OPERATIONS[region]) if region in REGION_OPERATIONS else None
    title = preset.title.lower() if preset is not None else "findings"
    return SegmentationTask(volume, output, grouping, title, image, things, operation, chain, inputs, named)


def starting_points(
    volume: Any,
    mask: sitk.Image | None,
    seeds: Sequence,
    objects: str = BY_LIST,
    startFrom: Any = None,
    reference: Any = None,
    raters: Sequence = (),
) -> tuple[dict[str, Any], dict[int, SegmentInfo]]:
    """What the steps start from besides the image, by name, on the volume's voxels; and the names of its objects.

    Raises InputError.
    """
    things: dict[str, Any] = {}
    named: dict[int, SegmentInfo] = {}
    if mask is not None:
        things["mask"] = mask
    if startFrom is not None:
        things["labels"], named = labels_of_segmentation(startFrom, volume, later_wins=True)
    if seeds:
        things["seeds"], named = seeds_of_nodes(seeds, volume, objects)
    if reference is not None:
        things["reference"] = image_of_volume(reference)
    if raters:
        things["raters"] = [labels_of_segmentation(node, volume, later_wins=True)[0] for node in raters]
    return things, named


def _nodes(given: Any) -> list:
    """A node, several or none as a list."""
    if given is None:
        return []
    return [given] if hasattr(given, "GetID") else list(given)
