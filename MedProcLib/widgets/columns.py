"""Time points beside each other: a layout of slice views in columns, linked in the registered space."""

from collections.abc import Sequence
from typing import Any
from xml.sax.saxutils import escape

import qt
import slicer

from ..scene.timeline_views import COLUMNS
from ..scene.views import fit_slices, link_slices, slice_composites, slice_nodes, zoom_slices

LAYOUT = 731  # arrangement of our own; Slicer's and other extensions' are below 600 or above 1000
SETTLE_MS = 50  # after which new views have their size
ORIENTATIONS = ("Axial", "Sagittal", "Coronal")
VIEW_COLORS = ("#f34a33", "#edd54c", "#6eb04b", "#4a7fd0")
CELL = (
    '<item><view class="vtkMRMLSliceNode" singletontag="{tag}">'
    '<property name="orientation" action="default">{orientation}</property>'
    '<property name="viewlabel" action="default">{label}</property>'
    '<property name="viewcolor" action="default">{color}</property></view></item>'
)


def show_columns(volumes: Sequence[Any], titles: Sequence[str], orientation: str = "Axial") -> list[str]:
    """Show up to four volumes in columns of one orientation, at one place, linked; returns the views' layout names.

    titles: in the bars above the views, the dates say.
    """
    names = list(COLUMNS[: len(volumes)])
    scene = slicer.mrmlScene
    _arrange(names, titles, orientation)
    shown = dict(zip(names, zip(volumes, titles, strict=True), strict=True))
    for composite in slice_composites(scene):
        if composite.GetLayoutName() in shown:
            composite.SetLinkedControl(False)
            composite.SetBackgroundVolumeID(shown[composite.GetLayoutName()][0].GetID())
            composite.SetForegroundVolumeID(None)
            composite.SetLabelVolumeID(None)
    ours = {node.GetLayoutName(): node for node in slice_nodes(scene) if node.GetLayoutName() in shown}
    for name, node in ours.items():
        node.SetLayoutLabel(shown[name][1])
        if node.GetOrientation() != orientation:
            node.SetOrientation(orientation)
    fit_slices(volumes[0])
    first = ours[names[0]]
    for name in names[1:]:
        ours[name].GetSliceToRAS().DeepCopy(first.GetSliceToRAS())
        ours[name].UpdateMatrices()
        ours[name].SetFieldOfView(*first.GetFieldOfView())
    link_slices(scene)
    qt.QTimer.singleShot(SETTLE_MS, lambda: _zoom_columns(volumes[0]))
    return names


def _zoom_columns(volume: Any) -> None:
    """New views get their size once the application has laid them out, and keep their height in mm then: of a volume
    that fitted a square view a narrow column would show a strip."""
    scene = volume.GetScene()
    if scene is not None and columns_shown():
        zoom_slices(volume, [node for node in slice_nodes(scene) if node.GetLayoutName() in COLUMNS])


def columns_shown() -> bool:
    """Whether the views stand in columns now."""
    manager = slicer.app.layoutManager()  # None without a main window
    return manager is not None and bool(manager.layout == LAYOUT)


def leave_columns(layout: int | None = None) -> None:
    """Go back to another layout, Slicer's four views by default, when the views stand in columns.

    Slicer starts with the layout it was left in: with columns that nobody has described yet there would be no views.
    """
    if columns_shown():
        slicer.app.layoutManager().setLayout(
            slicer.vtkMRMLLayoutNode.SlicerLayoutFourUpView if layout is None else layout
        )


def columns_xml(names: Sequence[str], titles: Sequence[str], orientation: str) -> str:
    """Slicer's description of a layout with these views beside each other."""
    cells = [
        CELL.format(tag=escape(name), orientation=orientation, label=escape(title), color=color)
        for name, title, color in zip(names, titles, VIEW_COLORS, strict=False)
    ]
    return f'<layout type="horizontal" split="true">{"".join(cells)}</layout>'


def _arrange(names: Sequence[str], titles: Sequence[str], orientation: str) -> None:
    manager = slicer.app.layoutManager()
    node = manager.layoutLogic().GetLayoutNode()
    description = columns_xml(names, titles, orientation)
    if node.IsLayoutDescription(LAYOUT):
        node.SetLayoutDescription(LAYOUT, description)
    else:
        node.AddLayoutDescription(LAYOUT, description)
    if columns_shown():  # the same arrangement with other views is only built anew after another one
        node.SetViewArrangement(slicer.vtkMRMLLayoutNode.SlicerLayoutOneUpRedSliceView)
    manager.setLayout(LAYOUT)
    _keep_out_of_files(node)


def _keep_out_of_files(node: Any) -> None:
    """Scenes saved while the columns are shown do not ask for them: where nobody has described them yet, in another
    Slicer or at its next start, there would be no views at all. As it is, the layout there stays what it is."""
    if not node.GetSaveWithScene():
        return
    node.SetSaveWithScene(False)

    def on_modified(caller: Any, event: Any) -> None:
        if caller.GetViewArrangement() != LAYOUT:
            caller.RemoveObserver(tag)
            caller.SetSaveWithScene(True)

    tag = node.AddObserver("ModifiedEvent", on_modified)
