"""Methods that PythonQt adds to every QObject."""

import shiboken6
from PySide6 import QtCore

from host.pythonqt import signals
from host.pythonqt.native import QObject, class_name, is_a, is_standin


def inherits(obj, name: str) -> bool:
    """obj.inherits("QWidget"), also for the class names of stand-ins."""
    own = any(is_standin(cls) and cls.host_class_name == name for cls in type(obj).__mro__)
    return own or QObject.inherits(obj, name)


def find_children(obj, kind=None, name="", *_options) -> tuple:
    """All descendants of a class (given as class or name) and object name (given as string or regular expression)."""
    return tuple(child for child in descendants(obj) if _matches(child, kind, name))


def find_child(obj, kind=None, name="", *_options):
    """The first of find_children, or None."""
    return next((child for child in descendants(obj) if _matches(child, kind, name)), None)


def descendants(obj):
    """Children, their children, and so on."""
    for child in QObject.children(obj):
        yield child
        yield from descendants(child)


def _matches(child, kind, name) -> bool:
    if isinstance(kind, str):
        if not inherits(child, kind):
            return False
    elif kind is not None and not is_a(child, kind):
        return False
    own_name = QObject.objectName(child)
    if isinstance(name, QtCore.QRegularExpression):
        return name.match(own_name).hasMatch()
    return not name or own_name == name


DECORATORS = {
    "className": class_name,
    "connect": signals.connect,
    "delete": shiboken6.delete,
    "disconnect": signals.disconnect,
    "findChild": find_child,
    "findChildren": find_children,
    "help": lambda obj: help(type(obj)),
    "inherits": inherits,
}
