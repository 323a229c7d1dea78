"""How operations are tried in test_every_operation where their defaults do not suit a phantom of 40 voxels.

SETTINGS: operation -> list of parameters to try; THINGS_NEEDED: operation -> what it needs besides the image, made
from the image; NEEDED_PARAMETERS: operation -> parameters without which it cannot run on any image (a file it reads).
Files settings_*.py beside this one add theirs.
"""

import importlib
from collections.abc import Callable
from pathlib import Path

SETTINGS: dict[str, list[dict]] = {}
THINGS_NEEDED: dict[str, dict[str, Callable]] = {}
NEEDED_PARAMETERS: dict[str, dict] = {}

for _file in sorted(Path(__file__).parent.glob("settings_*.py")):
    _module = importlib.import_module(f".{_file.stem}", __package__)
    SETTINGS |= getattr(_module, "SETTINGS", {})
    NEEDED_PARAMETERS |= getattr(_module, "NEEDED_PARAMETERS", {})
    THINGS_NEEDED |= getattr(_module, "THINGS_NEEDED", {})
