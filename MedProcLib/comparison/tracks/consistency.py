"""Whether a patient's time points, tracks and history fit together."""

import itertools
import math
from collections import Counter
from collections.abc import Callable
from pathlib import PurePosixPath, PureWindowsPath
from typing import Any

from ...core.errors import InputError
from ...core.kept import kept
from ...core.units import ucum
from .history import require_time
from .model import Edit, Estimate, Observation, Patient, TimePoint, Track, number_of


def require_consistent(patient: Patient) -> None:
    """Raise InputError that names the place of the first thing that does not fit."""
    _require_once([point.id for point in patient.time_points], "time point")
    _require_once([track.id for track in patient.tracks], "track")
    for number, point in enumerate(patient.time_points):
        _time_point(point, f"time_points[{number}]")
    dated = [point for point in patient.time_points if point.date is not None]
    for earlier, later in itertools.pairwise(dated):
        if earlier.date > later.date:  # type: ignore[operator]
            raise InputError(f"Time point '{later.id}' ({later.date}) is listed after '{earlier.id}' ({earlier.date}).")
    ids, order = {track.id for track in patient.tracks}, patient.order
    for number, track in enumerate(patient.tracks):
        _track(track, f"tracks[{number}]", ids, patient)
    owners: dict[tuple[str, int], str] = {}
    for track in patient.tracks:
        for observation in track.observations:
            for label in observation.labels:
                other = owners.setdefault((observation.time_point, label), track.id)
                if other != track.id:
                    where = f"label {label} of time point '{observation.time_point}'"
                    raise InputError(f"Tracks {other} and {track.id} both have {where}.")
    taken = {edit.taken.time_point.id for edit in patient.history if edit.taken is not None}
    for number, edit in enumerate(patient.history):
        where = f"history[{number}]"
        if not _edit_fits(edit):
            _edit(edit, where)
        if edit.undoes is not None and not 0 <= edit.undoes < number:
            raise InputError(f"{where}.undoes is {edit.undoes}, which is no entry before it.")
        if edit.time_point and not edit.undone and edit.time_point not in order and edit.time_point not in taken:
            raise InputError(f"{where}.time_point '{edit.time_point}' is not in the patient.")


def require_relative(path: str, where: str) -> None:
    """Raise InputError unless a path is relative, with '/' between its parts."""
    if PurePosixPath(path).is_absolute() or PureWindowsPath(path).drive or "\\" in path or "\0" in path:
        raise InputError(
            f"{where} is '{path}'; paths are relative to the patient's file, with '/' between their parts."
        )


def _time_point(point: TimePoint, where: str) -> None:
    if not point.id.strip():
        raise InputError(f"{where}.id is empty.")
    if len(point.matrix) != 16 or point.matrix[12:] != (0.0, 0.0, 0.0, 1.0):
        raise InputError(f"{where}.matrix must be 4 x 4, row by row, with 0 0 0 1 as its last row.")
    rows = [point.matrix[4 * n : 4 * n + 3] for n in range(3)]
    (a, b, c), (d, e, f), (g, h, i) = rows
    if not abs(a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g)) > 1e-9:
        raise InputError(f"{where}.matrix is singular: it flattens space.")
    paths = [(image.path, f"{where}.images[{n}].path") for n, image in enumerate(point.images)]
    for path, place in [
        *paths,
        (point.segmentation, f"{where}.segmentation"),
        (point.transform_file, f"{where}.transform_file"),
        (point.mask, f"{where}.mask"),
    ]:
        require_relative(path, place)


def _track(track: Track, where: str, ids: set[str], patient: Patient) -> None:
    _id(track.id, where)
    if number_of(track.id) > patient.last_number:
        raise InputError(f"{where}.id is {track.id}, but last_number is {patient.last_number}.")
    if not track.observations:
        raise InputError(f"{where} ({track.id}) has no observations.")
    for name in ("parent", "merged_into"):
        other = getattr(track, name)
        if other and (other not in ids or other == track.id):
            raise InputError(f"{where}.{name} is '{other}', which is no other track.")
    if bool(track.merged_into) != bool(track.merged_at):
        raise InputError(f"{where} needs both merged_into and merged_at, or neither.")
    order = patient.order
    named = [("merged_at", track.merged_at)] if track.merged_at else []
    for number, merger in enumerate(track.parted):
        place = f"parted[{number}]"
        named += [(f"{place}.at", merger.at), (f"{place}.again", merger.again)]
        if merger.into not in ids or merger.into == track.id:
            raise InputError(f"{where}.{place}.into is '{merger.into}', which is no other track.")
    for name, value in named:
        if value not in order:
            raise InputError(f"{where}.{name} is '{value}', which is no time point.")
    places = []
    for number, observation in enumerate(track.observations):
        place = f"{where}.observations[{number}]"
        if observation.time_point not in order:
            raise InputError(f"{place}.time_point is '{observation.time_point}', which is no time point.")
        places.append(order[observation.time_point])
        if not _observation_fits(observation):
            _observation(observation, place)
    if any(later <= earlier for earlier, later in itertools.pairwise(places)):
        raise InputError(f"{where} ({track.id}): observations must be in time order, one for each time point.")
    for number, merger in enumerate(track.parted):
        if order[merger.at] >= order[merger.again]:
            raise InputError(f"{where}.parted[{number}] ({track.id}): at must be before again.")


@kept
def _observation_fits(observation: Observation) -> bool:
    return _fits(_observation, observation)


@kept
def _edit_fits(edit: Edit) -> bool:
    return _fits(_edit, edit)


def _fits(check: Callable[[Any, str], None], thing: Any) -> bool:
    """Whether a check, which names the place of what does not fit, has nothing to say, wherever that is."""
    try:
        check(thing, "")
    except InputError:
        return False
    return True


def _edit(edit: Edit, where: str) -> None:
    if edit.when:
        _named(where, require_time, edit.when)
    for place, track in enumerate(edit.before):
        _id(track.id, f"{where}.before[{place}]")


def _observation(observation: Observation, where: str) -> None:
    if not observation.labels or len(set(observation.labels)) < len(observation.labels) or 0 in observation.labels:
        raise InputError(f"{where}.labels must be label values other than 0, each once.")
    if not (observation.place.volume_mm3 > 0 and observation.place.surface_mm2 >= 0):
        raise InputError(f"{where}.place needs a volume above 0 and a surface.")
    if observation.decided:
        _named(f"{where}.decided", require_time, observation.decided)
    _require_once([e.measurement.name for e in observation.estimates], f"measurement of {where}")
    for number, estimate in enumerate(observation.estimates):
        _estimate(estimate, f"{where}.estimates[{number}]")


def _estimate(estimate: Estimate, where: str) -> None:
    _named(f"{where}.measurement.unit", ucum, estimate.measurement.unit)
    if not math.isfinite(estimate.measurement.value):
        raise InputError(f"{where}.measurement.value must be a finite number.")
    _named(where, lambda e: e.measured, estimate)


def _id(track_id: str, where: str) -> None:
    if not (track_id.startswith("F") and track_id[1:].isascii() and track_id[1:].isdigit()):
        raise InputError(f"{where}.id is '{track_id}'; tracks are called F001, F002, ...")


def _named(where: str, check, value) -> None:
    try:
        check(value)
    except InputError as error:
        raise InputError(f"{where}: {error}") from error


def _require_once(ids: list[str], what: str) -> None:
    for name, count in Counter(ids).items():
        if count > 1:
            raise InputError(f"There are {count} entries for {what} '{name}'; ids must differ.")
