"""Slicer's API as data: which classes, properties, methods, signals and Python names there are, and since when."""

import functools
import gzip
import json
from pathlib import Path
from typing import Any

API = Path(__file__).parent / "api"


@functools.cache
def load(name: str) -> dict[str, Any]:
    """One of the tables of `api/`."""
    return json.loads(gzip.decompress((API / f"{name}.json.gz").read_bytes()))


@functools.cache
def classes() -> dict[str, Any]:
    """Slicer, qMRML and CTK classes: base, properties, slots, invokables, signals, enums."""
    return {name: entry for name, entry in load("slicer_qt_api").items() if "signals" in entry}


def qt_classes() -> dict[str, Any]:
    """Qt classes as the `qt` module offers them: base and own names."""
    return load("pythonqt_qt_names")


@functools.cache
def is_offered(class_name: str) -> bool:
    """True when Python in Slicer can name the class (a few are internal to C++)."""
    return class_name in classes() and class_name in set(load("pythonqt_slicer_ctk_classes"))


@functools.cache
def qt_names(class_name: str) -> frozenset[str] | None:
    """All names of a Qt class, inherited ones included; None for a class that the data does not know."""
    if class_name not in qt_classes():
        return None
    names: set[str] = set()
    while class_name in qt_classes():
        entry = qt_classes()[class_name]
        names.update(entry["names"])
        class_name = entry["base"]
    return frozenset(names)


def bare(signature: str) -> str:
    """`setValue(double)` -> `setValue`."""
    return signature.split("(")[0]
