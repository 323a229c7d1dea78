"""Change maps of two time points: made when asked for, shown from a threshold on, with a legend and figures."""

from collections.abc import Callable, Sequence
from typing import Any

import ctk
import qt
import slicer
from slicer.i18n import tr as _

from ..comparison.change_maps import CHANGE_MAPS
from ..core.units import shown
from ..scene.change_maps import (
    change_maps_at,
    ends_of,
    figures_at,
    map_colors_of,
    set_map_threshold,
    show_change_map,
    shown_change_map,
)
from ..scene.tables import rows_of_table
from ..scene.timeline_nodes import patient_of_node
from ..scene.timeline_rows import titles_of
from .fields import NO_FINDINGS, allow, beside, combo, push_button, row_table
from .results_table import ResultsTable

TITLES = {
    "difference": _("Difference"),
    "significant": _("Significant change (FDR)"),
    "relative": _("Relative change"),
    "jacobian": _("Local volume change (Jacobian)"),
    "tissue": _("Tissue gained and lost"),
    "boundary_shift": _("Boundary shift (volume change)"),
    "functional": _("Functional change (ADC)"),
}
MAKE_TIP = _("Make this map of the two time points; later ones are registered to each other first")
ROWS_SHOWN, ROW_HEIGHT = 7, 24


class ChangeMapsPanel:
    """widget: to put in a layout.

    get_node: the patient's text node, or None; make(name, start, end): makes a map of CHANGE_MAPS of two time points
    (ids), with progress. Call changed() when the patient may be another one or has other maps.
    """

    def __init__(self, get_node: Callable[[], Any], make: Callable[[str, str, str], None]) -> None:
        self._get_node, self._make = get_node, make
        self._titles: dict[str, str] = {}  # of the time points, by id
        self._maps: list[Any] | None = None  # not filled yet
        self._filling = False
        self.widget = qt.QWidget()
        self._make_widgets()
        self.changed()

    @property
    def map(self) -> Any:
        """The volume of the map that is chosen to be seen; None for none."""
        place, maps = self.shown_box.currentIndex - 1, self._maps or []
        return maps[place] if 0 <= place < len(maps) else None

    def changed(self) -> None:
        """Show what there is now."""
        node = self._get_node()
        patient = patient_of_node(node) if node is not None else None
        titles = titles_of(patient) if patient is not None else {}
        renamed = titles != self._titles
        if renamed:
            same = list(titles) == list(self._titles)
            self._titles = titles
            for box, place in ((self.start_box, 0), (self.end_box, len(titles) - 1)):
                self._fill(box, list(titles.values()), box.currentIndex if same else place)
        maps = change_maps_at(node) if node is not None else []
        if renamed or maps != self._maps:
            self._maps = maps
            self._fill(self.shown_box, [_("none"), *(self._title(each) for each in maps)], 0)
        seen = shown_change_map(node) if maps else None
        if seen is not self.map:
            if seen is None:  # the views show something else now: its legend goes too
                show_change_map(None)
            self._filling = True
            self.shown_box.currentIndex = maps.index(seen) + 1 if seen in maps else 0
            self._filling = False
        self.widget.enabled = len(titles) > 1
        self._allow_two()
        self._show_map()

    def show(self, volume: Any) -> None:
        """See a map over all slice views; None sees none."""
        show_change_map(volume)
        self.changed()

    def make(self) -> None:
        """Make the map that is chosen of the two time points that are chosen."""
        places = sorted((self.start_box.currentIndex, self.end_box.currentIndex))
        if 0 <= places[0] < places[1]:
            name = list(CHANGE_MAPS)[max(self.kind_box.currentIndex, 0)]
            self._make(name, *(list(self._titles)[place] for place in places))

    def _allow_two(self) -> None:
        """A map is of two time points, not of one and itself."""
        missing = "" if self._titles else NO_FINDINGS
        if self.start_box.currentIndex == self.end_box.currentIndex:
            missing = missing or _("Choose two time points.")
        allow(self.make_button, MAKE_TIP, missing)

    def _title(self, volume: Any) -> str:
        ends = ends_of(volume)
        titles = [self._titles.get(point, point) for point in (ends.start, ends.end)]
        return f"{map_colors_of(volume).title}: {' → '.join(titles)}"

    def _fill(self, box: Any, titles: Sequence[str], place: int) -> None:
        self._filling = True
        box.clear()
        for title in titles:
            box.addItem(title)
        box.currentIndex = place
        self._filling = False

    def _show_map(self) -> None:
        volume = self.map
        for widget in (self.threshold_label, self.threshold_slider, self.table):
            widget.visible = volume is not None
        if volume is None:
            return
        colors = map_colors_of(volume)
        most = max(colors.high - colors.center, 1e-9)
        self._filling = True
        self.threshold_slider.decimals = 0 if most >= 100 else 1 if most >= 10 else 2
        self.threshold_slider.minimum = 0
        self.threshold_slider.maximum = most
        self.threshold_slider.singleStep = 10.0**-self.threshold_slider.decimals  # refused beyond the limits of before
        self.threshold_slider.suffix = f" {shown(colors.unit)}" if shown(colors.unit) else ""
        self.threshold_slider.value = colors.threshold
        self._filling = False
        self._show_figures(volume)

    def _show_figures(self, volume: Any) -> None:
        table = figures_at(volume)
        rows = rows_of_table(table) if table is not None else []
        one = len({row["region"] for row in rows}) == 1
        titles = [_("Figure"), _("Value")] if one else [_("Of"), _("Figure"), _("Value")]
        values = [f"{row['value']:.4g} {row['unit']}".strip() for row in rows]
        lines = [[*([] if one else [r["region"]]), r["figure"], v] for r, v in zip(rows, values, strict=True)]
        self.results.show(titles, lines, [" ".join(line) for line in lines])
        header = self.table.horizontalHeader()
        header.setSectionResizeMode(qt.QHeaderView.ResizeToContents)
        header.setSectionResizeMode(len(titles) - 2, qt.QHeaderView.Stretch)  # what is cut is in the tooltip
        self.table.setFixedHeight(ROW_HEIGHT * (min(len(lines), ROWS_SHOWN) + 1) + 6)
        self.table.visible = bool(lines)

    def _on_shown(self) -> None:
        if not self._filling and not (slicer.mrmlScene.IsClosing() or slicer.mrmlScene.IsImporting()):
            self.show(self.map)

    def _on_threshold(self, value: float) -> None:
        if not self._filling and self.map is not None:
            set_map_threshold(self.map, value)

    def _make_widgets(self) -> None:
        form = qt.QFormLayout(self.widget)
        form.setContentsMargins(0, 0, 0, 0)
        self.kind_box = combo("changeMapKind", _("What of the change is mapped"), list(TITLES.values()))
        for place, name in enumerate(CHANGE_MAPS):
            self.kind_box.setItemData(place, CHANGE_MAPS[name].declaration.description, qt.Qt.ToolTipRole)
        self.make_button = push_button("makeMapButton", _("Make"), MAKE_TIP, self.make)
        form.addRow(_("Map:"), beside(self.kind_box, self.make_button))
        self.make_button.setSizePolicy(qt.QSizePolicy.Maximum, qt.QSizePolicy.Fixed)
        self.start_box = combo("changeMapStart", _("The earlier time point"))
        self.end_box = combo("changeMapEnd", _("The later time point"))
        for box in (self.start_box, self.end_box):
            box.connect("currentIndexChanged(int)", lambda index: self._allow_two())
        form.addRow(_("Of:"), beside(self.start_box, self.end_box))
        self.shown_box = combo("changeMapShown", _("Which map is seen in the slice views"))
        form.addRow(_("Show:"), self.shown_box)
        self.threshold_label, self.threshold_slider = qt.QLabel(_("From:")), ctk.ctkSliderWidget()
        self.threshold_slider.objectName = "changeMapThreshold"
        self.threshold_slider.toolTip = _("Smaller changes than this are left out of the picture")
        form.addRow(self.threshold_label, self.threshold_slider)
        self.table = row_table("changeMapFigures", _("What was measured of the map"))
        self.results = ResultsTable(self.table, lambda row: None)
        form.addRow(self.table)
        self.shown_box.connect("currentIndexChanged(int)", lambda index: self._on_shown())
        self.threshold_slider.connect("valueChanged(double)", self._on_threshold)
