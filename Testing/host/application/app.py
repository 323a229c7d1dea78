"""`slicer.app`: a real QApplication with the calls that Slicer adds."""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

from PySide6 import QtCore, QtGui, QtWidgets

from host.pythonqt.signals import emit
from host.standins import behavior, make_inside

DOCUMENTATION = "https://slicer.readthedocs.io/en/5.12/"


def temporary_folder() -> str:
    """A new folder that goes with the process."""
    folder = tempfile.mkdtemp(prefix="slicer_host_")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def make_application(core, *, testing: bool):
    """The application around a headless scene; settings and temporary files live in a folder of their own."""
    folder = temporary_folder()
    QtCore.QSettings.setDefaultFormat(QtCore.QSettings.Format.IniFormat)
    QtCore.QSettings.setPath(QtCore.QSettings.Format.IniFormat, QtCore.QSettings.Scope.UserScope, folder)
    app = make_inside("qSlicerApplication", ["Slicer"])
    app.setApplicationName("Slicer")
    app.setOrganizationName("NA-MIC")
    app._values.update(
        temporaryPath=folder,
        slicerHome=folder,
        slicerSharePath="share/Slicer-5.12",
        cachePath=folder,
        majorVersion=5,
        minorVersion=12,
        revision="host",
        documentationBaseUrl=DOCUMENTATION,
    )
    app._core = core
    app._testing = testing
    app._module_manager = make_inside("qSlicerModuleManager")
    app._io_manager = make_inside("qSlicerIOManager")
    app._layout_manager = make_inside("qSlicerLayoutManager")
    app._layout_manager._application_logic = core.application_logic
    app._layout_manager.setMRMLScene(core.scene)
    _use_slicer_style(app)
    return app


@behavior("qSlicerCoreApplication")
class CoreApplication:
    """Scene, logics, managers, settings."""

    def mrmlScene(self):
        return self._core.scene

    def applicationLogic(self):
        return self._core.application_logic

    def moduleLogic(self, name):
        return self._core.application_logic.GetModuleLogic(name)

    def moduleManager(self):
        return self._module_manager

    def coreIOManager(self):
        return self._io_manager

    def testingEnabled(self):
        return self._testing

    def settings(self):
        return QtCore.QSettings()

    def userSettings(self):
        return QtCore.QSettings()

    revisionUserSettings = userSettings

    def moduleDocumentationUrl(self, name):
        return f"{DOCUMENTATION}user_guide/modules/{name.lower()}.html"

    def startupEnvironment(self):
        return dict(os.environ)

    environment = startupEnvironment

    def toSlicerHomeAbsolutePath(self, path):
        return str(Path(self._values["slicerHome"]) / path)

    def pauseRender(self):
        """Nothing renders by itself here."""

    def resumeRender(self):
        """Nothing renders by itself here."""

    def setRenderPaused(self, paused):
        """Nothing renders by itself here."""

    def logUsageEvent(self, component, event):
        """Usage is not logged here."""


@behavior("qSlicerApplication")
class Application:
    """Adds what belongs to the window."""

    def layoutManager(self):
        return self._layout_manager

    def ioManager(self):
        return self._io_manager

    def pauseRender(self):
        emit(self, "renderPaused(bool)", True)

    def resumeRender(self):
        emit(self, "renderPaused(bool)", False)

    def setRenderPaused(self, paused):
        emit(self, "renderPaused(bool)", paused)

    def openNodeModule(self, node, role=None, context=None):
        """There is no module to open a node in."""


def _use_slicer_style(app) -> None:
    """The light Fusion look of Slicer on Linux."""
    app.setStyle("Fusion")
    palette = QtGui.QPalette(QtGui.QColor(239, 239, 239))
    roles = QtGui.QPalette.ColorRole
    for role, color in (
        (roles.Base, "#ffffff"),
        (roles.AlternateBase, "#f7f7f7"),
        (roles.Highlight, "#308cc6"),
        (roles.HighlightedText, "#ffffff"),
    ):
        palette.setColor(role, QtGui.QColor(color))
    QtWidgets.QApplication.setPalette(palette)
    font = QtGui.QFont("DejaVu Sans")
    font.setPixelSize(13)
    QtWidgets.QApplication.setFont(font)
