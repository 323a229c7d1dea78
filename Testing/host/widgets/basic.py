"""Containers that hold the scene, and small CTK widgets."""

from PySide6 import QtCore, QtGui, QtWidgets

from host.pythonqt.signals import emit
from host.standins import behavior


@behavior("qMRMLWidget")
class Widget:
    """Holds the scene and tells its children by `mrmlSceneChanged`."""

    def _setup(self):
        self._scene = None

    def mrmlScene(self):
        return self._scene

    def setMRMLScene(self, scene):
        if scene is not self._scene:
            self._scene = scene
            emit(self, "mrmlSceneChanged(vtkMRMLScene*)", scene)


@behavior("qSlicerWidget")
class SlicerWidget:
    """The panel of a module is one of these."""

    def _setup(self):
        self._scene = None

    def setMRMLScene(self, scene):
        if scene is not self._scene:
            self._scene = scene
            emit(self, "mrmlSceneChanged(vtkMRMLScene*)", scene)


@behavior("ctkComboBox", scrollWheelEffect=1, elideMode=3)
class ComboBox:
    """A combo box that shows a default text while nothing is chosen."""

    def set_defaultText(self, text):
        self._values["defaultText"] = text
        self.setPlaceholderText(text)

    def get_currentUserDataAsString(self):
        data = self.itemData(self.currentIndex)
        return "" if data is None else str(data)

    def set_currentUserDataAsString(self, text):
        self.setCurrentIndex(self.findData(text))


@behavior("ctkCheckBox")
class CheckBox:
    """A check box; its indicator icon is not drawn."""


@behavior("ctkSearchBox")
class SearchBox:
    """A line edit with a search icon, which is not drawn."""

    def _setup(self):
        self.clearButtonEnabled = True


@behavior("ctkMessageBox")
class MessageBox:
    """Never opened in testing mode."""


@behavior("ctkColorPickerButton", displayColorName=True)
class ColorPickerButton:
    """A button that shows its color and the color's name."""

    def _setup(self):
        self._values["color"] = QtGui.QColor("black")
        self._show()

    def set_color(self, color):
        if color != self._values["color"]:
            self._values["color"] = QtGui.QColor(color)
            self._show()
            emit(self, "colorChanged(QColor)", color)

    def set_displayColorName(self, shown):
        self._values["displayColorName"] = shown
        self._show()

    def _show(self):
        pixmap = QtGui.QPixmap(14, 14)
        pixmap.fill(self._values["color"])
        self.setIcon(QtGui.QIcon(pixmap))
        self.setText(self._values["color"].name() if self._values["displayColorName"] else "")


@behavior("ctkPushButton")
class PushButton:
    """A push button; alignment of text and icon is kept, not drawn."""


@behavior("ctkCheckablePushButton", checkState=0, checkBoxControlsButton=True, checkBoxUserCheckable=True)
class CheckablePushButton:
    """A push button with a check box in it; the box is kept, not drawn."""

    def set_checkState(self, state):
        if state != self._values["checkState"]:
            self._values["checkState"] = state
            self.setCheckable(self._values["checkBoxControlsButton"] and int(state) == 2)
            emit(self, "checkStateChanged(Qt::CheckState)", state)
            emit(self, "checkBoxToggled(bool)", int(state) == 2)


@behavior("ctkCollapsibleGroupBox")
class CollapsibleGroupBox:
    """A group box whose title has a check mark that hides the contents."""

    def _setup(self):
        self.setCheckable(True)
        self.setChecked(True)
        QtCore.QObject.connect(self, QtCore.SIGNAL("toggled(bool)"), self._on_toggled)

    def get_collapsed(self):
        return not QtWidgets.QGroupBox.isChecked(self)

    def set_collapsed(self, collapsed):
        self.setChecked(not collapsed)

    def _on_toggled(self, opened):
        for child in self.children():
            if child.isWidgetType():
                child.setVisible(opened)
