"""Change maps as volumes: colored from a threshold on, with a legend, in the space of the first study."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import slicer

from MedProcLib.comparison.maps.color_maps import MapColors
from MedProcLib.comparison.result import ChangeMap
from MedProcLib.core.provenance import Provenance
from MedProcLib.core.recipe import Recipe
from MedProcLib.core.units import shown
from MedProcLib.scene.hierarchy import place_under
from MedProcLib.scene.nodes import new_node, referenced_nodes, set_referenced_nodes
from MedProcLib.scene.provenance import provenance_of, write_provenance
from MedProcLib.scene.tables import Column, table_from_columns
from MedProcLib.scene.views import slice_composites
from MedProcLib.scene.volumes import volume_from_image

MAPS, FIGURES = "MedProc.ChangeMaps", "MedProc.ChangeMapFigures"  # roles of a patient's node, and of a map's volume
COLORS, ENDS = "MedProc.MapColors", "MedProc.MapOf"  # attributes of a map's volume
BEFORE = "MedProc.ForegroundBefore"  # of a slice view: what a map took the place of, and its opacity
STEPS = 256


@dataclass(frozen=True)
class MapEnds:
    """The time points (ids) that a map compares."""

    start: str
    end: str


def add_change_maps(
    maps: Sequence[ChangeMap],
    ends: MapEnds,
    names: tuple[str, str],
    transform: Any,
    item: int,
    sources: Mapping[str, str],
    scene=None,
) -> list:
    """Add the images of a pair's maps with a table of figures for each; returns the volumes, not yet shown.

    names: of both studies; transform: node that the pair's space is under; item: of the subject hierarchy; sources:
    of both studies for the provenance. Main thread; use within commit.commit.
    """
    scene = scene or slicer.mrmlScene
    volumes = []
    for each in maps:
        title = f"{each.title}, {names[0]} to {names[1]}"
        provenance = Provenance(Recipe.of(*each.before, each.operation), sources)
        table = _add_figures(each, title, item, provenance, scene) if each.rows else None
        for name, image in each.images.items():
            volume = volume_from_image(image, f"{each.colors[name].title}, {names[0]} to {names[1]}", scene)
            volume.SetAndObserveTransformNodeID(transform.GetID() if transform is not None else None)
            volume.SetAttribute(ENDS, json.dumps([ends.start, ends.end]))
            volume.SetNodeReferenceID(FIGURES, table.GetID() if table is not None else None)
            _color(volume, each.colors[name], scene)
            place_under(volume, item)
            write_provenance(volume, provenance)
            volumes.append(volume)
    return volumes


def change_maps_at(node) -> list:
    """The volumes of the change maps of a patient's node, in the order they were made."""
    return referenced_nodes(node, MAPS)


def keep_change_maps(node, volumes: Sequence) -> None:
    """Have a patient's node refer to more change maps; those of the same kind and time points give way."""
    new = {(_operation(v), v.GetAttribute(ENDS), map_colors_of(v).name) for v in volumes}
    old = [v for v in change_maps_at(node) if v not in volumes]
    gone = [v for v in old if (_operation(v), v.GetAttribute(ENDS), map_colors_of(v).name) in new]
    set_referenced_nodes(node, MAPS, [*(v for v in old if v not in gone), *volumes])
    with_them = {v.GetNodeReference(FIGURES) for v in gone} | {v.GetDisplayNode().GetColorNode() for v in gone}
    for each in (*gone, *(with_them - {None})):
        node.GetScene().RemoveNode(each)


def ends_of(volume) -> MapEnds:
    """The time points that a map compares."""
    return MapEnds(*json.loads(volume.GetAttribute(ENDS)))


def steps_of(node) -> dict[MapEnds, list[Any]]:
    """The operations whose maps a patient's node refers to, by the time points compared."""
    found: dict[MapEnds, list[Any]] = {}
    for volume in change_maps_at(node):
        operations = found.setdefault(ends_of(volume), [])
        provenance = provenance_of(volume)
        for step in provenance.recipe.steps if provenance is not None else ():
            if step.operation not in operations:
                operations.append(step.operation)
    return found


def map_colors_of(volume) -> MapColors:
    """How a map is shown, with the threshold as it is set now."""
    return MapColors(**json.loads(volume.GetAttribute(COLORS)))


def set_map_threshold(volume, threshold: float) -> None:
    """Show a map in color from this change on."""
    colors = replace(map_colors_of(volume), threshold=float(threshold))
    volume.SetAttribute(COLORS, json.dumps(colors.__dict__))
    _fill(volume.GetDisplayNode().GetColorNode(), colors)


def figures_at(volume):
    """The table of a map's figures; None where it has none."""
    return volume.GetNodeReference(FIGURES)


def show_change_map(volume, scene=None, opacity: float = 1.0) -> None:
    """Show a map over what all slice views show, with its legend; None shows none of the maps anymore, but what was in
    the map's place before."""
    scene = scene or slicer.mrmlScene
    maps = [
        v for n in range(scene.GetNumberOfNodesByClass("vtkMRMLScalarVolumeNode"))
        if (v := scene.GetNthNodeByClass(n, "vtkMRMLScalarVolumeNode")).GetAttribute(COLORS)
    ]  # fmt: skip
    ids = {each.GetID() for each in maps}
    for composite in slice_composites(scene):
        mapped = composite.GetForegroundVolumeID() in ids
        if volume is not None:
            if not mapped:
                _remember(composite, scene)
            composite.SetForegroundVolumeID(volume.GetID())
            composite.SetForegroundOpacity(opacity)
        elif mapped:
            _give_back(composite)
    for each in maps:
        _show_legend(each, each is volume)


def shown_change_map(node):
    """The map of a patient's node that the slice views show; None where they show none."""
    shown_ids = {composite.GetForegroundVolumeID() for composite in slice_composites(node.GetScene())}
    return next((volume for volume in change_maps_at(node) if volume.GetID() in shown_ids), None)


def _remember(composite, scene) -> None:
    """Note a view's foreground, which a map takes the place of; one that a removed map left empty is noted already."""
    foreground = composite.GetForegroundVolumeID()
    if foreground and scene.GetNodeByID(foreground) is not None:
        composite.SetNodeReferenceID(BEFORE, foreground)
        composite.SetAttribute(BEFORE, str(composite.GetForegroundOpacity()))


def _give_back(composite) -> None:
    before, opacity = composite.GetNodeReference(BEFORE), composite.GetAttribute(BEFORE)
    composite.SetForegroundVolumeID(before.GetID() if before is not None else None)
    composite.SetForegroundOpacity(float(opacity) if before is not None and opacity else 0.0)
    composite.SetNodeReferenceID(BEFORE, None)
    composite.RemoveAttribute(BEFORE)


def _operation(volume) -> str:
    provenance = provenance_of(volume)
    return provenance.recipe.to_json() if provenance is not None else ""


def _color(volume, colors: MapColors, scene) -> None:
    table = new_node("vtkMRMLColorTableNode", colors.title, scene)
    table.SetTypeToUser()
    table.SetNumberOfColors(STEPS)
    table.SetHideFromEditors(False)
    _fill(table, colors)
    scene.AddNode(table)
    display = volume.GetDisplayNode()
    display.SetAndObserveColorNodeID(table.GetID())
    display.SetAutoWindowLevel(False)
    display.SetWindowLevel(colors.high - colors.low, (colors.high + colors.low) / 2)
    volume.SetAttribute(COLORS, json.dumps(colors.__dict__))


def _fill(table, colors: MapColors) -> None:
    values = np.linspace(colors.low, colors.high, STEPS)
    rgb, seen = colors.colors(values) / 255, colors.is_shown(values)
    was_modifying = table.StartModify()
    try:
        for index, (value, (red, green, blue), there) in enumerate(zip(values, rgb.tolist(), seen, strict=True)):
            table.SetColor(index, f"{value:.3g}", red, green, blue, float(there))
    finally:
        table.EndModify(was_modifying)


def _show_legend(volume, visible: bool) -> None:
    logic = slicer.vtkSlicerColorLogic
    legend = logic.GetColorLegendDisplayNode(volume)
    if legend is None and visible:
        legend = logic.AddDefaultColorLegendDisplayNode(volume)
        if legend is not None:
            colors = map_colors_of(volume)
            legend.SetAndObserveColorNodeID(volume.GetDisplayNode().GetColorNodeID())
            legend.SetTitleText(f"{colors.title} ({shown(colors.unit)})" if shown(colors.unit) else colors.title)
            legend.SetNumberOfLabels(5)
    if legend is not None:
        legend.SetVisibility(visible)


def _add_figures(each: ChangeMap, title: str, item: int, provenance: Provenance, scene):
    lines = [(row.name, m) for row in each.rows for m in row.measurements]
    columns = [
        Column("region", [name.replace("_", " ") for name, _ in lines]),
        Column("figure", [m.name.replace("_", " ") for _, m in lines]),
        Column("value", [float(m.value) for _, m in lines]),
        Column("unit", [shown(m.unit) for _, m in lines]),
    ]
    table = table_from_columns(columns, title, scene)
    place_under(table, item)
    write_provenance(table, provenance)
    return table
