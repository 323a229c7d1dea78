"""Placing points with the mouse in Slicer's views, through the nodes that say what a click does."""

import slicer

POINTS = "vtkMRMLMarkupsFiducialNode"


def start_placing(node) -> None:
    """Every click in a view adds a point to this list, until stop_placing."""
    scene = node.GetScene()
    selection, interaction = _nodes(scene)
    selection.SetReferenceActivePlaceNodeClassName(node.GetClassName())
    selection.SetActivePlaceNodeID(node.GetID())
    interaction.SetPlaceModePersistence(1)
    interaction.SetCurrentInteractionMode(slicer.vtkMRMLInteractionNode.Place)


def stop_placing(scene=None) -> None:
    """A click does what it did before."""
    _, interaction = _nodes(scene or slicer.mrmlScene)
    if interaction.GetCurrentInteractionMode() == slicer.vtkMRMLInteractionNode.Place:
        interaction.SetPlaceModePersistence(0)
        interaction.SetCurrentInteractionMode(slicer.vtkMRMLInteractionNode.ViewTransform)


def is_placing(node) -> bool:
    """Whether clicks add points to this list now."""
    if node is None or node.GetScene() is None:
        return False
    selection, interaction = _nodes(node.GetScene())
    placing = interaction.GetCurrentInteractionMode() == slicer.vtkMRMLInteractionNode.Place
    return placing and selection.GetActivePlaceNodeID() == node.GetID()


def interaction_node(scene=None):
    """The node whose InteractionModeChangedEvent tells that placing began or ended."""
    return _nodes(scene or slicer.mrmlScene)[1]


def _nodes(scene) -> tuple:
    return (
        scene.GetNodeByID("vtkMRMLSelectionNodeSingleton"),
        scene.GetNodeByID("vtkMRMLInteractionNodeSingleton"),
    )
