"""The unit of a volume node's values, where the scene says it, and what a result takes over of it."""

import functools
from pathlib import Path

import slicer

from MedProcLib.core.dicom_unit import is_map_of_adc, unit_of_dicom
from MedProcLib.core.units import ucum, value_unit
from MedProcLib.scene.dicom_files import first_dicom_file_of
from MedProcLib.scene.hierarchy import hierarchy_of, modality_of_volume


def unit_of_values(volume) -> str:
    """A key of core.units.SQUARED: that of the node's own coded unit, without one that which its DICOM file states, or
    'HU' for CT; else 'intensity'."""
    stated = stated_unit_of(volume)
    if stated:
        return value_unit(stated) or "intensity"
    file = first_dicom_file_of(volume)
    of_file = _unit_of_file(file, file.stat().st_mtime) if file is not None else ""
    return of_file or ("HU" if modality_of_volume(volume) == "CT" else "intensity")


@functools.lru_cache(maxsize=64)
def _unit_of_file(file: Path, _changed: float) -> str:
    """Asked for with every change of the panel; enhanced files have long headers."""
    return unit_of_dicom(file)


def is_adc_without_unit(volume) -> bool:
    """Whether a volume node is a map of ADC from DICOM whose unit is not known."""
    file = first_dicom_file_of(volume) if modality_of_volume(volume) == "MR" else None
    return file is not None and unit_of_values(volume) == "intensity" and is_map_of_adc(file)


def stated_unit_of(volume) -> str:
    """UCUM code of a volume node's values as the node has it; '' where it has none."""
    entry = volume.GetVoxelValueUnits()
    return (entry.GetCodeValue() or "") if entry is not None else ""


def say_values_of(node, source, unit_kept: bool) -> None:
    """Give a volume node the modality of the one that it was made of and, where its values have it still, their unit.

    Values of CT are taken for HU, so that one whose unit is lost is called no CT.
    """
    node.SetVoxelValueQuantity(_copied(source.GetVoxelValueQuantity()) if unit_kept else None)
    node.SetVoxelValueUnits(_unit_entry(source) if unit_kept else None)
    hierarchy = hierarchy_of(node.GetScene())
    item = hierarchy.GetItemByDataNode(node)
    if item:
        modality = modality_of_volume(source) if unit_kept or unit_of_values(source) != "HU" else ""
        attribute = slicer.vtkMRMLSubjectHierarchyConstants.GetDICOMSeriesModalityAttributeName()
        hierarchy.SetItemAttribute(item, attribute, modality)


def _unit_entry(volume):
    """The coded unit of a node's values, also where only its DICOM file states it; None for none, and for CT's."""
    unit = unit_of_values(volume)
    if stated_unit_of(volume) or unit in ("intensity", "HU"):
        return _copied(volume.GetVoxelValueUnits())
    entry = slicer.vtkCodedEntry()
    entry.SetValueSchemeMeaning(ucum(unit), "UCUM", unit)
    return entry


def _copied(entry):
    """A coded entry of its own; None for none."""
    if entry is None:
        return None
    copy = slicer.vtkCodedEntry()
    copy.Copy(entry)
    return copy
