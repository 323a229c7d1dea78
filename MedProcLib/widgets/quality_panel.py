"""What an enhancement did to the image's quality: a button, the figures before and after, and what each means."""

from collections.abc import Callable
from typing import Any

import qt
from slicer.i18n import tr as _

from ..core.errors import InputError
from ..core.geometry import Geometry
from ..core.units import shown as shown_unit
from ..quantification.image_quality import QualityComparison, compare_quality
from ..quantification.quality_regions import find_regions
from ..quantification.quality_table import QualityRow
from ..scene.node_reader import NodeReader
from ..scene.plots import show_chart
from ..scene.quality_scene import add_quality_comparison, comparison_rows
from ..scene.region_input import RegionSource
from ..scene.volumes import require_volume
from .fields import row_table
from .results_table import NO_VALUE, ResultsTable, shown
from .run_panel import RunPanel
from .task_runner import Commit, Compute
from .wrapped_label import wish_no_width

# Lines that nearly all meanings fit in.
MEANING_LINES = 5
# The text's width in a narrow column: its own is not known before it is laid out.
NARROWEST_PX = 310
# Room for the table's frame, so that its last row shows whole.
FRAME_PX = 4


class QualityPanel:
    """widget: the button with its progress, the table of figures, and the meaning of the figure that is clicked.

    get_before, get_after: the volume nodes, or None; get_mask: the region of interest or None; all may raise
    InputError. Call changed() whenever one of them gives something else, clear() when
    the scene closes, close() when the module goes.
    """

    def __init__(
        self,
        get_before: Callable[[], Any],
        get_after: Callable[[], Any],
        get_mask: Callable[[], RegionSource | None] = lambda: None,
    ) -> None:
        self._get_before, self._get_after, self._get_mask = get_before, get_after, get_mask
        self._lines: list[QualityRow | None] = []  # None is the heading of the rows below it
        self._compared: tuple[Any, Any] = (None, None)  # that the figures are of
        self.table_node: Any = None
        self.chart_node: Any = None
        self.widget = qt.QWidget()
        layout = qt.QVBoxLayout(self.widget)
        layout.setContentsMargins(0, 0, 0, 0)
        self.run = RunPanel(
            _("Compare before and after"),
            _("Measure noise, contrast and sharpness before and after; adds a table and a plot of the histograms"),
            self.prepare,
        )
        layout.addWidget(self.run.widget)
        self.table_widget = row_table("qualityTable", _("Figures of image quality; click one for its meaning"))
        self.table_widget.wordWrap = True
        self.table_widget.setHorizontalScrollBarPolicy(qt.Qt.ScrollBarAlwaysOff)
        self.table_widget.setVerticalScrollBarPolicy(qt.Qt.ScrollBarAlwaysOff)
        layout.addWidget(self.table_widget)
        self.results = ResultsTable(self.table_widget, self._on_row)
        self.meaning_label = qt.QLabel()
        self.meaning_label.objectName = "qualityMeaning"
        self.meaning_label.wordWrap = True
        self.meaning_label.textFormat = qt.Qt.PlainText
        self.meaning_label.setAlignment(qt.Qt.AlignLeft | qt.Qt.AlignTop)
        self.meaning_label.textInteractionFlags = qt.Qt.TextSelectableByMouse
        wish_no_width(self.meaning_label)
        layout.addWidget(self.meaning_label)
        self._show([], "")
        self.changed()

    def changed(self) -> None:
        """Look again at what is there to compare, and say what is missing; figures of other volumes are not shown."""
        self.run.set_missing(self._missing())
        try:
            chosen = self._get_before(), self._get_after()
        except InputError:
            chosen = None, None
        if self.table_node is not None and chosen != self._compared:
            self._forget()

    def clear(self) -> None:
        """Forget the figures and a comparison that runs: the scene closes."""
        self.run.discard()
        self._forget()

    def close(self) -> None:
        """The module goes."""
        self.run.close()

    def prepare(self) -> tuple[Compute, Commit]:
        """Look at the nodes (main thread); see RunPanel. Raises InputError."""
        before, after, mask_source = self._get_before(), self._get_after(), self._get_mask()
        for volume in (before, after):
            require_volume(volume)

        def compute(progress: Any) -> QualityComparison:
            reader = NodeReader()
            old, new = reader.image(before, progress), reader.image(after, progress)
            mask = None if mask_source is None else mask_source.mask(Geometry.of(old), reader, progress)
            regions = find_regions([old, new], mask, progress=progress.part(0, 0.2))
            return compare_quality(old, new, regions, progress=progress.part(0.2, 1))

        def commit(comparison: QualityComparison) -> str:
            self.table_node, self.chart_node = add_quality_comparison(comparison, before, after)
            self._compared = before, after
            rows = comparison_rows(comparison)
            self._show(
                rows,
                f"{comparison.description} " + _("Click a figure for its meaning."),
            )
            show_chart(self.chart_node)
            return _("{count} figures in '{name}'.").format(count=len(rows), name=self.table_node.GetName())

        return compute, commit

    def _forget(self) -> None:
        self.table_node = self.chart_node = None
        self._compared = None, None
        self._show([], "")

    def _missing(self) -> str:
        try:
            before, after = self._get_before(), self._get_after()
        except InputError as error:
            return str(error)
        if before is None:
            return _("Choose the volume that is enhanced.")
        if after is None:
            return _("There is no result to compare '{name}' with yet: apply the steps first.").format(
                name=before.GetName()
            )
        return _("Before and after are the same volume.") if before is after else ""

    def _show(self, rows: list[QualityRow], note: str) -> None:
        compared = [row for row in rows if row.before is not None]
        between = [row for row in rows if row.before is None]
        self._lines = [*compared, *([None] if between else []), *between]
        table = self.table_widget
        table.clearSpans()
        self.results.show(
            [_("Figure"), _("Before"), _("After"), _("Change")],
            [
                [_("After compared with before:"), None, None, None]
                if row is None
                else [_title(row), _cell(row.before), _cell(row.after), _change(row)]
                for row in self._lines
            ],
            ["" if row is None else _meaning(row) for row in self._lines],
        )
        if between:
            table.setSpan(len(compared), 0, 1, table.columnCount)
        header = table.horizontalHeader()
        header.setSectionResizeMode(qt.QHeaderView.ResizeToContents)
        header.setSectionResizeMode(0, qt.QHeaderView.Stretch)
        heights = sum(table.rowHeight(number) for number in range(len(self._lines)))
        table.setFixedHeight(header.sizeHint.height() + heights + FRAME_PX)
        table.visible = bool(rows)
        self._say(note)

    def _on_row(self, number: int) -> None:
        row = self._lines[number]
        if row is not None:
            self._say(_meaning(row))

    def _say(self, text: str) -> None:
        """Show a text below the table. Most need the same height, so that the panel does not jump on every click."""
        label = self.meaning_label
        label.text = text
        label.visible = bool(text)
        # layouts inside layouts do not ask how high a text gets when it wraps
        label.setMinimumHeight(
            max(MEANING_LINES * label.fontMetrics().lineSpacing(), label.heightForWidth(min(label.width, NARROWEST_PX)))
        )


def _title(row: QualityRow) -> str:
    unit = shown_unit(row.after.unit)
    return f"{row.figure.title} [{unit}]" if unit else row.figure.title


def _cell(measurement: Any) -> Any:
    if measurement is None:
        return None
    value = float(measurement.value)
    return value if value == value else NO_VALUE


def _change(row: QualityRow) -> str | None:
    percent = row.change_percent
    if percent == percent:
        return f"{percent:+.0f} %" if abs(percent) >= 10 else f"{percent:+.1f} %"
    change = row.change
    return f"{'+' * (change > 0)}{shown(change)}" if change == change else None


def _meaning(row: QualityRow) -> str:
    """What the figure is, what it says here, and why it has no value."""
    figure = row.figure
    lines = [f"{figure.title}: {figure.meaning}."]
    if row.before is None:
        lines.append(_("Of the image after, compared with the one before."))
    if row.better:
        lines.append(_("Lower is better.") if row.better == "lower" else _("Higher is better."))
    if row.undefined:
        lines.append(_("No value: {reason}.").format(reason=row.undefined))
    return " ".join(lines)
