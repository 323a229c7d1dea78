"""How a measurement is said in DICOM: concept name, derivation and method (PS3.16 TID 1419), and unit.

A figure of the voxels' values is the quantity that the values are (CID 7180: attenuation coefficient, SUV, MR signal
intensity), derived in a way that DICOM or SNOMED CT names (CID 7464, CID 7465); the IBSI code of the figure, which
tells how it is computed, is its method. Other figures are named by their own code. Name, derivation and unit tell the
figures of a group apart: some readers, dcmqi among them, leave methods out.
"""

import zlib
from dataclasses import dataclass

from ...core.measurement import Code, Measurement
from ...core.units import ucum, value_unit
from ...quantification.suv.normalization import quantity_in
from ...quantification.table_text import MEANINGS

# For what neither DICOM, SNOMED CT nor IBSI has a code.
PRIVATE_SCHEME = "99MEDPROC"
LONGEST_MEANING, LONGEST_VALUE = 64, 16

QUANTITIES = {
    "HU": Code("DCM", "112031", "Attenuation Coefficient"),
    "SUV": Code("DCM", "126401", "SUVbw"),
    "SUL": Code("DCM", "126402", "SUVlbm"),
}
DIFFUSION = Code("DCM", "113041", "Apparent Diffusion Coefficient")
DIFFUSION_UNITS = ("um2/s", "10-6 mm2/s", "mm2/s")
# What voxels of a modality hold in a unit that does not say it.
SIGNALS = {
    "MR": Code("DCM", "110852", "MR signal intensity"),
    "PT": Code("DCM", "110821", "Nuclear Medicine Tomographic Activity"),
}
VOXEL_VALUE = Code(PRIVATE_SCHEME, "voxel_value", "Value of the image's voxels")

NAMES = {
    "voxel_volume": Code("SCT", "118565006", "Volume"),
    "area": Code("SCT", "42798000", "Area"),
}
METHODS = {"voxel_volume": Code("DCM", "126030", "Sum of segmented voxel method for volume")}
DERIVATIONS = {
    "mean": Code("SCT", "373098007", "Mean"),
    "sd": Code("SCT", "386136009", "Standard Deviation"),
    "minimum": Code("SCT", "255605001", "Minimum"),
    "maximum": Code("SCT", "56851009", "Maximum"),
    "median": Code("SCT", "373099004", "Median"),
    "p5": Code("SCT", "371888009", "5th Percentile Value of population"),
    "p10": Code("SCT", "371890005", "10th Percentile Value of population"),
    "p90": Code("SCT", "371887004", "90th Percentile Value of population"),
    "p95": Code("SCT", "371889001", "95th Percentile Value of population"),
    "maximum_uptake": Code("SCT", "56851009", "Maximum"),
    "peak_uptake": Code("DCM", "126031", "Peak Value Within ROI"),
    "mean_uptake": Code("SCT", "373098007", "Mean"),
    "sd_uptake": Code("SCT", "386136009", "Standard Deviation"),
    "mean_lung_density": Code("SCT", "373098007", "Mean"),
}
# Derived from the values in a way that only IBSI, or nobody, has a code for.
PER_VALUE = (
    *("p25", "p75", "interquartile_range", "robust_mean", "robust_sd", "range", "root_mean_square"),
    "peak_at_maximum",
)
# Of the voxels above a threshold, while those of the same derivation are of the whole segment.
ABOVE_THRESHOLD = ("mean_uptake", "sd_uptake")


@dataclass(frozen=True)
class Concept:
    """Codes of one measurement; None where there is nothing to say."""

    name: Code
    unit: Code
    derivation: Code | None = None
    method: Code | None = None

    @property
    def key(self) -> tuple[Code, Code | None, Code]:
        """What every reader tells figures apart by."""
        return self.name, self.derivation, self.unit


def concept_of(measurement: Measurement, modality: str, stated: str = "") -> Concept:
    """The codes of a measurement in an image of this DICOM modality. Raises InputError for a unit without a code.

    stated: UCUM code of the image's values as its file has it, which says the formula of lean body mass, where a unit
    of core.units does not.
    """
    unit = unit_code(measurement.unit)
    code, name = measurement.code, measurement.name
    if name in DERIVATIONS or name in PER_VALUE:
        derivation = _derivation(measurement)
        return Concept(_quantity(measurement.unit, modality, stated), unit, derivation, _other_than(code, derivation))
    if name in NAMES:
        return Concept(NAMES[name], unit, method=METHODS.get(name) or _other_than(code, NAMES[name]))
    return Concept(code or private_code(name), unit)


def unit_code(unit: str) -> Code:
    """UCUM code of a unit of core.units, with how it is written as its meaning (ASCII: not all readers take more)."""
    return Code("UCUM", ucum(unit), unit if unit not in ("", "intensity") else "no units")


def private_code(name: str) -> Code:
    """A code of our own scheme for a figure that has none; long names end in a checksum, so that no two are alike."""
    value = name if len(name) <= LONGEST_VALUE else f"{name[:8]}{zlib.crc32(name.encode()):08x}"
    meaning = MEANINGS.get(name, "")
    if not 0 < len(meaning) <= LONGEST_MEANING:
        meaning = name.replace("_", " ")
    return Code(PRIVATE_SCHEME, value, (meaning[:1].upper() + meaning[1:])[:LONGEST_MEANING])


def _derivation(measurement: Measurement) -> Code:
    name = measurement.name
    part_of_region = measurement.parameters.get("threshold", "whole_segment") != "whole_segment"
    if name in ABOVE_THRESHOLD and part_of_region:
        return private_code(name)
    return DERIVATIONS.get(name) or measurement.code or private_code(name)


def _quantity(unit: str, modality: str, stated: str) -> Code:
    if value_unit(stated) == unit and (quantity := quantity_in(stated)):
        return quantity
    if unit in DIFFUSION_UNITS and modality == "MR":
        return DIFFUSION
    return QUANTITIES.get(unit) or SIGNALS.get(modality) or VOXEL_VALUE


def _other_than(code: Code | None, said: Code) -> Code | None:
    return None if code is None or (code.scheme, code.value) == (said.scheme, said.value) else code
