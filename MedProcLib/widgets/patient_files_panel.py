"""A patient's findings as files: written beside their images and outlines, and read into the scene."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import qt
from slicer.i18n import tr as _

from ..scene.timeline_files import add_loaded, load_patient, saving_of
from .fields import NO_FINDINGS, allow, beside, push_button
from .file_choice import ask_where_to_write
from .task_runner import Commit, Compute

FILES = "Patient (*.json)"
SAVE_TIP = _("Write the findings over time with their images and outlines, to go on with them elsewhere")


class PatientFilesPanel:
    """widget: to put in a layout.

    get_node: the patient's text node, or None; run(prepare): runs it with progress, see RunPanel; loaded(node): called
    with the text node of a patient that was read. Call changed() when the patient may be another one.
    """

    def __init__(
        self,
        get_node: Callable[[], Any],
        run: Callable[[Callable[[], tuple[Compute, Commit]]], None],
        loaded: Callable[[Any], None],
    ) -> None:
        self._get_node, self._run, self._loaded = get_node, run, loaded
        self.save_button = push_button(
            "savePatientButton",
            _("Save findings..."),
            SAVE_TIP,
            self._on_save,
        )
        self.load_button = push_button(
            "loadPatientButton",
            _("Load findings..."),
            _("Read a patient's file with its images and outlines"),
            self._on_load,
        )
        self.widget = beside(self.save_button, self.load_button)
        self.changed()

    def changed(self) -> None:
        """Look again whether there is something to save."""
        allow(self.save_button, SAVE_TIP, NO_FINDINGS if self._get_node() is None else "")

    def save(self, path: str | Path) -> None:
        """Write a patient's .json file with what it names."""

        def prepare() -> tuple[Compute, Commit]:
            write = saving_of(self._get_node(), path)
            return write, lambda written: _("Written: {path}").format(path=written[0])

        self._run(prepare)

    def load(self, path: str | Path) -> None:
        """Read a patient's .json file into the scene."""

        def commit(loaded: Any) -> str:
            node = add_loaded(loaded)
            self._loaded(node)
            return _("Read: {path}").format(path=path)

        self._run(lambda: (lambda progress: load_patient(path, progress), commit))

    def _on_save(self) -> None:
        path = ask_where_to_write(self.widget, _("Save findings"), "patient.json", FILES)
        if path:
            self.save(path)

    def _on_load(self) -> None:
        path = qt.QFileDialog.getOpenFileName(self.widget, _("Load findings"), "", FILES)
        if path:
            self.load(path)
