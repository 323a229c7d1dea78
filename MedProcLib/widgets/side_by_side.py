"""Two volumes beside each other in linked slice views: the only place that asks for a layout."""

from typing import Any

import slicer

from ..scene.views import link_slices, slice_composites, slice_nodes

VIEWS = ("Red", "Yellow")  # the two slice views of Slicer's side-by-side layout, from the left


def show_side_by_side(left: Any, right: Any) -> None:
    """Show two volumes in Slicer's side-by-side layout, in one orientation and at one place, linked."""
    slicer.app.layoutManager().setLayout(slicer.vtkMRMLLayoutNode.SlicerLayoutSideBySideView)
    scene = slicer.mrmlScene
    shown = dict(zip(VIEWS, (left, right), strict=True))
    for composite in slice_composites(scene):
        volume = shown.get(composite.GetLayoutName())
        if volume is not None:
            composite.SetBackgroundVolumeID(volume.GetID())
            composite.SetForegroundVolumeID(None)
    nodes = {node.GetLayoutName(): node for node in slice_nodes(scene)}
    first, second = (nodes[name] for name in VIEWS)
    second.GetSliceToRAS().DeepCopy(first.GetSliceToRAS())
    second.UpdateMatrices()
    second.SetFieldOfView(*first.GetFieldOfView())
    link_slices(scene)
