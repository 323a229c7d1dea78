"""Places in the subject hierarchy: patient, study (a time point), folder, and beside the node a result came from."""

import datetime
from dataclasses import dataclass

import slicer
import vtk


@dataclass(frozen=True)
class Branch:
    """A patient, study or folder of the subject hierarchy, and the nodes of one kind in and below it.

    path: names from the top, 'Patient / Study'; a number tells apart those of one name.
    """

    item: int
    path: str
    nodes: tuple


def place_beside(node, other) -> None:
    """Put a node's item under the parent of another node's item (the scene, when the other has none)."""
    hierarchy = hierarchy_of(node.GetScene())
    beside = hierarchy.GetItemByDataNode(other)
    place_under(node, hierarchy.GetItemParent(beside) if beside else hierarchy.GetSceneItemID())


def place_under(node, parent_item: int) -> int:
    """Put a node's item under an item; makes the node's item where it is missing, and returns it."""
    hierarchy = hierarchy_of(node.GetScene())
    item = hierarchy.GetItemByDataNode(node)
    if not item:
        return hierarchy.CreateItem(parent_item, node)
    hierarchy.SetItemParent(item, parent_item)
    return item


def add_patient(scene, name: str) -> int:
    """Add a patient item and return it."""
    hierarchy = hierarchy_of(scene)
    return hierarchy.CreateSubjectItem(hierarchy.GetSceneItemID(), name)


def add_study(scene, patient_item: int, name: str, date: datetime.date | None = None) -> int:
    """Add a study item (one time point) under a patient and return it; the date is written as DICOM's StudyDate."""
    hierarchy = hierarchy_of(scene)
    item = hierarchy.CreateStudyItem(patient_item, name)
    if date is not None:
        attribute = slicer.vtkMRMLSubjectHierarchyConstants.GetDICOMStudyDateAttributeName()
        hierarchy.SetItemAttribute(item, attribute, date.strftime("%Y%m%d"))
    return item


def add_folder(scene, parent_item: int, name: str) -> int:
    """Add a folder item and return it."""
    return hierarchy_of(scene).CreateFolderItem(parent_item, name)


def branches(scene, class_name: str) -> list[Branch]:
    """All patients, studies and folders that hold nodes of exactly this class, in the order shown."""
    hierarchy = hierarchy_of(scene)
    found: list[Branch] = []
    for item in _items_below(hierarchy, hierarchy.GetSceneItemID()):
        nodes = nodes_below(scene, item, class_name)
        if hierarchy.GetItemDataNode(item) is None and nodes:
            path = _path(hierarchy, item)
            same = sum(branch.path == path or branch.path.startswith(f"{path} #") for branch in found)
            found.append(Branch(item, f"{path} #{same + 1}" if same else path, tuple(nodes)))
    return found


def nodes_below(scene, item: int, class_name: str) -> list:
    """Nodes of exactly this class under an item, at any depth, in the order shown."""
    hierarchy = hierarchy_of(scene)
    nodes = [hierarchy.GetItemDataNode(below) for below in _items_below(hierarchy, item)]
    return [node for node in nodes if node is not None and node.GetClassName() == class_name]


def attribute_of(node, attribute_name: str) -> str:
    """A subject-hierarchy attribute of a node's item or of the nearest item above that has it; '' when none has."""
    hierarchy = hierarchy_of(node.GetScene())
    item = hierarchy.GetItemByDataNode(node)
    while item and item != hierarchy.GetSceneItemID():
        value = hierarchy.GetItemAttribute(item, attribute_name)
        if value:
            return value
        item = hierarchy.GetItemParent(item)
    return ""


def modality_of_volume(volume) -> str:
    """DICOM modality of a volume from the subject hierarchy ('MR', 'CT', ...); '' when unknown."""
    return attribute_of(volume, slicer.vtkMRMLSubjectHierarchyConstants.GetDICOMSeriesModalityAttributeName())


def patient_and_study(node) -> tuple[int, int]:
    """The patient's and the study's items above a node; 0 where there is none."""
    hierarchy = hierarchy_of(node.GetScene())
    item, patient, study = hierarchy.GetItemByDataNode(node), 0, 0
    while item and item != hierarchy.GetSceneItemID():
        level = hierarchy.GetItemLevel(item)
        patient = item if level == "Patient" else patient
        study = item if level == "Study" and not study else study
        item = hierarchy.GetItemParent(item)
    return patient, study


def hierarchy_of(scene):
    """The subject hierarchy of the scene."""
    return slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(scene)


def _items_below(hierarchy, item: int) -> list[int]:
    items = vtk.vtkIdList()
    hierarchy.GetItemChildren(item, items, True)
    return [items.GetId(index) for index in range(items.GetNumberOfIds())]


def _path(hierarchy, item: int) -> str:
    names: list[str] = []
    while item and item != hierarchy.GetSceneItemID():
        names.insert(0, hierarchy.GetItemName(item))
        item = hierarchy.GetItemParent(item)
    return " / ".join(names)
