"""New nodes with a name nobody else in the scene has, lists of nodes that a node refers to, and what is no node."""

from typing import Any

import slicer

from MedProcLib.core.errors import InputError


def new_node(class_name: str, name: str, scene):
    """A node of a class (`vtkMRML...Node`), not yet in the scene, named so that nothing there has its name."""
    node = getattr(slicer, class_name)()
    node.SetName(name if scene.GetFirstNodeByName(name) is None else scene.GenerateUniqueName(name))
    return node


def require_nodes(*things: Any) -> None:
    """Raise InputError for what is neither a node nor None, such as the name of one."""
    for thing in things:
        if thing is not None and not hasattr(thing, "IsA"):
            raise InputError(
                f"{thing!r} is no node: give the node itself, as slicer.util.getNode finds it by its name."
            )


def referenced_nodes(node, role: str) -> list:
    """The nodes that a node refers to in a role, in order; those no longer in the scene are left out."""
    found = [node.GetNthNodeReference(role, number) for number in range(node.GetNumberOfNodeReferences(role))]
    return [other for other in found if other is not None]


def set_referenced_nodes(node, role: str, others) -> None:
    """Have a node refer to just these nodes in a role; the list is saved with the scene."""
    if list(others) == referenced_nodes(node, role):
        return
    was_modifying = node.StartModify()
    try:
        node.RemoveNodeReferenceIDs(role)
        for other in others:
            node.AddNodeReferenceID(role, other.GetID())
        node.Modified()
    finally:
        node.EndModify(was_modifying)
