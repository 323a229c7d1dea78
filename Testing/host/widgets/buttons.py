"""ctkCollapsibleButton: the header bars that divide a module panel."""

from PySide6 import QtCore, QtGui, QtWidgets

from host.pythonqt.signals import emit
from host.standins import behavior

HEADER_HEIGHT = 25
ARROW = 7


@behavior("ctkCollapsibleButton", collapsed=False, collapsedHeight=10, contentsLineWidth=1)
class CollapsibleButton:
    """A full-width bar with an arrow; a click hides or shows what is below it."""

    def _setup(self):
        self._hidden_by_author = set()
        self.setCheckable(True)
        self.setChecked(True)
        self.setContentsMargins(0, HEADER_HEIGHT, 0, 0)
        self.setSizePolicy(QtWidgets.QSizePolicy.Policy.MinimumExpanding, QtWidgets.QSizePolicy.Policy.Preferred)
        QtCore.QObject.connect(self, QtCore.SIGNAL("toggled(bool)"), self._on_toggled)

    def set_collapsed(self, collapsed):
        self.setChecked(not collapsed)

    def _on_toggled(self, opened):
        self._values["collapsed"] = not opened
        children = [child for child in QtCore.QObject.children(self) if child.isWidgetType()]
        if not opened:
            self._hidden_by_author = {id(child) for child in children if child.isHidden()}
        for child in children:
            if id(child) not in self._hidden_by_author:
                child.setVisible(opened)
        self.setMaximumHeight(16777215 if opened else HEADER_HEIGHT)
        self.updateGeometry()
        emit(self, "contentsCollapsed(bool)", not opened)

    def childEvent(self, event):
        """Widgets that come while the section is closed stay hidden."""
        if event.added() and event.child().isWidgetType() and self._values["collapsed"]:
            event.child().setVisible(False)
        QtWidgets.QAbstractButton.childEvent(self, event)

    def sizeHint(self):
        return self._size(lambda layout: layout.totalSizeHint())

    def minimumSizeHint(self):
        """What a panel in a low window gets: no more than its contents need at least."""
        return self._size(lambda layout: layout.totalMinimumSize())

    def _size(self, of_layout):
        smallest = QtCore.QSize(120, HEADER_HEIGHT)
        layout = QtWidgets.QWidget.layout(self)
        if layout is None or self._values["collapsed"]:
            return smallest
        return of_layout(layout).expandedTo(smallest)

    def hitButton(self, position):
        return position.y() < HEADER_HEIGHT

    def paintEvent(self, event):
        painter = QtWidgets.QStylePainter(self)
        option = QtWidgets.QStyleOptionButton()
        option.initFrom(self)
        option.rect = QtCore.QRect(0, 0, QtWidgets.QWidget.width(self), HEADER_HEIGHT)
        painter.drawControl(QtWidgets.QStyle.ControlElement.CE_PushButtonBevel, option)
        painter.setPen(option.palette.color(QtGui.QPalette.ColorRole.ButtonText))
        text = option.rect.adjusted(24, 0, -4, 0)
        painter.drawText(text, QtCore.Qt.AlignmentFlag.AlignVCenter, QtWidgets.QAbstractButton.text(self))
        option.rect = QtCore.QRect(8, (HEADER_HEIGHT - ARROW) // 2, ARROW, ARROW)
        closed = self._values["collapsed"]
        element = QtWidgets.QStyle.PrimitiveElement
        painter.drawPrimitive(element.PE_IndicatorArrowRight if closed else element.PE_IndicatorArrowDown, option)
