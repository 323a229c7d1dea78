"""A run of the scoring panel: two segmentation nodes read and scored in a worker, then the table and the surface."""

from typing import Any

from slicer.i18n import tr as _

from ..core.progress import Progress
from ..scene.scoring_scene import ScoringResult, add_scoring, score_segmentations, scoring_source
from ..segmentation.scoring.score import Score
from .task_runner import Commit, Compute


def prepare_scoring(reference: Any, test: Any, tolerance_mm: float) -> tuple[Compute, Commit]:
    """See RunPanel. Raises InputError."""
    source, settings = scoring_source(reference, test), Score(tolerance_mm=tolerance_mm)

    def compute(progress: Progress) -> ScoringResult:
        given = source.read(progress.part(0, 0.1))
        return score_segmentations(given, settings, progress=progress.part(0.1, 1))

    def commit(result: ScoringResult) -> str:
        nodes = add_scoring(result, reference, test)
        count, where = len(result.scores.rows), nodes.table.GetName()
        text = _("{count} segments scored in '{name}'.") if count > 1 else _("One segment scored in '{name}'.")
        return text.format(count=count, name=where)

    return compute, commit
