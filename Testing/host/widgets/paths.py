"""Widgets for files and folders: ctkPathLineEdit and ctkDirectoryButton. Nothing is ever browsed in a test."""

import os

from PySide6 import QtCore, QtWidgets

from host.pythonqt.signals import emit
from host.standins import behavior


@behavior("ctkPathLineEdit", currentPath="", showBrowseButton=True, showHistoryButton=True, filters=-1)
class PathLineEdit:
    """An editable path with a history."""

    def _setup(self):
        self._combo = QtWidgets.QComboBox(self)
        self._combo.setEditable(True)
        self._browse = QtWidgets.QToolButton(self)
        self._browse.setText("...")
        layout = QtWidgets.QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._combo, 1)
        layout.addWidget(self._browse)
        QtCore.QObject.connect(self._combo, QtCore.SIGNAL("editTextChanged(QString)"), self._on_edited)

    def comboBox(self):
        return self._combo

    def set_currentPath(self, path):
        self._combo.setEditText(path)
        self._on_edited(path)

    def set_showBrowseButton(self, shown):
        self._values["showBrowseButton"] = shown
        self._browse.setVisible(shown)

    def addCurrentPathToHistory(self):
        path = self._values["currentPath"]
        if path and self._combo.findText(path) < 0:
            self._combo.insertItem(0, path)

    def retrieveHistory(self):
        """The history is not kept between tests."""

    def _on_edited(self, path):
        if path != self._values["currentPath"]:
            was_valid = os.path.exists(self._values["currentPath"])
            self._values["currentPath"] = path
            emit(self, "currentPathChanged(QString)", path)
            if os.path.exists(path) != was_valid:
                emit(self, "validInputChanged(bool)", not was_valid)


@behavior("ctkDirectoryButton")
class DirectoryButton:
    """A button with the chosen folder as its text."""

    def _setup(self):
        self._values["directory"] = os.getcwd()
        self._button = QtWidgets.QPushButton(self._values["directory"], self)
        layout = QtWidgets.QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._button)

    def set_directory(self, directory):
        if directory != self._values["directory"]:
            self._values["directory"] = directory
            self._button.setText(directory)
            emit(self, "directorySelected(QString)", directory)
            emit(self, "directoryChanged(QString)", directory)
