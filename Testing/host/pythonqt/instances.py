"""`isinstance(label, qt.QWidget)` is False in PythonQt, whose wrapper classes do not inherit from each other."""

from host.pythonqt.native import QObject, first_wrapper, is_native, is_standin


def flatten_isinstance() -> None:
    """An object is an instance of its own wrapper class and of author's classes, not of the wrapper's bases."""
    type(QObject).__instancecheck__ = _instance_check


def _instance_check(cls, obj) -> bool:
    kind = type(obj)
    if not issubclass(kind, cls):
        return False
    if not issubclass(cls, QObject) or not (is_native(cls) or is_standin(cls)):
        return True
    return first_wrapper(kind) is cls
