"""The time points of a volume that shows a sequence."""

import math
from typing import Any

import slicer

from MedProcLib.core.errors import InputError

# Seconds of a sequence's index unit.
SECONDS = {"s": 1.0, "sec": 1.0, "second": 1.0, "seconds": 1.0, "ms": 1e-3, "min": 60.0}


def sequence_of(volume):
    """The sequence node whose current item a volume node shows; None for a volume of its own."""
    scene = volume.GetScene() or slicer.mrmlScene
    for number in range(scene.GetNumberOfNodesByClass("vtkMRMLSequenceBrowserNode")):
        sequence = scene.GetNthNodeByClass(number, "vtkMRMLSequenceBrowserNode").GetSequenceNode(volume)
        if sequence is not None and sequence.GetNumberOfDataNodes() > 1:
            return sequence
    return None


def frames_of(volume) -> list[tuple[Any, float | None]]:
    """Nodes of all items of the sequence that a volume shows, with their times (s) where the index is one.

    Raises InputError for a volume without a sequence, or under a transform.
    """
    sequence = sequence_of(volume)
    if sequence is None:
        raise InputError(f"'{volume.GetName()}' shows no sequence: measure it as a single volume.")
    if volume.GetParentTransformNode() is not None:
        raise InputError(f"'{volume.GetName()}' is under a transform: harden it, its sequence is measured as loaded.")
    unit = SECONDS.get((sequence.GetIndexUnit() or "").strip().lower())
    return [
        (sequence.GetNthDataNode(number), _seconds(sequence.GetNthIndexValue(number), unit))
        for number in range(sequence.GetNumberOfDataNodes())
    ]


def _seconds(text: str, unit: float | None) -> float | None:
    try:
        value = float(text) if unit is not None else math.nan
    except ValueError:
        return None
    return value * unit if unit is not None and math.isfinite(value) else None
