"""Presets for PET, radiographs, ultrasound and microscopy."""

from pathlib import Path

from ...core.preset import Preset

FOLDER = Path(__file__).resolve().parent

OTHER_PRESETS: tuple[Preset, ...] = ()
