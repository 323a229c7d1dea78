"""The `qt` module: the Qt classes that PythonQt offers, no more."""

import types

from PySide6 import QtCore, QtGui, QtNetwork, QtSvg, QtUiTools, QtWidgets, QtXml

from host.api_data import qt_classes
from host.failures import NotImitated

PYSIDE_MODULES = (QtCore, QtGui, QtWidgets, QtUiTools, QtNetwork, QtSvg, QtXml)


def make_qt_module() -> types.ModuleType:
    """A module with the classes of the API data that PySide6 has."""
    module = types.ModuleType("qt")
    for name in qt_classes():
        for pyside in PYSIDE_MODULES:
            if hasattr(pyside, name):
                setattr(module, name, getattr(pyside, name))
                break
    module.__getattr__ = _missing
    return module


def _missing(name: str):
    if name in qt_classes():
        raise NotImitated(f"qt.{name} is there in Slicer, but not in this host")
    raise AttributeError(f"module 'qt' has no attribute '{name}'")
