"""One input widget for one parameter, chosen from what its declaration says."""

import math
from collections.abc import Callable, Sequence
from typing import Any

import ctk
import qt
from slicer.i18n import tr as _

from ..core.parameters import Parameter, Value
from ..core.units import shown
from .wrapped_label import wish_no_width

SLIDER_STEPS = 200  # a slider that is 200 px wide cannot be set finer
LONGEST_SLIDER = 2000
SPIN_BOX_STEPS = 1000  # beyond this ratio a slider's left end hides the useful values
MAX_DECIMALS = 8
NARROWEST = 140  # pixels
ZERO_MEASURES = "0 to measure"  # how meanings of parameters say that 0 stands for what the image itself shows


class ParameterEditor:
    """Shows and changes one parameter.

    widget: to put in a layout; changed: called without arguments after the user changed the value.
    The value is kept as it was set, even where the widget shows fewer digits.
    """

    def __init__(self, parameter: Parameter, changed: Callable[[], None]) -> None:
        self.parameter = parameter
        self._changed = changed
        self._writing = False
        self._value = parameter.default
        self.widget, signal, self._read, self._write = _make(parameter)
        self.widget.objectName = parameter.name
        self.widget.toolTip = describe(parameter)
        self.widget.connect(signal, self._on_edited)
        self.set_value(parameter.default)

    @property
    def value(self) -> Value:
        return self._value

    def set_value(self, value: Any) -> None:
        """Show a value. Raises InputError for one that is not allowed."""
        self._value = self.parameter.check(value)
        self._writing = True
        try:
            self._write(self._value)
        finally:
            self._writing = False

    def _on_edited(self, *_shown: Any) -> None:
        if not self._writing:
            self._value = self.parameter.check(self._read())
            self._changed()


def describe(parameter: Parameter) -> str:
    """Tooltip: meaning, limits, default."""
    meaning = parameter.meaning[:1].upper() + parameter.meaning[1:]
    default = _("yes") if parameter.default is True else _("no") if parameter.default is False else parameter.default
    if isinstance(default, float):
        default = f"{default:g}"
    lines = [meaning]
    if parameter.minimum is not None:
        lines.append(_("Allowed: {limits}").format(limits=parameter.limits))
    lines.append(_("Default: {default}").format(default=f"{default} {shown(parameter.unit)}".rstrip()))
    return "\n".join(lines)


def number_format(parameter: Parameter) -> tuple[int, float]:
    """Decimals and step that suit a float parameter's range and show its limits and default exactly.

    Over several orders of magnitude they suit the default, and two digits more can be typed.
    """
    assert parameter.minimum is not None and parameter.maximum is not None
    default, span = float(parameter.default), parameter.maximum - parameter.minimum
    scale = max(abs(default), parameter.minimum) or min(span * 1e-6, 1.0)  # no limit in practice: steps of 0.1
    if is_wide(parameter):
        step = _power_of_ten(scale / 5)
        return min(max(0, 2 - math.floor(math.log10(step))), MAX_DECIMALS), step
    step = _power_of_ten(min(span / 50, abs(default) / 5 or span))
    decimals = max(0, -math.floor(math.log10(step)))
    while decimals < MAX_DECIMALS and any(
        round(number, decimals) != number for number in (parameter.minimum, parameter.maximum, default)
    ):
        decimals += 1
    return decimals, step


def is_wide(parameter: Parameter) -> bool:
    """True for ranges over several orders of magnitude, where a slider is of no use."""
    assert parameter.minimum is not None and parameter.maximum is not None
    span = parameter.maximum - parameter.minimum
    if span > LONGEST_SLIDER or parameter.kind == "int":
        return span > LONGEST_SLIDER
    if parameter.minimum > 0 and parameter.maximum / parameter.minimum > SPIN_BOX_STEPS:
        return True
    return 0 < float(parameter.default) - parameter.minimum < span / SLIDER_STEPS


def _make(parameter: Parameter) -> tuple[Any, str, Callable[[], Any], Callable[[Any], None]]:
    """The widget, the signal of its change, and how to read and to write its value."""
    if parameter.kind == "bool":
        return _check_box()
    if parameter.kind == "choice":
        return _combo_box(parameter)
    if parameter.kind == "text":
        return _line_edit()
    return _spin_box(parameter) if is_wide(parameter) else _slider(parameter)


def _check_box():
    widget = qt.QCheckBox()
    return widget, "toggled(bool)", lambda: widget.checked, lambda value: setattr(widget, "checked", value)


def _combo_box(parameter: Parameter):
    widget = qt.QComboBox()
    for title in choice_titles(parameter.choices):
        widget.addItem(_(title))
    widget.setMinimumWidth(NARROWEST)
    wish_no_width(widget)

    def write(value):
        widget.currentIndex = parameter.choices.index(value)

    return widget, "currentIndexChanged(int)", lambda: parameter.choices[widget.currentIndex], write


def choice_titles(choices: Sequence[str]) -> list[str]:
    """Choices as a reader sees them: words begin with a capital, units and other capitals stay as they are."""
    if any("/" in choice for choice in choices):  # units
        return list(choices)
    words = [choice.replace("_", " ") for choice in choices]
    return [word[:1].upper() + word[1:] for word in words]


def _line_edit():
    widget = qt.QLineEdit()
    return widget, "textChanged(QString)", lambda: widget.text, lambda value: setattr(widget, "text", value)


def _spin_box(parameter: Parameter):
    whole = parameter.kind == "int"
    widget = qt.QSpinBox() if whole else qt.QDoubleSpinBox()
    if not whole:
        widget.decimals = number_format(parameter)[0]
    if parameter.minimum == 0 and ZERO_MEASURES in parameter.meaning:
        widget.specialValueText = _("measured")
    return _number(widget, parameter, "valueChanged(int)" if whole else "valueChanged(double)")


def _slider(parameter: Parameter):
    widget = ctk.ctkSliderWidget()
    widget.decimals = 0 if parameter.kind == "int" else number_format(parameter)[0]
    return _number(widget, parameter, "valueChanged(double)")


def _number(widget, parameter: Parameter, signal: str):
    whole = parameter.kind == "int"
    kind = int if whole and is_wide(parameter) else float  # a QSpinBox takes integers, a slider numbers
    assert parameter.minimum is not None and parameter.maximum is not None
    minimum, maximum = parameter.minimum, parameter.maximum
    widget.minimum, widget.maximum = kind(minimum), kind(maximum)
    widget.singleStep = kind(max(1, _power_of_ten((maximum - minimum) / 50))) if whole else number_format(parameter)[1]
    widget.setMinimumWidth(NARROWEST)
    widget.setSizePolicy(qt.QSizePolicy.Ignored, qt.QSizePolicy.Fixed)  # else as wide as its largest value
    unit = shown(parameter.unit)
    widget.suffix = "" if not unit else unit if unit in ("%", "°") else f" {unit}"

    def read():
        number = round(widget.value) if whole else widget.value
        return min(max(number, minimum), maximum)  # rounding to decimals may leave the range

    return widget, signal, read, lambda value: setattr(widget, "value", kind(value))


def _power_of_ten(number: float) -> float:
    """The largest power of ten that is not above the number."""
    return 10.0 ** math.floor(math.log10(number))
