"""The choice of a preset: a combo box that marks the proposed one, and a line that says why."""

from collections.abc import Callable, Sequence
from typing import Any, Protocol

import qt
from slicer.i18n import tr as _

from ..core.preset import Preset
from .wrapped_label import show_wrapped

FLAGS_ROLE = qt.Qt.UserRole - 1  # in which Qt's standard models keep whether an entry can be chosen


class Proposed(Protocol):
    """A preset that suits the chosen image, and why, as a sentence."""

    @property
    def preset(self) -> Preset: ...

    @property
    def reason(self) -> str: ...


class PresetBox:
    """Presets in a QComboBox of a .ui file, by group; its first entry stands for a chain that is no preset.

    on_chosen(preset): called when the user chose one, with None for the first entry.
    """

    def __init__(
        self,
        combo_box: Any,
        reason_label: Any,
        on_chosen: Callable[[Preset | None], None],
        presets: Sequence[Preset],
    ) -> None:
        self.combo_box, self.reason_label = combo_box, reason_label
        reason_label.textFormat = qt.Qt.PlainText  # a series may be named like a tag
        self._on_chosen = on_chosen
        self.entries = entries_of(presets)
        self._filling = True
        for number, entry in enumerate(self.entries):
            combo_box.addItem("")
            if isinstance(entry, Preset):
                combo_box.setItemData(number, _about(entry), qt.Qt.ToolTipRole)
            elif entry is not None:
                combo_box.setItemText(number, _(entry))
                combo_box.setItemData(number, 0, FLAGS_ROLE)
        self._filling = False
        combo_box.connect("currentIndexChanged(int)", self._on_index)
        self.show(None, None)

    def show(self, current: Preset | None, proposal: Proposed | None, note: str = "") -> None:
        """Show the preset that the chain is (None: of its own), what is proposed and why, and what seeds it needs.

        note: what the user should know of using it here, a sentence or none.
        """
        proposed = proposal.preset if proposal is not None else None
        indent = "    " if any(isinstance(entry, str) for entry in self.entries) else ""
        self._filling = True
        try:
            self.combo_box.setItemText(0, _("Custom"))
            for number, entry in enumerate(self.entries):
                if isinstance(entry, Preset):
                    # what is chosen has a narrow box to itself, and a line below that says that it is proposed
                    chosen = entry == current
                    title = _("{title} (proposed)") if entry == proposed and not chosen else "{title}"
                    self.combo_box.setItemText(number, ("" if chosen else indent) + title.format(title=_(entry.title)))
            self.combo_box.currentIndex = self.entries.index(current) if current is not None else 0
        finally:
            self._filling = False
        lines = []
        if current is not None and current.group:
            lines.append(_about(current))
        if note:
            lines.append(note)
        if proposal is not None and (current != proposed or not indent):
            lines.append(
                _("Proposed: {title}. {reason}").format(title=_(proposal.preset.title), reason=proposal.reason)
            )
        elif proposal is not None:
            lines.append(_("Proposed for this image. {reason}").format(reason=proposal.reason))
        show_wrapped(self.reason_label, "\n".join(lines))

    def _on_index(self, index: int) -> None:
        entry = self.entries[index] if 0 <= index < len(self.entries) else None
        if not self._filling and index >= 0 and not isinstance(entry, str):
            self._on_chosen(entry)


def entries_of(presets: Sequence[Preset]) -> list[Preset | str | None]:
    """What the box lists: None for a chain of one's own, presets, and before each group of them its title."""
    groups = dict.fromkeys(preset.group for preset in presets)
    entries: list[Preset | str | None] = [None]
    for group in groups:
        if group:
            entries.append(group)
        entries += [preset for preset in presets if preset.group == group]
    return entries


def _about(preset: Preset) -> str:
    about = _(preset.about).rstrip(".") + "."
    return about + " " + _("Mark first: {seeds}.").format(seeds=_(preset.seeds)) if preset.seeds else about
