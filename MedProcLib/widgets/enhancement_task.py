"""A run of MedProc Enhancement: what it needs of the scene, and the results made ready for the scene."""

import functools
from dataclasses import dataclass
from typing import Any

import SimpleITK as sitk

from ..core.errors import InputError
from ..core.geometry import Geometry
from ..core.progress import SILENT, Progress
from ..core.recipe import Recipe
from ..enhancement.unchanged import note_unchanged
from ..scene.node_reader import NodeReader
from ..scene.nodes import require_nodes
from ..scene.region_input import RegionSource, region_name, region_source
from ..scene.volumes import ReadyImage, geometry_of_volume, ready_image


def takes_reference(recipe: Recipe) -> bool:
    """Whether a step that is switched on can use a reference image."""
    declarations = [operation.declaration for _number, operation in recipe.enabled_steps]
    return any("reference" in (*each.inputs, *each.optional_inputs) for each in declarations)


def needs_reference(recipe: Recipe) -> bool:
    """Whether a step that is switched on cannot do without a reference image."""
    return any("reference" in operation.declaration.inputs for _number, operation in recipe.enabled_steps)


@dataclass(frozen=True)
class Part:
    """A volume to enhance, and the node its result replaces (None for a new one)."""

    volume: Any
    output: Any
    name: str
    inputs: dict[str, str]


@dataclass(frozen=True)
class EnhancementTask:
    """All that a run needs. mask: the region of interest, or None; reference: volume node, or None."""

    parts: tuple[Part, ...]
    mask: RegionSource | None
    reference: Any
    recipe: Recipe

    def compute(self, progress: Progress = SILENT) -> list[ReadyImage]:
        """The results in order, ready for the scene. Raises InputError, Cancelled.

        In any thread: progress.ask brings what nodes are asked into the main thread.
        """
        if len(self.parts) == 1:
            return [self._enhanced(self.parts[0], progress)]
        self._require_masked(progress)
        results = []
        for number, (part, share) in enumerate(
            zip(self.parts, progress.parts(*[1.0] * len(self.parts)), strict=True), 1
        ):
            try:
                results.append(self._enhanced(part, share.labelled(f"{number}/{len(self.parts)} {part.name}")))
            except InputError as error:
                raise InputError(f"'{part.name}': {error} Nothing was added for the other volumes either.") from error
        return results

    def _require_masked(self, progress: Progress) -> None:
        """Say before a long run which volume the mask misses."""
        if self.mask is None:
            return
        progress(0.0, "Reading the mask")
        reader = NodeReader()
        for part in self.parts:
            grid = progress.ask(functools.partial(geometry_of_volume, part.volume))
            self.mask.mask(grid, reader, progress, f"'{part.name}'")

    def _enhanced(self, part: Part, progress: Progress) -> ReadyImage:
        # the input's copy goes before the result's is made, to need less memory
        return ready_image(self._result(part, progress))

    def _result(self, part: Part, progress: Progress) -> sitk.Image:
        progress(0.0, "Reading the volume")
        image = NodeReader().image(part.volume, progress)
        mask = reference = None
        if self.mask is not None:
            mask = self.mask.mask(Geometry.of(image), progress=progress, where=f"'{part.name}'")
        if self.reference is not None:
            reference = NodeReader().image(self.reference, progress)
        made = self.recipe.run(progress, image=image, mask=mask, reference=reference)["image"]
        note_unchanged(image, made, progress, part.name if len(self.parts) > 1 else "")
        return made


def enhancement_task(volumes, recipe, mask=None, maskSegment="", reference=None, output=None) -> EnhancementTask:
    """Look at the nodes (main thread), and copy no voxel. Raises InputError."""
    if not volumes:
        raise InputError("There is no volume to enhance: choose at least one.")
    require_nodes(*volumes, mask, reference, output)
    if output is not None and output in volumes:
        raise InputError("The output is the input volume: choose another, since inputs are not modified.")
    if not recipe.enabled_steps:
        raise InputError("No step is switched on: switch on at least one.")
    reference = reference if takes_reference(recipe) else None
    others = {} if mask is None else {"mask": region_name(mask, maskSegment)}
    others |= {} if reference is None else {"reference": reference.GetName()}
    for volume in volumes:
        try:
            geometry_of_volume(volume)
        except InputError as error:
            if len(volumes) == 1:
                raise
            raise InputError(f"'{volume.GetName()}': {error}") from error
    parts = tuple(Part(v, output, v.GetName(), {"image": v.GetName()} | others) for v in volumes)
    if reference is not None:
        geometry_of_volume(reference)
    return EnhancementTask(parts, region_source(mask, maskSegment), reference, recipe)
