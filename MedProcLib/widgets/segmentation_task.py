"""A run of MedProc Segmentation: what it needs of the scene, and the result made ready for the scene."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..core.errors import InputError
from ..core.preset import Preset, recipe_of
from ..core.progress import SILENT, Progress
from ..core.provenance import Provenance
from ..core.recipe import Recipe, Step
from ..core.registry import create_operation
from ..scene.dicom_tags import dicom_tags_of
from ..scene.nodes import require_nodes
from ..scene.ready_segments import world_to_node
from ..scene.region_input import region_name
from ..scene.seeds import BY_LIST
from ..scene.segmentation_input import SegmentationSource, segmentation_source
from ..scene.segmentation_scene import EACH, ReadyOutcome, ready_outcome
from ..segmentation.outcome import first_finder, last_segments, needed, segment
from ..segmentation.presets.presets import PRESETS, preset_of_recipe
from ..segmentation.presets.proposal import unlike

BRAIN, BODY, SEGMENT, BOX, WHOLE = "Brain", "Body", "Segment", "Box", "Whole image"
REGIONS = (BRAIN, BODY, SEGMENT, BOX, WHOLE)
REGION_OPERATIONS = {BRAIN: "segmentation.brain_mask", BODY: "segmentation.body_mask"}


@dataclass(frozen=True)
class SegmentationTask:
    """All that a run needs; compute() may run in a worker thread, see SegmentationSource."""

    source: SegmentationSource
    output: Any
    to_node: np.ndarray
    there: int
    grouping: str
    title: str
    region: Any
    recipe: Recipe
    inputs: dict[str, str]
    note: str

    @property
    def volume(self) -> Any:
        return self.source.volume

    def compute(self, progress: Progress = SILENT) -> ReadyOutcome:
        """What the steps find, ready for the scene. Raises InputError (StepError), Cancelled."""
        read, run, ready = progress.parts(1, 20, 3)
        given = self.source.read(progress=read)
        if self.note:
            progress.note(self.note)
        outcome = segment(self.recipe, self.region, run, image=given.image, **given.things)
        raters = self.source.rater_names
        return ready_outcome(outcome, self.grouping, given.named, self.to_node, self.there, ready, raters)

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
    second: Any = None,
) -> SegmentationTask:
    """What a run needs (main thread; copies no voxel); see MedProcSegmentationLogic.process. Raises InputError."""
    seeds = _nodes(seeds)
    region, mask = _region(region, mask)
    require_nodes(volume, mask, output, *seeds, startFrom, reference, second, *raters)
    chain = recipe_of(recipe, PRESETS)
    preset = preset_of_recipe(chain)
    if not chain.enabled_steps:
        raise InputError("No step is switched on: switch on at least one.")
    last_segments(chain)
    usable = needed(chain)[1]
    source = segmentation_source(
        volume,
        mask,
        maskSegment if region == SEGMENT else "",
        seeds if "seeds" in usable else [],
        objects,
        startFrom if "labels" in usable else None,
        reference if "reference" in usable else None,
        list(raters) if "raters" in usable else [],
        second if "second" in usable else None,
    )
    used = {"image": [volume], "mask": _nodes(mask), "seeds": seeds, "labels": _nodes(startFrom)}
    used |= {"reference": _nodes(reference), "second": _nodes(second), "raters": list(raters)}
    inputs = {
        role: ", ".join(node.GetName() for node in nodes)
        for role, nodes in used.items()
        if nodes and (role == "image" or role in source.parts)
    }
    if "mask" in inputs and region == SEGMENT:
        inputs["mask"] = region_name(mask, maskSegment)
    operation = create_operation(REGION_OPERATIONS[region]) if region in REGION_OPERATIONS else None
    title = _within_a_name(preset.title if preset is not None else _without_asides(first_finder(chain)))
    there = output.GetSegmentation().GetNumberOfSegments() if output is not None else 0
    place = world_to_node(output)
    note = unlike_volume(preset, volume) if preset is not None else ""
    return SegmentationTask(source, output, place, there, grouping, title, operation, chain, inputs, note)


def unlike_volume(preset: Preset, volume: Any) -> str:
    """A note where a volume node is said to be of another weighting than the preset is for; else ''. Main thread."""
    return unlike(preset.name, dicom_tags_of(volume), volume.GetName() or "")


def _region(region: Any, mask: Any) -> tuple[str, Any]:
    """Region and node of it, from either or both as a script gives them. Raises InputError."""
    if region is None:
        region = WHOLE if mask is None else mask
    if not isinstance(region, str):
        require_nodes(region)
        region, mask = (BOX if region.IsA("vtkMRMLMarkupsROINode") else SEGMENT), region
    if region not in REGIONS:
        raise InputError(f"There is no region '{region}' to search in; there are: {', '.join(REGIONS)}.")
    if region in (SEGMENT, BOX) and mask is None:
        raise InputError("No mask to search in: choose one, or another region.")
    if region not in (SEGMENT, BOX) and mask is not None:
        raise InputError(f"A mask is given, but the region is '{region}': leave one of them out.")
    return region, mask


def _within_a_name(title: str) -> str:
    """'White-matter lesions (FLAIR)' as 'white-matter lesions (FLAIR)': abbreviations stay as they are."""
    return " ".join(word if word.upper() == word else word.lower() for word in title.split(" "))


def _without_asides(operation: Any) -> str:
    """'Bright outliers' of an operation with the title 'Bright outliers (hysteresis threshold)'."""
    return re.sub(r" ?\([^)]*\)", "", operation.declaration.title)


def _nodes(given: Any) -> list:
    """A node, several or none as a list."""
    if given is None:
        return []
    return [given] if hasattr(given, "GetID") or isinstance(given, str) else list(given)
