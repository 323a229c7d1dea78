"""A patient's findings over time in the scene: a text node that holds them all, and the nodes of each time point.

The text is the patient's file (comparison.tracks.patient_file); tables, colors and charts are made from it. The text
node refers to the volume, the segmentation and the registration of each time point, so all of it is saved and loaded.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import slicer

from MedProcLib.comparison.tracks.model import Patient
from MedProcLib.comparison.tracks.patient_file import patient_of, patient_text
from MedProcLib.scene.nodes import new_node, referenced_nodes, set_referenced_nodes
from MedProcLib.scene.timeline_hardened import corners_text, require_as_compared, require_outlines_as_compared

MARK = "MedProc.Patient"
VOLUME, IMAGES, SEGMENTATION, TRANSFORM = (f"MedProc.{name}" for name in ("Volume", "Images", "Segmentation", "Space"))
SOURCE, CORNERS, REGISTERED = "MedProc.Source", "MedProc.Corners", "MedProc.Registered"
FINDINGS_TABLE, RESPONSE_TABLE, PLACES = "MedProc.FindingsTable", "MedProc.ResponseTable", "MedProc.Places"


def add_patient_node(patient: Patient, name: str, scene=None):
    """Add the text node of a patient. Raises InputError for a patient that does not fit together."""
    scene = scene or slicer.mrmlScene
    node = new_node("vtkMRMLTextNode", name, scene)
    node.SetAttribute(MARK, "1")
    write_to_node(node, patient)
    return scene.AddNode(node)


def patient_nodes(scene=None) -> list:
    """The scene's patients, in the order they were added."""
    scene = scene or slicer.mrmlScene
    count = scene.GetNumberOfNodesByClass("vtkMRMLTextNode")
    nodes = [scene.GetNthNodeByClass(number, "vtkMRMLTextNode") for number in range(count)]
    return [node for node in nodes if is_patient_node(node)]


def is_patient_node(node) -> bool:
    """Whether a node is a patient's."""
    return node is not None and bool(node.GetAttribute(MARK))


def patient_of_node(node) -> Patient:
    """The patient that a node holds; the same object until it is another one. Raises InputError for a text that
    somebody spoiled."""
    key = node.GetAddressAsString("vtkMRMLTextNode")
    known = _known.get(key)
    if known is not None and known.time == node.GetMTime():
        return known.patient
    text = node.GetText() or ""
    patient = known.patient if known is not None and known.text == text else patient_of(text)
    _keep(node, text, patient)
    return patient


def write_to_node(node, patient: Patient) -> None:
    """Put a patient in the place of the one that a node holds; nothing else follows (see timeline_edits)."""
    text = patient_text(patient)
    node.SetText(text)
    _keep(node, text, patient)


def volume_at(node, time_point: str):
    """The volume node that shows a time point, under its registration; None when it is gone."""
    return node.GetNodeReference(_role(VOLUME, time_point))


def studies_in(node) -> dict[str, str]:
    """The time points (ids) by the id of the volume node that the reader gave: the one that shows it, or what that is a
    copy of."""
    given = {point: _source_at(node, point) for point in patient_of_node(node).order}
    return {volume.GetID(): point for point, volume in given.items() if volume is not None}


def _source_at(node, time_point: str):
    source, shown = node.GetNodeReference(_role(SOURCE, time_point)), volume_at(node, time_point)
    if source is not None or shown is None or transform_at(node, time_point) is None:
        return source or shown
    # scenes of earlier versions do not say what a volume is a copy of: what the time point is named after, of its size
    named = shown.GetScene().GetNodesByName(time_point)
    others = [named.GetItemAsObject(n) for n in range(named.GetNumberOfItems())]
    alike = [each for each in others if each is not shown and _voxels(each) == _voxels(shown)]
    return alike[0] if len(alike) == 1 else shown


def _voxels(node) -> int:
    """How many a volume has; 0 of any other node."""
    image = node.GetImageData() if node.IsA("vtkMRMLScalarVolumeNode") else None
    return image.GetNumberOfPoints() if image is not None else 0


def images_at(node, time_point: str) -> list:
    """Further volumes of a time point, under its registration."""
    return referenced_nodes(node, _role(IMAGES, time_point))


def segmentation_at(node, time_point: str):
    """The segmentation node of a time point's findings; None when it is gone."""
    return node.GetNodeReference(_role(SEGMENTATION, time_point))


def transform_at(node, time_point: str):
    """The transform node that brings a time point into the common space; None where it lies in it."""
    return node.GetNodeReference(_role(TRANSFORM, time_point))


def set_time_point(
    node, time_point: str, volume, segmentation, transform=None, images: Sequence = (), source=None
) -> None:
    """Have a patient's node refer to the nodes of a time point. source: the volume that the one shown is a copy of."""
    for role, other in ((VOLUME, volume), (SEGMENTATION, segmentation), (TRANSFORM, transform), (SOURCE, source)):
        node.SetNodeReferenceID(_role(role, time_point), other.GetID() if other is not None else None)
    set_referenced_nodes(node, _role(IMAGES, time_point), images)
    node.SetAttribute(_role(CORNERS, time_point), corners_text(volume, transform) if volume is not None else None)
    node.SetAttribute(_role(REGISTERED, time_point), "1" if transform is not None else None)


def require_in_place(node, time_point: str) -> None:
    """Raise InputError where a time point's volume, outlines or registration are not as they were compared."""
    volume, transform = volume_at(node, time_point), transform_at(node, time_point)
    lost = transform is None and node.GetAttribute(_role(REGISTERED, time_point)) is not None
    require_as_compared(volume, transform, node.GetAttribute(_role(CORNERS, time_point)) or "", lost)
    require_outlines_as_compared(segmentation_at(node, time_point), volume, transform)


def _role(role: str, time_point: str) -> str:
    # a scene file separates roles and ids with signs that a time point's id may have
    return f"{role}.{time_point.encode().hex()}"


@dataclass(frozen=True)
class _Known:
    """What was read of a node, and when: to read thousands of findings takes longer than a click may."""

    time: int
    text: str
    patient: Patient


_known: dict[str, _Known] = {}
MOST_KNOWN = 4


def _keep(node, text: str, patient: Patient) -> None:
    key = node.GetAddressAsString("vtkMRMLTextNode")
    _known.pop(key, None)
    _known[key] = _Known(node.GetMTime(), text, patient)
    while len(_known) > MOST_KNOWN:
        _known.pop(next(iter(_known)))
