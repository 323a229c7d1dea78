"""Places that a reader marked, as seeds: points of markups lists, and segments painted in the Segment Editor."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk
import slicer

from MedProcLib.core.errors import InputError
from MedProcLib.core.geometry import Geometry
from MedProcLib.core.progress import SILENT, Progress
from MedProcLib.scene.markups import placed_points
from MedProcLib.scene.node_reader import NodeReader
from MedProcLib.scene.region_input import made_at
from MedProcLib.scene.segmentations import SegmentInfo, segment_info
from MedProcLib.scene.volumes import geometry_of_volume
from MedProcLib.segmentation.common.seeds import seeds_from_points

POINT_LIST = "vtkMRMLMarkupsNode"
SEGMENTATION = "vtkMRMLSegmentationNode"
# Which points belong to one object: those of a list, or those of a label within all lists.
BY_LIST, BY_LABEL = "Each list is an object", "Each label is an object"


def seeds_of_nodes(
    nodes: Sequence,
    reference,
    objects: str = BY_LIST,
    reader: NodeReader | None = None,
    progress: Progress = SILENT,
) -> tuple[sitk.Image, dict[int, SegmentInfo]]:
    """Label map of seeds on the reference's voxels, and what each of its objects is called.

    nodes: markups nodes (their placed points) and segmentation nodes (each segment is an object), numbered in order
    from 1; reference: volume node or Geometry; objects: BY_LIST or BY_LABEL, for points. Points lie over painted seeds.
    reader: one that knows painted segments from before; with it and a Geometry any thread may call this.
    Raises InputError without seeds, and for points outside the image, naming them.
    """
    grid = reference if isinstance(reference, Geometry) else geometry_of_volume(reference)
    reader = reader or NodeReader()
    infos: dict[int, SegmentInfo] = {}
    numbers: dict[str, int] = {}
    painted = np.zeros(tuple(reversed(grid.size)), np.uint16)
    places, values, names = [], [], []
    every = progress.ask(lambda: [_points(node) for node in nodes])
    for node, points in zip(nodes, every, strict=True):
        if points is None:
            drawn = reader.segments(node, grid, None, progress)
            offset = len(infos)
            labels = sitk.GetArrayFromImage(drawn.labels(later_wins=True))
            np.add(labels, offset, out=painted, where=labels > 0, dtype=np.uint16)
            infos |= {offset + value: info for value, info in drawn.segments.items()}
            continue
        for place, label in points.placed:
            key = label if objects == BY_LABEL and label else points.id
            if key not in numbers:
                numbers[key] = len(infos) + 1
                infos[numbers[key]] = SegmentInfo(label if key == label else points.name, points.color)
            places.append(place)
            values.append(numbers[key])
            names.append(f"'{label}' of '{points.name}'")
    if not places and not painted.any():
        raise InputError("There is no seed: place a point on what is wanted, or paint a little of it.")
    if places:
        marked = sitk.GetArrayFromImage(seeds_from_points(grid, np.array(places), values, names))
        np.copyto(painted, marked, where=marked > 0)
    return grid.image_of(painted.astype(np.uint8) if len(infos) < 256 else painted), infos


@dataclass(frozen=True)
class _Points:
    """Of a markups node. placed: LPS position in world space and label of each point that is placed."""

    id: str
    name: str
    color: tuple[float, float, float]
    placed: list[tuple[tuple[float, float, float], str]]


def _points(node) -> _Points | None:
    """The points of a markups node; None for a segmentation node. Raises InputError for another one."""
    if node.IsA(SEGMENTATION):
        return None
    if not node.IsA(POINT_LIST):
        raise InputError(f"'{node.GetName()}' holds no seeds: choose point lists or painted segments.")
    return _Points(node.GetID(), node.GetName(), _color(node), placed_points(node))


def content_key_of_seeds(nodes: Sequence) -> tuple:
    """Equal as long as the nodes, what their objects are called and the places they mark in the world are the same."""
    return tuple((node.GetID(), node.GetName(), _content(node)) for node in nodes)


def add_seed_list(name: str, scene=None):
    """Add an empty point list for seeds, ready to place points in."""
    scene = scene or slicer.mrmlScene
    node = scene.AddNewNodeByClass("vtkMRMLMarkupsFiducialNode", scene.GenerateUniqueName(name))
    node.CreateDefaultDisplayNodes()
    number = scene.GetNumberOfNodesByClass("vtkMRMLMarkupsFiducialNode")
    display = node.GetDisplayNode()
    display.SetSelectedColor(SEED_COLORS[(number - 1) % len(SEED_COLORS)])
    display.SetTextScale(2.5)
    node.SetControlPointLabelFormat("%N-%d")
    return node


SEED_COLORS = ((0.90, 0.45, 0.10), (0.20, 0.55, 0.90), (0.25, 0.70, 0.30), (0.75, 0.30, 0.75), (0.85, 0.75, 0.15))


def _color(node) -> tuple[float, float, float]:
    display = node.GetDisplayNode()
    return tuple(display.GetSelectedColor()) if display is not None else SEED_COLORS[0]


def _content(node) -> tuple:
    if not node.IsA(SEGMENTATION):
        return _color(node), *placed_points(node)
    segmentation = node.GetSegmentation()
    infos = [segment_info(segmentation.GetSegment(each), each) for each in segmentation.GetSegmentIDs()]
    return tuple((info.name, info.color) for info in infos), *made_at(node)
