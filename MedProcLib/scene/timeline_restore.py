"""A comparison made again from a patient in the scene, so that a loaded one can be reported and mapped at once."""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from MedProcLib.comparison.change_maps import change_maps_of, without_change_maps
from MedProcLib.comparison.first_space import in_space_of
from MedProcLib.comparison.following import unique_names
from MedProcLib.comparison.result import Comparison, PairComparison
from MedProcLib.comparison.saved import Saved
from MedProcLib.core.progress import SILENT, Progress
from MedProcLib.scene.change_maps import MapEnds, steps_of
from MedProcLib.scene.hierarchy import modality_of_volume
from MedProcLib.scene.timeline_nodes import patient_of_node, transform_at, volume_at
from MedProcLib.scene.timeline_outlines import outlines_of, own_image
from MedProcLib.scene.timeline_scene import with_verdicts
from MedProcLib.scene.transforms import transform_of_node
from MedProcLib.scene.value_unit import unit_of_values

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
    points = patient.time_points
    maps, images, transforms, modalities, sources, units = [], [], [], [], [], []
    for point in points:
        labels = [v for t in patient.tracks if (o := t.at(point.id)) is not None for v in o.labels]
        maps.append(outlines_of(node, point.id, labels).label_map())
        volume, holder = volume_at(node, point.id), transform_at(node, point.id)
        images.append(own_image(volume, holder))
        transforms.append(transform_of_node(holder) if holder is not None else None)
        modalities.append(modality_of_volume(volume))
        sources.append(point.name or volume.GetName())  # of the copy that is shown it has a number behind it
        units.append(unit_of_values(volume))
    saved = Saved(with_verdicts(node), images, maps, transforms, modalities, sources, units)
    steps, places = steps_of(node), {point.id: n for n, point in enumerate(points)}
    also = [(places[a], places[b]) for a, b in further_of(node) if a in places and b in places]

    def compute(progress: Progress = SILENT) -> Comparison:
        work, mapping = progress.parts(3, 1)
        comparison = saved.comparison(without_change_maps(saved.recipe), work, also)
        placed = in_space_of(patient, transforms[0])
        followed = replace(comparison.followed, patient=placed) if comparison.followed else None
        return _with_maps(replace(comparison, followed=followed), steps, mapping)

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
