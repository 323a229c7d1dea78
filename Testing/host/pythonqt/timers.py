"""Exceptions in `QTimer.singleShot` callbacks are collected like those in slots."""

from PySide6 import QtCore

from host.pythonqt.slots import call_slot


def guard_single_shot() -> None:
    """Replace QTimer.singleShot by one that calls through call_slot."""
    native = QtCore.QTimer.singleShot
    QtCore.QTimer.singleShot = staticmethod(lambda msec, slot: native(int(msec), lambda: call_slot(slot, ())))
