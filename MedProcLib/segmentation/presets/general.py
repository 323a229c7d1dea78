"""Presets for any modality."""

from pathlib import Path

from ...core.preset import Preset

FOLDER = Path(__file__).resolve().parent

GENERAL_PRESETS: tuple[Preset, ...] = ()
