"""A reader's corrections of the findings over time: done, taken back, done again, and what they join is measured."""

from collections.abc import Callable
from typing import Any

import qt
from slicer.i18n import tr as _

from ..core.errors import InputError
from ..scene.timeline_edits import Edit, edit_patient, put_patient, redo_edit, undo_edit
from ..scene.timeline_nodes import patient_of_node
from ..scene.timeline_outlines import unmeasured, unmeasured_outlines
from .outline_panel import OutlinePanel
from .run_panel import RunPanel
from .task_runner import Commit, Compute


class TrackEditing:
    """get_node: the patient's text node, or None; get_reader: the reader's name; outlines: where outlines are drawn;
    run: tells how it went; changed(): called when the findings are others."""

    def __init__(
        self,
        get_node: Callable[[], Any],
        get_reader: Callable[[], str],
        outlines: OutlinePanel,
        run: RunPanel,
        changed: Callable[[], None],
    ) -> None:
        self._get_node, self._get_reader = get_node, get_reader
        self._outlines, self._run, self._changed = outlines, run, changed

    def edit(self, change: Edit, unnamed: str = "") -> bool:
        """Do a reader's correction; True when it was done. unnamed: who did it where no name was given; without one,
        nothing is done then."""
        who = self._get_reader().strip() or unnamed
        try:
            what = self._outlines.ours(lambda: edit_patient(self._get_node(), change, who))
        except InputError as error:
            self._run.say(str(error), True)
            return False
        self._tell(what)
        return True

    def undo(self) -> None:
        """Take the last correction back, with its outline where it drew one."""
        self._go(self._outlines.outlines.require, undo_edit)

    def redo(self) -> None:
        """Do again what was taken back last, with its outline where it drew one."""
        self._go(self._outlines.outlines.require_again, redo_edit)

    def measure_missing(self) -> None:
        """Measure what a correction joined."""
        node = self._get_node()  # None when the reader went to another module meanwhile
        points = unmeasured(patient_of_node(node)) if node is not None else ()
        if not points or self._run.running:
            return
        what = self._run.message

        def prepare() -> tuple[Compute, Commit]:
            outlines = unmeasured_outlines(node, points[0])

            def commit(patient: Any) -> str:
                if patient_of_node(node) == outlines.patient:  # else it was corrected meanwhile: measured again
                    self._outlines.ours(lambda: put_patient(node, patient))
                    self._changed()
                qt.QTimer.singleShot(0, self.measure_missing)
                return what

            return outlines.measured, commit

        self._run.start(prepare)

    def _go(self, require_outlines: Callable[[Any], Any], step: Callable[[Any, str], str]) -> None:
        """One step through the history of corrections."""
        node = self._get_node()
        try:
            drawn = require_outlines(node)
            what = self._outlines.ours(lambda: step(node, self._get_reader()))
            if drawn is not None:
                self._outlines.restore(drawn)
        except InputError as error:
            self._run.say(str(error), True)
            return
        self._tell(what)

    def _tell(self, what: str) -> None:
        self._changed()
        if what:
            self._run.say(_("{what}.").format(what=what[0].upper() + what[1:]))
        self.measure_missing()  # what was joined may have been taken back before it was measured
