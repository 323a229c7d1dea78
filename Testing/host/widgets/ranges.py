"""Widgets for two ordered numbers: ctkRangeWidget and ctkDoubleRangeSlider."""

from PySide6 import QtCore, QtGui, QtWidgets

from host.pythonqt.signals import emit
from host.standins import behavior

RANGE = {
    "minimum": 0.0,
    "maximum": 99.0,
    "minimumValue": 0.0,
    "maximumValue": 99.0,
    "singleStep": 1.0,
    "tracking": True,
}


@behavior("ctkRangeWidget", **RANGE, decimals=2, prefix="", suffix="")
class RangeWidget:
    """A spin box on each side of a bar; lower and upper value stay ordered and within bounds."""

    def _setup(self):
        self._lower, self._upper = QtWidgets.QDoubleSpinBox(self), QtWidgets.QDoubleSpinBox(self)
        self._bar = RangeBar(self)
        layout = QtWidgets.QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._lower)
        layout.addWidget(self._bar, 1)
        layout.addWidget(self._upper)
        for box, slot in ((self._lower, self._on_lower), (self._upper, self._on_upper)):
            box.setKeyboardTracking(False)
            QtCore.QObject.connect(box, QtCore.SIGNAL("valueChanged(double)"), slot)
        self._show()

    def _on_lower(self, value):
        self.minimumValue = value

    def _on_upper(self, value):
        self.maximumValue = value

    def setValues(self, lower, upper):
        _set_values(self, lower, upper)

    def set_minimumValue(self, value):
        _set_values(self, value, max(value, self._values["maximumValue"]))

    def set_maximumValue(self, value):
        _set_values(self, min(value, self._values["minimumValue"]), value)

    def set_minimum(self, minimum):
        _set_range(self, minimum, max(minimum, self._values["maximum"]))

    def set_maximum(self, maximum):
        _set_range(self, min(maximum, self._values["minimum"]), maximum)

    def setRange(self, minimum, maximum):
        _set_range(self, min(minimum, maximum), max(minimum, maximum))

    def reset(self):
        _set_values(self, self._values["minimum"], self._values["maximum"])

    def set_decimals(self, decimals):
        self._values["decimals"] = decimals
        self._show()

    def set_singleStep(self, step):
        self._values["singleStep"] = step
        self._show()

    def set_suffix(self, suffix):
        self._values["suffix"] = suffix
        self._show()

    def set_prefix(self, prefix):
        self._values["prefix"] = prefix
        self._show()

    def _show(self):
        values = self._values
        for box, name in ((self._lower, "minimumValue"), (self._upper, "maximumValue")):
            blocked = box.blockSignals(True)
            box.setDecimals(int(values["decimals"]))
            box.setRange(values["minimum"], values["maximum"])
            box.setSingleStep(values["singleStep"])
            box.setPrefix(values["prefix"])
            box.setSuffix(values["suffix"])
            box.setValue(values[name])
            box.blockSignals(blocked)
        self._bar.show_range(values)


@behavior("ctkDoubleRangeSlider", **RANGE, minimumPosition=0.0, maximumPosition=99.0, orientation=1)
class DoubleRangeSlider:
    """A bar with two handles."""

    def _setup(self):
        self._bar = RangeBar(self)
        layout = QtWidgets.QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._bar)

    def setValues(self, lower, upper):
        _set_values(self, lower, upper)

    def set_minimumValue(self, value):
        _set_values(self, value, max(value, self._values["maximumValue"]))

    def set_maximumValue(self, value):
        _set_values(self, min(value, self._values["minimumValue"]), value)

    def set_minimum(self, minimum):
        _set_range(self, minimum, max(minimum, self._values["maximum"]))

    def set_maximum(self, maximum):
        _set_range(self, min(maximum, self._values["minimum"]), maximum)

    def setRange(self, minimum, maximum):
        _set_range(self, min(minimum, maximum), max(minimum, maximum))

    def _show(self):
        self._bar.show_range(self._values)


class RangeBar(QtWidgets.QWidget):
    """Draws the chosen part of a range."""

    def __init__(self, parent):
        super().__init__(parent)
        self._span = (0.0, 1.0)
        self.setMinimumSize(40, 18)

    def show_range(self, values: dict) -> None:
        """Remember where the two values lie between the limits."""
        span = (values["maximum"] - values["minimum"]) or 1.0
        low, high = ((values[name] - values["minimum"]) / span for name in ("minimumValue", "maximumValue"))
        self._span = (low, high)
        self.update()

    def paintEvent(self, event):
        painter = QtGui.QPainter(self)
        palette = QtWidgets.QWidget.palette(self)
        width, middle = QtWidgets.QWidget.width(self) - 12, QtWidgets.QWidget.height(self) // 2
        low, high = (6 + round(width * part) for part in self._span)
        painter.fillRect(6, middle - 2, width, 4, palette.color(QtGui.QPalette.ColorRole.Mid))
        painter.fillRect(low, middle - 2, high - low, 4, palette.color(QtGui.QPalette.ColorRole.Highlight))
        painter.setBrush(palette.color(QtGui.QPalette.ColorRole.Button))
        for handle in (low, high):
            painter.drawRoundedRect(handle - 4, middle - 7, 8, 14, 2, 2)


def _set_values(widget, lower: float, upper: float) -> None:
    values = widget._values
    lower, upper = (min(max(value, values["minimum"]), values["maximum"]) for value in (lower, upper))
    upper = max(lower, upper)
    old = values["minimumValue"], values["maximumValue"]
    values["minimumValue"], values["maximumValue"] = lower, upper
    widget._show()
    if lower != old[0]:
        emit(widget, "minimumValueChanged(double)", lower)
    if upper != old[1]:
        emit(widget, "maximumValueChanged(double)", upper)
    if (lower, upper) != old:
        emit(widget, "valuesChanged(double,double)", lower, upper)


def _set_range(widget, minimum: float, maximum: float) -> None:
    values = widget._values
    changed = (minimum, maximum) != (values["minimum"], values["maximum"])
    values["minimum"], values["maximum"] = minimum, maximum
    if changed:
        emit(widget, "rangeChanged(double,double)", minimum, maximum)
    _set_values(widget, values["minimumValue"], values["maximumValue"])
