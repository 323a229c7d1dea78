"""qMRMLCheckableNodeComboBox: chooses several nodes."""

from host.pythonqt.signals import emit
from host.standins import behavior

CHECKED, UNCHECKED = 2, 0


@behavior("qMRMLCheckableNodeComboBox")
class CheckableNodeComboBox:
    """Nodes of the list can be checked; a removed node is no longer among the checked ones."""

    def _setup(self):
        self._checked = set()

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
        emit(self, "checkedNodesChanged()")

    def check(self, node):
        self.setCheckState(node, CHECKED)

    def uncheck(self, node):
        self.setCheckState(node, UNCHECKED)

    def setUserCheckable(self, node, checkable):
        """Whether the user may change the check is not imitated."""
