"""QUiLoader that knows Slicer's widget classes: their properties and the connections come from the XML.

Qt's own loader makes the standard widgets and layouts. Properties of stand-ins and the `<connections>` are taken out of
the XML first and applied afterwards, as Qt's loader knows nothing of them.
"""

import xml.etree.ElementTree as ElementTree

from PySide6 import QtCore, QtUiTools

from host.api_data import classes, qt_names
from host.failures import UiError
from host.pythonqt.decorators import find_child
from host.standins import exists, standin

LAYOUT_PROPERTIES = ("geometry", "sizePolicy", "minimumSize", "maximumSize")


class QUiLoader(QtUiTools.QUiLoader):
    """Loads .ui files; a class, property or connection that Slicer does not have raises UiError."""

    def createWidget(self, class_name, parent=None, name=""):
        """Called by Qt for every widget of the file."""
        if not exists(class_name):
            return QtUiTools.QUiLoader.createWidget(self, class_name, parent, name)
        try:
            widget = standin(class_name)(parent) if parent is not None else standin(class_name)()
        except Exception as error:
            self._failure = error
            raise
        widget.setObjectName(name)
        return widget

    def load(self, file, parent=None):
        """The top widget of an open QFile."""
        root = ElementTree.fromstring(bytes(file.readAll().data()))
        file.close()
        _check(root)
        properties = _take_standin_properties(root)
        connections = _take_connections(root)
        top = self._load_rest(root, parent)
        for name, element in properties:
            widget = _find(top, name)
            setattr(widget, element.get("name"), _value(element[0], widget))
        for sender, signal, receiver, slot in connections:
            _find(top, sender).connect(signal, _find(top, receiver), slot)
        return top

    def _load_rest(self, root, parent):
        buffer = QtCore.QBuffer()
        buffer.setData(ElementTree.tostring(root))
        buffer.open(QtCore.QIODevice.OpenModeFlag.ReadOnly)
        self._failure = None
        top = QtUiTools.QUiLoader.load(self, buffer, parent)
        if self._failure is not None:
            raise UiError(str(self._failure)) from self._failure
        return top


def _check(root) -> None:
    problems = []
    for widget in root.iter("widget"):
        class_name = widget.get("class")
        if class_name.startswith(("q", "ctk")) and not exists(class_name):
            problems.append(f"unknown class {class_name} of widget {widget.get('name')}")
            continue
        known = _property_names(class_name)
        for element in widget.findall("property"):
            name = element.get("name")
            if element.get("stdset") != "0" and known is not None and name not in known:
                problems.append(f"{class_name} {widget.get('name')} has no property '{name}'")
    if problems:
        raise UiError("; ".join(problems))


def _property_names(class_name: str) -> set[str] | None:
    names = set(LAYOUT_PROPERTIES)
    while class_name in classes():
        names.update(classes()[class_name]["properties"])
        class_name = classes()[class_name]["base"]
    native = qt_names(class_name)
    return names | native if native is not None else None


def _take_standin_properties(root) -> list[tuple]:
    taken = []
    for widget in root.iter("widget"):
        own = set()
        class_name = widget.get("class")
        while class_name in classes():
            own.update(classes()[class_name]["properties"])
            class_name = classes()[class_name]["base"]
        for element in list(widget.findall("property")):
            if element.get("name") in own:
                taken.append((widget.get("name"), element))
                widget.remove(element)
    return taken


def _take_connections(root) -> list[tuple]:
    element = root.find("connections")
    if element is None:
        return []
    root.remove(element)
    return [tuple(one.findtext(tag) for tag in ("sender", "signal", "receiver", "slot")) for one in element]


def _find(top, name: str):
    found = top if QtCore.QObject.objectName(top) == name else find_child(top, QtCore.QObject, name)
    if found is None:
        raise UiError(f"No widget is named {name}")
    return found


def _value(element, widget):
    text = element.text or ""
    kind = element.tag
    if kind == "bool":
        return text == "true"
    if kind in ("number", "UInt", "longlong"):
        return int(text)
    if kind in ("double", "float"):
        return float(text)
    if kind == "stringlist":
        return [item.text or "" for item in element]
    if kind == "enum":
        return _enumerator(text, widget)
    if kind == "set":
        return sum(int(_enumerator(part, widget)) for part in text.split("|") if part)
    return text


def _enumerator(text: str, widget):
    """`ctkPathLineEdit::Files` or `Qt::Horizontal`."""
    scope, _, name = text.rpartition("::")
    for holder in (type(widget), getattr(QtCore, scope.split("::")[0], None)):
        if holder is not None and hasattr(holder, name):
            return getattr(holder, name)
    raise UiError(f"Unknown enumerator {text}")
