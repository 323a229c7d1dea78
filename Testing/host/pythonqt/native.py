"""Telling apart the classes of PySide6, the stand-ins made from API data, and the classes that module authors write."""

import functools
import itertools
from collections.abc import Iterator

from PySide6 import QtCore, QtGui, QtUiTools, QtWidgets

QObject = QtCore.QObject
raw_get = QObject.__getattribute__  # the plain look-up, from before it is changed


def pyside_members() -> Iterator:
    """What the modules of PySide6 contain; some of it is made when it is asked for, so vars() would miss it."""
    for module in (QtCore, QtGui, QtWidgets, QtUiTools):
        yield from (getattr(module, name) for name in dir(module))


@functools.cache
def is_native(cls: type) -> bool:
    """A class of PySide6 itself."""
    return cls.__module__.split(".")[0] in ("PySide6", "Shiboken")


def is_standin(cls: type) -> bool:
    """A class made from API data (not one derived from it)."""
    return "host_class_name" in cls.__dict__


@functools.cache
def author_classes(cls: type) -> tuple[type, ...]:
    """The Python classes above the first native or stand-in class."""
    return tuple(itertools.takewhile(lambda ancestor: not (is_native(ancestor) or is_standin(ancestor)), cls.__mro__))


def first_wrapper(cls: type) -> type | None:
    """The native or stand-in class that the object is made of."""
    return next((ancestor for ancestor in cls.__mro__ if is_native(ancestor) or is_standin(ancestor)), None)


@functools.cache
def first_native(cls: type) -> type | None:
    """The class of PySide6 below author's classes and stand-ins."""
    return next((ancestor for ancestor in cls.__mro__ if is_native(ancestor)), None)


def class_name(obj) -> str:
    """What className() says in C++."""
    wrapper = first_wrapper(type(obj))
    return getattr(wrapper, "host_class_name", None) or raw_get(obj, "metaObject")().className()


def is_a(obj, cls: type) -> bool:
    """isinstance() for the host's own use; the built-in one has PythonQt's manners."""
    return issubclass(type(obj), cls)
