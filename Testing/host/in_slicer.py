"""The moves of the tests inside the real application, under the names the stand-in has."""

import sys
import time
from pathlib import Path

POLL_S = 0.01
errors: list = []  # stays empty: PythonQt prints what slots raise to the application's log


def start():
    """`slicer.app`."""
    import slicer

    return slicer.app


def load_module(path: str | Path):
    """The Python module of a scripted module, which the application has loaded."""
    return sys.modules[Path(path).stem]


def show_module(name: str, width: int = 420):
    """Open a module; returns its <name>Widget object. The width is the application's own."""
    import slicer

    slicer.util.selectModule(name)
    return slicer.util.getModuleWidget(name)


def enter(widget) -> None:
    """The user opens the module."""
    show_module(widget.moduleName)


def leave(widget) -> None:
    """The user goes to another module."""
    show_module("Data")


def close_module(widget) -> None:
    """The application keeps a module's panel until it ends: it is only left."""
    leave(widget)


def grab(widget, path: str | Path) -> Path:
    """Save a picture of a Qt widget, or of the panel of a module's widget object."""
    start().processEvents()
    target = widget if hasattr(widget, "grab") else widget.parent
    if not target.grab().save(str(path)):
        raise OSError(f"The picture {path} could not be written")
    return Path(path)


def wait_until(condition, timeout_s: float = 10.0) -> bool:
    """Handle events until the condition holds; False when it does not in time."""
    end = time.monotonic() + timeout_s
    while True:
        start().processEvents()
        if condition():
            return True
        if time.monotonic() > end:
            return False
        time.sleep(POLL_S)
