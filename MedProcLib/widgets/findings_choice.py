"""The choice of a table of findings: one of the scene's, or a file that becomes one."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import qt
from slicer.i18n import tr as _

from ..core.errors import InputError
from ..quantification.classification.table import Table, read_table
from ..scene.findings_table import add_findings, findings_in_node
from .fields import beside, node_box
from .task_runner import Commit, Compute

FILES = "Table (*.csv *.tsv *.xlsx *.xlsm)"


class FindingsChoice:
    """widget: a list of the scene's tables, kept in the parameter `name`, and a button to load one.

    run(prepare): runs it with progress, see RunPanel.start; loaded(node): a file became this table node.
    """

    def __init__(
        self,
        name: str,
        tip: str,
        run: Callable[[Callable[[], tuple[Compute, Commit]]], None],
        loaded: Callable[[Any], None],
    ) -> None:
        self._run, self._loaded = run, loaded
        self._known: tuple[tuple, Table | str] | None = None
        self.box = node_box(name, "vtkMRMLTableNode", tip)
        self.button = qt.QToolButton()
        self.button.objectName = f"{name}Load"
        self.button.text = _("Load...")
        self.button.toolTip = _("Read a table from a file: .csv, .tsv or .xlsx, a finding in each line")
        self.button.connect("clicked()", self._on_load)
        self.widget = beside(self.box, self.button)

    def findings(self, node: Any) -> Table:
        """The findings in a table node, as it is now. Raises InputError, also without a node."""
        if node is None:
            self._known = None
            raise InputError(_("Choose a table of findings, or load one."))
        state = (node.GetID(), node.GetMTime(), node.GetTable().GetMTime())
        if self._known is None or self._known[0] != state:
            self._known = state, _findings_or_problem(node)
        found = self._known[1]
        if isinstance(found, str):
            raise InputError(found)
        return found

    def load(self, path: str | Path) -> None:
        """Read a file into a table node of its name."""

        def commit(table: Table) -> str:
            node = add_findings(table, Path(path).stem)
            self._loaded(node)
            return _("{count} findings in '{name}'.").format(count=table.count, name=node.GetName())

        self._run(lambda: (lambda progress: read_table(path), commit))

    def _on_load(self) -> None:
        path = qt.QFileDialog.getOpenFileName(self.widget, _("Load a table of findings"), "", FILES)
        if path:
            self.load(path)


def _findings_or_problem(node: Any) -> Table | str:
    try:
        return findings_in_node(node)
    except InputError as error:
        return str(error)
