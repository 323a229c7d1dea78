"""Units as they are shown and as UCUM codes them (https://ucum.org), in one table."""

import re
from typing import Literal

from .errors import InputError

# Of the values of images; more of ADC (um2/s, mm2/s), T1 and T2 (ms, s) and R2* (1/s). SUL: SUV by lean body mass.
ValueUnit = Literal["intensity", "HU", "SUV", "SUL", "Bq/ml", "Gy", "um2/s", "10-6 mm2/s", "mm2/s", "ms", "s", "1/s"]

UCUM = {
    "": "1",
    "%": "%",
    "mm": "mm",
    "mm2": "mm2",
    "mm3": "mm3",
    "ml": "mL",
    "HU": "[hnsf'U]",
    "SUV": "{SUVbw}g/ml",
    "SUL": "{SUVlbm}g/ml",
    "SUL2": "{SUVlbm}g2/ml2",
    "deg": "deg",
    "d": "d",
    "s": "s",
    "voxels": "{voxels}",
    "iterations": "{iterations}",
    "intensity": "{intensity}",
    "intensity2": "{intensity}2",
    "HU2": "[hnsf'U]2",
    "SUV2": "{SUVbw}g2/ml2",
    "SD": "{SD}",
    "1/mm": "/mm",
    "cm2": "cm2",
    "cm2/m2": "cm2/m2",
    "g": "g",
    "g/l": "g/L",
    "mg": "mg",
    "Bq/ml": "Bq/mL",
    "Bq2/ml2": "Bq2/mL2",
    "Gy": "Gy",
    "Gy2": "Gy2",
    "um2/s": "um2/s",
    "um4/s2": "um4/s2",
    "10-6 mm2/s": "10*-6.mm2/s",
    "10-12 mm4/s2": "10*-12.mm4/s2",
    "mm2/s": "mm2/s",
    "mm4/s2": "mm4/s2",
    "ms": "ms",
    "ms2": "ms2",
    "s2": "s2",
    "1/s": "/s",
    "1/s2": "/s2",
    "bit": "bit",
    "dB": "dB",
}
# What is not written as its name says.
SHOWN = {"deg": "°", "intensity": "", "intensity2": "", "intensity.mm3": "mm³", "iterations": ""}
POWER = re.compile(r"(?<=[A-Za-z])\d+|(?<=\b10)-\d+")
RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
# Units of the values of images (ValueUnit), and of their squares.
SQUARED = {
    "intensity": "intensity2",
    "HU": "HU2",
    "SUV": "SUV2",
    "SUL": "SUL2",
    "Bq/ml": "Bq2/ml2",
    "Gy": "Gy2",
    "um2/s": "um4/s2",
    "10-6 mm2/s": "10-12 mm4/s2",
    "mm2/s": "mm4/s2",
    "ms": "ms2",
    "s": "s2",
    "1/s": "1/s2",
}
# Their integral over a volume.
UCUM |= {f"{unit}.mm3": f"{UCUM[unit]}.mm3" for unit in SQUARED}


def ucum(unit: str) -> str:
    """UCUM code of a unit. Raises InputError for a unit that is not in the table."""
    if unit not in UCUM:
        raise InputError(f"Unknown unit '{unit}'; known units are: {', '.join(filter(None, UCUM))}.")
    return UCUM[unit]


def value_unit(code: str) -> str | None:
    """The unit of an image's values that a UCUM code stands for, SUL for SUVlbm by any formula; None for others."""
    if code.startswith("{SUVlbm"):
        return "SUL"
    return next((unit for unit in SQUARED if UCUM[unit] == code), None)


def shown(unit: str) -> str:
    """How a unit is written for a reader: 10-6 mm2/s as 10⁻⁶ mm²/s."""
    if unit in SHOWN:
        return SHOWN[unit]
    raised = POWER.sub(lambda found: found[0].translate(RAISED), unit)
    return re.sub(r"\bum", "µm", raised).replace(".", "·")
