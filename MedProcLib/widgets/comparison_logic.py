"""What MedProc Comparison does, for its panel and the Python console."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from ..comparison.defaults import head_mr_recipe
from ..comparison.evaluation import Evaluated
from ..comparison.following import unique_names
from ..comparison.pipeline import compare
from ..comparison.result import Comparison
from ..comparison.study import Study
from ..comparison.tracks.model import Patient
from ..core.errors import InputError
from ..core.progress import SILENT, Progress
from ..core.recipe import Recipe
from ..report.finding_measurements import measure_findings
from ..report.report import report_html
from ..scene.comparison_scene import ComparisonNodes, add_comparison
from ..scene.nodes import require_nodes
from ..scene.studies import study_of_volume
from ..scene.timeline_input import TimePointInput, in_time_order
from ..scene.timeline_nodes import patient_of_node
from ..scene.timeline_views import hide
from .inputs import require_present
from .time_points_panel import date_of


@dataclass(frozen=True)
class ComparisonTask:
    """All that a run needs; compute() touches no node, so it may run in a worker thread."""

    timePoints: tuple[TimePointInput, ...]
    studies: tuple[Study, ...]
    recipe: Recipe | None

    def compute(self, progress: Progress = SILENT) -> Comparison:
        return compare(self.studies, self.recipe, progress=progress)


class ComparisonLogic:
    """The module's logic, but for what Slicer's base class adds. Main thread, unless said otherwise."""

    def defaultRecipe(self) -> Recipe:
        """The steps for MR of the head: brain mask, bias correction, lesions, registration, change, matching."""
        return head_mr_recipe()

    def compare(
        self,
        studies: Sequence[Any],
        dates: Sequence[str | datetime.date] = (),
        segmentations: Sequence[Any] = (),
        recipe: Recipe | None = None,
        progress: Progress = SILENT,
        landmarks: Sequence[Any] = (),
    ) -> Patient | None:
        """Compare two to twenty volume nodes; returns the patient with the findings over time (tracks.model), which the
        scene holds too (scene.timeline_nodes.patient_nodes); None when no study could be registered.

        dates: of each, as YYYY-MM-DD or a date, '' for what the volume tells; segmentations: of the findings, None for
        those to be segmented; recipe: None for one chosen from the images; landmarks: point lists of places that were
        marked in the first study and another one, None for studies without. Raises InputError, Cancelled; then nothing
        is added.
        """
        for what, given in (("dates", dates), ("segmentations", segmentations), ("landmarks", landmarks)):
            if given and len(given) != len(studies):
                raise InputError(f"There are {len(given)} {what} for {len(studies)} studies; give one for each.")
        timePoints = [
            TimePointInput(
                volume,
                _written(dates[n]) if dates else "",
                segmentations[n] if segmentations else None,
                landmarks=landmarks[n] if landmarks else None,
            )
            for n, volume in enumerate(studies)
        ]
        task = self.prepareStudies(timePoints, recipe)
        nodes = self.commit(task, task.compute(progress))
        return patient_of_node(nodes.patient) if nodes.patient is not None else None

    def process(
        self,
        baseline: Any,
        followUp: Any,
        recipe: Recipe | None = None,
        baselineSegmentation: Any = None,
        followUpSegmentation: Any = None,
        baselineDate: str = "",
        followUpDate: str = "",
        progress: Progress = SILENT,
        baselineLandmarks: Any = None,
        followUpLandmarks: Any = None,
    ) -> tuple[Comparison, ComparisonNodes]:
        """Compare two volume nodes; returns the comparison (comparison.result) and its nodes (ComparisonNodes).

        Landmarks are point lists of the same places in both, see compare."""
        timePoints = [
            TimePointInput(baseline, baselineDate, baselineSegmentation, landmarks=baselineLandmarks),
            TimePointInput(followUp, followUpDate, followUpSegmentation, landmarks=followUpLandmarks),
        ]
        task = self.prepareStudies(timePoints, recipe)
        comparison = task.compute(progress)
        return comparison, self.commit(task, comparison)

    def prepareStudies(self, timePoints: Sequence[TimePointInput], recipe: Recipe | None) -> ComparisonTask:
        """Read the nodes (main thread). Raises InputError."""
        require_nodes(*(node for point in timePoints for node in (point.volume, point.segmentation, point.landmarks)))
        ids = [point.volume.GetID() for point in timePoints if point.volume is not None]
        if len(set(ids)) < len(ids):
            raise InputError("Two studies are the same volume: choose another one.")
        ordered = in_time_order(timePoints)
        studies = tuple(study_of_volume(p.volume, p.segmentation, None, date_of(p.date), p.landmarks) for p in ordered)
        # series of one name in each study are told apart in all that is said of them
        named = tuple(replace(s, name=name) for s, name in zip(studies, unique_names(studies), strict=True))
        return ComparisonTask(tuple(ordered), named, recipe)

    def commit(self, task: ComparisonTask, comparison: Comparison) -> ComparisonNodes:
        """Add the comparison to the scene (main thread)."""
        places = [next(n for n, each in enumerate(task.studies) if each is study) for study in comparison.studies]
        points = [task.timePoints[place] for place in places]
        images = [point.images for point in points]
        require_present(*(point.volume for point in points), *(image for each in images for image in each))
        nodes = add_comparison(comparison, sources=[point.volume for point in points], images=images)
        for point in points:  # or its outlines would be seen twice
            hide(point.segmentation)
        return nodes

    def report(self, comparison: Comparison, progress: Progress = SILENT, evaluated: Evaluated | None = None) -> str:
        """The report as one HTML page; touches no node. evaluated: what a response criterion gives."""
        rows = measure_findings(comparison, progress.part(0, 0.5))
        return report_html(comparison, rows, progress.part(0.5, 1), evaluated)


def _written(date: str | datetime.date) -> str:
    return f"{date:%Y-%m-%d}" if isinstance(date, datetime.date) else date
