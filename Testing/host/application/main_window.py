"""The application's window, which a test makes that needs one: its choice of the module that is shown."""

from host.pythonqt.signals import emit
from host.standins import behavior, standin


@behavior("qSlicerMainWindow")
class MainWindow:
    """`slicer.util.mainWindow()` finds it once it has the name qSlicerMainWindow."""

    def _setup(self):
        self._selector = standin("qSlicerModuleSelectorToolBar")(self)

    def moduleSelector(self):
        return self._selector


@behavior("qSlicerModuleSelectorToolBar")
class ModuleSelector:
    """Tells which module is chosen; Slicer chooses none, '', before it writes its layout to its settings and ends."""

    def selectModule(self, name):
        emit(self, "moduleSelected(QString)", name)
