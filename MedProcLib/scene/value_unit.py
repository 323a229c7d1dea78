"""The unit of a volume node's values, where the scene says it."""

from MedProcLib.core.units import UCUM
from MedProcLib.scene.studies import modality_of_volume


def unit_of_values(volume) -> str:
    """A key of core.units: that of the node's own coded unit, 'HU' for CT without one, else 'intensity'."""
    entry = volume.GetVoxelValueUnits()
    stated = entry.GetCodeValue() if entry is not None else ""
    for unit, code in UCUM.items():
        if stated and code == stated:
            return unit
    return "HU" if modality_of_volume(volume) == "CT" and not stated else "intensity"
