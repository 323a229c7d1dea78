"""The scene floor knows no Qt, so its tests run on the headless scene alone (inside Slicer: on the application's)."""

import sys
from pathlib import Path

import pytest

from MedProcLib.scene.headless import start_headless_scene
from MedProcLib.scene.views import STANDARD_VIEWS

sys.path.insert(0, str(Path(__file__).parent))  # samples.py


@pytest.fixture
def scene():
    """An empty scene, with slice views (which outlive clearing) as they are at first."""
    scene = start_headless_scene().scene
    scene.Clear(0)
    _reset_views(scene)
    yield scene
    scene.Clear(0)


def _reset_views(scene) -> None:
    """As at first, though an application in this process (tests of panels) may have been left with more views."""
    layout = scene.GetFirstNodeByClass("vtkMRMLLayoutNode")
    if layout is not None:  # it brings its views back at the end of a batch
        layout.SetViewArrangement(layout.SlicerLayoutConventionalView)
    for kind in ("vtkMRMLSliceCompositeNode", "vtkMRMLSliceNode"):
        nodes = scene.GetNodesByClass(kind)
        for node in [nodes.GetItemAsObject(i) for i in range(nodes.GetNumberOfItems())]:
            if node.GetLayoutName() not in STANDARD_VIEWS:
                scene.RemoveNode(node)
            elif kind == "vtkMRMLSliceNode":
                node.SetOrientation(STANDARD_VIEWS[node.GetLayoutName()])
