"""Subject-hierarchy items for a scene without the application, where no Qt plug-in makes them."""

import slicer
import vtk


class SubjectHierarchyKeeper:
    """Keeps one item per visible storable node while nodes are added, removed, imported and closed.

    It mirrors what the application's subject-hierarchy plug-ins do: items are removed with their node but not their
    children, an imported scene's hierarchy is merged into the one that is there, and a closed scene starts a new one.
    """

    def __init__(self, scene) -> None:
        self._scene = scene
        self._import_to_finish = False
        self._tags = [
            scene.AddObserver(slicer.vtkMRMLScene.NodeAddedEvent, self._on_node_added),
            scene.AddObserver(slicer.vtkMRMLScene.NodeAboutToBeRemovedEvent, self._on_node_about_to_be_removed),
            scene.AddObserver(slicer.vtkMRMLScene.EndImportEvent, self._on_imported, _BEFORE_OTHERS),
            scene.AddObserver(slicer.vtkMRMLScene.EndBatchProcessEvent, self._on_batch_ended, _BEFORE_OTHERS),
            scene.AddObserver(slicer.vtkMRMLScene.EndCloseEvent, self._on_closed, _BEFORE_OTHERS),
        ]
        self._resolve_and_add_missing()

    def stop(self) -> None:
        """Stop observing the scene."""
        for tag in self._tags:
            self._scene.RemoveObserver(tag)
        self._tags = []

    @vtk.calldata_type(vtk.VTK_OBJECT)
    def _on_node_added(self, scene, event, node=None) -> None:
        if node is None:
            return
        if node.IsA("vtkMRMLSubjectHierarchyNode"):
            _hierarchy(scene)
        elif not scene.IsImporting() and _has_item(node):
            _add_item(scene, node)

    @vtk.calldata_type(vtk.VTK_OBJECT)
    def _on_node_about_to_be_removed(self, scene, event, node=None) -> None:
        if node is None or scene.IsClosing() or node.IsA("vtkMRMLSubjectHierarchyNode"):
            return
        hierarchy = _hierarchy(scene)
        item = hierarchy.GetItemByDataNode(node)
        if item:
            hierarchy.RemoveItem(item, False, False)

    def _on_imported(self, scene, event) -> None:
        if scene.IsBatchProcessing():  # hierarchies are merged only after the batch (a bundle is opened in one)
            self._import_to_finish = True
        else:
            self._resolve_and_add_missing()

    def _on_batch_ended(self, scene, event) -> None:
        if self._import_to_finish and not scene.IsBatchProcessing():
            self._import_to_finish = False
            self._resolve_and_add_missing()

    def _on_closed(self, scene, event) -> None:
        _hierarchy(scene)

    def _resolve_and_add_missing(self) -> None:
        _hierarchy(self._scene)
        for index in range(self._scene.GetNumberOfNodes()):
            node = self._scene.GetNthNode(index)
            if _has_item(node):
                _add_item(self._scene, node)


_BEFORE_OTHERS = 10.0  # observer priority: others find the hierarchy complete


def _hierarchy(scene):
    """The one hierarchy node of the scene; several (after an import) are merged into one."""
    return slicer.vtkMRMLSubjectHierarchyNode.ResolveSubjectHierarchy(scene)


def _has_item(node) -> bool:
    return node.IsA("vtkMRMLStorableNode") and not node.GetHideFromEditors() and not node.IsA("vtkMRMLColorNode")


def _add_item(scene, node) -> None:
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(scene)
    if not hierarchy.GetItemByDataNode(node):
        hierarchy.CreateItem(hierarchy.GetSceneItemID(), node)
