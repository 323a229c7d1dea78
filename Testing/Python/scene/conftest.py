"""The scene floor knows no Qt, so its tests run on the headless scene alone (inside Slicer: on the application's)."""

import sys
from pathlib import Path

import pytest

from MedProcLib.scene.headless import start_headless_scene

sys.path.insert(0, str(Path(__file__).parent))  # samples.py


@pytest.fixture
def scene():
    """An empty scene."""
    scene = start_headless_scene().scene
    scene.Clear(0)
    yield scene
    scene.Clear(0)
