"""Which widget shows which type of parameter, by the exact class of the widget: read, write, and the change signal."""

from dataclasses import dataclass
from typing import Any

import ctk
import qt
import slicer

from host.slicer_python.parameter_node.parameters import Parameter
from host.slicer_python.parameter_node.validators import Choice, Maximum, Minimum, WithinRange

LARGEST_INT = 2**31 - 1
LARGEST_FLOAT = 1e300


class Decimals:
    """Annotation: decimals of the bound spin box or slider."""

    def __init__(self, value):
        self.value = value


class SingleStep:
    """Annotation: step of the bound spin box or slider."""

    def __init__(self, value):
        self.value = value


@dataclass(frozen=True)
class Connector:
    """A widget bound to a parameter."""

    read: Any
    write: Any
    changed: Any  # signal


def connector_for(widget, parameter: Parameter) -> Connector:
    """The connector of a pair; RuntimeError when Slicer has none."""
    for make in (_boolean, _integer, _number, _choice, _enum, _text, _path, _node):
        connector = make(widget, parameter)
        if connector is not None:
            return connector
    raise RuntimeError(
        f"Unable to create GUI connector from datatype '{parameter.annotation}' to widget type '{type(widget)}'"
    )


def _boolean(widget, parameter):
    if parameter.kind != "bool":
        return None
    if type(widget) in (qt.QCheckBox, ctk.ctkCheckBox):
        return _property(widget, "checked", widget.toggled)
    if type(widget) is qt.QPushButton:
        widget.checkable = True
        return _property(widget, "checked", widget.toggled)
    return None


def _integer(widget, parameter):
    if parameter.kind != "int" or type(widget) not in (qt.QSpinBox, qt.QSlider):
        return None
    lower, upper = _bounds(widget, parameter, is_slider=type(widget) is qt.QSlider, largest=LARGEST_INT)
    widget.setRange(lower, upper)
    step = parameter.find(SingleStep)
    if step is not None:
        widget.singleStep = step.value
    return _property(widget, "value", widget.valueChanged)


def _number(widget, parameter):
    sliders = (ctk.ctkSliderWidget, ctk.ctkDoubleSlider, slicer.qMRMLSliderWidget)
    boxes = (qt.QDoubleSpinBox, ctk.ctkDoubleSpinBox, slicer.qMRMLSpinBox)
    if parameter.kind not in ("float", "int") or type(widget) not in (*sliders, *boxes):
        return None
    is_slider = type(widget) in sliders
    widget.minimum, widget.maximum = _bounds(widget, parameter, is_slider=is_slider, largest=LARGEST_FLOAT)
    decimals, step = parameter.find(Decimals), parameter.find(SingleStep)
    if decimals is not None:
        widget.decimals = decimals.value
    elif parameter.kind == "int" and type(widget) is not ctk.ctkDoubleSlider:
        widget.decimals = 0
    if step is not None:
        widget.singleStep = step.value
    read = (lambda: int(widget.value)) if parameter.kind == "int" else (lambda: widget.value)
    return Connector(read, lambda value: setattr(widget, "value", value), widget.valueChanged)


def _bounds(widget, parameter, *, is_slider: bool, largest):
    within = parameter.find(WithinRange)
    if within is not None:
        return within.minimum, within.maximum
    lower, upper = parameter.find(Minimum), parameter.find(Maximum)
    if is_slider and (lower is None or upper is None):
        raise RuntimeError(f"{type(widget).__name__} needs bounds for parameter {parameter.name}: add WithinRange")
    return lower.minimum if lower else -largest, upper.maximum if upper else largest


def _choice(widget, parameter):
    choice = parameter.find(Choice)
    if choice is None or type(widget) not in (qt.QComboBox, ctk.ctkComboBox):
        return None
    choices = list(choice.choices)
    widget.clear()
    widget.addItems([str(item) for item in choices])
    return _indexed(widget, choices)


def _enum(widget, parameter):
    if parameter.kind != "enum" or type(widget) not in (qt.QComboBox, ctk.ctkComboBox):
        return None
    members = list(parameter.type)
    if widget.count == 0:
        widget.addItems([str(member.value) for member in members])
    return _indexed(widget, members)


def _indexed(widget, items: list) -> Connector:
    return Connector(
        lambda: items[widget.currentIndex],
        lambda value: setattr(widget, "currentIndex", items.index(value)),
        widget.currentIndexChanged,
    )


def _text(widget, parameter):
    if parameter.kind != "str":
        return None
    if type(widget) is qt.QLineEdit:
        return _property(widget, "text", widget.textChanged)
    if type(widget) is qt.QLabel:
        return Connector(lambda: widget.text, lambda value: setattr(widget, "text", value), None)
    if type(widget) is qt.QTextEdit:
        return _property(widget, "plainText", widget.textChanged)
    return None


def _path(widget, parameter):
    if parameter.kind != "path":
        return None
    for widget_class, name, signal in (
        (ctk.ctkPathLineEdit, "currentPath", "currentPathChanged"),
        (ctk.ctkDirectoryButton, "directory", "directoryChanged"),
    ):
        if type(widget) is widget_class:
            return Connector(
                lambda name=name: parameter.type(getattr(widget, name)),
                lambda value, name=name: setattr(widget, name, str(value)),
                getattr(widget, signal),
            )
    return None


def _node(widget, parameter):
    if parameter.kind != "node" or type(widget) is not slicer.qMRMLNodeComboBox:
        return None
    widget.nodeTypes = [cls.__name__ for cls in parameter.node_classes]
    return Connector(widget.currentNode, widget.setCurrentNode, widget.currentNodeChanged)


def _property(widget, name: str, signal) -> Connector:
    return Connector(lambda: getattr(widget, name), lambda value: setattr(widget, name, value), signal)
