"""The time points a reader chose to compare: kept on a node of the scene, and proposed from the subject hierarchy."""

import datetime
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import slicer

from MedProcLib.scene.hierarchy import hierarchy_of, patient_and_study
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
    return [_with_alike(point, chosen) for point in time_points]


def with_time_points(time_points: Sequence[TimePointInput], more: Sequence[TimePointInput]) -> list[TimePointInput]:
    """These others as time points: what is chosen already of a volume stays, and a new one has findings like those
    chosen of the last that has some (see with_alike_findings)."""
    known = {point.volume.GetID(): point for point in time_points if point.volume is not None}
    given = [point.segmentation for point in time_points if point.segmentation is not None]
    new = [_with_alike(point, given[-1]) if given else point for point in more]
    return [known.get(point.volume.GetID(), point) if point.volume is not None else point for point in new]


def next_time_point(time_points: Sequence[TimePointInput]) -> TimePointInput:
    """The time point to add to these: the next study of their patient that is not among them; an empty one where there
    is none. To an empty list, the first volume that is no result of MedProc."""
    used = {node.GetID() for point in time_points for node in (point.volume, *point.images) if node is not None}
    volumes = _volumes(slicer.mrmlScene)
    patients = {patient_and_study(volume)[0] for volume in volumes if volume.GetID() in used}
    free = [v for v in volumes if v.GetID() not in used and (not used or patient_and_study(v)[0] in patients)]
    proposed = [point for patient in patients_with_studies() for point in patient.time_points if point.volume in free]
    unseen = [point for point in proposed if used.isdisjoint(image.GetID() for image in point.images)]
    return next(iter(unseen), time_point_of(free[0]) if free and not proposed else TimePointInput())


def _with_alike(point: TimePointInput, chosen) -> TimePointInput:
    """With the one segmentation that was drawn on its volume and has the segments of the chosen one, if it has none."""
    if point.segmentation is not None or point.volume is None:
        return point
    scene, kind, names = chosen.GetScene(), chosen.GetClassName(), _segment_names(chosen)
    nodes = [scene.GetNthNodeByClass(number, kind) for number in range(scene.GetNumberOfNodesByClass(kind))]
    drawn = [node for node in nodes if node is not chosen and drawn_on(node) is point.volume]
    alike = [node for node in drawn if _segment_names(node) == names]
    return replace(point, segmentation=alike[0]) if len(alike) == 1 else point


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
    for node in _volumes(scene):
        patient, study = patient_and_study(node)
        patients.setdefault(patient, {}).setdefault(study or node.GetID(), []).append(node)
    found = []
    for patient, studies in patients.items():
        if len(studies) > 1:
            name = hierarchy.GetItemName(patient) if patient else ""
            found.append(PatientStudies(name, tuple(_time_points(list(studies.values())))))
    return found


def _volumes(scene) -> list:
    """The scalar volumes of a scene that a reader brought."""
    nodes = [scene.GetNthNodeByClass(n, SCALAR_VOLUME) for n in range(scene.GetNumberOfNodesByClass(SCALAR_VOLUME))]
    brought = [node for node in nodes if node.GetClassName() == SCALAR_VOLUME and not is_result(node)]
    return [node for node in brought if not node.GetHideFromEditors()]


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


def _count(node) -> int:
    text = node.GetAttribute(COUNT) or "0"
    return min(int(text), MOST) if text.isdigit() else 0
