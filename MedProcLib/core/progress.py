"""Progress with cancel: one object travels down a computation, reports upwards and carries the wish to stop."""

import threading
from collections.abc import Callable
from typing import Any, TypeVar

from .errors import Cancelled

Result = TypeVar("Result")
Report = Callable[[float, str], None]
Ask = Callable[[Callable[[], Any]], Any]


class Progress:
    """How far a computation is, and whether it should stop.

    report: called with (fraction in 0..1, message) from the computing thread.
    cancel: set from any thread; the computation then ends with Cancelled at its next report.
    ask: runs an action in the thread that owns what is computed on; see ask().
    notes: what the user should know of the result, see note(); that of a part is that of the whole.
    """

    def __init__(
        self,
        report: Report | None = None,
        cancel: threading.Event | None = None,
        ask: Ask | None = None,
        notes: list[str] | None = None,
    ) -> None:
        self._report = report
        self._cancel = cancel or threading.Event()
        self._ask = ask
        self.notes: list[str] = [] if notes is None else notes
        self._low, self._high = 0.0, 1.0

    def __call__(self, fraction: float, message: str = "") -> None:
        """Report a fraction (0..1) of this part of the work. Raises Cancelled once cancel() was called."""
        self.check()
        if self._report is not None:
            fraction = min(max(float(fraction), 0.0), 1.0)
            self._report(self._low + fraction * (self._high - self._low), message)

    def check(self) -> None:
        """Raise Cancelled if the user asked to stop."""
        if self._cancel.is_set():
            raise Cancelled()

    def cancel(self) -> None:
        self._cancel.set()

    @property
    def cancelled(self) -> bool:
        return self._cancel.is_set()

    def note(self, text: str) -> None:
        """Tell the user, once it is done, something of the result that is no error: a sentence, each shown once."""
        if text not in self.notes:
            self.notes.append(text)

    def ask(self, action: Callable[[], Result]) -> Result:
        """What a short action gives, run in the thread that started the computation: there a scene may be read.

        Raises what the action raises, Cancelled.
        """
        self.check()
        return action() if self._ask is None else self._ask(action)

    def part(self, low: float, high: float) -> "Progress":
        """The same progress seen by a sub-task that covers low..high (fractions) of this one."""
        child = Progress(self._report, self._cancel, self._ask, self.notes)
        width = self._high - self._low
        child._low, child._high = self._low + low * width, self._low + high * width
        return child

    def labelled(self, label: str) -> "Progress":
        """The same progress whose messages begin with a label: which of several images is worked on, say."""

        def report(fraction: float, message: str) -> None:
            assert self._report is not None
            self._report(fraction, f"{label}: {message}" if message else label)

        child = Progress(report if self._report is not None else None, self._cancel, self._ask, self.notes)
        child._low, child._high = self._low, self._high
        return child

    def noting(self, notes: list[str]) -> "Progress":
        """The same progress whose notes go to another list: those of one of several images, say."""
        child = Progress(self._report, self._cancel, self._ask, notes)
        child._low, child._high = self._low, self._high
        return child

    def quiet(self) -> "Progress":
        """The same wish to stop without reports: for work that several threads do at once."""
        return Progress(None, self._cancel, self._ask, self.notes)

    def parts(self, *weights: float) -> "list[Progress]":
        """Consecutive sub-tasks that share this one in proportion to the weights."""
        total, low, children = float(sum(weights)), 0.0, []
        for weight in weights:
            children.append(self.part(low, low + weight / total))
            low += weight / total
        return children


class _Silent(Progress):
    """Reports nothing and is never cancelled: the default argument, shared by all, so it must not be cancellable."""

    def __init__(self) -> None:
        super().__init__()

    def part(self, low: float, high: float) -> Progress:
        return self

    def labelled(self, label: str) -> Progress:
        return self

    def quiet(self) -> Progress:
        return self

    def note(self, text: str) -> None:
        """Nobody asked for any."""

    def cancel(self) -> None:
        raise RuntimeError("The shared silent progress cannot be cancelled; pass a Progress of your own.")


SILENT: Progress = _Silent()


def execute(sitk_filter: Any, *inputs: Any, progress: Progress = SILENT, message: str = "") -> Any:
    """Run a SimpleITK filter (or registration method) with progress and cancel.

    The filter is aborted at its next progress event after a cancel. SimpleITK releases the GIL meanwhile.
    """
    import SimpleITK as sitk

    failure: list[BaseException] = []

    def on_event() -> None:
        try:
            progress(sitk_filter.GetProgress() if hasattr(sitk_filter, "GetProgress") else 0.0, message)
        except Cancelled as cancelled:
            failure.append(cancelled)
            sitk_filter.Abort()

    progress.check()
    if progress is not SILENT:
        for event in (sitk.sitkProgressEvent, sitk.sitkIterationEvent):
            sitk_filter.AddCommand(event, on_event)
    try:
        result = sitk_filter.Execute(*inputs)
    except RuntimeError:
        if failure:
            raise failure[0] from None
        raise
    finally:
        if progress is not SILENT:
            sitk_filter.RemoveAllCommands()
    if failure:
        raise failure[0]
    return result
