"""Attribute access in PythonQt's order: author's class, property, method, signal, enum, dynamic property, child."""

import functools
import types

import shiboken6
from PySide6 import QtCore, QtWidgets

from host.api_data import qt_names
from host.pythonqt.conversion import to_cpp, to_python
from host.pythonqt.decorators import DECORATORS
from host.pythonqt.native import (
    QObject,
    author_classes,
    class_name,
    first_native,
    is_native,
    is_standin,
    pyside_members,
    raw_get,
)
from host.pythonqt.signals import NativeSignal, standin_signal

UNCHANGED = ("staticMetaObject", "metaObject")
ASKED_BY_QT = frozenset(  # PythonQt does not offer them, but PySide6 asks every object for these (virtual) functions
    [
        "clearItemData",
        "closeEditor",
        "closeEvent",
        "commitData",
        "connectNotify",
        "currentChanged",
        "dataChanged",
        "disconnectNotify",
        "editorDestroyed",
        "emit",
        "focusNextPrevChild",
        "horizontalScrollbarAction",
        "horizontalScrollbarValueChanged",
        "initStyleOptionForIndex",
        "initViewItemOption",
        "itemDelegateForIndex",
        "multiData",
        "paintEvent",
        "resetInternalData",
        "resolveInterface",
        "rowsAboutToBeRemoved",
        "rowsInserted",
        "selectionChanged",
        "skipData",
        "updateEditorData",
        "updateEditorGeometries",
        "updateGeometries",
        "verticalScrollbarAction",
        "verticalScrollbarValueChanged",
    ]
)
_reading: set[tuple[int, str]] = set()  # a getter may call a Python override, which is looked up here again
_properties_of_class: dict[type, dict] = {}
_meta_objects: list = []  # their properties are valid as long as they live


def install_attributes() -> None:
    """Change reading on QObject and on QMenu, which has a way of its own, and writing on every class."""
    QObject.__getattribute__ = _get
    QtWidgets.QMenu.__getattribute__ = _get
    for cls in pyside_members():
        if isinstance(cls, type) and issubclass(cls, QObject) and "__setattr__" in cls.__dict__:
            cls.__setattr__ = _set


# ---- reading


def _get(obj, name: str):
    if name.startswith("_") or name in UNCHANGED or name.startswith("host_"):
        return raw_get(obj, name)
    cls = type(obj)
    if any(name in author.__dict__ for author in author_classes(cls)):
        return raw_get(obj, name)
    kind, _owner = standin_member(cls, name)
    if kind == "signal":
        return standin_signal(obj, name)
    if kind is not None:
        return raw_get(obj, name)
    return _get_native(obj, cls, name)


def _get_native(obj, cls: type, name: str):
    if name == "name" and "name" not in native_properties(cls):
        name = "objectName"
    meta_property = native_properties(cls).get(name)
    if meta_property is not None and (id(obj), name) not in _reading:
        return _read_property(obj, name, meta_property)
    if name in DECORATORS:
        return types.MethodType(DECORATORS[name], obj)
    own = raw_get(obj, "__dict__")
    if name in own and not isinstance(own[name], QtCore.SignalInstance):
        return own[name]
    if _is_offered(cls, name) or (id(obj), name) in _reading:
        try:
            value = raw_get(obj, name)
        except AttributeError:
            value = None  # in Qt 5 only, or a child or dynamic property: look on
        else:
            return NativeSignal(obj, name) if isinstance(value, QtCore.SignalInstance) else value
    return _get_dynamic(obj, name)


def _read_property(obj, name: str, meta_property):
    _reading.add((id(obj), name))
    try:
        return to_python(meta_property.read(obj))
    finally:
        _reading.discard((id(obj), name))


def _get_dynamic(obj, name: str):
    if not shiboken6.isValid(obj):
        raise ValueError(f"Trying to read '{name}' from a destroyed object")
    value = QObject.property(obj, name) if _has_dynamic_property(obj, name) else None
    if value is not None:
        return to_python(value)
    for child in QObject.children(obj):
        if QObject.objectName(child) == name:
            return child
    raise AttributeError(f"{class_name(obj)} has no attribute named '{name}'")


def _has_dynamic_property(obj, name: str) -> bool:
    return any(bytes(own.data()).decode() == name for own in QObject.dynamicPropertyNames(obj))


@functools.cache  # these are asked for every attribute that is read
def _is_offered(cls: type, name: str) -> bool:
    names = qt_names(first_native(cls).__name__)
    return names is None or name in names or name.removesuffix("_") in names or name in ASKED_BY_QT


@functools.cache
def standin_member(cls: type, name: str) -> tuple[str | None, type | None]:
    """What the API data calls a name: property, method, signal, enum, or None; and the class that declares it."""
    for ancestor in cls.__mro__:
        kinds = ancestor.__dict__.get("host_kinds")
        if kinds and name in kinds:
            return kinds[name], ancestor
    return None, None


def native_properties(cls: type) -> dict:
    """Qt properties of a class that PythonQt offers, by name."""
    if cls not in _properties_of_class:
        meta = cls.staticMetaObject
        _meta_objects.append(meta)
        every = [meta.property(index) for index in range(meta.propertyCount())]
        _properties_of_class[cls] = {found.name(): found for found in every if _is_offered(cls, found.name())}
    return _properties_of_class[cls]


# ---- writing


def _set(obj, name: str, value) -> None:
    if name.startswith("_") or isinstance(value, QtCore.SignalInstance):  # PySide6 keeps signals on the object
        _set_plain(obj, name, value)
        return
    cls = type(obj)
    kind, owner = standin_member(cls, name)
    if kind == "property":
        _set_standin_property(obj, owner, name, value)
    elif kind is not None:
        raise AttributeError(f"The {kind} '{name}' cannot be overwritten on a {class_name(obj)} object")
    elif _native_name(cls, name) in native_properties(cls):
        _set_native_property(obj, _native_name(cls, name), value)
    elif _has_dynamic_property(obj, name):
        QObject.setProperty(obj, name, value)
    elif author_classes(cls):
        _set_plain(obj, name, value)
    else:
        raise AttributeError(
            f"'{name}' does not exist on {class_name(obj)} and creating new attributes on C++ objects is not allowed"
        )


def _native_name(cls: type, name: str) -> str:
    return "objectName" if name == "name" and "name" not in native_properties(cls) else name


def _set_standin_property(obj, owner: type, name: str, value) -> None:
    if name in owner.host_read_only:
        raise AttributeError(f"Property '{name}' of {owner.host_class_name} object is not writable")
    type_name = owner.host_property_types[name]
    try:
        converted = to_cpp(type_name, value)
    except TypeError:
        raise _refusal(name, type_name, value) from None
    getattr(type(obj), name).fset(obj, converted)


def _set_native_property(obj, name: str, value) -> None:
    meta_property = native_properties(type(obj))[name]
    if not meta_property.isWritable():
        raise AttributeError(f"Property '{name}' of {class_name(obj)} object is not writable")
    if meta_property.isEnumType():
        _set_enum_property(obj, name, meta_property, value)
        return
    try:
        written = meta_property.write(obj, to_cpp(meta_property.typeName(), value))
    except TypeError:
        written = False
    if not written:
        raise _refusal(name, meta_property.typeName(), value)


def _set_enum_property(obj, name: str, meta_property, value) -> None:
    if isinstance(value, int):
        value = type(meta_property.read(obj))(value)
    if not meta_property.write(obj, value):
        setter = getattr(obj, f"set{name[0].upper()}{name[1:]}", None)  # flags: the meta object cannot convert them
        if setter is None:
            raise _refusal(name, meta_property.typeName(), value)
        setter(value)


def _refusal(name: str, type_name: str, value) -> AttributeError:
    return AttributeError(
        f"Property '{name}' of type '{type_name}' does not accept an object of type {type(value).__name__} ({value!r})"
    )


def _set_plain(obj, name: str, value) -> None:
    """A Python attribute, through a descriptor of an author's class where there is one."""
    for cls in type(obj).__mro__:
        if name in cls.__dict__:
            descriptor = cls.__dict__[name]
            if hasattr(type(descriptor), "__set__") and not is_native(cls) and not is_standin(cls):
                type(descriptor).__set__(descriptor, obj, value)
                return
            break
    raw_get(obj, "__dict__")[name] = value
