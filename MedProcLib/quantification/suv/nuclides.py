"""PET radionuclides: half-lives, and which one a header names by code or in words."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from pydicom.dataset import Dataset

from .header import items, text

MINUTE, HOUR, DAY = 60.0, 3600.0, 86400.0


@dataclass(frozen=True)
class Nuclide:
    """name: 'F-18'; codes: of SNOMED RT and SNOMED CT (DICOM PS3.16 CID 4020)."""

    name: str
    half_life_s: float
    codes: tuple[str, ...]


# Half-lives: ICRP Publication 107 (2008).
NUCLIDES = {
    nuclide.name: nuclide
    for nuclide in (
        Nuclide("C-11", 20.39 * MINUTE, ("C-105A1", "40565003")),
        Nuclide("N-13", 9.965 * MINUTE, ("C-107A1", "21576001")),
        Nuclide("O-14", 70.606, ("C-1018C", "424875009")),
        Nuclide("O-15", 122.24, ("C-B1038", "129504001")),
        Nuclide("F-18", 109.77 * MINUTE, ("C-111A1", "77004003")),
        Nuclide("Na-22", 2.6019 * 365.2422 * DAY, ("C-155A1", "71633006")),
        Nuclide("K-38", 7.636 * MINUTE, ("C-135A4", "423764008")),
        Nuclide("Sc-43", 3.891 * HOUR, ("126600",)),
        Nuclide("Sc-44", 3.97 * HOUR, ("126605",)),
        Nuclide("Ti-45", 184.8 * MINUTE, ("C-166A2", "75696008")),
        Nuclide("Mn-52", 5.591 * DAY, ("C-149A1", "37225000")),
        Nuclide("Fe-52", 8.275 * HOUR, ("C-130A1", "69089000")),
        Nuclide("Cu-60", 23.7 * MINUTE, ("C-127A4", "425364008")),
        Nuclide("Cu-61", 3.333 * HOUR, ("C-127A1", "71425003")),
        Nuclide("Cu-62", 9.673 * MINUTE, ("C-127A5", "422934004")),
        Nuclide("Cu-64", 12.70 * HOUR, ("C-127A2", "3932008")),
        Nuclide("Zn-62", 9.186 * HOUR, ("C-141A1", "65054007")),
        Nuclide("Ga-66", 9.49 * HOUR, ("C-131A1", "79477007")),
        Nuclide("Ga-68", 67.71 * MINUTE, ("C-131A3", "35337001")),
        Nuclide("Ge-68", 270.95 * DAY, ("C-128A2", "53315004")),
        Nuclide("As-72", 26.0 * HOUR, ("C-115A2", "2705002")),
        Nuclide("Se-73", 7.15 * HOUR, ("C-116A2", "87437000")),
        Nuclide("Br-75", 96.7 * MINUTE, ("C-113A1", "17910003")),
        Nuclide("Br-76", 16.2 * HOUR, ("C-113A2", "79523006")),
        Nuclide("Br-77", 57.036 * HOUR, ("C-113A3", "86521004")),
        Nuclide("Rb-82", 1.273 * MINUTE, ("C-159A2", "79197006")),
        Nuclide("Y-86", 14.74 * HOUR, ("C-162A3", "10738001")),
        Nuclide("Y-90", 64.10 * HOUR, ("C-162A7", "14691008")),
        Nuclide("Zr-89", 78.41 * HOUR, ("C-168A4", "63360001")),
        Nuclide("Tc-94m", 52.0 * MINUTE, ("C-163AA", "424079002")),
        Nuclide("I-124", 4.176 * DAY, ("C-114A5", "40937006")),
    )
}
_BY_CODE = {code: nuclide for nuclide in NUCLIDES.values() for code in nuclide.codes}
_ELEMENTS = {
    "carbon": "C",
    "nitrogen": "N",
    "oxygen": "O",
    "fluorine": "F",
    "sodium": "Na",
    "potassium": "K",
    "scandium": "Sc",
    "titanium": "Ti",
    "manganese": "Mn",
    "iron": "Fe",
    "copper": "Cu",
    "zinc": "Zn",
    "gallium": "Ga",
    "germanium": "Ge",
    "arsenic": "As",
    "selenium": "Se",
    "bromine": "Br",
    "rubidium": "Rb",
    "yttrium": "Y",
    "zirconium": "Zr",
    "technetium": "Tc",
    "iodine": "I",
}
_MASS_FIRST = re.compile(r"(?<![\dA-Za-z])(\d{2,3}m?)[\^\]\s-]*([A-Za-z]+)")
_ELEMENT_FIRST = re.compile(r"(?<![A-Za-z])([A-Za-z]{1,10})[\^\s-]*(\d{2,3}m?)(?![\d])")
# Where an item names the nuclide by a number, and in how many places it may name it.
CODE, ALL_NAMES = "code (0054,0300)", 3
_FDG = re.compile(r"(?<![A-Za-z])FDG(?![A-Za-z])|fluorodeoxyglucose|fludeoxyglucose", re.IGNORECASE)


def named_nuclides(radiopharmaceutical: Mapping | Dataset) -> dict[str, Nuclide]:
    """The nuclides an item of Radiopharmaceutical Information Sequence names: where it is named -> which."""
    found: dict[str, Nuclide | None] = {}
    for code in items(radiopharmaceutical, "RadionuclideCodeSequence")[:1]:  # type: ignore[arg-type]
        found[CODE] = _BY_CODE.get(text(code, "CodeValue").upper())
        found["meaning of the code (0054,0300)"] = nuclide_in(text(code, "CodeMeaning"))
    found["radiopharmaceutical (0018,0031)"] = nuclide_in(text(radiopharmaceutical, "Radiopharmaceutical"))  # type: ignore[arg-type]
    return {where: nuclide for where, nuclide in found.items() if nuclide is not None}


def nuclide_in(words: str) -> Nuclide | None:
    """The nuclide in words such as '^18^Fluorine', '18F', 'F-18', 'Ga68-PSMA', '[18F]FDG' or 'FDG'; None without."""
    pairs = [(element, mass) for mass, element in _MASS_FIRST.findall(words)] + _ELEMENT_FIRST.findall(words)
    for element, mass in pairs:
        for symbol in (_ELEMENTS.get(element.lower()), element.capitalize()):
            if symbol and f"{symbol}-{mass.lower()}" in NUCLIDES:
                return NUCLIDES[f"{symbol}-{mass.lower()}"]
    return NUCLIDES["F-18"] if _FDG.search(words) else None
