"""Widgets for one number: ctkDoubleSpinBox, ctkDoubleSlider, ctkSliderWidget, and qMRML's versions of them."""

import sys

from PySide6 import QtCore, QtWidgets

from host.failures import HostError, collect
from host.pythonqt.signals import emit
from host.standins import behavior

SLIDER_STEPS = 10_000


@behavior(
    "ctkDoubleSpinBox",
    minimum=0.0,
    maximum=99.99,
    value=0.0,
    decimals=2,
    singleStep=1.0,
    prefix="",
    suffix="",
    setMode=1,
    frame=True,
)
class DoubleSpinBox:
    """A spin box of doubles; QWidget outside, QDoubleSpinBox inside."""

    def _setup(self):
        self._box = _inner_spin_box(self)
        _fill(self, self._box)
        _on(self._box, "valueChanged(double)", self._on_edited)
        _on(self._box, "editingFinished()", lambda: emit(self, "editingFinished()"))

    def _on_edited(self, value):
        self.value = value

    def set_value(self, value):
        value = _bounded(self, value)
        old, self._values["value"] = self._values["value"], value
        self._show()
        if value != old:
            emit(self, "valueChanged(double)", value)
            emit(self, "valueChanged(QString)", self._box.text)

    def setValueIfDifferent(self, value):
        self.value = value

    def setValueAlways(self, value):
        self.value = value

    def stepUp(self):
        self.value = self._values["value"] + self._values["singleStep"]

    def stepDown(self):
        self.value = self._values["value"] - self._values["singleStep"]

    def get_cleanText(self):
        return self._box.cleanText

    def set_minimum(self, minimum):
        _set_limit(self, "minimum", minimum)

    def set_maximum(self, maximum):
        _set_limit(self, "maximum", maximum)

    def set_decimals(self, decimals):
        _set_decimals(self, decimals)

    def set_singleStep(self, step):
        _keep(self, "singleStep", step)

    def set_prefix(self, prefix):
        _keep(self, "prefix", prefix)

    def set_suffix(self, suffix):
        _keep(self, "suffix", suffix)

    def set_readOnly(self, read_only):
        self._values["readOnly"] = read_only
        self._box.setReadOnly(read_only)

    def _show(self):
        _show_in_spin_box(self._box, self._values, self._values["value"])


@behavior(
    "ctkDoubleSlider", minimum=0.0, maximum=99.0, value=0.0, singleStep=1.0, pageStep=10.0, tracking=True, orientation=1
)
class DoubleSlider:
    """A slider of doubles."""

    def _setup(self):
        self._slider = _inner_slider(self)
        _fill(self, self._slider)
        _on(self._slider, "valueChanged(int)", self._on_moved)

    def _on_moved(self, position):
        self.value = _from_slider(self._values, position)

    def set_value(self, value):
        value = min(max(value, self._values["minimum"]), self._values["maximum"])
        old, self._values["value"] = self._values["value"], value
        self._show()
        if value != old:
            emit(self, "valueChanged(double)", value)

    def set_minimum(self, minimum):
        _set_limit(self, "minimum", minimum)
        emit(self, "rangeChanged(double,double)", self._values["minimum"], self._values["maximum"])

    def set_maximum(self, maximum):
        _set_limit(self, "maximum", maximum)
        emit(self, "rangeChanged(double,double)", self._values["minimum"], self._values["maximum"])

    def set_singleStep(self, step):
        _keep_step(self, step)

    def _show(self):
        _show_in_slider(self._slider, self._values, self._values["value"])


@behavior(
    "ctkSliderWidget",
    minimum=0.0,
    maximum=99.0,
    value=0.0,
    decimals=2,
    singleStep=1.0,
    pageStep=10.0,
    prefix="",
    suffix="",
    tracking=True,
    spinBoxVisible=True,
)
class SliderWidget:
    """A slider with a spin box beside it; the value is kept within bounds and rounded to `decimals`."""

    def _setup(self):
        self._slider = _inner_slider(self)
        self._box = _inner_spin_box(self)
        _fill(self, self._slider, self._box)
        _on(self._slider, "valueChanged(int)", self._on_moved)
        _on(self._box, "valueChanged(double)", self._on_edited)
        self._show()

    def _on_moved(self, position):
        self.value = _from_slider(self._values, position)

    def _on_edited(self, value):
        self.value = value

    def set_value(self, value):
        value = _bounded(self, value)
        old, self._values["value"] = self._values["value"], value
        self._show()
        if value != old:
            emit(self, "valueChanged(double)", value)

    def reset(self):
        self.value = 0.0

    def set_minimum(self, minimum):
        _set_limit(self, "minimum", minimum)

    def set_maximum(self, maximum):
        _set_limit(self, "maximum", maximum)

    def set_decimals(self, decimals):
        _set_decimals(self, decimals)

    def set_singleStep(self, step):
        _keep_step(self, step)

    def set_prefix(self, prefix):
        _keep(self, "prefix", prefix)

    def set_suffix(self, suffix):
        _keep(self, "suffix", suffix)

    def set_spinBoxVisible(self, visible):
        self._values["spinBoxVisible"] = visible
        self._box.setVisible(visible)

    def _show(self):
        _show_in_spin_box(self._box, self._values, self._values["value"])
        _show_in_slider(self._slider, self._values, self._values["value"])


@behavior("qMRMLSliderWidget", orientation=1)
class MRMLSliderWidget:
    """ctkSliderWidget that knows the scene's units; units are not applied here."""

    def _setup(self):
        self._scene = None

    def mrmlScene(self):
        return self._scene

    def setMRMLScene(self, scene):
        self._scene = scene


@behavior("qMRMLSpinBox")
class MRMLSpinBox:
    """ctkDoubleSpinBox that knows the scene's units; units are not applied here."""

    def _setup(self):
        self._scene = None

    def mrmlScene(self):
        return self._scene

    def setMRMLScene(self, scene):
        self._scene = scene


def _fill(widget, *inner) -> None:
    layout = QtWidgets.QHBoxLayout(widget)
    layout.setContentsMargins(0, 0, 0, 0)
    for child in inner:
        layout.addWidget(child)


def _inner_spin_box(widget):
    box = QtWidgets.QDoubleSpinBox(widget)
    box.setKeyboardTracking(False)
    return box


def _inner_slider(widget):
    slider = QtWidgets.QSlider(QtCore.Qt.Orientation.Horizontal, widget)
    slider.setRange(0, SLIDER_STEPS)
    slider.setSizePolicy(QtWidgets.QSizePolicy.Policy.Expanding, QtWidgets.QSizePolicy.Policy.Fixed)
    return slider


def _on(widget, signature: str, function) -> None:
    QtCore.QObject.connect(widget, QtCore.SIGNAL(signature), function)


def _bounded(widget, value: float) -> float:
    values = widget._values
    return round(min(max(value, values["minimum"]), values["maximum"]), int(values["decimals"]))


def _keep(widget, name: str, value) -> None:
    widget._values[name] = value
    widget._show()


def _keep_step(widget, step: float) -> None:
    """Sliders refuse a step beyond the limits they have now: these have to be set first."""
    span = widget._values["maximum"] - widget._values["minimum"]
    if span and not sys.float_info.epsilon <= step <= span:
        collect(
            "setSingleStep", HostError(f"A step of {step} is out of bounds (CTK prints a warning and keeps its own)")
        )
        return
    _keep(widget, "singleStep", step)


def _set_decimals(widget, decimals: int) -> None:
    if decimals != widget._values["decimals"]:
        widget._values["decimals"] = decimals
        widget._show()
        emit(widget, "decimalsChanged(int)", decimals)


def _set_limit(widget, name: str, limit: float) -> None:
    """A limit beyond the other one moves it along, and the value follows."""
    values = widget._values
    values[name] = limit
    if values["minimum"] > values["maximum"]:
        values["maximum" if name == "minimum" else "minimum"] = limit
    widget.value = values["value"]
    widget._show()


def _show_in_spin_box(box, values: dict, value: float) -> None:
    blocked = box.blockSignals(True)
    box.setDecimals(int(values["decimals"]))
    box.setRange(values["minimum"], values["maximum"])
    box.setSingleStep(values["singleStep"])
    box.setPrefix(values["prefix"])
    box.setSuffix(values["suffix"])
    box.setValue(value)
    box.blockSignals(blocked)


def _show_in_slider(slider, values: dict, value: float) -> None:
    span = values["maximum"] - values["minimum"]
    blocked = slider.blockSignals(True)
    slider.setValue(round(SLIDER_STEPS * (value - values["minimum"]) / span) if span > 0 else 0)
    slider.blockSignals(blocked)


def _from_slider(values: dict, position: int) -> float:
    return values["minimum"] + position * (values["maximum"] - values["minimum"]) / SLIDER_STEPS
