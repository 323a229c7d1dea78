"""Which labels a label map volume holds, and what they are called."""

from pathlib import Path
from typing import Any

import numpy as np
import SimpleITK as sitk

from MedProcLib.core.errors import InputError
from MedProcLib.core.label_names import label_names
from MedProcLib.core.progress import SILENT, Progress
from MedProcLib.scene.node_reader import NodeReader


def labels_in(node: Any, progress: Progress = SILENT) -> dict[int, str]:
    """Names by value of the labels that a label map volume holds, in order; '' for one that nothing names.

    They are those of the colors that a user gave it, else those in or beside the file that it came from. Any thread may
    call this; progress.ask brings what the node is asked into the main thread. Raises InputError, Cancelled.
    """
    image = NodeReader().image(node, progress)
    present = [int(value) for value in _present(sitk.GetArrayViewFromImage(image)) if value]
    colors = progress.ask(lambda: _names_of_colors(node, present))
    if any(colors.values()):
        return colors
    path = progress.ask(lambda: _file_of(node))
    said = _names_in_file(path) if path is not None else {}
    return {value: said.get(value, "") for value in present}


def _present(values: np.ndarray) -> np.ndarray:
    if values.dtype.kind == "u" and values.dtype.itemsize <= 2:
        return np.flatnonzero(np.bincount(values.ravel()))
    return np.unique(values)


def _names_of_colors(node: Any, values: list[int]) -> dict[int, str]:
    """By a color table that is the user's: those that the application brings name anatomy whatever the labels show."""
    display = node.GetDisplayNode()
    colors = display.GetColorNode() if display is not None else None
    if colors is None or colors.GetSingletonTag() or not colors.IsA("vtkMRMLColorTableNode"):
        return {}
    count = colors.GetNumberOfColors()
    return {value: (colors.GetColorName(value) or "").strip() if 0 <= value < count else "" for value in values}


def _file_of(node: Any) -> Path | None:
    storage = node.GetStorageNode()
    name = storage.GetFullNameFromFileName() if storage is not None else ""
    return Path(name) if name else None


def _names_in_file(path: Path) -> dict[int, str]:
    try:
        return {value: segment.name for value, segment in label_names(path).segments.items()} if path.is_file() else {}
    except InputError:  # it was moved or overwritten since
        return {}
