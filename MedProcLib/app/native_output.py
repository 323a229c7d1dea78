"""Keep what C++ libraries print by themselves off the terminal: stdout is our result, stderr our one line."""

import faulthandler
import io
import os
import sys
import tempfile
from typing import IO

LAST_LINES = 20


class NativeOutput:
    """What the libraries printed to the process's file descriptors 1 and 2."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file

    def print_last_lines(self) -> None:
        """On stderr; after a bug they may tell why."""
        self._file.seek(0)
        lines = self._file.read().decode("utf-8", "replace").splitlines()[-LAST_LINES:]
        if lines:
            print("The libraries said:", *lines, sep="\n  ", file=sys.stderr)


def hide_native_output() -> NativeOutput:
    """Send file descriptors 1 and 2 to a temporary file; sys.stdout and sys.stderr still reach the user.

    For the rest of the process: it changes the file descriptors.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    file = tempfile.TemporaryFile()  # noqa: SIM115 (as long as the process)
    for number, name in ((1, "stdout"), (2, "stderr")):
        encoding = getattr(getattr(sys, name), "encoding", None) or "utf-8"
        terminal = os.fdopen(os.dup(number), "wb", buffering=0)
        buffered: IO[bytes] = io.BufferedWriter(terminal)
        stream = io.TextIOWrapper(buffered, encoding, errors="replace", line_buffering=terminal.isatty() or number == 2)
        setattr(sys, name, stream)
        os.dup2(file.fileno(), number)
    faulthandler.enable(sys.stderr)
    return NativeOutput(file)
