"""The comparison that a session made or a scene tells of: change maps and the report are drawn from it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from slicer.i18n import tr as _

from ..comparison.evaluation import Evaluated
from ..comparison.pipeline import with_map_of
from ..comparison.result import Comparison
from ..comparison.track_findings import studies_followed
from ..core.atomic import write_text
from ..core.progress import Progress
from ..scene.change_maps import show_change_map
from ..scene.comparison_scene import add_pair_to_scene, left_out
from ..scene.timeline_nodes import patient_of_node
from ..scene.timeline_report import evaluated_of, reviewed
from ..scene.timeline_restore import restoring
from .inputs import require_present
from .task_runner import Commit, Compute


class SessionComparison:
    """What the last run found (comparison), and the patient's node that holds it; of a loaded scene, or of another
    patient, the comparison is made again when it is needed. Main thread."""

    def __init__(self) -> None:
        self.comparison: Comparison | None = None
        self.patient: Any = None

    def keep(self, comparison: Comparison, patient: Any) -> None:
        """A run gave this."""
        self.comparison, self.patient = comparison, patient

    def forget(self) -> None:
        """The scene holds more than is known here, or other things."""
        self.comparison = self.patient = None

    @property
    def left_out(self) -> dict[str, tuple[str, ...]]:
        """The studies that the last run could not align, and why."""
        return left_out(self.comparison) if self.comparison is not None else {}

    def can_report(self, node: Any) -> bool:
        """Whether there is something to report of, of this session or of a patient's node (or None)."""
        return self.comparison is not None or (node is not None and len(patient_of_node(node).time_points) > 1)

    def current(self, node: Any) -> Callable[[Progress], Comparison]:
        """What gives the comparison as the reader left it, in any thread."""
        if self.comparison is None or (node is not None and not self._knows(node)):
            return restoring(node)
        comparison = reviewed(self.comparison, node)
        return lambda progress: comparison

    def _knows(self, node: Any) -> bool:
        """Whether the last run was of this patient (a scene with its own one may have been added) and its studies."""
        if self.comparison is None or node is not self.patient:
            return False
        followed = self.comparison.followed
        return followed is not None and list(followed.patient.order) == list(patient_of_node(node).order)

    def prepare_map(
        self, node: Any, name: str, start: str, end: str, shown: Callable[[], None]
    ) -> tuple[Compute, Commit]:
        """compute and commit of a change map of two time points (ids); see RunPanel. shown(): called when it is."""
        order = patient_of_node(node).order
        current = self.current(node)

        def compute(progress: Progress) -> Any:
            before, work = progress.parts(1, 1)
            comparison = current(before)
            first, last = (studies_followed(comparison)[order[point]] for point in (start, end))
            known = any((pair.fixed, pair.moving) == (first, last) for pair in comparison.all_pairs)
            return (*with_map_of(comparison, (first, last), name, work), known)

        def commit(made: Any) -> str:
            comparison, pair, known = made
            require_present(node)
            volumes = add_pair_to_scene(comparison, pair, node, only_maps=known).maps
            self.keep(comparison, node)
            show_change_map(volumes[-1])
            shown()
            return _("Map made: {title}.").format(title=pair.maps[-1].title)

        return compute, commit

    def prepare_report(
        self, node: Any, path: str | Path, report: Callable[[Comparison, Progress, Evaluated | None], str]
    ) -> tuple[Compute, Commit]:
        """compute and commit of the report with the decisions made so far, drawn in the worker; see RunPanel."""
        current, evaluated = self.current(node), evaluated_of(node)

        def compute(progress: Progress) -> str:
            before, drawing = progress.parts(1, 1)
            return report(current(before), drawing, evaluated)

        def written(html: str) -> str:
            write_text(html, path)
            return _("Written: {path}").format(path=path)

        return compute, written
