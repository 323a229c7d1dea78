"""A patient's findings in one JSON file, whole with history; images by paths relative to it."""

import json
import os
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from ...core.atomic import write_text
from ...core.errors import InputError
from ...core.kept import kept
from .consistency import require_consistent, require_relative
from .json_codec import STRICT, decoded, encoded, line_of
from .model import Edit, Estimate, Observation, Patient, Place, Track

VERSION = 1
KEY = "medproc_patient"


def write_patient(patient: Patient, target: str | Path) -> None:
    """Write the file whole or not at all. Raises InputError for a patient that does not fit together."""
    write_text(patient_text(patient), target)


def read_patient(source: str | Path) -> Patient:
    """The patient in a file, UTF-8 with or without the mark that some editors put first.

    Raises InputError that names the place of what is wrong in it.
    """
    try:
        text = Path(source).read_text(encoding="utf-8-sig")
    except OSError as error:
        raise InputError(f"{source} cannot be read: {error.strerror or error}.") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{source} is no patient's file: it is not text in UTF-8.") from error
    try:
        return patient_of(text)
    except InputError as error:
        raise InputError(f"{source}: {error}") from error


def patient_text(patient: Patient) -> str:
    """JSON text of a patient; reading it gives an equal one. Only what is new since the last call takes time."""
    require_consistent(patient)
    head = encoded(replace(patient, tracks=(), history=()))
    data: dict[str, Any] = {KEY: VERSION, **head, "settings": patient.settings.as_dict()}
    try:
        texts = {name: _indented(json.dumps(value, indent=1, **STRICT)) for name, value in data.items()}
        texts["tracks"] = _listed(map(_of_track, patient.tracks))
        texts["history"] = _listed(map(_of_edit, patient.history))
    except (TypeError, ValueError) as error:
        raise InputError(f"A parameter of a measurement cannot be written as JSON: {error}.") from error
    return "{\n" + ",\n".join(f' "{name}": {text}' for name, text in texts.items()) + "\n}\n"


@kept
def _of_estimate(estimate: Estimate) -> str:
    return line_of(estimate)  # by far the most of the text, which a decision leaves as it is


@kept
def _of_observation(observation: Observation) -> str:
    return line_of(observation, place=_of_place(observation.place), estimates=map(_of_estimate, observation.estimates))


@kept
def _of_place(place: Place) -> str:
    return line_of(place)


@kept
def _of_track(track: Track) -> str:
    return line_of(track, observations=map(_of_observation, track.observations))


@kept
def _of_edit(edit: Edit) -> str:
    return line_of(edit, before=map(_of_track, edit.before))


def _listed(texts: Iterable[str]) -> str:
    lines = ",\n".join(f"  {text}" for text in texts)  # a line each: quick to write
    return f"[\n{lines}\n ]" if lines else "[]"


def _indented(text: str) -> str:
    return text.replace("\n", "\n ")  # texts within have none: JSON writes them as \\n


def patient_of(text: str) -> Patient:
    """The patient that JSON text stands for. Raises InputError."""
    try:
        data = json.loads(text, parse_constant=_refuse, object_pairs_hook=_once)
    except (ValueError, RecursionError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"This is not JSON: {error}.") from error
    if not isinstance(data, dict) or KEY not in data:
        raise InputError(f'A patient\'s file is a JSON object {{"{KEY}": {VERSION}, ...}}.')
    version = data.pop(KEY)
    if version != VERSION or isinstance(version, bool):
        raise InputError(f"The file is of version {version!r}; this MedProc reads version {VERSION}.")
    patient = decoded(Patient, data, "patient")
    require_consistent(patient)
    return patient


def relative_path(image: str | Path, patient_file: str | Path) -> str:
    """The path by which a patient's file names an image. Raises InputError for one on another drive."""
    try:
        path = os.path.relpath(image, Path(patient_file).parent)
    except ValueError as error:
        raise InputError(f"{image} lies on another drive than {patient_file}: save them on one drive.") from error
    return Path(path).as_posix()


def absolute_path(reference: str, patient_file: str | Path) -> Path:
    """Where an image lies that a patient's file names. Raises InputError for a path that is not relative."""
    require_relative(reference, "An image's path")
    return Path(os.path.normpath(Path(patient_file).absolute().parent / reference))


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        raise InputError(f"The entry '{next(n for n in names if names.count(n) > 1)}' is there twice in one object.")
    return found


def _refuse(constant: str) -> None:
    raise InputError(f"The file holds {constant}, which is not a number of JSON.")
