"""Charts of what was measured, in Slicer's plot view."""

import math
from collections.abc import Callable
from typing import Any

import qt
import slicer
from slicer.i18n import tr as _

from ..core.errors import InputError
from ..scene.markups import points_of_markups
from ..scene.measurement_charts import (
    Chart,
    add_chart,
    bars,
    boxes,
    curves,
    histogram,
    profile,
    scatter,
    segment_values,
    volume_histogram,
)
from ..scene.measurement_input import MeasurementSource
from ..scene.plots import show_chart
from .measured_rows import SLICES, TIMES, USUAL, part_of
from .measurement_view import MeasurementView
from .task_runner import Commit, Compute

HISTOGRAM, IVH, BOXES, BARS, SCATTER, SLICE_CURVE, TIME_CURVE, PROFILE = range(8)
TITLES = (
    _("Histogram of values"),
    _("Intensity-volume histogram"),
    _("Box plot of values"),
    _("Bars of a figure"),
    _("Scatter of two figures"),
    _("Figure along the slices"),
    _("Figure over time"),
    _("Profile along a line"),
)
CURVES = {SLICE_CURVE: SLICES, TIME_CURVE: TIMES}
OF_VALUES = {HISTOGRAM: histogram, IVH: volume_histogram, BOXES: boxes}


class ChartPanel:
    """widget: to put in a layout.

    view: the table whose shown rows are charted; get_table: its node; prepare_values: looks at the nodes that
    were measured and says the unit of the values; run(prepare): runs it with progress, see RunPanel.start.
    """

    def __init__(
        self,
        view: MeasurementView,
        get_table: Callable[[], Any],
        prepare_values: Callable[[], tuple[MeasurementSource, str]],
        run: Callable[[Callable[[], tuple[Compute, Commit]]], None],
    ) -> None:
        self._view, self._get_table = view, get_table
        self._prepare_values, self._run = prepare_values, run
        self._figures: list[str] = []
        self.widget = qt.QWidget()
        self._rows = qt.QFormLayout(self.widget)
        self._rows.setContentsMargins(0, 0, 0, 0)
        self.kind_box = _combo("chartKind", _("What the plot view is to show, of the rows that are listed above"))
        for title in TITLES:
            self.kind_box.addItem(title)
        self.kind_box.connect("currentIndexChanged(int)", lambda index: self._show_choices())
        self.x_label, self.x_box = qt.QLabel(_("Across:")), _combo("chartX", _("The figure along the horizontal axis"))
        self.y_label, self.y_box = qt.QLabel(_("Figure:")), _combo("chartY", _("The figure along the vertical axis"))
        self.button = qt.QPushButton(_("Show chart"))
        self.button.objectName = "chartButton"
        self.button.toolTip = _("Draw it in a plot view; a chart of the same kind is replaced")
        self.button.connect("clicked()", self.show)
        self._rows.addRow(_("Chart:"), self.kind_box)
        self._rows.addRow(self.y_label, self.y_box)
        self._rows.addRow(self.x_label, self.x_box)
        self.line_label, self.line_box = qt.QLabel(_("Line:")), _line_box()
        self._rows.addRow(self.line_label, self.line_box)
        self._rows.addRow(self.button)
        self.changed()

    def changed(self) -> None:
        """The table may have other figures."""
        figures = [column.title for column in self._view.columns]
        if figures != self._figures:
            self._figures = figures
            for box in (self.x_box, self.y_box):
                before = box.currentText
                box.clear()
                for column in self._view.columns:
                    box.addItem(column.title.replace("\n", " "))
                usual = [n for n, column in enumerate(self._view.columns) if column.name in USUAL]
                first = usual[min(len(usual) - 1, int(box is self.x_box))] if usual else 0
                box.currentIndex = box.findText(before) if before and box.findText(before) >= 0 else first
        self._show_choices()

    def show(self) -> None:
        """Draw the chart that is chosen."""
        kind = self.kind_box.currentIndex
        task = self._values_task if kind in OF_VALUES else self._profile_task if kind == PROFILE else self._figures_task
        self._run(lambda: task(kind))

    def _values_task(self, kind: int) -> tuple[Compute, Commit]:
        source, unit = self._prepare_values()
        return lambda progress: OF_VALUES[kind](segment_values(source.read(progress), progress), unit), self._add

    def _profile_task(self, kind: int) -> tuple[Compute, Commit]:
        line = self.line_box.currentNode()
        if line is None:
            raise InputError(_("There is no line: place one in a view, or draw the diameters as lines."))
        ends = points_of_markups(line)
        source, unit = self._prepare_values()
        name = line.GetName()

        def add(made: tuple[Chart, float]) -> str:
            chart, width_mm = made
            text = self._add(chart)
            return text + _(" FWHM of its peak: {mm:.1f} mm.").format(mm=width_mm) if width_mm == width_mm else text

        return lambda progress: profile(source.read(progress).times[0].image, ends, name, unit), add

    def _figures_task(self, kind: int) -> tuple[Compute, Commit]:
        chart = self._chart(kind)
        return lambda progress: chart, self._add

    def _add(self, chart: Chart) -> str:
        table = self._get_table()
        node = add_chart(chart, table, table.GetName() if table is not None else "")
        show_chart(node)
        return _("Chart '{name}'.").format(name=node.GetName())

    def _chart(self, kind: int) -> Chart:
        view, columns = self._view, self._view.columns
        if not view.shown or not columns:
            raise InputError(_("There is nothing to draw yet: measure first."))
        y, x = columns[self.y_box.currentIndex], columns[self.x_box.currentIndex]
        if kind in CURVES:
            self._show_view(CURVES[kind])
        rows = view.shown
        if kind in (BARS, SCATTER):
            names = [f"{row['name']} {part_of(row, view.view)}".strip() for row in rows]
            values = [y.number(row) for row in rows]
            if kind == BARS:
                return bars(names, values, _words(y.name), y.unit_in_use)
            others = [x.number(row) for row in rows]
            return scatter(names, others, values, (_words(x.name), _words(y.name)), (x.unit_in_use, y.unit_in_use))
        key, title, unit = ("slice", _("slice"), "") if kind == SLICE_CURVE else ("time_s", _("time"), "s")
        if any(math.isnan(_value(row, key)) for row in rows):
            key, title, unit = "time_point", _("time point"), ""
        points: dict[str, list[tuple[float, float]]] = {}
        for row in rows:
            points.setdefault(row["name"], []).append((_value(row, key), y.number(row)))
        return curves(TITLES[kind], points, (title, _words(y.name)), (unit, y.unit_in_use))

    def _choose_drawable(self, rows: list[dict[str, Any]]) -> None:
        """A usual figure that these rows have, where they lack the one that is chosen: slices have no volume."""
        columns = self._view.columns
        drawable = [any(math.isfinite(column.number(row)) for row in rows) for column in columns]
        if any(drawable) and not drawable[self.y_box.currentIndex]:
            usual = [n for n, column in enumerate(columns) if drawable[n] and column.name in USUAL]
            self.y_box.currentIndex = usual[0] if usual else drawable.index(True)

    def _show_view(self, wanted: str) -> None:
        """Have the table list what is drawn. Raises InputError where it was not measured."""
        self._view.set_view(wanted)
        if self._view.view == wanted:
            return
        if wanted == SLICES:
            raise InputError(_("No slices were measured: check 'Slices' among the figures, and apply."))
        raise InputError(_("No time points were measured: check 'Every time point of its sequence', and apply."))

    def _show_choices(self) -> None:
        kind = self.kind_box.currentIndex
        for widget in (self.y_label, self.y_box):
            widget.visible = kind not in OF_VALUES and kind != PROFILE
        for widget in (self.x_label, self.x_box):
            widget.visible = kind == SCATTER
        for widget in (self.line_label, self.line_box):
            widget.visible = kind == PROFILE
        if kind in CURVES:
            self._choose_drawable(self._view.rows_of(CURVES[kind]))
        self.button.enabled = bool(self._figures) or kind == PROFILE


def _value(row: dict[str, Any], column: str) -> float:
    value = row.get(column)
    return float(value) if isinstance(value, (int, float)) else math.nan


def _words(name: str) -> str:
    return name.replace("_", " ")


def _line_box() -> Any:
    box = slicer.qMRMLNodeComboBox()
    box.objectName = "chartLine"
    box.toolTip = _("A line of the Markups module, or a diameter; the volume's values along it are drawn")
    box.nodeTypes = ["vtkMRMLMarkupsLineNode"]
    box.addEnabled = box.removeEnabled = False
    box.setMRMLScene(slicer.mrmlScene)
    return box


def _combo(name: str, tip: str) -> Any:
    box = qt.QComboBox()
    box.objectName = name
    box.toolTip = tip
    box.setMinimumContentsLength(12)
    box.setSizeAdjustPolicy(qt.QComboBox.AdjustToMinimumContentsLengthWithIcon)
    return box
