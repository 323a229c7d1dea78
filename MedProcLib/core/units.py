"""Units as they are shown and as UCUM codes them (https://ucum.org), in one table."""

from .errors import InputError

UCUM = {
    "": "1",
    "%": "%",
    "mm": "mm",
    "mm2": "mm2",
    "mm3": "mm3",
    "ml": "mL",
    "HU": "[hnsf'U]",
    "SUV": "{SUVbw}g/ml",
    "deg": "deg",
    "d": "d",
    "s": "s",
    "voxels": "{voxels}",
    "iterations": "{iterations}",
    "intensity": "{intensity}",
    "SD": "{SD}",
    "1/mm": "/mm",
    "bit": "bit",
    "dB": "dB",
}
SHOWN = {"mm2": "mm²", "mm3": "mm³", "deg": "°", "intensity": "", "iterations": ""}


def ucum(unit: str) -> str:
    """UCUM code of a unit. Raises InputError for a unit that is not in the table."""
    if unit not in UCUM:
        raise InputError(f"Unknown unit '{unit}'; known units are: {', '.join(filter(None, UCUM))}.")
    return UCUM[unit]


def shown(unit: str) -> str:
    """How a unit is written for a reader."""
    return SHOWN.get(unit, unit)
