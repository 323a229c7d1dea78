"""Presets for MR."""

from pathlib import Path

from ...core.preset import Preset

FOLDER = Path(__file__).resolve().parent

MR_PRESETS: tuple[Preset, ...] = ()
