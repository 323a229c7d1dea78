"""The time points a reader chose to compare: kept on a node of the scene, and proposed from the subject hierarchy."""

import datetime
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import slicer

from MedProcLib.scene.hierarchy import hierarchy_of
from MedProcLib.scene.nodes import referenced_nodes, set_referenced_nodes
from MedProcLib.scene.provenance import is_result
from MedProcLib.scene.segmentations import drawn_on
from MedProcLib.scene.studies import date_of_volume

MOST = 20
COUNT, DATE = "MedProc.TimePoints", "MedProc.TimePointDate"  # attributes
VOLUME, SEGMENTATION, IMAGES = "MedProc.TimePointVolume", "MedProc.TimePointFindings", "MedProc.TimePointImages"
LANDMARKS = "MedProc.TimePointLandmarks"
SCALAR_VOLUME = "vtkMRMLScalarVolumeNode"


@dataclass(frozen=True)
class TimePointInput:
    """A time point: the volume that is compared, further images of the visit, the segmentation of its findings, if
    there is one, the date as typed (YYYY-MM-DD, '' where not known), and the point list of its landmarks, if any."""

    volume: Any = None
    date: str = ""
    segmentation: Any = None
    images: tuple = ()
    landmarks: Any = None


@dataclass(frozen=True)
class PatientStudies:
    """A patient of the subject hierarchy with the time points its studies make. name: '' for what is in no patient."""

    name: str
    time_points: tuple[TimePointInput, ...] = field(default_factory=tuple)


def read_time_points(node) -> list[TimePointInput]:
    """The time points that are kept on a node; nodes that are gone from the scene are None."""
    return [
        TimePointInput(
            node.GetNodeReference(f"{VOLUME}{number}"),
            node.GetAttribute(f"{DATE}{number}") or "",
            node.GetNodeReference(f"{SEGMENTATION}{number}"),
            tuple(referenced_nodes(node, f"{IMAGES}{number}")),
            node.GetNodeReference(f"{LANDMARKS}{number}"),
        )
        for number in range(_count(node))
    ]


def write_time_points(node, time_points: Sequence[TimePointInput]) -> None:
    """Keep these time points on a node, in the order of their dates when all have one."""
    ordered = in_time_order(time_points)
    if ordered == read_time_points(node):
        return
    was_modifying = node.StartModify()
    try:
        node.SetAttribute(COUNT, str(len(ordered)))
        for number in range(max(len(ordered), _count(node), MOST + 1)):
            given = ordered[number] if number < len(ordered) else TimePointInput()
            roles = (VOLUME, given.volume), (SEGMENTATION, given.segmentation), (LANDMARKS, given.landmarks)
            for role, other in roles:
                node.SetNodeReferenceID(f"{role}{number}", other.GetID() if other is not None else None)
            set_referenced_nodes(node, f"{IMAGES}{number}", given.images)
            node.SetAttribute(f"{DATE}{number}", given.date or None)
        node.Modified()
    finally:
        node.EndModify(was_modifying)


def in_time_order(time_points: Sequence[TimePointInput]) -> list[TimePointInput]:
    """By date when all have a date that can be read; as they are otherwise."""
    try:
        dates = [datetime.date.fromisoformat(point.date.strip()) for point in time_points]
    except ValueError:
        return list(time_points)
    return [time_points[n] for n in sorted(range(len(dates)), key=lambda n: dates[n])]


def time_point_of(volume, images: Sequence = ()) -> TimePointInput:
    """A time point of a volume, dated as the scene says."""
    date = date_of_volume(volume)
    return TimePointInput(volume, date.isoformat() if date else "", None, tuple(images))


def with_alike_findings(time_points: Sequence[TimePointInput], chosen) -> list[TimePointInput]:
    """The time points with findings like those chosen of one of them, where no other has any yet.

    Of each other one the segmentation that was drawn on its volume and has the same segments by name, if there is just
    one in the scene.
    """
    if [point.segmentation for point in time_points if point.segmentation is not None] != [chosen]:
        return list(time_points)
    scene, kind, names = chosen.GetScene(), chosen.GetClassName(), _segment_names(chosen)
    nodes = [scene.GetNthNodeByClass(number, kind) for number in range(scene.GetNumberOfNodesByClass(kind))]
    alike = [node for node in nodes if node is not chosen and _segment_names(node) == names]
    found = []
    for point in time_points:
        drawn = [node for node in alike if point.volume is not None and drawn_on(node) is point.volume]
        fits = point.segmentation is None and len(drawn) == 1
        found.append(replace(point, segmentation=drawn[0]) if fits else point)
    return found


def _segment_names(segmentation) -> list[str]:
    held = segmentation.GetSegmentation()
    return sorted(held.GetNthSegment(number).GetName() for number in range(held.GetNumberOfSegments()))


def patients_with_studies(scene=None) -> list[PatientStudies]:
    """The patients of the subject hierarchy that have two or more time points, and their time points in time order.

    A study is a time point; the volume compared is the one whose kind (its name without digits) most studies have, the
    others are further images. A volume in no study is a time point of its own. Results of MedProc are left out.
    """
    scene = scene or slicer.mrmlScene
    hierarchy = hierarchy_of(scene)
    patients: dict[int, dict[Any, list]] = {}
    count = scene.GetNumberOfNodesByClass(SCALAR_VOLUME)
    for number in range(count):
        node = scene.GetNthNodeByClass(number, SCALAR_VOLUME)
        if node.GetClassName() != SCALAR_VOLUME or is_result(node) or node.GetHideFromEditors():
            continue
        patient, study = _above(hierarchy, hierarchy.GetItemByDataNode(node))
        patients.setdefault(patient, {}).setdefault(study or node.GetID(), []).append(node)
    found = []
    for patient, studies in patients.items():
        if len(studies) > 1:
            name = hierarchy.GetItemName(patient) if patient else ""
            found.append(PatientStudies(name, tuple(_time_points(list(studies.values())))))
    return found


def _time_points(studies: Sequence[Sequence[Any]]) -> list[TimePointInput]:
    kinds = Counter(kind for volumes in studies for kind in {_kind(volume) for volume in volumes})
    points = []
    for volumes in studies:
        chosen = max(volumes, key=lambda volume: kinds[_kind(volume)])
        points.append(time_point_of(chosen, [volume for volume in volumes if volume is not chosen]))
    return sorted(points, key=lambda point: point.date or "9999")[:MOST]


def _kind(volume) -> str:
    """A volume's name without digits and what joins them: 'FLAIR 2019-01-02' and 'FLAIR_2' are of one kind."""
    return re.sub(r"[\W\d_]+", " ", volume.GetName() or "").strip().lower()


def _above(hierarchy, item: int) -> tuple[int, int]:
    """Patient and study items above an item; 0 where there is none."""
    patient = study = 0
    while item and item != hierarchy.GetSceneItemID():
        level = hierarchy.GetItemLevel(item)
        patient = item if level == "Patient" else patient
        study = item if level == "Study" and not study else study
        item = hierarchy.GetItemParent(item)
    return patient, study


def _count(node) -> int:
    text = node.GetAttribute(COUNT) or "0"
    return min(int(text), MOST) if text.isdigit() else 0
