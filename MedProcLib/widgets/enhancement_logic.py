"""What MedProc Enhancement does, for its panel and the Python console."""

from typing import Any

from ..core.errors import InputError
from ..core.preset import Preset, recipe_of
from ..core.progress import SILENT
from ..core.provenance import Provenance
from ..core.recipe import Recipe, Step
from ..core.registry import create_operation, operations
from ..enhancement.kept_unit import keeps_unit
from ..enhancement.presets.presets import PRESETS
from ..enhancement.presets.proposal import Proposal, propose
from ..scene.commit import commit
from ..scene.dicom_tags import dicom_tags_of
from ..scene.provenance import write_provenance
from ..scene.value_unit import say_values_of
from ..scene.volumes import ReadyImage, sample_of_volume, size_of_volume, update_volume, volume_from_image
from .enhancement_task import EnhancementTask, Part, enhancement_task
from .inputs import require_present


class EnhancementLogic:
    """The module's logic, but for what Slicer's base class adds. Main thread, unless said otherwise."""

    def operations(self):
        """Declarations of the operations that a chain may have: those that give an image."""
        return [declaration for declaration in operations("enhancement") if "image" in declaration.gives]

    def defaultRecipe(self) -> Recipe:
        """Bias correction, denoising, standardization."""
        return Recipe(
            (
                Step(create_operation("enhancement.n4")),
                Step(create_operation("enhancement.non_local_means")),
                Step(create_operation("enhancement.standardize")),
            )
        )

    def propose(self, volume) -> Proposal | None:
        """The preset that suits a volume node, and why; None for one without voxels."""
        try:
            sample = sample_of_volume(volume)
            return propose(dicom_tags_of(volume), sample, volume.GetName() or "", size_of_volume(volume))
        except InputError:
            return None

    def process(
        self,
        volume,
        recipe: Recipe | Preset | str | None = None,
        mask=None,
        maskSegment="",
        output=None,
        progress=SILENT,
        reference=None,
    ) -> Any:
        """Enhance a volume node and return the node of the result, a new one unless `output` is given.

        recipe: core.recipe.Recipe, an operation, or a preset or its name; the default chain without; mask: segmentation
        node (maskSegment: id of the segment, '' for all) or label map node; reference: volume node for steps that match
        another image.
        Raises InputError, Cancelled; then the scene is as it was.
        """
        task = self.prepareAll([volume], self._recipe(recipe), mask, maskSegment, reference, output)
        return self.commit(task, task.compute(progress))[0]

    def processAll(self, volumes, recipe=None, mask=None, maskSegment="", reference=None, progress=SILENT) -> list:
        """Enhance volume nodes, each to a new node beside it, and return these in order; see process.

        All or none: after an InputError (which names the volume) or Cancelled the scene is as it was. The results are
        held in memory until the last one is done.
        """
        task = self.prepareAll(volumes, self._recipe(recipe), mask, maskSegment, reference)
        return self.commit(task, task.compute(progress))

    def prepareAll(self, volumes, recipe, mask=None, maskSegment="", reference=None, output=None) -> EnhancementTask:
        """Look at the nodes (main thread), and copy no voxel. Raises InputError."""
        return enhancement_task(volumes, recipe, mask, maskSegment, reference, output)

    def commit(self, task: EnhancementTask, images) -> list:
        """Write the results to the scene (main thread), all or none, and return their nodes."""
        require_present(*(node for part in task.parts for node in (part.volume, part.output)))
        with commit():
            return [self._written(part, task.recipe, image) for part, image in zip(task.parts, images, strict=True)]

    def _recipe(self, chosen) -> Recipe:
        return self.defaultRecipe() if chosen is None else recipe_of(chosen, PRESETS)

    def _written(self, part: Part, recipe: Recipe, image: ReadyImage):
        node = part.output
        if node is None:
            node = volume_from_image(image, f"{part.name} enhanced", like=part.volume)
        else:
            update_volume(node, image)
        say_values_of(node, part.volume, keeps_unit(recipe))
        write_provenance(node, Provenance(recipe, part.inputs))
        return node
