"""The choice of a list of findings, where the scene has several."""

from collections.abc import Callable
from typing import Any

from ..scene.findings import findings_lists
from .name_tips import fill_with_names


class ListBox:
    """A combo box of the scene's lists of findings. on_chosen(table): called when the user chose one."""

    def __init__(self, combo_box: Any, on_chosen: Callable[[Any], None]) -> None:
        self.combo_box = combo_box
        self._on_chosen = on_chosen
        self._tables: list[Any] = []
        self._filling = False
        combo_box.connect("currentIndexChanged(int)", self._on_index)

    @property
    def count(self) -> int:
        return len(self._tables)

    def show(self, table: Any) -> None:
        """Offer the lists that the scene has now, with this one shown as chosen."""
        self._filling = True
        try:
            self._tables = findings_lists()
            fill_with_names(self.combo_box, [each.GetName() for each in self._tables])
            self.combo_box.currentIndex = self._tables.index(table) if table in self._tables else -1
        finally:
            self._filling = False

    def _on_index(self, index: int) -> None:
        if not self._filling and 0 <= index < len(self._tables):
            self._on_chosen(self._tables[index])
