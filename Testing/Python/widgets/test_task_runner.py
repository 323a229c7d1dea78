"""The task runner: progress, cancel, errors and a scene that goes away, with real threads and a real timer."""

import contextlib
import gc
import threading
import time
import weakref

import pytest
import SimpleITK as sitk

from MedProcLib.core.errors import InputError
from MedProcLib.core.progress import execute


@pytest.fixture
def wait(scene):
    from host import wait_until

    return lambda condition: wait_until(condition, 10)


class Watch:
    """A runner with everything it said."""

    def __init__(self):
        from MedProcLib.widgets.task_runner import TaskRunner

        self.progress, self.states, self.outcomes, self.committed = [], [], [], []
        self.runner = TaskRunner(
            lambda fraction, message: self.progress.append((fraction, message)),
            lambda state: self.states.append(state.value),
            self.outcomes.append,
        )

    def start(self, compute):
        self.runner.start(compute, self.commit)

    def commit(self, result):
        self.committed.append((result, threading.current_thread()))
        return f"committed {result}"

    @property
    def ended(self):
        return bool(self.outcomes)


@pytest.fixture
def watch(scene):
    watch = Watch()
    yield watch
    watch.runner.close()


def endless(progress):
    while True:
        progress(0.5, "Going on")
        time.sleep(0.002)


def test_result_is_committed_in_the_main_thread(watch, wait):
    threads = []

    def compute(progress):
        threads.append(threading.current_thread())
        for step in range(5):
            progress(step / 5, f"Step {step}")
            time.sleep(0.04)
        return 42

    watch.start(compute)
    assert wait(lambda: watch.ended)
    assert watch.committed == [(42, threading.main_thread())]
    assert threads[0] is not threading.main_thread()
    assert watch.outcomes[0].value == "committed 42"
    assert watch.states == ["running", "idle"]
    fractions = [fraction for fraction, _ in watch.progress]
    assert len(fractions) >= 3 and fractions == sorted(fractions)


def test_nothing_of_a_run_waits_for_garbage_to_be_collected(watch, wait):
    """Python may do that much later, and in the thread of the next run, where no node of a scene may end."""
    held = []

    class Thing:
        def read(self):
            raise InputError("It cannot be read.")

    def compute(progress):
        thing, result = Thing(), Thing()
        held.extend(map(weakref.ref, (thing, result)))
        with contextlib.suppress(InputError):
            progress.ask(lambda: thing.read())
        return result

    watch.commit = lambda result: "done"
    gc.disable()
    try:
        watch.start(compute)
        assert wait(lambda: watch.ended)
        assert watch.outcomes[0].value == "done" and [ref() for ref in held] == [None, None]
    finally:
        gc.enable()


def test_cancel_ends_without_commit(watch, wait):
    watch.start(endless)
    assert wait(lambda: watch.progress)
    watch.runner.cancel()
    assert watch.runner.state.value == "cancelling"
    assert wait(lambda: watch.ended)
    assert watch.outcomes[0].ending.value == "cancelled"
    assert watch.committed == []
    assert watch.states == ["running", "cancelling", "idle"]


def test_cancel_stops_a_simpleitk_filter(watch, wait):
    image = sitk.GaussianSource(sitk.sitkFloat32, [120, 120, 120])

    def compute(progress):
        smoother = sitk.CurvatureAnisotropicDiffusionImageFilter()
        smoother.SetNumberOfIterations(10_000)
        smoother.SetTimeStep(0.01)
        return execute(smoother, image, progress=progress)

    watch.start(compute)
    assert wait(lambda: watch.progress)
    watch.runner.cancel()
    assert wait(lambda: watch.ended)
    assert watch.outcomes[0].ending.value == "cancelled" and watch.committed == []
    watch.start(compute)
    worker = next(thread for thread in threading.enumerate() if thread.name == "MedProc task")
    assert wait(lambda: len(watch.progress) > 1)
    watch.runner.close()  # as when Slicer ends, which does not wait for workers
    worker.join(0.05)
    assert not worker.is_alive()


def test_a_worker_deaf_to_cancel_is_abandoned(watch, wait):
    release = threading.Event()
    watch.start(lambda progress: release.wait(30))
    watch.runner.cancel()
    assert wait(lambda: watch.ended)
    assert watch.outcomes[0].ending.value == "cancelled"
    watch.start(lambda progress: "next")  # the panel is free meanwhile
    assert wait(lambda: len(watch.outcomes) == 2)
    release.set()
    assert wait(lambda: not watch.runner._timer.active)
    assert [result for result, _ in watch.committed] == ["next"]


def test_cancel_after_the_last_report_still_discards(watch, wait):
    done = threading.Event()

    def compute(progress):
        done.set()
        return 1

    watch.start(compute)
    done.wait(5)
    watch.runner.cancel()
    assert wait(lambda: watch.ended)
    assert watch.committed == []


def test_input_error_and_bug_are_told_apart(watch, wait):
    def mendable(progress):
        raise InputError("The image is empty: choose another.")

    watch.start(mendable)
    assert wait(lambda: watch.ended)
    assert watch.outcomes[0].ending.value == "input error"
    assert watch.outcomes[0].message == "The image is empty: choose another."
    watch.start(lambda progress: 1 / 0)
    assert wait(lambda: len(watch.outcomes) == 2)
    assert watch.outcomes[1].ending.value == "bug"
    assert "ZeroDivisionError" in watch.outcomes[1].details and "test_task_runner" in watch.outcomes[1].details
    assert watch.committed == []


def test_an_error_of_the_commit_is_an_outcome(scene, wait):
    from MedProcLib.widgets.task_runner import TaskRunner

    outcomes = []

    def commit(result):
        raise InputError("The volume was removed.")

    runner = TaskRunner(on_end=outcomes.append)
    runner.start(lambda progress: 1, commit)
    assert wait(lambda: outcomes)
    assert outcomes[0].ending.value == "input error"
    assert runner.state.value == "idle"


def test_one_task_at_a_time(watch, wait):
    watch.start(endless)
    with pytest.raises(InputError, match="still running"):
        watch.start(endless)
    watch.runner.cancel()
    assert wait(lambda: watch.ended)


def test_discard_is_at_once_and_for_good(watch, wait):
    watch.start(endless)
    assert wait(lambda: watch.progress)
    watch.runner.discard()
    assert watch.ended and watch.runner.state.value == "idle"
    assert wait(lambda: not watch.runner._timer.active)
    assert watch.committed == []


def test_the_main_thread_ticks_on(watch, wait):
    """While the worker computes in Python, timers of the main thread are not held up for long."""
    import qt

    ticks = []
    timer = qt.QTimer()
    timer.interval = 10
    timer.connect("timeout()", lambda: ticks.append(time.monotonic()))
    timer.start()

    def compute(progress):
        end = time.monotonic() + 0.6
        while time.monotonic() < end:
            progress(0.5, "")
            sum(range(2000))

    watch.start(compute)
    assert wait(lambda: watch.ended)
    timer.stop()
    assert len(ticks) >= 6


def test_what_the_worker_asks_for_is_done_in_the_main_thread(watch, wait):
    main, seen = threading.current_thread(), []

    def compute(progress):
        with pytest.raises(ValueError, match="bad"):
            progress.quiet().ask(lambda: int("bad"))
        seen.append(progress.part(0, 0.5).ask(threading.current_thread))
        return threading.current_thread()

    watch.start(compute)
    assert wait(lambda: watch.ended)
    assert seen == [main] and watch.committed[0][0] is not main


def test_a_worker_that_asks_after_the_end_is_not_left_waiting(watch, wait):
    go, asked, ended = threading.Event(), [], threading.Event()

    def compute(progress):
        go.wait(5)
        try:
            progress.ask(lambda: asked.append(1))
        finally:
            ended.set()

    watch.start(compute)
    watch.runner.discard()
    go.set()
    assert ended.wait(5) and not asked


class Node:
    """Like a node of a closed scene, which ends when nobody holds it any more."""

    def __init__(self, ended_in):
        self.ended_in = ended_in

    def __del__(self):
        self.ended_in.append(threading.current_thread())


@pytest.mark.parametrize("is_discarded", [False, True])
def test_what_a_task_held_ends_in_the_main_thread(watch, wait, is_discarded):
    """Whoever observes a node is told of its end there."""
    ended_in, go_on = [], threading.Event()

    def compute_with(node):
        return lambda progress: go_on.wait(5) and node is None

    watch.start(compute_with(Node(ended_in)))
    if is_discarded:
        watch.runner.discard()  # the scene closes
    assert not ended_in
    go_on.set()
    assert wait(lambda: ended_in)
    assert ended_in == [threading.main_thread()]
