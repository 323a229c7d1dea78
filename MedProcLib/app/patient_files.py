"""A patient's tracks saved beside what they refer to: label maps, images and transforms by relative paths."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from ..comparison.following import unique_names
from ..comparison.made_masks import made_of
from ..comparison.result import Comparison
from ..comparison.tracks.model import ImageReference, Patient, TimePoint
from ..comparison.tracks.patient_file import relative_path
from ..core.errors import InputError


def with_paths(
    comparison: Comparison,
    target: Path,
    label_maps: Mapping[str, str],
    transforms: Mapping[str, str],
    masks: Mapping[str, str],
) -> Patient:
    """The patient of a comparison with the files of each time point, relative to its own file to be.

    label_maps, transforms, masks: file names beside it by time point; a transform where it is no matrix.
    """
    assert comparison.followed is not None
    patient: Patient = comparison.followed.patient
    studies = dict(zip(unique_names(comparison.studies), comparison.studies, strict=True))

    def images(point: TimePoint) -> tuple[ImageReference, ...]:
        study = studies[point.id]
        if not study.source:
            return ()
        try:
            return (ImageReference(relative_path(study.source, target), study.modality, study.name),)
        except InputError:
            return ()  # on another drive: there is no relative path, and an absolute one holds nowhere else

    points = tuple(
        replace(
            point,
            images=images(point),
            segmentation=label_maps[point.id],
            transform_file=transforms.get(point.id, ""),
            mask=masks.get(point.id, ""),
            made_of=made_of(studies[point.id].image, comparison.recipe) if point.id in masks else "",
        )
        for point in patient.time_points
    )
    return replace(patient, time_points=points)
