"""The Segmentations module's watch: it keeps an item of the subject hierarchy for each segment of every node."""

import slicer
import vtk

from host.failures import HostError, collect


def watch_segments(scene) -> None:
    """Slicer writes an error to its log, which it shows, for every event of a segmentation node without an item in the
    subject hierarchy: nodes that are hidden from editors get none."""
    content, node = slicer.vtkSegmentation, slicer.vtkMRMLSegmentationNode
    events = (content.SegmentAdded, content.SegmentRemoved, content.SegmentModified, node.DisplayModifiedEvent)

    @vtk.calldata_type(vtk.VTK_OBJECT)
    def on_added(caller, event, added=None):
        if added is not None and added.IsA("vtkMRMLSegmentationNode"):
            for each in events:
                added.AddObserver(each, on_event)

    def on_event(segmentation, event):
        if scene.IsImporting() or segmentation.GetScene() is not scene:
            return
        hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(scene)
        if not hierarchy.GetItemByDataNode(segmentation):
            error = HostError(f"Failed to access subject hierarchy item for '{segmentation.GetName()}'")
            collect("Segmentations module", error)

    scene.AddObserver(scene.NodeAddedEvent, on_added, -1.0)  # the item was made before
