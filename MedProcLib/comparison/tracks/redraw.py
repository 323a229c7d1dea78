"""Outlines that a reader drew anew: where they are and how large, with a history entry that can be undone."""

from collections.abc import Collection
from dataclasses import replace

import numpy as np
import SimpleITK as sitk

from ...core.boxes import box_around
from ...core.errors import InputError
from ...core.geometry import Geometry, require_same_grid
from ...core.progress import SILENT, Progress
from ...quantification.measure import Measure
from .extend import place_of
from .history import recorded
from .label_pieces import pieces_of
from .measuring import measure_observations
from .model import Observation, Patient, Status, Track, track_id

ERASED = "outline erased"
REDRAWN = "outline redrawn"  # how its entries in the history end
MARGIN = 5  # voxels around the outlines that are measured


def redraw(
    patient: Patient,
    time_point: str,
    image: sitk.Image,
    labels: sitk.Image,
    changed: Collection[int],
    who: str,
    when: str,
    from_common: sitk.Transform | None = None,
    settings: Measure | None = None,
    progress: Progress = SILENT,
) -> Patient:
    """The patient with the observations of these labels as they are in a label map now, measured again.

    image, labels: on one grid, in the time point's own space; labels holds at least all labels of the observations
    concerned. changed: the values that a reader drew at; one that no observation has becomes a new track, and an
    observation of which nothing is left is rejected. from_common: maps points of the common space to the time point's
    (None: they are one). Raises InputError without a reader's name and for images on different grids.
    """
    require_same_grid(image, labels, "the image and the label map")
    patient.time_point(time_point)
    there = _values(labels)
    owners = [t for t in patient.tracks if (o := t.at(time_point)) is not None and set(o.labels) & set(changed)]
    owned = {label for track in owners for label in _seen(track, time_point).labels}
    fresh = sorted((set(changed) - owned) & there)
    kept = [t for t in owners if set(_seen(t, time_point).labels) & there]
    groups = [tuple(sorted(set(_seen(t, time_point).labels) & there)) for t in kept] + [(label,) for label in fresh]
    if not owners and not fresh:
        raise InputError("Nothing was drawn at that belongs to a finding, and no new outline.")
    found = _observations(time_point, labels, groups, who, when, from_common)
    tracks = [
        _with(
            track,
            replace(
                _seen(track, time_point),
                labels=o.labels,
                place=o.place,
                status=o.status,
                reader=who,
                decided=when,
                estimates=_own(_seen(track, time_point)),
                cut=False,
                border_mm=0.0,
            ),
        )
        for track, o in zip(kept, found, strict=False)
    ]
    number = patient.last_number
    for observation in found[len(kept) :]:
        number += 1
        tracks.append(Track(track_id(number), (observation,)))
    part = _measured(replace(patient, tracks=tuple(tracks)), time_point, image, labels, settings, progress)
    erased = [
        _with(t, replace(_seen(t, time_point), status=Status.REJECTED, reader=who, decided=when, note=ERASED))
        for t in owners
        if t not in kept
    ]
    new = replace(patient, last_number=number).with_tracks(*part.tracks, *erased)
    names = ", ".join(t.id for t in (*part.tracks, *erased))
    return recorded(patient, new, who, when, f"{names} at {time_point}: {REDRAWN}")


def measure_missing(
    patient: Patient,
    time_point: str,
    image: sitk.Image,
    labels: sitk.Image,
    settings: Measure | None = None,
    progress: Progress = SILENT,
) -> Patient:
    """The patient with the observations measured that have no figures yet; a merge leaves such. No history entry."""
    bare = tuple(t for t in patient.tracks if (o := t.at(time_point)) is not None and not o.estimates)
    if not bare:
        return patient
    part = _measured(replace(patient, tracks=bare), time_point, image, labels, settings, progress)
    return patient.with_tracks(*part.tracks)


def _measured(
    part: Patient,
    time_point: str,
    image: sitk.Image,
    labels: sitk.Image,
    settings: Measure | None,
    progress: Progress,
) -> Patient:
    """Some tracks measured in the part of the image that they are in: an edit must not take the time of a whole CT."""
    if not part.tracks:
        return part
    wanted = [label for track in part.tracks for label in _seen(track, time_point).labels]
    inside = np.isin(sitk.GetArrayViewFromImage(labels), wanted)
    box = box_around(inside)
    if box is None:
        raise InputError(f"The label map of time point '{time_point}' has no label {wanted[0]}.")
    sides = zip(reversed(box), labels.GetSize(), strict=True)  # in the order of the image's axes
    cut = tuple(slice(max(0, side.start - MARGIN), min(size, side.stop + MARGIN)) for side, size in sides)
    return measure_observations(part, time_point, image[cut], labels[cut], settings, progress)


def _values(labels: sitk.Image) -> set[int]:
    return set(np.unique(sitk.GetArrayViewFromImage(labels)).tolist()) - {0}


def _seen(track: Track, time_point: str) -> Observation:
    observation = track.at(time_point)
    assert observation is not None
    return observation


def _own(observation: Observation):
    """Figures that a reader wrote stay; the others are measured again."""
    return tuple(e for e in observation.estimates if e.reader)


def _observations(
    time_point: str,
    labels: sitk.Image,
    groups: list[tuple[int, ...]],
    who: str,
    when: str,
    from_common: sitk.Transform | None,
) -> list[Observation]:
    """An edited observation for each group of label values."""
    values = sitk.GetArrayViewFromImage(labels)
    numbers = np.zeros(values.shape, np.int32)
    for number, group in enumerate(groups, 1):
        numbers[np.isin(values, group)] = number
    pieces = pieces_of(Geometry.of(labels).image_of(numbers), from_common, components=False).pieces
    return [
        Observation(time_point, group, place_of(pieces, n), (), Status.EDITED, who, when, border_mm=0.0)
        for n, group in enumerate(groups)
    ]


def _with(track: Track, observation: Observation) -> Track:
    same = observation.time_point
    return replace(track, observations=tuple(observation if o.time_point == same else o for o in track.observations))
