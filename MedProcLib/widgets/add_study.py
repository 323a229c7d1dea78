"""The buttons that follow findings into one more study, or take one out of them, so that what a reader said stays."""

from collections.abc import Callable
from typing import Any

from slicer.i18n import tr as _

from ..comparison.tracks.take_out import FEWEST, take_out
from ..core.recipe import Recipe
from ..scene.studies import study_of_volume
from ..scene.timeline_edits import Edit
from ..scene.timeline_growth import add_grown, growth_of, reference_of
from ..scene.timeline_nodes import patient_of_node, studies_in
from ..scene.timeline_views import hide
from .comparison_sentence import added
from .fields import push_button
from .inputs import require_present
from .name_tips import elided
from .task_runner import Commit, Compute
from .time_points_panel import TimePointsPanel, date_of


class AddStudy:
    """button, take_button: to put in a layout; they are there only while one of the chosen time points is not among the
    findings, and while one of the findings' is not among the chosen.

    get_node: the patient's text node, or None; time_points: the chosen ones; get_recipe: the steps, None for those
    that suit; run(prepare): runs it with progress, see RunPanel; ours(action): does something to segments that is no
    drawing of the reader's; edit(edit): does a correction of comparison.tracks, True when it was done; changed():
    called when the patient has one more study, or one less.
    """

    def __init__(
        self,
        get_node: Callable[[], Any],
        time_points: TimePointsPanel,
        get_recipe: Callable[[], Recipe | None],
        run: Callable[[Callable[[], tuple[Compute, Commit]]], None],
        ours: Callable[[Callable[[], Any]], Any],
        edit: Callable[[Edit], bool],
        changed: Callable[[], None],
    ) -> None:
        self._get_node, self._time_points, self._get_recipe = get_node, time_points, get_recipe
        self._ours, self._edit, self._done = ours, edit, changed
        tip = _("Follow the findings into the study that is not among them yet; names and decisions stay")
        self.button = push_button("addStudyButton", _("Add study to findings"), tip, lambda: run(self._prepare))
        tip = _("Leave out the time point that is not in the list above anymore; names and decisions stay")
        self.take_button = push_button("takeStudyButton", _("Take study out of findings"), tip, self._take_out)
        self.button.visible = self.take_button.visible = False

    def changed(self) -> None:
        """Look again whether there is a study to add or to take out."""
        self.button.visible = self._new() is not None
        gone = self._gone()
        self.take_button.visible = gone is not None
        self.take_button.text = _("Take {name} out of findings").format(name=elided(gone or ""))

    def _new(self) -> Any:
        """The first of the chosen time points that is not among the findings; None when all are."""
        node = self._get_node()
        if node is None or self._time_points.missing():
            return None
        known, chosen = studies_in(node), self._time_points.chosen()
        if not any(p.volume.GetID() in known for p in chosen):  # another patient's are chosen
            return None
        return next((p for p in chosen if p.volume.GetID() not in known), None)

    def _gone(self) -> str | None:
        """Id of the first of the findings' time points that is not among the chosen; None where fewer than two are."""
        node = self._get_node()
        if node is None or self._time_points.missing():
            return None
        known, chosen = studies_in(node), {p.volume.GetID() for p in self._time_points.chosen()}
        if len(known.keys() & chosen) < FEWEST:
            return None
        return next((point for volume, point in known.items() if volume not in chosen), None)

    def _take_out(self) -> None:
        name = self._gone()
        if name is not None and self._edit(lambda patient, who, when: take_out(patient, name, who, when)):
            self._done()

    def _prepare(self) -> tuple[Compute, Commit]:
        node, point = self._get_node(), self._new()
        study = study_of_volume(point.volume, point.segmentation, None, date_of(point.date), point.landmarks)
        first = reference_of(node, patient_of_node(node))[0].id
        known = studies_in(node)
        marked = next((p.landmarks for p in self._time_points.chosen() if known.get(p.volume.GetID()) == first), None)

        def commit(grown: Any) -> str:
            require_present(point.volume, node)
            self._ours(lambda: add_grown(node, grown, point.volume))
            hide(point.segmentation)
            self._done()
            return added(patient_of_node(node), grown.time_point)

        return growth_of(node, study, self._get_recipe(), marked), commit
