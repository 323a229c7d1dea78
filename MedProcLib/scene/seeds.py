"""Places that a reader marked, as seeds: points of markups lists, and segments painted in the Segment Editor."""

from collections.abc import Sequence

import numpy as np
import SimpleITK as sitk
import slicer

from MedProcLib.core.errors import InputError
from MedProcLib.core.geometry import Geometry
from MedProcLib.scene.coordinates import lps_of
from MedProcLib.scene.segmentations import SegmentInfo, labels_of_segmentation, segment_info
from MedProcLib.scene.volumes import geometry_of_volume
from MedProcLib.segmentation.common.seeds import seeds_from_points

POINT_LIST = "vtkMRMLMarkupsNode"
SEGMENTATION = "vtkMRMLSegmentationNode"
# Which points belong to one object: those of a list, or those of a label within all lists.
BY_LIST, BY_LABEL = "Each list is an object", "Each label is an object"


def seeds_of_nodes(nodes: Sequence, reference, objects: str = BY_LIST) -> tuple[sitk.Image, dict[int, SegmentInfo]]:
    """Label map of seeds on the reference's voxels, and what each of its objects is called.

    nodes: markups nodes (their placed points) and segmentation nodes (each segment is an object), numbered in order
    from 1; reference: volume node or Geometry; objects: BY_LIST or BY_LABEL, for points. Points lie over painted seeds.
    Raises InputError without seeds, and for points outside the image, naming them.
    """
    grid = reference if isinstance(reference, Geometry) else geometry_of_volume(reference)
    infos: dict[int, SegmentInfo] = {}
    numbers: dict[str, int] = {}
    painted = np.zeros(tuple(reversed(grid.size)), np.uint16)
    places, values, names = [], [], []
    for node in nodes:
        if node.IsA(SEGMENTATION):
            labels, segments = labels_of_segmentation(node, grid, later_wins=True)
            drawn = sitk.GetArrayFromImage(labels)
            offset = len(infos)
            painted = np.where(drawn > 0, drawn + np.uint16(offset), painted)
            infos |= {offset + value: info for value, info in segments.items()}
            continue
        if not node.IsA(POINT_LIST):
            raise InputError(f"'{node.GetName()}' holds no seeds: choose point lists or painted segments.")
        for place, label in _placed(node):
            key = label if objects == BY_LABEL and label else node.GetID()
            if key not in numbers:
                numbers[key] = len(infos) + 1
                infos[numbers[key]] = SegmentInfo(label if key == label else node.GetName(), _color(node))
            places.append(place)
            values.append(numbers[key])
            names.append(f"'{label}' of '{node.GetName()}'")
    if not places and not painted.any():
        raise InputError("There is no seed: place a point on what is wanted, or paint a little of it.")
    if places:
        marked = sitk.GetArrayFromImage(seeds_from_points(grid, np.array(places), values, names))
        painted = np.where(marked > 0, marked, painted)
    kind = np.uint8 if len(infos) < 256 else np.uint16
    return grid.image_of(painted.astype(kind)), infos


def content_key_of_seeds(nodes: Sequence) -> tuple:
    """Equal as long as the nodes and the places they mark are the same."""
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


def _placed(node) -> list[tuple[tuple[float, float, float], str]]:
    """LPS position in world space and label of each point that is placed."""
    defined = slicer.vtkMRMLMarkupsNode.PositionDefined
    return [
        (
            tuple(lps_of(list(node.GetNthControlPointPositionWorld(index))).tolist()),
            node.GetNthControlPointLabel(index) or f"point {index + 1}",
        )
        for index in range(node.GetNumberOfControlPoints())
        if node.GetNthControlPointPositionStatus(index) == defined
    ]


def _color(node) -> tuple[float, float, float]:
    display = node.GetDisplayNode()
    return tuple(display.GetSelectedColor()) if display is not None else SEED_COLORS[0]


def _content(node) -> tuple:
    if not node.IsA(SEGMENTATION):
        return tuple(_placed(node))
    segmentation = node.GetSegmentation()
    name = segmentation.GetSourceRepresentationName()
    segments = [(i, segmentation.GetSegment(i)) for i in segmentation.GetSegmentIDs()]
    data = [(segment_info(each, i).name, each.GetRepresentation(name)) for i, each in segments]
    return tuple((title, image.GetMTime() if image is not None else 0) for title, image in data)
