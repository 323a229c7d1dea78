"""Run work so that Ctrl-C or a termination signal ends it within a second and leaves nothing half-written."""

import concurrent.futures
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from types import FrameType

from ..core.atomic import discard_unfinished
from ..core.progress import Progress, Report
from .command import NOTHING_WRITTEN, SOME_WRITTEN

# Work that does not notice the wish to stop in this time (a long call into a library) is left behind.
GRACE_SECONDS = 0.6
POLL_SECONDS = 0.05
SIGNALS = (signal.SIGINT, signal.SIGTERM)


def run_cancellable(work: Callable[[Progress], None], report: Report, said: str = NOTHING_WRITTEN) -> None:
    """Do the work in a thread of its own, while this one (the main thread) listens to signals.

    Raises what the work raises; Cancelled after a signal. Work that does not stop in time ends with the process,
    and `said` is what is told then.
    """
    asked: list[float] = []
    progress = Progress(report)

    def on_signal(number: int, frame: FrameType | None) -> None:
        asked.append(time.monotonic())
        progress.cancel()

    with _handlers(on_signal), concurrent.futures.ThreadPoolExecutor(1) as executor:
        future = executor.submit(work, progress)
        while not future.done():
            concurrent.futures.wait([future], timeout=POLL_SECONDS)
            if asked and (time.monotonic() - asked[0] > GRACE_SECONDS or len(asked) > 1) and not future.done():
                leave(said)
        future.result()


class _handlers:
    """Signal handlers for as long as the block runs."""

    def __init__(self, handler: Callable[[int, FrameType | None], None]) -> None:
        self._handler = handler

    def __enter__(self) -> None:
        here = threading.current_thread() is threading.main_thread()
        self._before = {number: signal.signal(number, self._handler) for number in SIGNALS} if here else {}

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)


def leave(said: str = NOTHING_WRITTEN) -> None:
    """End the process now, as cancelled, with nothing half-written."""
    if discard_unfinished() and said == NOTHING_WRITTEN:
        said = SOME_WRITTEN
    wipe = "\r\x1b[K" if sys.stderr.isatty() else ""  # the progress bar
    print(f"{wipe}medproc: {said}", file=sys.stderr, flush=True)
    os._exit(130)
