"""A progress bar on the terminal; nothing where there is no terminal."""

import shutil
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from typing import Any, TextIO

from ..core.progress import Report

BAR_WIDTH = 24
SECONDS_BETWEEN = 0.1
WIPE = "\r\x1b[K"


@contextmanager
def progress_bar(stream: TextIO) -> Iterator[Report]:
    """A report function that redraws one line of the terminal; it is wiped before what is printed, and at the end."""
    if not stream.isatty():
        yield lambda fraction, message: None
        return
    last, shown = 0.0, False

    def report(fraction: float, message: str) -> None:
        nonlocal last, shown
        now = time.monotonic()
        if now - last < SECONDS_BETWEEN and fraction < 1.0:
            return
        last, shown = now, True
        filled = round(fraction * BAR_WIDTH)
        line = f"[{'#' * filled}{'.' * (BAR_WIDTH - filled)}] {fraction:4.0%} {message}"
        stream.write(WIPE + line[: shutil.get_terminal_size().columns - 1])
        stream.flush()

    def wipe() -> None:
        nonlocal shown
        if shown:
            stream.write(WIPE)
            stream.flush()
        shown = False

    try:
        with redirect_stdout(_Above(sys.stdout, wipe)):
            yield report
    finally:
        wipe()


class _Above:
    """The output of print() while there is a bar: it wipes it first."""

    def __init__(self, output: TextIO, wipe: Callable[[], None]) -> None:
        self._output, self._wipe = output, wipe

    def __getattr__(self, name: str) -> Any:
        return getattr(self._output, name)

    def write(self, text: str) -> int:
        self._wipe()
        return self._output.write(text)
