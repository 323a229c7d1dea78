"""The one place where scikit-learn is imported: models are fitted with it, and used without it."""

import importlib
import re
from contextlib import AbstractContextManager
from typing import Any

from ...core.errors import InputError

NEEDED = (1, 8)
REQUIREMENT = f"scikit-learn>={NEEDED[0]}.{NEEDED[1]}"


def unchecked() -> AbstractContextManager:
    """A block in which scikit-learn does not check what was checked here already."""
    context: AbstractContextManager = importlib.import_module("sklearn").config_context(
        assume_finite=True, skip_parameter_validation=True
    )
    return context


def estimator(module: str, name: str) -> Any:
    """A class of scikit-learn. Raises InputError that says how to install it when it is missing or too old."""
    try:
        version = importlib.import_module("sklearn").__version__
        found = getattr(importlib.import_module(f"sklearn.{module}"), name)
    except ImportError as error:
        raise InputError(
            "Training a classifier needs scikit-learn, which is not installed: `pip install scikit-learn` in the "
            "shell, `slicer.packaging.pip_install('scikit-learn')` in Slicer's Python console."
        ) from error
    if tuple(int(part) for part in re.findall(r"\d+", version)[:2]) < NEEDED:
        raise InputError(f"scikit-learn {version} is too old: `pip install --upgrade scikit-learn` (1.8 or later).")
    return found
