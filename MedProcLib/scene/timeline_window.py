"""One window and level for all time points: what a reader sets on one is set on the others."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import vtk

# Modalities whose values mean the same in every study; of others, black and white mean the same share of the values.
CALIBRATED = ("CT", "PT")


@dataclass(frozen=True)
class _Shown:
    """A display node and the window and level that mean the same on each of them."""

    display: Any
    window: float
    level: float


class SharedWindow:
    """Keeps the windows of volumes alike while it is on. Main thread only."""

    def __init__(self) -> None:
        self._shown: list[_Shown] = []
        self._tags: list[int] = []
        self._setting = False

    def start(self, volumes: Sequence[Any], calibrated: bool) -> None:
        """Share the window of these volumes, as the first one shows it; of those shared before no more.

        calibrated: equal values are to look equal; otherwise each keeps its own range from black to white, and a
        change is carried over in proportion.
        """
        self.stop()
        displays = [volume.GetDisplayNode() for volume in volumes if volume.GetDisplayNode() is not None]
        if not displays:
            return
        for display in displays:
            display.SetAutoWindowLevel(False)
        first = displays[0]
        self._shown = [_Shown(d, *_window_of(first if calibrated else d)) for d in displays]
        self._carry(first)
        self._tags = [
            shown.display.AddObserver(vtk.vtkCommand.ModifiedEvent, lambda caller, event: self._carry(caller))
            for shown in self._shown
        ]

    def stop(self) -> None:
        """Let each volume have its own window again."""
        for shown, tag in zip(self._shown, self._tags, strict=False):
            shown.display.RemoveObserver(tag)
        self._shown, self._tags = [], []

    def _carry(self, display: Any) -> None:
        source = next((shown for shown in self._shown if shown.display is display), None)
        if self._setting or source is None:
            return
        window, level = _window_of(display)
        wider, moved = window / source.window, (level - source.level) / source.window
        self._setting = True
        try:
            for other in self._shown:
                if other is not source:
                    wanted = other.window * wider, other.level + moved * other.window
                    if wanted != _window_of(other.display):
                        other.display.SetWindowLevel(*wanted)
        finally:
            self._setting = False


def _window_of(display: Any) -> tuple[float, float]:
    return display.GetWindow() or 1.0, display.GetLevel()
