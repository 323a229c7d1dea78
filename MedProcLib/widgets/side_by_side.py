"""Two volumes beside each other in linked slice views: the only place that asks for a layout."""

from collections.abc import Callable, Sequence
from typing import Any

import qt
import slicer

from ..scene.coordinates import array_of_matrix, matrix_of_array
from ..scene.views import link_slices, slice_composites, slice_nodes
from .columns import SETTLE_MS

VIEWS = ("Red", "Yellow")  # the two slice views of Slicer's side-by-side layout, from the left


def show_side_by_side(left: Any, right: Any) -> Callable[[], None]:
    """Show two volumes in Slicer's side-by-side layout, in one orientation and at one place, linked.

    Returns what gives the views back as they were: layout, volumes, links, and the plane of the right one.
    """
    manager, scene = slicer.app.layoutManager(), slicer.mrmlScene
    layout = manager.layout
    composites = [_Kept(composite) for composite in slice_composites(scene)]
    nodes = {node.GetLayoutName(): node for node in slice_nodes(scene)}
    first, second = (nodes[name] for name in VIEWS)
    width = _Width(first)
    manager.setLayout(slicer.vtkMRMLLayoutNode.SlicerLayoutSideBySideView)
    shown = dict(zip(VIEWS, (left, right), strict=True))
    for composite in slice_composites(scene):
        volume = shown.get(composite.GetLayoutName())
        if volume is not None:
            composite.SetBackgroundVolumeID(volume.GetID())
            composite.SetForegroundVolumeID(None)
    plane, field = array_of_matrix(second.GetSliceToRAS()), second.GetFieldOfView()
    _put(second, array_of_matrix(first.GetSliceToRAS()), first.GetFieldOfView())
    link_slices(scene)
    qt.QTimer.singleShot(SETTLE_MS, lambda: width.keep((first, second)))

    def give_back() -> None:
        width.give_back()
        for kept in composites:
            kept.give_back()
        _put(second, plane, field)
        if slicer.app.layoutManager() is not None:  # None while the application ends
            slicer.app.layoutManager().setLayout(layout)

    return give_back


class _Kept:
    """What a slice view shows, and whether it follows the others."""

    def __init__(self, composite: Any) -> None:
        self._composite = composite
        self._volumes = composite.GetBackgroundVolumeID(), composite.GetForegroundVolumeID()
        self._opacity = composite.GetForegroundOpacity()
        self._linked = composite.GetLinkedControl(), composite.GetHotLinkedControl()

    def give_back(self) -> None:
        composite, (background, foreground) = self._composite, self._volumes
        composite.SetLinkedControl(False)  # else the others would take over what this one shows
        composite.SetBackgroundVolumeID(background)
        composite.SetForegroundVolumeID(foreground)
        composite.SetForegroundOpacity(self._opacity)
        composite.SetLinkedControl(self._linked[0])
        composite.SetHotLinkedControl(self._linked[1])


class _Width:
    """How much of the volume's width a view shows: a view that gets its size, after the layout is another, keeps its
    height in mm, and a narrower one would cut the volume at its sides."""

    def __init__(self, node: Any) -> None:
        self._node, self._mm = node, node.GetFieldOfView()[0]
        self._zoomed, self._given_back = 1.0, False

    def keep(self, nodes: Sequence[Any]) -> None:
        """Zoom out these views, which have one size, as far as it takes."""
        shown = self._node.GetFieldOfView()[0]
        if self._given_back or not 0 < shown < self._mm:
            return
        self._zoomed = self._mm / shown
        for node in nodes:
            _zoom(node, self._zoomed)

    def give_back(self) -> None:
        """Zoom the view in again; it may have been moved meanwhile."""
        self._given_back = True
        _zoom(self._node, 1 / self._zoomed)


def _zoom(node: Any, times: float) -> None:
    width, height, depth = node.GetFieldOfView()
    node.SetFieldOfView(times * width, times * height, depth)


def _put(node: Any, to_ras: Any, field_of_view: tuple[float, ...]) -> None:
    node.GetSliceToRAS().DeepCopy(matrix_of_array(to_ras))
    node.UpdateMatrices()
    node.SetFieldOfView(*field_of_view)
