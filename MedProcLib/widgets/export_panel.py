"""Measurements out of the panel: what is shown as text; the table, the full record and a DICOM report as files."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import qt
from slicer.i18n import tr as _

from ..core.errors import InputError
from ..scene.measurement_export import export_of, write_table
from .file_choice import ask_where_to_write
from .task_runner import Commit, Compute

TABLE_FILES = "Table (*.csv *.xlsx *.tsv);;Excel workbook (*.xlsx)"
RECORD_FILES = "Record (*.json)"
DICOM_FILES = "DICOM (*.dcm)"


class ExportPanel:
    """widget: to put in a layout.

    get_table: the table node, or None; get_text: what is shown, to paste; get_reader: who answers for a report;
    run(prepare): runs it with progress, see RunPanel.start; say(message, is_problem): tells how it went. Call changed()
    when the table may be another one.
    """

    def __init__(
        self,
        get_table: Callable[[], Any],
        get_text: Callable[[], str],
        get_reader: Callable[[], str],
        run: Callable[[Callable[[], tuple[Compute, Commit]]], None],
        say: Callable[[str, bool], None],
    ) -> None:
        self._get_table, self._get_text, self._get_reader = get_table, get_text, get_reader
        self._run, self._say = run, say
        self.widget = qt.QWidget()
        layout = qt.QHBoxLayout(self.widget)
        layout.setContentsMargins(0, 0, 0, 0)
        self.buttons = {}
        push = qt.QPushButton
        for kind, name, title, tip, action in (
            # in a narrow panel there is no room for a fourth push button
            (qt.QToolButton, "copyTable", _("Copy"), _("Copy what the table shows as text to paste"), self.copy),
            (
                push,
                "exportTable",
                _("Table..."),
                _("Write the table to a file: end its name in .csv, .xlsx (Excel) or .tsv"),
                self._on_table,
            ),
            (
                push,
                "exportRecord",
                _("JSON..."),
                _("Write all figures with definitions, codes and origin"),
                self._on_record,
            ),
            (push, "exportDicom", _("DICOM..."), _("Write a DICOM report and its segmentation"), self._on_dicom),
        ):
            self.buttons[name] = self._button(kind, name, title, tip, action)
        for button in self.buttons.values():
            layout.addWidget(button)

    def changed(self) -> None:
        """Look again whether there is something to export."""
        table = self._get_table()
        for button in self.buttons.values():
            button.enabled = table is not None and table.GetNumberOfRows() > 0

    def copy(self) -> None:
        """Put what is shown into the clipboard."""
        text = self._get_text()
        qt.QApplication.clipboard().setText(text)
        self._say(_("Copied: {n} rows.").format(n=text.count("\n") - 1), False)

    def write_table(self, path: str | Path) -> None:
        """Write the table to a .csv, .tsv or .xlsx file, whole or not at all."""
        try:
            write_table(self._get_table(), path)
        except InputError as error:
            self._say(str(error), True)
        else:
            self._say(_("Written: {path}").format(path=path), False)

    def write_record(self, path: str | Path) -> None:
        """Write the full record to a .json file."""
        self._run(lambda: self._task(False, lambda export, progress: export.write_record(path, progress)))

    def write_dicom(self, path: str | Path) -> None:
        """Write a DICOM report with its segmentation beside it."""
        reader = self._get_reader()
        self._run(lambda: self._task(True, lambda export, progress: export.write_dicom(path, reader, progress)))

    def _task(self, dicom: bool, write: Callable[[Any, Any], list[Path]]) -> tuple[Compute, Commit]:
        export = export_of(self._get_table(), dicom)

        def done(files: list[Path]) -> str:
            return _("Written: {path}").format(path=", ".join(map(str, files)))

        return lambda progress: write(export, progress), done

    def _on_table(self) -> None:
        self._ask(_("Export the table"), ".csv", TABLE_FILES, self.write_table)

    def _on_record(self) -> None:
        self._ask(_("Export all figures"), ".json", RECORD_FILES, self.write_record)

    def _on_dicom(self) -> None:
        self._ask(_("Export a DICOM report"), ".dcm", DICOM_FILES, self.write_dicom)

    def _ask(self, title: str, ending: str, kinds: str, write: Callable[[str], None]) -> None:
        name = f"{self._get_table().GetName()}{ending}"
        path = ask_where_to_write(self.widget, title, name, kinds)
        if path:
            write(path)

    def _button(self, kind: Any, name: str, title: str, tip: str, action: Callable[[], None]) -> Any:
        button = kind()
        button.text = title
        button.objectName = name
        button.toolTip = tip
        button.setMinimumWidth(50)
        button.connect("clicked()", action)
        return button
