"""The unit of a DICOM image's values, as its header states it."""

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .dicom_header import MALFORMED, read_header, texts_of
from .dicom_rescale import RESCALE_TAGS
from .units import value_unit

# Of multi-frame files, those of a frame before those that all frames share.
GROUPS = ("PerFrameFunctionalGroupsSequence", "SharedFunctionalGroupsSequence")
RESCALING = "PixelValueTransformationSequence"
TAGS = ["Modality", "Units", "SUVType", "RealWorldValueMappingSequence", *GROUPS, *RESCALE_TAGS]
# Of UCUM codes of maps: what it is and by how much larger than the first; those of image values stand for themselves.
SCALES = {
    "mm2/s": ("diffusion", 1.0),
    "um2/s": ("diffusion", 1e-6),
    "10*-6.mm2/s": ("diffusion", 1e-6),
    "10*-3.mm2/s": ("diffusion", 1e-3),
    "um2/ms": ("diffusion", 1e-3),
    "s": ("time", 1.0),
    "ms": ("time", 1e-3),
    "us": ("time", 1e-6),
    "/s": ("rate", 1.0),
    "Hz": ("rate", 1.0),
    "/ms": ("rate", 1e3),
}
NAMED = {"diffusion": ("mm2/s", "10-6 mm2/s"), "time": ("s", "ms"), "rate": ("1/s",)}
UNIT_SCALE = {"mm2/s": 1.0, "10-6 mm2/s": 1e-6, "s": 1.0, "ms": 1e-3, "1/s": 1.0}
ROUNDING = 1e-4  # of slopes that are written with few decimals


def unit_of_dicom(path: Path) -> str:
    """Unit of the rescaled values of a file, a key of core.units.SQUARED; '' where it states none that is known.

    By Real World Value Mapping (0040,9096) where that differs from the rescaling by no more than a factor that a unit
    stands for, such as 1e-6 in mm2/s; else of PET by Units (0054,1001) and SUV Type (0054,1006), of which BW is the
    default (DICOM PS3.3 C.7.6.16.2.11, C.8.9).
    """
    header = read_header(path, force=True, tags=TAGS)
    try:
        return next(_mapped(header), "") or _of_pet(header) if header is not None else ""
    except MALFORMED:
        return ""


def is_map_of_adc(path: Path) -> bool:
    """Whether a file is one by its Image Type (0008,0008), which states no unit (PS3.3 C.8.3.1).

    Makers store 10-6 mm2/s for the most part, but not all, so that none is assumed.
    """
    return "ADC" in texts_of(path, ["ImageType"]).get("ImageType", "").upper()


def _mapped(header: Any) -> Iterator[str]:
    """Units that the mappings of the first frame give, as far as they are known."""
    groups: list[Any] = [next(iter(header.get(name) or ()), {}) for name in GROUPS]
    rescaling = next((group[RESCALING][0] for group in groups if RESCALING in group), header)
    slope, intercept = float(rescaling.get("RescaleSlope") or 1), float(rescaling.get("RescaleIntercept") or 0)
    for group in (header, *groups):
        for mapping in group.get("RealWorldValueMappingSequence") or ():
            codes = mapping.get("MeasurementUnitsCodeSequence")
            if not codes or mapping.get("RealWorldValueSlope") is None:
                continue
            factor = float(mapping.RealWorldValueSlope) / slope
            offset = float(mapping.get("RealWorldValueIntercept") or 0) - factor * intercept
            if abs(offset) <= ROUNDING * abs(float(mapping.RealWorldValueSlope)):
                unit = _unit_of(str(codes[0].get("CodeValue") or "").replace("mL", "ml"), factor)
                if unit:
                    yield unit


def _unit_of(code: str, factor: float) -> str:
    """Of values that become those of a UCUM code by a factor."""
    if code in SCALES and factor > 0:
        kind, scale = SCALES[code]
        alike = (unit for unit in NAMED[kind] if math.isclose(UNIT_SCALE[unit], factor * scale, rel_tol=ROUNDING))
        return next(alike, "")
    known = value_unit(code) or value_unit(code.replace("ml", "mL"))
    return known if known is not None and math.isclose(factor, 1, rel_tol=ROUNDING) else ""


def _of_pet(header: Any) -> str:
    if header.get("Modality") != "PT":
        return ""
    units, kind = (str(header.get(name) or "").strip().upper() for name in ("Units", "SUVType"))
    if units == "BQML":
        return "Bq/ml"
    if units != "GML" or kind in ("IBW", "BSA"):
        return ""
    return "SUL" if kind.startswith("LBM") else "SUV"
