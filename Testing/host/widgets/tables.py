"""qMRMLTableView and qMRMLTableWidget: the content of a table node."""

import vtk
from PySide6 import QtCore, QtGui, QtWidgets

from host.pythonqt.signals import emit
from host.standins import behavior, standin


@behavior("qMRMLTableView")
class TableView:
    """Shows the table node's columns under their names; locked headers and transposition are kept, not drawn."""

    def _setup(self):
        self._scene = None
        self._table_node = None
        self._view_node = None
        self._observation = None
        self._items = QtGui.QStandardItemModel(self)
        self.setModel(self._items)

    def mrmlScene(self):
        return self._scene

    def setMRMLScene(self, scene):
        if scene is not self._scene:
            self._scene = scene
            emit(self, "mrmlSceneChanged(vtkMRMLScene*)", scene)
            if scene is None:
                self.setMRMLTableNode(None)

    def mrmlTableNode(self):
        return self._table_node

    def setMRMLTableNode(self, node):
        if self._observation is not None:
            self._table_node.RemoveObserver(self._observation)
            self._observation = None
        self._table_node = node
        if node is not None:
            self._observation = node.AddObserver(vtk.vtkCommand.ModifiedEvent, self._on_modified)
        self._refresh()

    def mrmlTableViewNode(self):
        return self._view_node

    def setMRMLTableViewNode(self, node):
        self._view_node = node

    def _on_modified(self, caller, event):
        self._refresh()

    def _refresh(self):
        self._items.clear()
        table = self._table_node.GetTable() if self._table_node is not None else None
        if table is None:
            return
        names = [table.GetColumnName(index) or "" for index in range(table.GetNumberOfColumns())]
        rows = [
            [table.GetValue(row, column).ToString() for column in range(len(names))]
            for row in range(table.GetNumberOfRows())
        ]
        self._items.setHorizontalHeaderLabels(names)
        for row in rows:
            self._items.appendRow([QtGui.QStandardItem(text) for text in row])
        self.resizeColumnsToContents()


@behavior("qMRMLAbstractViewWidget")
class AbstractViewWidget:
    """Base of the view widgets of a layout."""

    def pauseRender(self):
        """Nothing renders by itself here."""

    def resumeRender(self):
        """Nothing renders by itself here."""

    def setRenderPaused(self, paused):
        """Nothing renders by itself here."""


@behavior("qMRMLTableWidget")
class TableWidget:
    """A table view of a layout."""

    def _setup(self):
        self._node = None
        self._view = standin("qMRMLTableView")(self)
        layout = QtWidgets.QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._view)
        QtCore.QObject.setObjectName(self, "TableWidget")

    def tableView(self):
        return self._view

    viewWidget = tableView

    def mrmlTableViewNode(self):
        return self._node

    mrmlAbstractViewNode = mrmlTableViewNode

    def setMRMLTableViewNode(self, node):
        self._node = node
        self._view.setMRMLTableViewNode(node)

    setMRMLAbstractViewNode = setMRMLTableViewNode
