"""Observations measured on the label map and image of their time point."""

import math
from dataclasses import replace
from typing import Any

import numpy as np
import SimpleITK as sitk
from scipy import ndimage

from ...core.errors import InputError
from ...core.geometry import Geometry, require_same_grid
from ...core.measurement import Measurement
from ...core.progress import SILENT, Progress
from ...core.registry import create_operation
from ...quantification.measure import NEEDED_UNITS, Measure, measure
from ...quantification.pet.uptake import NotSuvError
from ...quantification.row import Row
from ...quantification.uncertainty.interval import TWO_SIDED_95
from .label_pieces import compact
from .model import Estimate, Observation, Patient, Track


def measure_observations(
    patient: Patient,
    time_point: str,
    image: sitk.Image,
    labels: sitk.Image,
    settings: Measure | None = None,
    progress: Progress = SILENT,
) -> Patient:
    """The patient with the observations of a time point measured, each with all of its labels as one segment.

    image, labels: on one grid, in the time point's own space; settings: see usual_settings, which holds for None. Ends
    of 95 % intervals become those of the estimates they belong to. A reader's own values stay; figures that need more
    voxels than there are are left out, and those of uptake where values cannot be SUV. What reaches the border of the
    image is marked as cut. Raises InputError for an unknown time point, images on different grids, and
    labels that observations name and the label map lacks.
    """
    require_same_grid(image, labels, "the image and the label map")
    patient.time_point(time_point)
    found = [(track, o) for track in patient.tracks if (o := track.at(time_point)) is not None]
    if not found:
        return patient
    settings = settings or usual_settings(patient)
    segments = _as_segments(labels, [o for _, o in found], time_point)
    try:
        every = measure(image, segments, settings=settings, progress=progress)
    except NotSuvError:
        every = measure(image, segments, settings=replace(settings, pet=False), progress=progress)
    rows, cut = {r.segment: r for r in every if r.is_whole}, _at_border(image, segments)
    changed = [_measured(track, replace(o, cut=o.cut or n in cut), o, rows[n]) for n, (track, o) in enumerate(found, 1)]
    return patient.with_tracks(*changed)


def usual_settings(patient: Patient, intensity_unit: str = "intensity") -> Measure:
    """Size, diameters and intensity with 95 % intervals, of SUV the uptake too; see quantification.measure.

    The border's standard deviation is such that the interval of a difference of two volumes reaches as far as the
    surface times the uncertainty of the outline that the patient's rule of change has.
    """
    border_sd = patient.settings.outline_mm / (TWO_SIDED_95 * math.sqrt(2))
    values = {"components": False, "intervals": True, "border_sd_mm": border_sd, "intensity_unit": intensity_unit}
    values["pet"] = intensity_unit in NEEDED_UNITS["pet"]
    return create_operation("quantification.measure", values)


def _as_segments(labels: sitk.Image, observations: list[Observation], time_point: str) -> sitk.Image:
    """Label map in which each observation has its place in the list (from 1) as its value."""
    known, numbers = compact(sitk.GetArrayViewFromImage(labels))
    number_of = np.zeros(len(known) + 1, np.int32)
    for number, observation in enumerate(observations, 1):
        for label in observation.labels:
            place = int(np.searchsorted(known, label))
            if place == len(known) or known[place] != label:
                raise InputError(f"The label map of time point '{time_point}' has no label {label}.")
            number_of[place + 1] = number
    return Geometry.of(labels).image_of(number_of[numbers])


def _at_border(image: sitk.Image, segments: sitk.Image) -> set[int]:
    """Segments with a voxel in an outermost slice, row or column, or next to one that is not finite.

    Of a single slice nobody knows where it ends: its sides count alone.
    """
    array, found = sitk.GetArrayViewFromImage(segments), set[int]()
    for axis in range(3):
        for end in (0, -1) if array.shape[axis] > 1 else ():
            found |= set(np.unique(np.take(array, end, axis)).tolist())
    lacking = ~np.isfinite(sitk.GetArrayViewFromImage(image))
    if lacking.any():
        found |= set(np.unique(array[ndimage.binary_dilation(lacking)]).tolist())
    return found - {0}


def _measured(track: Track, observation: Observation, known: Observation, row: Row) -> Track:
    """The track with the observation in place of the known one, and its figures."""
    own = {e.measurement.name: e for e in observation.estimates if e.reader}
    computed = _estimates([_plain(m) for m in row.measurements if np.isfinite(m.value)])
    names = {e.measurement.name for e in computed}
    estimates = [own.get(e.measurement.name, e) for e in computed]
    estimates += [e for name, e in own.items() if name not in names]
    measured = replace(observation, estimates=tuple(estimates))
    observations = tuple(measured if o is known else o for o in track.observations)
    return replace(track, observations=observations)


def _estimates(measurements: list[Measurement]) -> list[Estimate]:
    """Each measurement with its interval, where `<name>_low` and `<name>_high` are among them.

    An interval is about the truth, which a contour may overshoot: it is widened to hold the measured value.
    """
    by_name = {m.name: m for m in measurements}
    found, ends = [], set()
    for m in measurements:
        low, high = by_name.get(f"{m.name}_low"), by_name.get(f"{m.name}_high")
        if low is None or high is None:
            found.append(Estimate(m))
            continue
        ends |= {low.name, high.name}
        found.append(Estimate(m, min(low.value, m.value), max(high.value, m.value)))
    return [e for e in found if e.measurement.name not in ends]


def _plain(measurement: Measurement) -> Measurement:
    """With parameters as JSON has them, so that it can be written and read again unchanged."""
    parameters = {name: _value(value) for name, value in measurement.parameters.items()}
    return replace(measurement, value=float(measurement.value), parameters=parameters)


def _value(value: Any) -> Any:
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, tuple | list | np.ndarray):
        return [_value(inner) for inner in value]
    return value
