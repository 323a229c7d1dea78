"""New nodes with a name nobody else in the scene has."""

import slicer


def new_node(class_name: str, name: str, scene):
    """A node of a class (`vtkMRML...Node`), not yet in the scene, named so that nothing there has its name."""
    node = getattr(slicer, class_name)()
    node.SetName(name if scene.GetFirstNodeByName(name) is None else scene.GenerateUniqueName(name))
    return node
