"""The choice of a preset: a combo box that marks the proposed one, and a line that says why."""

from collections.abc import Callable
from typing import Any

import qt
from slicer.i18n import tr as _

from ..enhancement.presets.presets import PRESETS, Preset
from ..enhancement.presets.proposal import Proposal
from .wrapped_label import show_wrapped


class PresetBox:
    """Presets in a QComboBox of a .ui file; its first entry stands for a chain that is no preset.

    on_chosen(preset): called when the user chose one, with None for the first entry.
    """

    def __init__(self, combo_box: Any, reason_label: Any, on_chosen: Callable[[Preset | None], None]) -> None:
        self.combo_box, self.reason_label = combo_box, reason_label
        self._on_chosen = on_chosen
        self._filling = True
        combo_box.addItem("")
        for number, preset in enumerate(PRESETS, 1):
            combo_box.addItem("")
            combo_box.setItemData(number, _(preset.about), qt.Qt.ToolTipRole)
        self._filling = False
        combo_box.connect("currentIndexChanged(int)", self._on_index)
        self.show(None, None)

    def show(self, current: Preset | None, proposal: Proposal | None) -> None:
        """Show the preset that the chain is (None: of its own), and what is proposed."""
        proposed = proposal.preset if proposal is not None else None
        self._filling = True
        try:
            self.combo_box.setItemText(0, _("Custom"))
            for number, preset in enumerate(PRESETS, 1):
                title = _(preset.title)
                self.combo_box.setItemText(
                    number, _("{title} (proposed)").format(title=title) if preset == proposed else title
                )
            self.combo_box.currentIndex = PRESETS.index(current) + 1 if current is not None else 0
        finally:
            self._filling = False
        text = ""
        if proposal is not None:
            text = _("Proposed: {title}. {reason}").format(title=_(proposal.preset.title), reason=proposal.reason)
        show_wrapped(self.reason_label, text)

    def _on_index(self, index: int) -> None:
        if not self._filling and index >= 0:
            self._on_chosen(PRESETS[index - 1] if index > 0 else None)
