"""The choice of a list of findings, or of a patient's findings over time, where the scene has several."""

from collections.abc import Callable
from typing import Any

from ..scene.findings import findings_lists
from .name_tips import fill_with_names


class ListBox:
    """A combo box of the scene's lists of findings. on_chosen(node): called when the user chose one; listed: gives the
    nodes there are."""

    def __init__(
        self,
        combo_box: Any,
        on_chosen: Callable[[Any], None],
        listed: Callable[[], list[Any]] = findings_lists,
    ) -> None:
        self.combo_box = combo_box
        self._on_chosen, self._listed = on_chosen, listed
        self._nodes: list[Any] = []
        self._filling = False
        combo_box.connect("currentIndexChanged(int)", self._on_index)

    @property
    def count(self) -> int:
        return len(self._nodes)

    def show(self, node: Any) -> None:
        """Offer the lists that the scene has now, with this one shown as chosen."""
        self._filling = True
        try:
            self._nodes = self._listed()
            fill_with_names(self.combo_box, [each.GetName() for each in self._nodes])
            self.combo_box.currentIndex = self._nodes.index(node) if node in self._nodes else -1
        finally:
            self._filling = False

    def _on_index(self, index: int) -> None:
        if not self._filling and 0 <= index < len(self._nodes):
            self._on_chosen(self._nodes[index])
