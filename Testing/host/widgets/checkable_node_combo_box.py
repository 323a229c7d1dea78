"""qMRMLCheckableNodeComboBox: chooses several nodes."""

from PySide6 import QtWidgets

from host.pythonqt.signals import emit
from host.standins import behavior
from host.widgets.node_combo_box import REBUILDING, NodeComboBox

CHECKED, UNCHECKED = 2, 0


class _Closed(QtWidgets.QComboBox):
    """Shows which nodes are checked, not the current one."""

    def paintEvent(self, event):
        option = QtWidgets.QStyleOptionComboBox()
        self.initStyleOption(option)
        owner = self.parentWidget()
        names = [node.GetName() or "" for node in owner.checkedNodes()]
        option.currentText = ", ".join(names) or "None"
        if names and owner.allChecked():
            option.currentText = "All"
        painter = QtWidgets.QStylePainter(self)
        painter.drawComplexControl(QtWidgets.QStyle.ComplexControl.CC_ComboBox, option)
        painter.drawControl(QtWidgets.QStyle.ControlElement.CE_ComboBoxLabel, option)


@behavior("qMRMLCheckableNodeComboBox", addEnabled=False, removeEnabled=False)
class CheckableNodeComboBox:
    """Nodes of the list can be checked; a removed node is no longer among the checked ones."""

    def _setup(self):
        self._checked = set()

    def _make_combo(self):
        return _Closed(self)

    def _on_scene_event(self, event, node):
        """Where the list is filled anew, the checks are gone, which the first node that is in it again tells."""
        checked = bool(self._checked)
        if event in REBUILDING:
            self._checked.clear()
        NodeComboBox._on_scene_event(self, event, node)
        if checked and not self._checked and self._nodes():
            self._combo.update()
            emit(self, "checkedNodesChanged()")

    def checkedNodes(self):
        return [node for node in self._nodes() if node.GetID() in self._checked]

    def uncheckedNodes(self):
        return [node for node in self._nodes() if node.GetID() not in self._checked]

    def allChecked(self):
        return not self.uncheckedNodes()

    def noneChecked(self):
        return not self.checkedNodes()

    def checkState(self, node):
        return CHECKED if node.GetID() in self._checked else UNCHECKED

    def setCheckState(self, node, state):
        if (int(state) == CHECKED) == (node.GetID() in self._checked):
            return
        if int(state) == CHECKED:
            self._checked.add(node.GetID())
        else:
            self._checked.discard(node.GetID())
        self._combo.update()
        emit(self, "checkedNodesChanged()")

    def check(self, node):
        self.setCheckState(node, CHECKED)

    def uncheck(self, node):
        self.setCheckState(node, UNCHECKED)

    def setUserCheckable(self, node, checkable):
        """Whether the user may change the check is not imitated."""
