"""The report's colors of change as Slicer's color tables."""

import numpy as np

from MedProcLib.comparison.result import Change
from MedProcLib.report.colors import GAINED, LOOKS, LOST, difference_colors
from MedProcLib.scene.nodes import new_node

DIFFERENCE_STEPS = 255  # odd: zero has a color of its own

# Ends and middle of the cool-warm map (Moreland, ISVC 2009), which shading of a surface leaves readable.
INSIDE, AT, BEYOND = (59, 76, 192), (221, 221, 221), (180, 4, 38)


def color_of_change(change: Change) -> tuple[float, float, float]:
    """RGB in 0..1."""
    red, green, blue = LOOKS[change].rgb
    return red / 255, green / 255, blue / 255


def add_change_colors(scene):
    """Add the color table of change label maps: 1 gained, 2 lost."""
    return _add_table(scene, "Change", [("gained", GAINED), ("lost", LOST)], transparent_first=True)


def add_difference_colors(scene):
    """Add the diverging color table of difference volumes, darker now to brighter now, for a window around zero."""
    colors = difference_colors(np.linspace(-1, 1, DIFFERENCE_STEPS)).tolist()
    entries = [(f"{index - DIFFERENCE_STEPS // 2:+d}", tuple(color)) for index, color in enumerate(colors)]
    return _add_table(scene, "Difference", entries, transparent_first=False)


def add_signed_distance_colors(scene):
    """Add the diverging color table of distances of a surface: blue inside the other, light gray on it, red beyond."""
    shares = np.linspace(-1, 1, DIFFERENCE_STEPS)
    colors = np.column_stack([np.interp(shares, (-1, 0, 1), ends) for ends in zip(INSIDE, AT, BEYOND, strict=True)])
    entries = [(f"{index - DIFFERENCE_STEPS // 2:+d}", tuple(color)) for index, color in enumerate(colors.tolist())]
    return _add_table(scene, "Signed distance", entries, transparent_first=False)


def _add_table(scene, name: str, entries: list, transparent_first: bool):
    node = new_node("vtkMRMLColorTableNode", name, scene)
    node.SetTypeToUser()
    offset = int(transparent_first)
    node.SetNumberOfColors(len(entries) + offset)
    if transparent_first:
        node.SetColor(0, "background", 0, 0, 0, 0)
    for index, (label, (red, green, blue)) in enumerate(entries, offset):
        node.SetColor(index, label, red / 255, green / 255, blue / 255, 1)
    node.SetHideFromEditors(False)
    return scene.AddNode(node)
