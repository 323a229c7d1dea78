"""The run button of a module, with what is missing, how far it is, and how it ended."""

import logging
from collections.abc import Callable, Iterable
from typing import Any

import qt
import slicer
from slicer.i18n import tr as _

from ..core.errors import InputError
from .name_tips import plain_tip
from .task_runner import Commit, Compute, Ending, Outcome, State, TaskRunner
from .wrapped_label import show_wrapped

# dark text on a light ground, so it reads on Slicer's light and dark style
PROBLEM_STYLE = "background: #fbdcd9; color: #6e1109; padding: 4px; border-radius: 3px;"
PROGRESS_STEPS = 1000
STATUS_MS = 8000  # that a line stays in the application's status bar


class RunPanel:
    """A button that runs a task and turns into Cancel meanwhile.

    prepare: called on a click in the main thread; reads the nodes and returns (compute, commit), see TaskRunner.
    commit's return value is the line shown afterwards. locked: widgets that cannot be changed during the run.
    ended(outcome): called after a run, however it ended, once its line is shown.
    """

    def __init__(
        self,
        text: str,
        tool_tip: str,
        prepare: Callable[[], tuple[Compute, Commit]],
        locked: Iterable[Any] = (),
        ended: Callable[[Outcome], None] = lambda outcome: None,
    ) -> None:
        self._ended = ended
        self._text, self._tool_tip, self._prepare, self._locked = text, tool_tip, prepare, list(locked)
        self._missing = ""
        self._message, self._is_problem = "", False
        self._problem_of_run = ""
        self.runner = TaskRunner(self._show_progress, self._on_state, self._on_end)
        self.widget = qt.QWidget()
        layout = qt.QVBoxLayout(self.widget)
        layout.setContentsMargins(0, 4, 0, 4)
        self.button = qt.QPushButton(text)
        self.button.objectName = "runButton"
        self.button.connect("clicked()", self.run_or_cancel)
        self.progress_bar = qt.QProgressBar()
        self.progress_bar.maximum = PROGRESS_STEPS
        self.progress_bar.textVisible = False
        self.progress_bar.setFixedHeight(8)
        self.progress_bar.visible = False
        self.status_label = qt.QLabel()
        self.status_label.wordWrap = True
        self.status_label.alignment = qt.Qt.AlignTop
        self.status_label.textFormat = qt.Qt.PlainText
        self.status_label.textInteractionFlags = qt.Qt.TextSelectableByMouse
        for widget in (self.button, self.progress_bar, self.status_label):
            layout.addWidget(widget)
        self._show()

    @property
    def running(self) -> bool:
        return self.runner.state is not State.IDLE

    @property
    def message(self) -> str:
        """The line below the button."""
        return self.status_label.text

    def set_missing(self, missing: str) -> None:
        """Say what the user has to choose before it can run; empty when it can. Forgets how the last run ended, but
        what went well while something was missing is still told when nothing is."""
        if missing != self._missing:
            self._missing = missing
            if missing or self._is_problem:
                self._message = ""
            self._show()

    def inputs_changed(self) -> None:
        """Forget why the last run did not work: the next one may."""
        if not self.running and self._message and self._message == self._problem_of_run:
            self._write("")

    def say(self, message: str, is_problem: bool = False) -> None:
        """Show a line below the button; where that is scrolled out of sight, or another module is shown, elsewhere
        too: a problem in a box, once, what else there is to say in the application's status bar."""
        is_new = (message, is_problem) != (self._message, self._is_problem)
        self._write(message, is_problem)
        if message and is_new and self.button.visibleRegion().isEmpty():
            if is_problem:
                slicer.util.errorDisplay(message)
            else:
                slicer.util.showStatusMessage(message, STATUS_MS)

    def run_or_cancel(self) -> None:
        """What the button does."""
        if self.running:
            self.runner.cancel()
            return
        self.start(self._prepare)

    def start(self, prepare: Callable[[], tuple[Compute, Commit]]) -> None:
        """Run another task of the module the same way: with progress, cancel and an end that is told.

        While one runs the user is told so, and nothing else happens.
        """
        if self.running:
            slicer.util.warningDisplay(_("Something is being computed: wait until it is done, or cancel it first."))
            return
        self.say("")
        try:
            compute, commit = prepare()
        except InputError as error:
            self._on_end(Outcome(Ending.INPUT_ERROR, message=str(error)))
            return
        self.runner.start(compute, commit)

    def discard(self) -> None:
        """Forget a task that runs: the scene closes."""
        self.runner.discard()

    def close(self) -> None:
        """Forget a task that runs, for good: the module goes."""
        self.runner.close()

    def _write(self, message: str, is_problem: bool = False) -> None:
        self._message, self._is_problem = message, is_problem
        self._show()

    def _write_problem(self, message: str) -> None:
        self._problem_of_run = message
        self._write(message, is_problem=True)

    def _on_state(self, state: State) -> None:
        for widget in self._locked:
            widget.enabled = state is State.IDLE
        self.progress_bar.value = 0 if state is not State.CANCELLING else self.progress_bar.value
        if state is State.RUNNING:
            self._message, self._is_problem = _("Starting..."), False
        elif state is State.CANCELLING:
            self._message, self._is_problem = _("Cancelling..."), False
        self._show()

    def _show_progress(self, fraction: float, message: str) -> None:
        self.progress_bar.value = round(PROGRESS_STEPS * fraction)
        if self.runner.state is State.RUNNING:
            self.say(f"{message or _('Computing')} ({100 * fraction:.0f} %)")

    def _on_end(self, outcome: Outcome) -> None:
        self._tell(outcome)
        self._ended(outcome)

    def _tell(self, outcome: Outcome) -> None:
        if outcome.ending is Ending.DONE:
            self.say("\n".join((str(outcome.value or _("Done.")), *outcome.notes)))
        elif outcome.ending is Ending.CANCELLED:
            self.say(_("Cancelled; nothing was changed."))
        elif outcome.ending is Ending.INPUT_ERROR:
            self._write_problem(outcome.message)
            slicer.util.errorDisplay(outcome.message)
        else:
            logging.error(outcome.details)
            message = _("This did not work because of an error in the program: {error}").format(error=outcome.message)
            self._write_problem(message)
            slicer.util.errorDisplay(message, detailedText=outcome.details)

    def _show(self) -> None:
        state = self.runner.state
        self.progress_bar.visible = state is not State.IDLE
        self.button.text = self._text if state is State.IDLE else _("Cancel")
        self.button.enabled = state is State.RUNNING or (state is State.IDLE and not self._missing)
        self.button.toolTip = self._tool_tip if state is State.IDLE else _("Stop; nothing will be changed")
        if state is State.IDLE and self._missing:
            self.button.toolTip = plain_tip(self._missing)
        shown = self._message or (self._missing if state is State.IDLE else "")
        self.status_label.styleSheet = PROBLEM_STYLE if self._is_problem and self._message else ""
        show_wrapped(self.status_label, shown)
