"""Presets for any modality."""

from pathlib import Path

from ...core.preset import Preset

FOLDER = Path(__file__).resolve().parent


def _file(name: str, title: str, about: str, seeds: str = "") -> Preset:
    return Preset(name, title, about, FOLDER, "Any image", seeds)


GENERAL_PRESETS: tuple[Preset, ...] = (
    _file(
        "outline_around_point",
        "Outline around a point",
        "One closed outline around each point, for lesions, nodes, cysts: bridges gaps and does not leak",
        "a point inside each thing to outline",
    ),
)
