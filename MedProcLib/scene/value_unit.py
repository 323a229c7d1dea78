"""The unit of a volume node's values, where the scene says it, and what a result takes over of it."""

import slicer

from MedProcLib.core.units import value_unit
from MedProcLib.scene.hierarchy import hierarchy_of
from MedProcLib.scene.studies import modality_of_volume


def unit_of_values(volume) -> str:
    """A key of core.units.SQUARED: that of the node's own coded unit, 'HU' for CT without one, else 'intensity'."""
    stated = stated_unit_of(volume)
    return value_unit(stated) or ("HU" if modality_of_volume(volume) == "CT" and not stated else "intensity")


def stated_unit_of(volume) -> str:
    """UCUM code of a volume node's values as the node has it; '' where it has none."""
    entry = volume.GetVoxelValueUnits()
    return (entry.GetCodeValue() or "") if entry is not None else ""


def say_values_of(node, source, unit_kept: bool) -> None:
    """Give a volume node the modality of the one that it was made of and, where its values have it still, their unit.

    Values of CT are taken for HU, so that one whose unit is lost is called no CT.
    """
    node.SetVoxelValueQuantity(_copied(source.GetVoxelValueQuantity()) if unit_kept else None)
    node.SetVoxelValueUnits(_copied(source.GetVoxelValueUnits()) if unit_kept else None)
    hierarchy = hierarchy_of(node.GetScene())
    item = hierarchy.GetItemByDataNode(node)
    if item:
        modality = modality_of_volume(source) if unit_kept or unit_of_values(source) != "HU" else ""
        attribute = slicer.vtkMRMLSubjectHierarchyConstants.GetDICOMSeriesModalityAttributeName()
        hierarchy.SetItemAttribute(item, attribute, modality)


def _copied(entry):
    """A coded entry of its own; None for none."""
    if entry is None:
        return None
    copy = slicer.vtkCodedEntry()
    copy.Copy(entry)
    return copy
