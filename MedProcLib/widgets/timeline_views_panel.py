"""How time points are seen: in columns beside each other, or two in one view, faded, swiped, as fields or in turns."""

from collections.abc import Callable, Sequence
from typing import Any

import qt
import slicer
from slicer.i18n import tr as _

from ..comparison.tracks.model import Patient
from ..scene.hierarchy import modality_of_volume
from ..scene.pair_view import PairView
from ..scene.slice_preview import Mode, Pattern
from ..scene.timeline_nodes import images_at, patient_of_node, volume_at
from ..scene.timeline_places import track_places
from ..scene.timeline_rows import titles_of
from ..scene.timeline_views import COLUMNS, MOST_COLUMNS, jump_columns, show_outlines
from ..scene.timeline_window import CALIBRATED, SharedWindow
from ..scene.views import jump_views
from .columns import ORIENTATIONS, columns_shown, leave_columns, show_columns
from .fields import NO_FINDINGS, allow
from .live import SliceWatch, views_in_layout
from .name_tips import fill_with_names, plain_tip
from .timeline_views_form import BESIDE, FLICKER, SHOW_AFTER, SHOW_TIP, TimelineViewsForm

LIST_ROWS = 4


class TimelineViewsPanel(TimelineViewsForm):
    """widget: to put in a layout.

    get_node: the patient's text node, or None. Call changed() when the patient may be another one, leave() when the
    reader goes to another module, stop() when the scene closes, close() when the module goes.
    """

    def __init__(self, get_node: Callable[[], Any]) -> None:
        self._get_node = get_node
        self._points: list[str] = []
        self._node: Any = None  # of the patient that these are of
        self._titles: list[str] = []  # of these
        self._pair: PairView | None = None
        self._over_shown = True
        self._layout_before: int | None = None
        self._window = SharedWindow()
        self._watch = SliceWatch(self._on_slice)
        self._moved: set[str] = set()
        self._timer = qt.QTimer()
        self._timer.connect("timeout()", self._on_flicker)
        self._slice_timer = qt.QTimer()
        self._slice_timer.setSingleShot(True)
        self._slice_timer.interval = 30
        self._slice_timer.connect("timeout()", self._on_slices)
        window = slicer.util.mainWindow()
        self._selector = window.moduleSelector() if window is not None else None
        if self._selector is not None:
            self._selector.connect("moduleSelected(QString)", self._on_module)
        super().__init__()
        self._connect()
        self._fill([])
        self.changed()

    @property
    def shown(self) -> list[str]:
        """Ids of the time points in columns, in time order."""
        checked = [n for n in range(self.list.count) if self.list.item(n).checkState() == qt.Qt.Checked]
        return [self._points[n] for n in checked][:MOST_COLUMNS]

    def changed(self) -> None:
        """The patient may be another one, or have other time points."""
        node, patient = self._get_node(), self._patient()
        points = [point.id for point in patient.time_points] if patient is not None else []
        titles = list(titles_of(patient).values()) if patient is not None else []
        is_other = node is not None and node is not self._node  # whose time points may be called the same
        if is_other:
            self._node = node
        others = is_other or points != self._points
        # or a study that was taken out stays in sight, and one of another date has its old title and place
        follows = bool(points) and (is_other or set(points) <= set(self._points))
        follows = follows and (others or titles != self._titles)
        if others:
            self._points = points
            self._fill(titles)
        elif follows:
            self._rename(titles)
        self._titles = titles
        if follows:
            self._on_choice()
        self.widget.enabled = len(points) > 1
        allow(self.show_button, SHOW_TIP, "" if points else NO_FINDINGS)

    def show(self) -> None:
        """Show the time points the way that is chosen."""
        self._let_go()
        if self._get_node() is None:
            return
        if self.mode is BESIDE:
            self._show_columns()
        else:
            self._show_pair()
        self._share_window()

    def show_compared(self) -> bool:
        """Show the time points after a comparison, where the reader wants that; True when it was done."""
        wanted = self.after_box.checked and slicer.app.layoutManager() is not None  # None without a main window
        if wanted:
            self.show()
        return bool(wanted)

    def jump(self, track_id: str) -> None:
        """Show a finding where it is at each time point."""
        node, patient = self._get_node(), self._patient()
        if node is None or patient is None:
            return
        places = track_places(node, patient, patient.track(track_id))
        last = [o for o in patient.track(track_id).observations if o.counts][-1:]
        jump_views(slicer.mrmlScene, places[last[0].time_point if last else self._points[-1]])
        if columns_shown():
            jump_columns(slicer.mrmlScene, [places[point] for point in self.shown])

    def leave(self) -> None:
        """The reader works in another module: the columns stay, and their one window with them."""
        self._let_go()
        if not columns_shown():
            self._window.stop()

    def leave_columns(self) -> None:
        """Go back to the layout of before the columns."""
        leave_columns(self._layout_before)

    def stop(self) -> None:
        """Show one volume in each view, as Slicer does."""
        self._node = None
        self._let_go()
        self._window.stop()

    def close(self) -> None:
        """The module goes."""
        self.stop()
        self._slice_timer.stop()
        if self._selector is not None:
            self._selector.disconnect("moduleSelected(QString)", self._on_module)
            self._selector = None

    def _show_columns(self) -> None:
        node, patient = self._get_node(), self._patient()
        shown = self.shown
        volumes = {point: self._volume(point) for point in shown}
        there = [point for point in shown if volumes[point] is not None]
        if patient is None or not there:
            return
        if not columns_shown():
            self._layout_before = slicer.app.layoutManager().layout
        titles = [titles_of(patient)[point] for point in there]
        views = show_columns([volumes[p] for p in there], titles, ORIENTATIONS[self.orientation_box.currentIndex])
        show_outlines(node, dict(zip(views, there, strict=True)), self._ends())

    def _show_pair(self) -> None:
        below, over = (self._volume(self._chosen(box)) for box in (self.below_box, self.over_box))
        if below is None or over is None:
            return
        self.leave_columns()
        show_outlines(self._get_node(), {}, self._ends())
        self._pair = PairView(below, over)
        self._draw()
        if self.mode in (Mode.SWIPE, Mode.CHECKERBOARD):
            self._watch.start()
            for view in self._view_names():
                self._watch.corners(view)
        elif self.mode is FLICKER:
            self._over_shown = True
            self._timer.interval = round(1000 * self.amount_slider.value)
            self._timer.start()

    def _draw(self, views: list[str] | None = None) -> None:
        if self._pair is not None:
            self._pair.show(self._pattern(), views or self._view_names())

    def _pattern(self) -> Pattern:
        amount = float(self.amount_slider.value)
        if self.mode is FLICKER:
            return Pattern(Mode.FADE, float(self._over_shown))
        return Pattern(self.mode, amount if self.mode is Mode.CHECKERBOARD else amount / 100)

    def _let_go(self) -> None:
        self._timer.stop()
        self._watch.stop()
        self._moved.clear()
        if self._pair is not None:
            self._pair.clear()
            self._pair = None

    def _share_window(self) -> None:
        self._window.stop()
        volumes = [volume for volume in map(self._volume, self._points) if volume is not None]
        if self.window_box.checked and volumes:
            self._window.start(volumes, all(modality_of_volume(volume) in CALIBRATED for volume in volumes))

    def _volume(self, point: str) -> Any:
        """The volume of a time point that is chosen to be looked at; its compared one where it has no such image."""
        node = self._get_node()
        if node is None or not point:
            return None
        place = self.image_box.currentIndex - 1
        images = images_at(node, point)
        return images[place] if 0 <= place < len(images) else volume_at(node, point)

    def _ends(self) -> list[str]:
        """The two time points that are shown in one view."""
        return [self._chosen(self.below_box), self._chosen(self.over_box)]

    def _chosen(self, box: Any) -> str:
        return self._points[box.currentIndex] if 0 <= box.currentIndex < len(self._points) else ""

    def _patient(self) -> Patient | None:
        node = self._get_node()
        return patient_of_node(node) if node is not None else None

    def _view_names(self) -> list[str]:
        return [name for name in views_in_layout() if name not in COLUMNS]

    def _on_module(self, name: str) -> None:
        """Slicer shows no module before it ends and keeps the layout for its next start, where nobody may know ours."""
        if not name:
            self.leave_columns()

    def _on_slice(self, view: str) -> None:
        self._moved.add(view)
        self._slice_timer.start()

    def _on_slices(self) -> None:
        views = [view for view in self._view_names() if view in self._moved]
        self._moved.clear()
        for view in views:
            self._watch.corners(view)
        if views:
            self._draw(views)

    def _on_flicker(self) -> None:
        if slicer.mrmlScene.IsClosing():
            return
        self._over_shown = not self._over_shown
        self._draw()

    def _on_amount(self) -> None:
        if self.mode is FLICKER:
            self._timer.interval = round(1000 * self.amount_slider.value)
        self._draw()

    def _on_mode(self) -> None:
        self._show_mode()
        self._on_choice()

    def _on_choice(self) -> None:
        """Something is chosen anew: what is shown follows, once the reader has asked for it."""
        if not self._filling and (columns_shown() or self._pair is not None):
            self.show()

    def _on_checked(self, item: Any) -> None:
        if self._filling:
            return
        checked = [n for n in range(self.list.count) if self.list.item(n).checkState() == qt.Qt.Checked]
        if len(checked) > MOST_COLUMNS:  # the one checked last stays, one of the others goes
            row = self.list.row(item)
            self._filling = True
            self.list.item(next(n for n in reversed(checked) if n != row)).setCheckState(qt.Qt.Unchecked)
            self._filling = False
        self._on_choice()

    def _rename(self, titles: Sequence[str]) -> None:
        """The same time points have other titles; what is chosen stays."""
        self._filling = True
        for number, title in enumerate(titles):
            self.list.item(number).setText(title)
            self.list.item(number).setToolTip(plain_tip(title))
            for box in (self.below_box, self.over_box):
                box.setItemText(number, title)
        self._filling = False

    def _fill(self, titles: Sequence[str]) -> None:
        node = self._get_node()
        self._filling = True
        self.list.clear()
        checked = {0, *range(max(len(titles) - MOST_COLUMNS + 1, 0), len(titles))}  # the first and the last ones
        for number, title in enumerate(titles):
            item = qt.QListWidgetItem(title)
            item.setToolTip(plain_tip(title))
            item.setFlags(qt.Qt.ItemIsUserCheckable | qt.Qt.ItemIsEnabled)
            item.setCheckState(qt.Qt.Checked if number in checked else qt.Qt.Unchecked)
            self.list.addItem(item)
        for box, place in ((self.below_box, 0), (self.over_box, len(titles) - 1)):
            box.clear()
            for title in titles:
                box.addItem(title)
            box.currentIndex = place
        most = max((images_at(node, point) for point in self._points), key=len, default=[]) if node is not None else []
        fill_with_names(self.image_box, [_("compared image"), *(image.GetName() for image in most)])
        self.image_label.visible = self.image_box.visible = bool(most)
        self._filling = False
        row = max(self.list.sizeHintForRow(0), self.list.fontMetrics().lineSpacing())
        self.list.setFixedHeight(row * min(max(len(titles), 2), LIST_ROWS) + 6)

    def _connect(self) -> None:
        self.show_button.connect("clicked()", self.show)
        self.list.connect("itemChanged(QListWidgetItem*)", self._on_checked)
        self.mode_box.connect("currentIndexChanged(int)", lambda index: self._on_mode())
        for box in (self.orientation_box, self.below_box, self.over_box, self.image_box):
            box.connect("currentIndexChanged(int)", lambda index: self._on_choice())
        self.window_box.connect("toggled(bool)", lambda on: self._share_window())
        self.after_box.connect("toggled(bool)", lambda on: qt.QSettings().setValue(SHOW_AFTER, on))
        self.amount_slider.connect("valueChanged(double)", lambda value: None if self._filling else self._on_amount())
