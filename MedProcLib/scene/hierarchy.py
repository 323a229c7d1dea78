"""Places in the subject hierarchy: patient, study (a time point), folder, and beside the node a result came from."""

import datetime

import slicer


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


def hierarchy_of(scene):
    """The subject hierarchy of the scene."""
    return slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(scene)
