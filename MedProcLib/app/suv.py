"""`suv`: a PET series in standardized uptake values, and how its factor came about."""

import datetime
import json
from argparse import Namespace

from ..core.errors import InputError
from ..core.files import MODALITY_KEY, QUANTITY_KEY, ImageFile, require_image_target, write_image
from ..core.progress import Progress
from ..core.provenance import Provenance
from ..core.recipe import Recipe
from ..quantification.suv.clock import parse_date, parse_time
from ..quantification.suv.settings import SuvSettings
from ..quantification.suv.suv_image import SuvImage, suv_image
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
    found = read_noted(arguments.image, arguments.notes)
    result = _suv_of(found, settings, progress.part(0.3, 0.9))
    factors = result.factors
    inputs = {"image": arguments.image, "normalization": settings.normalization, **_given(factors.given)}
    progress.check()
    write_image(
        result.image,
        arguments.output,
        Provenance(Recipe(()), inputs).to_json(),
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


def _suv_of(found: ImageFile, settings: SuvSettings, progress: Progress) -> SuvImage:
    if found.kind != "DICOM":
        raise InputError(
            f"{found.source} is {found.kind}, which does not keep what SUV needs: give the DICOM series of the PET."
        )
    try:
        return suv_image(found.slices, found.image, settings, progress)
    except InputError as error:
        raise InputError(f"{found.source}: {error}") from None


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
