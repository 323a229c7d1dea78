"""What a reader says of a finding, and corrections of which observations are one lesion."""

from collections.abc import Callable
from typing import Any

import qt
from slicer.i18n import tr as _

from ..comparison.response.model import Kind
from ..comparison.tracks.edits import describe, mark
from ..comparison.tracks.model import Patient, Track
from ..comparison.tracks.relinking import exchange, merge_tracks, relink, split_track
from ..scene.timeline_edits import Edit
from ..scene.timeline_nodes import patient_of_node
from ..scene.timeline_tables import criterion_of
from .fields import allow, beside, combo, line_edit, push_button
from .lesion_flags import LesionFlags

ROLES: tuple[tuple[str, Kind | None], ...] = (
    (_("no role"), None),
    (_("target"), Kind.TARGET),
    (_("non-target"), Kind.NON_TARGET),
    (_("new lesion"), Kind.NEW),
)


class TrackActions:
    """widget: to put in a layout.

    get_node: the patient's text node, or None; get_track: id of the finding that is selected, '' without one;
    get_time_point: id of the time point chosen, None for all; get_reader, edit: as of TracksPanel. Call changed() when
    one of them gives something else.
    """

    def __init__(
        self,
        get_node: Callable[[], Any],
        get_track: Callable[[], str],
        get_time_point: Callable[[], str | None],
        get_reader: Callable[[], str],
        edit: Callable[[Edit], bool],
    ) -> None:
        self._get_node, self._get_track, self._get_time_point = get_node, get_track, get_time_point
        self._get_reader, self._edit = get_reader, edit
        self._others: list[str] = []
        self._filling = False
        self.widget = qt.QWidget()
        form = qt.QFormLayout(self.widget)
        form.setContentsMargins(0, 0, 0, 0)
        titles = [title for title, _kind in ROLES]
        self.role_box = combo("roleBox", _("Part of the finding in response criteria"), titles)
        self.node_box = qt.QCheckBox(_("lymph node"))
        self.node_box.toolTip = _("A lymph node is measured by its short axis")
        self.name_edit = line_edit("trackName", _("What the finding is called beside its number"))
        self.organ_edit = line_edit("trackOrgan", _("The organ it is in; criteria limit the targets of one organ"))
        self.other_box = combo("otherTrack", _("The finding to join, exchange with or move to"))
        self.buttons = {}
        for name, title, tip, action in (
            ("merge", _("Join"), _("Both are one lesion: join the other finding to this one"), self._on_merge),
            ("split", _("Split"), _("From the time point chosen as 'At' on it is another lesion"), self._on_split),
            ("move", _("Move"), _("The observation at the chosen time point belongs to the other one"), self._on_move),
            ("swap", _("Swap"), _("The two were taken for each other from that time point on"), self._on_swap),
        ):
            self.buttons[name] = (push_button(f"{name}TracksButton", title, tip, action), tip)
        form.addRow(_("Role:"), beside(self.role_box, self.node_box))
        self.flags = LesionFlags(self._do)
        form.addRow(self.flags.widget)
        form.addRow(_("Name:"), self.name_edit)
        form.addRow(_("Organ:"), self.organ_edit)
        form.addRow(_("Other:"), self.other_box)
        form.addRow(beside(*(button for button, _tip in self.buttons.values())))
        self.other_box.connect("currentIndexChanged(int)", lambda index: self._show_enabled(self._track()))
        self.role_box.connect("currentIndexChanged(int)", self._on_role)
        self.node_box.connect("toggled(bool)", self._on_node)
        self.name_edit.connect("editingFinished()", lambda: self._on_text("name", self.name_edit))
        self.organ_edit.connect("editingFinished()", lambda: self._on_text("organ", self.organ_edit))
        self.changed()

    @property
    def other(self) -> str:
        """Id of the other finding that is chosen; '' for a new one."""
        place = self.other_box.currentIndex
        return self._others[place] if 0 <= place < len(self._others) else ""

    def changed(self) -> None:
        """Show the selected finding as it is now."""
        patient, track = self._patient(), self._track()
        self._filling = True
        try:
            kind = track.kind if track is not None else None
            self.role_box.currentIndex = next(n for n, role in enumerate(ROLES) if role[1] is kind)
            self.node_box.checked = track is not None and track.node
            for widget, name in ((self.name_edit, "name"), (self.organ_edit, "organ")):
                text = getattr(track, name) if track is not None else ""
                if widget.text != text:
                    widget.text = text
            others = ["", *(t.id for t in patient.tracks if track is None or t.id != track.id)] if patient else [""]
            if others != self._others:
                before = self.other
                self._others = others
                self.other_box.clear()
                for other in others:
                    self.other_box.addItem(other or _("a new finding"))
                self.other_box.currentIndex = others.index(before) if before in others else 0
        finally:
            self._filling = False
        node = self._get_node()
        self.flags.show(patient, track, criterion_of(node) if node is not None else "", self._get_time_point())
        self._show_enabled(track)

    def _show_enabled(self, track: Track | None) -> None:
        missing = ""
        if track is None:
            missing = _("Select a finding in the list.")
        elif not self._get_reader().strip():
            missing = _("Type your name as reader.")
        fields = (self.role_box, self.node_box, self.name_edit, self.organ_edit, self.other_box, self.flags.widget)
        for widget in fields:
            widget.enabled = not missing
        no_other = "" if self.other else _("Choose the other finding above.")
        no_time = "" if self._get_time_point() else _("Choose the time point as 'At' below the list.")
        for name, more in (("merge", no_other), ("split", no_time), ("move", no_time), ("swap", no_time or no_other)):
            button, tip = self.buttons[name]
            allow(button, tip, missing or more)

    def _patient(self) -> Patient | None:
        node = self._get_node()
        return patient_of_node(node) if node is not None else None

    def _track(self) -> Track | None:
        patient, wanted = self._patient(), self._get_track()
        return next((t for t in patient.tracks if t.id == wanted), None) if patient is not None else None

    def _on_role(self, index: int) -> None:
        track = self._track()
        if not self._filling and track is not None and ROLES[index][1] is not track.kind:
            self._do(lambda patient, who, when: mark(patient, track.id, ROLES[index][1], who, when))

    def _on_node(self, on: bool) -> None:
        track = self._track()
        if not self._filling and track is not None and on != track.node:
            self._do(lambda patient, who, when: describe(patient, track.id, who, when, node=bool(on)))

    def _on_text(self, what: str, widget: Any) -> None:
        track, text = self._track(), widget.text.strip()
        if not self._filling and track is not None and text != getattr(track, what):
            self._do(lambda patient, who, when: describe(patient, track.id, who, when, **{what: text}))

    def _on_merge(self) -> None:
        track, other = self._get_track(), self.other
        self._do(lambda patient, who, when: merge_tracks(patient, track, other, who, when))

    def _on_split(self) -> None:
        track, point = self._get_track(), self._get_time_point() or ""
        self._do(lambda patient, who, when: split_track(patient, track, point, who, when))

    def _on_move(self) -> None:
        track, point, other = self._get_track(), self._get_time_point() or "", self.other or None
        self._do(lambda patient, who, when: relink(patient, track, point, other, who, when))

    def _on_swap(self) -> None:
        track, point, other = self._get_track(), self._get_time_point() or "", self.other
        self._do(lambda patient, who, when: exchange(patient, track, other, point, who, when))

    def _do(self, edit: Edit) -> None:
        self._edit(edit)
        self.changed()
