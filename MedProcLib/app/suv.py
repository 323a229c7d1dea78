"""`suv`: a PET series in standardized uptake values, and how its factor came about."""

import datetime
import json
from argparse import Namespace
from pathlib import Path

from ..core.errors import InputError
from ..core.files import (
    MODALITY_KEY,
    QUANTITY_KEY,
    ImageFile,
    dicom_files,
    require_image_target,
)
from ..core.progress import Progress
from ..core.provenance import Provenance
from ..core.recipe import Recipe
from ..core.recorded import write_result
from ..quantification.suv.clock import parse_date, parse_time
from ..quantification.suv.settings import SuvSettings
from ..quantification.suv.suv_image import SuvImage, suv_image
from ..quantification.suv.time_points import time_points
from .inputs import read_noted

# Text in the header of NRRD and MetaImage files: every step to the values.
SUV_KEY = "MedProcSUV"


def run(arguments: Namespace, progress: Progress) -> None:
    settings = SuvSettings(
        arguments.normalization,
        arguments.weight,
        arguments.height,
        arguments.sex,
        arguments.dose,
        None if arguments.injection_time is None else _moment(arguments.injection_time, "--injection-time"),
        arguments.half_life,
        None if arguments.reference_time is None else _reference(arguments.reference_time),
    )
    require_image_target(arguments.output)
    result = _suv_of(arguments, settings, progress.part(0.1, 0.9))
    factors = result.factors
    inputs = {"image": arguments.image, "normalization": settings.normalization, **_given(factors.given)}
    if arguments.frame is not None:
        inputs["frame"] = str(arguments.frame)
    progress.check()
    write_result(
        result.image,
        arguments.output,
        Provenance(Recipe(()), inputs),
        {
            SUV_KEY: json.dumps(factors.as_dict(), sort_keys=True),
            QUANTITY_KEY: factors.normalization.ucum,
            MODALITY_KEY: "PT",
        },
    )
    for step in factors.steps:
        print(step)
    arguments.notes += [f"{arguments.image}: {warning}" for warning in factors.warnings]
    print(f"SUV ({factors.normalization.name}, {factors.normalization.ucum}): {arguments.output}")


def _suv_of(arguments: Namespace, settings: SuvSettings, progress: Progress) -> SuvImage:
    path = arguments.image
    try:
        if arguments.frame is not None:
            files = dicom_files(path)
            if len(files) == 1:
                _require_dicom(read_noted(path, []))
            points = time_points(files)
            if len(points) == 1:
                raise InputError("it is no dynamic series: leave --frame out.")
            if not 1 <= arguments.frame <= len(points):
                raise InputError(f"it has {len(points)} time points; there is no number {arguments.frame}.")
            return suv_image(points[arguments.frame - 1], settings=settings, progress=progress)
        found = _read(path, arguments.notes)
        return suv_image(found.slices, found.image, settings, progress)
    except InputError as error:
        raise InputError(f"{path}: {error}" if path not in str(error) else str(error)) from None


def _read(path: str, notes: list[str]) -> ImageFile:
    try:
        found = read_noted(path, notes)
    except InputError:
        points = len(time_points(dicom_files(path))) if Path(path.partition("#")[0]).is_dir() else 1
        if points == 1:
            raise
        raise InputError(
            f"it is a dynamic series of {points} time points: choose one, --frame 1 to {points}."
        ) from None
    return _require_dicom(found)


def _require_dicom(found: ImageFile) -> ImageFile:
    if found.kind != "DICOM":
        raise InputError(f"it is {found.kind}, which does not keep what SUV needs: give the DICOM series of the PET.")
    return found


def _given(given: dict[str, str]) -> dict[str, str]:
    return {name: f"{value} (given by the user)" for name, value in given.items()}


def _moment(text: str, option: str) -> datetime.datetime | datetime.time:
    """A time of day, or a date and time."""
    date_text, separator, time_text = text.strip().replace(" ", "T").rpartition("T")
    date, time = parse_date(date_text), parse_time(time_text)
    if time is None or (separator and date is None):
        raise InputError(f"{option} {text}: write it as HH:MM:SS or YYYY-MM-DDTHH:MM:SS, e.g. 2025-01-12T10:15:00.")
    return time if date is None else datetime.datetime.combine(date, time)


def _reference(text: str) -> datetime.datetime:
    moment = _moment(text, "--reference-time")
    if not isinstance(moment, datetime.datetime):
        raise InputError(f"--reference-time {text}: give the date too, e.g. 2025-01-12T11:15:00.")
    return moment
