"""qMRMLSegmentsTableView: lists the segments of a segmentation and which of them are selected."""

import slicer
import vtk
from PySide6 import QtCore, QtGui, QtWidgets

from host.pythonqt.signals import emit
from host.standins import behavior

COLUMNS = ("", "", "Opacity", "Name")
VISIBLE, COLOR, OPACITY, NAME = range(4)
SEGMENTATION_EVENTS = ("SegmentAdded", "SegmentRemoved", "SegmentModified", "SegmentsOrderModified")


@behavior(
    "qMRMLSegmentsTableView",
    selectionMode=3,
    headerVisible=True,
    visibilityColumnVisible=True,
    colorColumnVisible=True,
    opacityColumnVisible=True,
    filterBarVisible=False,
)
class SegmentsTableView:
    """A table of visibility, color, opacity and name; segment names can be edited unless it is read-only."""

    def _setup(self):
        self._segmentation_node = None
        self._observations = []
        self._hidden = []
        self._table = QtWidgets.QTableWidget(self)
        self._table.setColumnCount(len(COLUMNS))
        self._table.setHorizontalHeaderLabels(COLUMNS)
        self._table.verticalHeader().setVisible(False)
        self._table.horizontalHeader().setStretchLastSection(True)
        self._table.setSelectionBehavior(QtWidgets.QAbstractItemView.SelectionBehavior.SelectRows)
        for column, width in ((VISIBLE, 28), (COLOR, 28), (OPACITY, 60)):
            self._table.setColumnWidth(column, width)
        layout = QtWidgets.QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._table)
        selection = self._table.selectionModel()
        signal = QtCore.SIGNAL("selectionChanged(QItemSelection,QItemSelection)")
        QtCore.QObject.connect(selection, signal, self._on_selection_changed)
        QtCore.QObject.connect(self._table, QtCore.SIGNAL("itemChanged(QTableWidgetItem*)"), self._on_item_changed)
        QtCore.QObject.connect(self, QtCore.SIGNAL("destroyed()"), lambda: None)

    def segmentationNode(self):
        return self._segmentation_node

    def setSegmentationNode(self, node):
        if node is self._segmentation_node:
            return
        for observed, tag in self._observations:
            observed.RemoveObserver(tag)
        self._observations = []
        self._segmentation_node = node
        if node is not None:
            segmentation = node.GetSegmentation()
            for name in SEGMENTATION_EVENTS:
                event = getattr(slicer.vtkSegmentation, name)
                self._observations.append((segmentation, segmentation.AddObserver(event, self._on_modified)))
            self._observations.append((node, node.AddObserver(vtk.vtkCommand.ModifiedEvent, self._on_modified)))
        self._refresh()

    def setMRMLScene(self, scene):
        slicer_widget_set_scene(self, scene)
        if scene is None:
            self.setSegmentationNode(None)

    def tableWidget(self):
        return self._table

    def get_segmentCount(self):
        return len(self._ids())

    def displayedSegmentIDs(self):
        return self._ids()

    def hideSegments(self):
        return self._hidden

    def setHideSegments(self, segment_ids):
        self._hidden = list(segment_ids)
        self._refresh()

    def rowForSegmentID(self, segment_id):
        ids = self._ids()
        return ids.index(segment_id) if segment_id in ids else -1

    def segmentIDForRow(self, row):
        ids = self._ids()
        return ids[row] if 0 <= row < len(ids) else ""

    def selectedSegmentIDs(self):
        rows = sorted({index.row() for index in self._table.selectionModel().selectedRows(NAME)})
        return [self.segmentIDForRow(row) for row in rows]

    def setSelectedSegmentIDs(self, segment_ids):
        self._table.clearSelection()
        model = self._table.model()
        flags = QtCore.QItemSelectionModel.SelectionFlag
        for segment_id in segment_ids:
            row = self.rowForSegmentID(segment_id)
            if row >= 0:
                self._table.selectionModel().select(model.index(row, 0), flags.Select | flags.Rows)

    def clearSelection(self):
        self._table.clearSelection()

    def set_selectionMode(self, mode):
        self._values["selectionMode"] = mode
        self._table.setSelectionMode(QtWidgets.QAbstractItemView.SelectionMode(mode))

    def set_headerVisible(self, shown):
        self._values["headerVisible"] = shown
        self._table.horizontalHeader().setVisible(shown)

    def set_visibilityColumnVisible(self, shown):
        self._show_column("visibilityColumnVisible", VISIBLE, shown)

    def set_colorColumnVisible(self, shown):
        self._show_column("colorColumnVisible", COLOR, shown)

    def set_opacityColumnVisible(self, shown):
        self._show_column("opacityColumnVisible", OPACITY, shown)

    def set_readOnly(self, read_only):
        self._values["readOnly"] = read_only
        self._refresh()

    def _show_column(self, name, column, shown):
        self._values[name] = shown
        self._table.setColumnHidden(column, not shown)

    def _ids(self):
        if self._segmentation_node is None or self._segmentation_node.GetScene() is None:
            return []
        segmentation = self._segmentation_node.GetSegmentation()
        ids = [segmentation.GetNthSegmentID(index) for index in range(segmentation.GetNumberOfSegments())]
        return [segment_id for segment_id in ids if segment_id not in self._hidden]

    def _on_modified(self, caller, event):
        self._refresh()

    def _refresh(self):
        selected = self.selectedSegmentIDs()
        blocked = self._table.blockSignals(True)
        ids = self._ids()
        self._table.setRowCount(len(ids))
        for row, segment_id in enumerate(ids):
            self._fill_row(row, segment_id)
        self._table.blockSignals(blocked)
        if selected != list(self.selectedSegmentIDs()):
            self.setSelectedSegmentIDs(selected)

    def _fill_row(self, row, segment_id):
        segment = self._segmentation_node.GetSegmentation().GetSegment(segment_id)
        display = self._segmentation_node.GetDisplayNode()
        visible = display is None or display.GetSegmentVisibility(segment_id)
        opacity = display.GetSegmentOpacity3D(segment_id) if display is not None else 1.0
        for column, text in (
            (VISIBLE, "●" if visible else "○"),
            (OPACITY, f"{opacity:.2f}"),
            (NAME, segment.GetName()),
        ):
            item = QtWidgets.QTableWidgetItem(text)
            if column != NAME or self._values.get("readOnly"):
                item.setFlags(QtCore.Qt.ItemFlag.ItemIsEnabled | QtCore.Qt.ItemFlag.ItemIsSelectable)
            self._table.setItem(row, column, item)
        color = QtWidgets.QTableWidgetItem()
        color.setBackground(QtGui.QColor.fromRgbF(*segment.GetColor()))
        self._table.setItem(row, COLOR, color)

    def _on_item_changed(self, item):
        if item.column() == NAME:
            segment_id = self.segmentIDForRow(item.row())
            emit(self, "segmentAboutToBeModified(QString)", segment_id)
            self._segmentation_node.GetSegmentation().GetSegment(segment_id).SetName(item.text())

    def _on_selection_changed(self, selected, deselected):
        emit(self, "selectionChanged(QItemSelection,QItemSelection)", selected, deselected)


def slicer_widget_set_scene(widget, scene) -> None:
    """What qMRMLWidget does when its scene changes."""
    if scene is not widget._scene:
        widget._scene = scene
        emit(widget, "mrmlSceneChanged(vtkMRMLScene*)", scene)
