"""The pointer says that the application is busy."""

from collections.abc import Iterator
from contextlib import contextmanager

import qt


@contextmanager
def busy_cursor(is_long: bool = True) -> Iterator[None]:
    """Show the pointer of waiting while something is done on the main thread that takes so long as to be felt.

    Unlike slicer.util.WaitCursor it handles no events first: another key or click must not come in between.
    """
    if is_long:
        qt.QApplication.setOverrideCursor(qt.Qt.WaitCursor)
    try:
        yield
    finally:
        if is_long:
            qt.QApplication.restoreOverrideCursor()
