"""All cases of test_every_segmentation: those of each group's file; operations without one get Case()."""

import importlib
import pkgutil
from pathlib import Path

from .case import Case

# Whole organs: test_ventricles has a phantom of its own, the benchmarks try all of them on real images.
WITHOUT_PHANTOM = {
    "segmentation.flair_tumor",
    "segmentation.ventricles",
    "segmentation.white_matter_lesions",
}


def all_cases() -> dict[str, list[Case]]:
    """Cases by operation name, from CASES of every cases_*.py beside this file."""
    found: dict[str, list[Case]] = {}
    for module in pkgutil.iter_modules([str(Path(__file__).parent)]):
        if module.name.startswith("cases_"):
            for name, cases in importlib.import_module(f"{__package__}.{module.name}").CASES.items():
                assert name not in found, f"{name} has cases in two files"
                found[name] = list(cases)
    return found
