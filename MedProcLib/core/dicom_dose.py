"""Dose grids of DICOM RT Dose: what is stored becomes dose."""

from collections.abc import Sequence
from typing import Any

import SimpleITK as sitk

from .errors import InputError

DOSE_TAGS = ["DoseGridScaling", "DoseUnits"]
# Note by which a dose in Gy is known.
IN_GY = "dose in Gy"


def dose_of(stored: sitk.Image, headers: Sequence[Any]) -> tuple[sitk.Image, tuple[str, ...]]:
    """The dose (float64) of stored values with a note on its unit; of another kind of image, the image and no note.

    Stored values times Dose Grid Scaling are in Dose Units (PS3.3 C.8.8.3), which the reader of the voxels does not
    heed. Raises InputError for files of one dose that are scaled in different ways or not at all.
    """
    if all(header.get("Modality") != "RTDOSE" for header in headers):
        return stored, ()
    said = {(header.get("DoseGridScaling"), str(header.get("DoseUnits") or "").upper()) for header in headers}
    if len(said) > 1:
        raise InputError("its slices are scaled to dose in different ways; export the dose as one file.")
    scaling, unit = said.pop()
    if not scaling:
        raise InputError("it does not say how its values become dose (Dose Grid Scaling); export it again.")
    note = {"GY": IN_GY, "RELATIVE": "dose, relative"}.get(unit, "dose, its unit is not stated")
    return sitk.Cast(stored, sitk.sitkFloat64) * float(scaling), (note,)
