"""Presets for CT."""

from pathlib import Path

from ...core.preset import Preset

FOLDER = Path(__file__).resolve().parent

CT_PRESETS: tuple[Preset, ...] = ()
