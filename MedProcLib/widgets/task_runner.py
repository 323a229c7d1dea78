"""Runs a computation beside the user interface: a worker thread computes, a timer in the main thread listens.

The worker gets plain images and never touches MRML or Qt; what it asks for (Progress.ask) the timer does. Slicer's
main thread may keep the interpreter lock while it waits for events, so each tick of the timer also waits a moment
without the lock: that is when the worker's Python code runs. SimpleITK's own code does not need the lock.
"""

import enum
import queue
import threading
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import qt

from ..core.errors import Cancelled, InputError
from ..core.progress import Progress

TICK_MS = 10
YIELD_S = 0.02  # per tick; long enough for the worker, short enough for a fluent user interface
ABANDON_AFTER_S = 0.8  # a worker that has not noticed the cancel by then ends unheard

Compute = Callable[[Progress], Any]
Commit = Callable[[Any], Any]


class State(enum.Enum):
    IDLE = "idle"
    RUNNING = "running"
    CANCELLING = "cancelling"


class Ending(enum.Enum):
    DONE = "done"
    CANCELLED = "cancelled"
    INPUT_ERROR = "input error"
    BUG = "bug"


@dataclass(frozen=True)
class Outcome:
    """How a task ended. value: what commit returned; message: of an error; details: traceback of a bug; notes: what
    the computation noted for the user (Progress.note)."""

    ending: Ending
    value: Any = None
    message: str = ""
    details: str = ""
    notes: tuple[str, ...] = ()


FORGOTTEN = Outcome(Ending.BUG, message="The computation ended without a result.")


class TaskRunner:
    """One task at a time: compute in a worker, then commit in the main thread, unless cancelled or failed.

    on_progress(fraction, message), on_state(state), on_end(outcome): called in the main thread.
    """

    def __init__(
        self,
        on_progress: Callable[[float, str], None] = lambda fraction, message: None,
        on_state: Callable[[State], None] = lambda state: None,
        on_end: Callable[[Outcome], None] = lambda outcome: None,
    ) -> None:
        self._on_progress, self._on_state, self._on_end = on_progress, on_state, on_end
        self._task: _Task | None = None
        self._commit: Commit = lambda result: result
        self._shown: tuple[float, str] | None = None
        self._abandoned: list[_Task] = []
        self._state = State.IDLE
        self._timer = qt.QTimer()
        self._timer.interval = TICK_MS
        self._timer.connect("timeout()", self._tick)

    @property
    def state(self) -> State:
        return self._state

    def start(self, compute: Compute, commit: Commit = lambda result: result) -> None:
        """compute(progress) runs in the worker, then commit(its result) here. Raises InputError while one runs."""
        if self._state is not State.IDLE:
            raise InputError("A task is still running: wait for it or cancel it first.")
        self._task, self._commit, self._shown = _Task(compute), commit, None
        self._task.start()
        self._timer.start()
        self._set_state(State.RUNNING)

    def cancel(self) -> None:
        """Ask the task to stop; the state is IDLE again within a second and nothing is committed."""
        if self._task is not None and self._state is State.RUNNING:
            self._task.cancel()
            self._set_state(State.CANCELLING)

    def discard(self) -> None:
        """Forget the task at once (the scene closes, the module goes): its result is never committed."""
        if self._task is not None:
            self._task.cancel()
            self._abandon(self._task)
            self._end(Outcome(Ending.CANCELLED))

    def close(self) -> None:
        """Discard the task and stop listening, for good. A worker that hears of it ends first: when the application
        ends, what it computes with is taken apart under it."""
        self.discard()
        last = time.monotonic() + ABANDON_AFTER_S
        for task in self._abandoned:
            if task.ended.wait(max(last - time.monotonic(), 0)):
                task.forget()
        self._abandoned.clear()
        self._timer.stop()

    def _tick(self) -> None:
        task = self._task
        if task is not None:
            task.news.wait(YIELD_S)
        elif self._abandoned:
            self._abandoned[0].ended.wait(YIELD_S)  # nobody answers its questions
        for other in self._abandoned:
            if other.ended.is_set():
                other.forget()
        self._abandoned = [other for other in self._abandoned if not other.ended.is_set()]
        if task is None:
            if not self._abandoned:
                self._timer.stop()
        elif task.ended.is_set():
            self._finish(task)
        elif task.cancelled_for() > ABANDON_AFTER_S:
            self._abandon(task)
            self._end(Outcome(Ending.CANCELLED))
        elif task.serve():
            pass  # the next tick listens again
        elif task.latest != self._shown:
            self._shown = task.latest
            self._on_progress(*task.latest)

    def _finish(self, task: "_Task") -> None:
        self._timer.stop()  # a commit that lets events through must not come back here
        outcome = task.outcome()
        task.forget()
        if task.progress.cancelled and outcome.ending is not Ending.BUG:
            outcome = Outcome(Ending.CANCELLED)
        elif outcome.ending is Ending.DONE:
            result = outcome.value
            outcome = replace(_attempt(lambda: self._commit(result)), notes=tuple(task.progress.notes))
        self._end(outcome)

    def _abandon(self, task: "_Task") -> None:
        self._abandoned.append(task)

    def _end(self, outcome: Outcome) -> None:
        self._task, self._commit = None, lambda result: result  # let go of the images
        if not self._abandoned:
            self._timer.stop()
        self._set_state(State.IDLE)
        self._on_end(outcome)

    def _set_state(self, state: State) -> None:
        self._state = state
        self._on_state(state)


class _Task:
    """The worker's side."""

    def __init__(self, compute: Compute) -> None:
        self._compute: Compute | None = compute
        self._outcome = FORGOTTEN
        self._cancelled_at: float | None = None
        self._questions: queue.SimpleQueue[_Question] = queue.SimpleQueue()
        self.latest = (0.0, "")
        self.ended = threading.Event()
        self.news = threading.Event()  # it ended, or asks for something
        self.progress = Progress(self._report, ask=self._ask)
        # the application is not kept from ending by a worker that is deaf, or that nobody answers any more
        self._thread = threading.Thread(target=self._work, name="MedProc task", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def cancel(self) -> None:
        self._cancelled_at = time.monotonic()
        self.progress.cancel()

    def cancelled_for(self) -> float:
        """Seconds since the cancel; 0 without one."""
        return 0.0 if self._cancelled_at is None else time.monotonic() - self._cancelled_at

    def outcome(self) -> Outcome:
        return self._outcome

    def forget(self) -> None:
        """Let go of what was computed, and with what, once it ended (main thread): the last who holds a node of a
        closed scene ends it, and whoever observes it is told of that there and then. The task itself, which its
        progress refers to, goes when Python next collects garbage: later, and in any thread."""
        self._compute, self._outcome = None, FORGOTTEN

    def serve(self) -> bool:
        """Do what the worker asks for (main thread); False when it asks for nothing."""
        self.news.clear()
        try:
            self._questions.get_nowait().answer()
        except queue.Empty:
            return False
        return True

    def _ask(self, action: Callable[[], Any]) -> Any:
        question = _Question(action)
        self._questions.put(question)
        self.news.set()
        while not question.answered.wait(YIELD_S):
            self.progress.check()
        return question.result()

    def _report(self, fraction: float, message: str) -> None:
        self.latest = (fraction, message or self.latest[1])

    def _work(self) -> None:
        try:
            self._outcome = _attempt(self._computed)
        finally:
            self.ended.set()
            self.news.set()

    def _computed(self) -> Any:
        assert self._compute is not None
        return self._compute(self.progress)


class _Question:
    """An action that a worker wants done in the main thread."""

    def __init__(self, action: Callable[[], Any]) -> None:
        self._action = action
        self._value: Any = None
        self._error: BaseException | None = None
        self.answered = threading.Event()

    def answer(self) -> None:
        try:
            self._value = self._action()
        except Exception as error:  # noqa: BLE001 - raised again in the worker, which it ends
            self._error = error
        self.answered.set()

    def result(self) -> Any:
        error, self._error = self._error, None
        try:
            if error is not None:
                raise error
        finally:
            del error  # its traceback refers to this frame, and to those that hold nodes
        return self._value


def _attempt(action: Callable[[], Any]) -> Outcome:
    try:
        return Outcome(Ending.DONE, action())
    except Cancelled:
        return Outcome(Ending.CANCELLED)
    except InputError as error:
        return Outcome(Ending.INPUT_ERROR, message=str(error))
    except Exception as error:  # noqa: BLE001 - a bug of any kind is shown and logged by who started the task
        return Outcome(Ending.BUG, message=f"{type(error).__name__}: {error}", details=traceback.format_exc())
