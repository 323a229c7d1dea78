"""Which view shows the outlines of which time point: a column its own, the other views those of the chosen ones."""

from collections.abc import Collection, Mapping, Sequence

from MedProcLib.scene.coordinates import ras_of
from MedProcLib.scene.timeline_nodes import PLACES, patient_of_node, segmentation_at
from MedProcLib.scene.views import slice_nodes

MOST_COLUMNS = 4
COLUMNS = tuple(f"MedProc{number}" for number in range(1, MOST_COLUMNS + 1))  # layout names of our own slice views


def show_outlines(node, columns: Mapping[str, str], elsewhere: Collection[str]) -> None:
    """Have each column (by layout name) show its time point's outlines, and all other views those of `elsewhere`."""
    views = slice_nodes(node.GetScene())
    others = [view.GetID() for view in (*views, *_three_d_views(node)) if view.GetLayoutName() not in COLUMNS]
    for point in patient_of_node(node).time_points:
        segmentation = segmentation_at(node, point.id)
        if segmentation is None or segmentation.GetDisplayNode() is None:
            continue
        own = [view.GetID() for view in views if columns.get(view.GetLayoutName()) == point.id]
        _show_only_in(segmentation.GetDisplayNode(), own + (others if point.id in elsewhere else []))
    places = node.GetNodeReference(PLACES)
    # their labels would cover the outlines in narrow columns
    if places is not None and places.GetDisplayNode() is not None:
        _show_only_in(places.GetDisplayNode(), others)


def hide(node) -> None:
    """Switch off the display of a node, if it is one and has one."""
    display = node.GetDisplayNode() if node is not None else None
    if display is not None:
        display.SetVisibility(False)


def _show_only_in(display, view_ids: list[str]) -> None:
    was_modifying = display.StartModify()
    display.RemoveAllViewNodeIDs()
    for view_id in view_ids:
        display.AddViewNodeID(view_id)
    display.SetVisibility(bool(view_ids))  # without any view it would be shown in all
    display.EndModify(was_modifying)


def _three_d_views(node) -> list:
    scene = node.GetScene()
    count = scene.GetNumberOfNodesByClass("vtkMRMLViewNode")
    return [scene.GetNthNodeByClass(number, "vtkMRMLViewNode") for number in range(count)]


def jump_columns(scene, places: Sequence[Sequence[float]]) -> None:
    """Center each column on a place of its own (LPS, mm), the first place in the first column."""
    by_name = {node.GetLayoutName(): node for node in slice_nodes(scene)}
    for name, place in zip(COLUMNS, places, strict=False):
        if name in by_name:
            by_name[name].JumpSliceByCentering(*ras_of(place))
