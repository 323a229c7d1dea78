"""What MedProc Segmentation does, for its panel and the Python console."""

from typing import Any

from ..core.errors import InputError
from ..core.preset import Preset
from ..core.progress import SILENT
from ..core.recipe import Recipe, Step
from ..core.registry import create_operation, operations
from ..scene.dicom_tags import dicom_tags_of
from ..scene.findings import decide, findings_of
from ..scene.scoring_scene import ScoringNodes, ScoringResult, add_scoring, score_segmentations, scoring_input
from ..scene.seeds import BY_LIST
from ..scene.segmentation_scene import EACH, ReadyOutcome, SegmentationNodes, add_outcome
from ..scene.volumes import sample_of_volume, size_of_volume
from ..segmentation.presets.proposal import Proposal, propose
from ..segmentation.scoring.score import Score
from .inputs import require_present
from .segmentation_task import BRAIN, SegmentationTask, segmentation_task, unlike_volume


class SegmentationLogic:
    """The module's logic, but for what Slicer's base class adds. Main thread, unless said otherwise."""

    def defaultRecipe(self) -> Recipe:
        """Bright outliers, clean-up by size."""
        return Recipe(
            (
                Step(create_operation("segmentation.bright_outliers")),
                Step(create_operation("segmentation.remove_small"), enabled=False),
            )
        )

    def operations(self):
        """Declarations of the operations that a chain may have: what gives or changes segments, enhancements, and
        the alignment of a second image."""
        aligning = [each for each in operations("comparison") if each.gives == ("second",)]
        enhancing = [each for each in operations("enhancement") if "image" in each.gives]
        return [
            *(each for each in operations("segmentation") if "reference_labels" not in each.inputs),
            *enhancing,
            *aligning,
        ]

    def propose(self, volume) -> Proposal | None:
        """The preset that suits a volume node, and why; None for one without voxels, or when none is known."""
        try:
            sample = sample_of_volume(volume)
            return propose(dicom_tags_of(volume), sample, volume.GetName() or "", size_of_volume(volume))
        except InputError:
            return None

    def unlike(self, preset: Preset, volume) -> str:
        """A note where a volume node is said to be of another weighting than the preset is for; else ''."""
        return unlike_volume(preset, volume)

    def process(
        self,
        volume,
        recipe: Recipe | Preset | str | None = None,
        region=None,
        mask=None,
        maskSegment="",
        output=None,
        grouping=EACH,
        progress=SILENT,
        seeds=(),
        objects=BY_LIST,
        startFrom=None,
        reference=None,
        raters=(),
        second=None,
    ) -> SegmentationNodes:
        """Segment a volume node; returns the nodes made, which unpack as segmentation and table (None for nothing).

        recipe: core.recipe.Recipe, an operation, or a preset or its name; region: 'Brain', 'Body', 'Whole image',
        'Segment' (of `mask`, a segmentation or label map node; maskSegment: the segment's id, '' for all), 'Box'
        (`mask` is a markups ROI node), or such a node itself; by default the mask, else the brain for the default
        recipe, else the whole image.
        output: segmentation node to add to, otherwise a new one; grouping: 'One for each finding' or 'All findings in
        one'; seeds: point list or segmentation nodes, one or several; objects: 'Each list is an object' or 'Each label
        is an object'; startFrom: segmentation node that the first step works on; reference: volume node; raters:
        segmentation nodes to combine; second: another volume node of the patient, for steps that can look at two.
        Raises InputError, Cancelled; then the scene is as it was.
        """
        task = self.prepare(
            *(volume, recipe, region, mask, maskSegment, output, grouping),
            seeds=seeds,
            objects=objects,
            startFrom=startFrom,
            reference=reference,
            raters=raters,
            second=second,
        )
        ready = task.compute(progress)
        return self.commit(task, ready) if not ready.outcome.is_empty else SegmentationNodes(None, None)

    def prepare(self, volume, recipe=None, region=None, mask=None, *inputs, **things) -> SegmentationTask:
        """Look at the nodes, and copy no voxel; takes what process takes, but for progress. Raises InputError."""
        if recipe is None:
            recipe, region = self.defaultRecipe(), BRAIN if region is None and mask is None else region
        return segmentation_task(volume, recipe, region, mask, *inputs, **things)

    def commit(self, task: SegmentationTask, ready: ReadyOutcome) -> SegmentationNodes:
        """Write the result of task.compute() to the scene."""
        require_present(task.volume, task.output)
        return add_outcome(ready, task.volume, task.provenance, task.title, task.output)

    def decide(self, table, index, status, reader, comment=None) -> str:
        """Write a reader's decision on a finding ('accepted', 'edited', 'rejected', 'proposed'); returns its name.

        Accepted findings become segments of their own, rejected ones are hidden. Raises InputError.
        """
        return decide(table, index, status, reader, comment)

    def score(
        self, reference, test, settings: Score | None = None, progress=SILENT
    ) -> tuple[ScoringResult, ScoringNodes]:
        """Score a segmentation node against a reference; returns the scores and the table and colored surface made.

        settings: segmentation.scoring.score.Score (tolerance_mm and others). Raises InputError, Cancelled.
        """
        result = score_segmentations(scoring_input(reference, test), settings or Score(), progress=progress)
        return result, add_scoring(result, reference, test)

    def findings(self, table) -> list[dict[str, Any]]:
        """The rows of a list of findings: name, status, volume_mm3 (of a picture area_mm2), reason, reader, ..."""
        return findings_of(table)
