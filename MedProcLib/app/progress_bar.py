"""A progress bar on the terminal; nothing where there is no terminal."""

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

from ..core.progress import Report

BAR_WIDTH = 24
SECONDS_BETWEEN = 0.1


@contextmanager
def progress_bar(stream: TextIO) -> Iterator[Report]:
    """A report function that redraws one line of the terminal; the line is wiped at the end."""
    if not stream.isatty():
        yield lambda fraction, message: None
        return
    last = 0.0

    def report(fraction: float, message: str) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last < SECONDS_BETWEEN and fraction < 1.0:
            return
        last = now
        filled = round(fraction * BAR_WIDTH)
        line = f"[{'#' * filled}{'.' * (BAR_WIDTH - filled)}] {fraction:4.0%} {message}"
        stream.write("\r\x1b[K" + line[: shutil.get_terminal_size().columns - 1])
        stream.flush()

    try:
        yield report
    finally:
        stream.write("\r\x1b[K")
        stream.flush()
