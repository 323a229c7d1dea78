"""A comparison made again from a patient in the scene, so that a loaded one can be reported and mapped at once."""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import SimpleITK as sitk

from MedProcLib.comparison.change_maps import change_maps_of, without_change_maps
from MedProcLib.comparison.following import unique_names
from MedProcLib.comparison.halfway import half_way
from MedProcLib.comparison.pipeline import restored
from MedProcLib.comparison.result import Comparison, PairComparison, Registration, Verdict
from MedProcLib.comparison.study import Study
from MedProcLib.comparison.tracks.follow import Followed
from MedProcLib.comparison.tracks.model import Alignment, Patient
from MedProcLib.core.errors import InputError
from MedProcLib.core.progress import SILENT, Progress
from MedProcLib.core.recipe import Recipe
from MedProcLib.scene.change_maps import MapEnds, steps_of
from MedProcLib.scene.studies import modality_of_volume
from MedProcLib.scene.timeline_nodes import patient_of_node, transform_at, volume_at
from MedProcLib.scene.timeline_outlines import outlines_of, own_image
from MedProcLib.scene.timeline_scene import verdicts_of
from MedProcLib.scene.transforms import transform_of_node

FURTHER = "MedProc.FurtherPairs"  # attribute: time points (ids) of pairs of later studies that were compared


def keep_further(node, comparison: Comparison) -> None:
    """Remember with a patient's node which later studies were compared directly."""
    ids = unique_names(comparison.studies)
    pairs = [[ids[pair.fixed], ids[pair.moving]] for pair in comparison.further]
    node.SetAttribute(FURTHER, json.dumps(pairs) if pairs else None)


def further_of(node) -> list[tuple[str, str]]:
    """The time points of the pairs of later studies that were compared directly."""
    return [(start, end) for start, end in json.loads(node.GetAttribute(FURTHER) or "[]")]


def restoring(node) -> Callable[[Progress], Comparison]:
    """What makes a patient's comparison again, in any thread, from the images, outlines and registrations in the scene
    and the recipe kept with the patient, with all edits. Main thread.

    Raises InputError where a volume or segmentation is gone and where there are fewer than two time points.
    """
    patient = patient_of_node(node)
    if len(patient.time_points) < 2:
        raise InputError("A report needs two time points: compare the studies.")
    recipe = Recipe.from_dict(dict(patient.recipe)) if patient.recipe else Recipe()
    given = patient.settings.outline_mm > 0
    studies, maps = [], []
    for point in patient.time_points:
        labels = [v for t in patient.tracks if (o := t.at(point.id)) is not None for v in o.labels]
        outlines, volume = outlines_of(node, point.id, labels), volume_at(node, point.id)
        maps.append(outlines.label_map())
        image = own_image(volume, transform_at(node, point.id))
        modality = modality_of_volume(volume)
        studies.append(
            Study(point.id, image, point.date, maps[-1] if given else None, None, modality, volume.GetName())
        )
    registrations = [_registration(node, patient, n) for n in range(1, len(studies))]
    steps, places = steps_of(node), {point.id: n for n, point in enumerate(patient.time_points)}
    also = [(places[a], places[b]) for a, b in further_of(node) if a in places and b in places]

    def compute(progress: Progress = SILENT) -> Comparison:
        work, mapping = progress.parts(3, 1)
        followed = Followed(patient, tuple(maps))
        comparison = restored(studies, registrations, followed, without_change_maps(recipe), work, also)
        return _with_maps(comparison, steps, mapping)

    return compute


def _with_maps(comparison: Comparison, steps: Mapping[MapEnds, list[Any]], progress: Progress) -> Comparison:
    """With the maps that the scene has of each pair, made again."""
    ids = unique_names(comparison.studies)
    pairs, count = comparison.all_pairs, len(comparison.pairs)
    made: list[PairComparison] = []
    for pair, share in zip(pairs, progress.parts(*[1.0] * len(pairs)), strict=True):
        operations = steps.get(MapEnds(ids[pair.fixed], ids[pair.moving]), [])
        made.append(replace(pair, maps=change_maps_of(pair, comparison.studies, operations, share)))
    return replace(comparison, pairs=tuple(made[:count]), further=tuple(made[count:]))


def _registration(node, patient: Patient, n: int) -> Registration:
    point = patient.time_points[n]
    holder = transform_at(node, point.id)
    transform = transform_of_node(holder) if holder is not None else sitk.AffineTransform(3)
    kept = point.alignment or Alignment(Verdict.GOOD)
    verdict, words = verdicts_of(node).get(point.id, (kept.verdict, "\n".join(kept.reasons)))
    reasons = tuple(filter(None, words.split("\n")))
    if transform.IsLinear():
        to_first, to_other = half_way(transform)
    else:  # its half cannot be told from the whole: compared in the first study's space
        to_first, to_other = sitk.AffineTransform(3), transform
    return Registration(transform, to_first, to_other, verdict, reasons, kept.figures)
