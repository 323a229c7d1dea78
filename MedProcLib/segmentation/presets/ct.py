"""Presets for CT."""

from pathlib import Path

from ...core.preset import Preset

FOLDER = Path(__file__).resolve().parent


def _file(name: str, title: str, about: str, seeds: str = "") -> Preset:
    return Preset(name, title, about, FOLDER, "CT", seeds)


CT_PRESETS: tuple[Preset, ...] = (
    _file("ct_lungs", "Lungs", "Right and left lung, airways left out, vessels and dense disease at the wall included"),
    _file("ct_nodules", "Lung nodules", "Round dense spots in the lungs, listed with how many are expected by chance"),
    _file(
        "ct_calcifications", "Calcifications", "Small dense spots in soft tissue that are no bone, listed by density"
    ),
    _file("ct_body", "Body", "The body against the air around it, without the table"),
)
