"""The button that follows findings into one more study, so that what a reader has said of them stays."""

from collections.abc import Callable
from typing import Any

from slicer.i18n import tr as _

from ..core.recipe import Recipe
from ..scene.studies import study_of_volume
from ..scene.timeline_growth import add_grown, growth_of
from ..scene.timeline_nodes import patient_of_node
from ..scene.timeline_views import hide
from .fields import push_button
from .inputs import require_present
from .task_runner import Commit, Compute
from .time_points_panel import TimePointsPanel, date_of


class AddStudy:
    """button: to put in a layout; it is there only while one of the chosen time points is not among the findings.

    get_node: the patient's text node, or None; time_points: the chosen ones; get_recipe: the steps, None for those
    that suit; run(prepare): runs it with progress, see RunPanel; ours(action): does something to segments that is no
    drawing of the reader's; added(): called when the patient has one more study.
    """

    def __init__(
        self,
        get_node: Callable[[], Any],
        time_points: TimePointsPanel,
        get_recipe: Callable[[], Recipe | None],
        run: Callable[[Callable[[], tuple[Compute, Commit]]], None],
        ours: Callable[[Callable[[], Any]], Any],
        added: Callable[[], None],
    ) -> None:
        self._get_node, self._time_points, self._get_recipe = get_node, time_points, get_recipe
        self._ours, self._added = ours, added
        tip = _("Follow the findings into the study that is not among them yet; names and decisions stay")
        self.button = push_button("addStudyButton", _("Add study to findings"), tip, lambda: run(self._prepare))
        self.button.visible = False

    def changed(self) -> None:
        """Look again whether there is a study to add."""
        self.button.visible = self._new() is not None

    def _new(self) -> Any:
        """The first of the chosen time points that is not among the findings; None when all are."""
        node = self._get_node()
        if node is None or self._time_points.missing():
            return None
        known = patient_of_node(node).order
        return next((p for p in self._time_points.chosen() if p.volume.GetName() not in known), None)

    def _prepare(self) -> tuple[Compute, Commit]:
        node, point = self._get_node(), self._new()
        study = study_of_volume(point.volume, point.segmentation, None, date_of(point.date), point.landmarks)
        first = patient_of_node(node).time_points[0].id
        marked = next((p.landmarks for p in self._time_points.chosen() if p.volume.GetName() == first), None)

        def commit(grown: Any) -> str:
            require_present(point.volume, node)
            what = self._ours(lambda: add_grown(node, grown, point.volume))
            hide(point.segmentation)
            self._added()
            return str(what)

        return growth_of(node, study, self._get_recipe(), marked), commit
