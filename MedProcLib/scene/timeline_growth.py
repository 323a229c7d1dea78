"""A study added to findings that a reader has gone through: names and decisions stay, the new findings join them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import count

import numpy as np
import SimpleITK as sitk

from MedProcLib.comparison.coverage import with_unseen
from MedProcLib.comparison.defaults import default_recipe, require_outlines
from MedProcLib.comparison.first_space import after, in_space_of
from MedProcLib.comparison.following import border_mm_of, measure_study
from MedProcLib.comparison.halfway import matrix_of
from MedProcLib.comparison.pipeline import compare
from MedProcLib.comparison.result import Change, Comparison, Registration
from MedProcLib.comparison.study import Study
from MedProcLib.comparison.track_names import with_segment_names
from MedProcLib.comparison.tracks.follow import Labelled, extend_with_labels
from MedProcLib.comparison.tracks.model import IDENTITY, Alignment, Patient, TimePoint
from MedProcLib.core.errors import InputError
from MedProcLib.core.geometry import Geometry
from MedProcLib.core.progress import SILENT, Progress
from MedProcLib.core.provenance import Provenance
from MedProcLib.core.recipe import Recipe
from MedProcLib.scene.commit import commit
from MedProcLib.scene.decisions import timestamp
from MedProcLib.scene.hierarchy import hierarchy_of
from MedProcLib.scene.provenance import write_provenance
from MedProcLib.scene.studies import study_of_volume
from MedProcLib.scene.timeline_edits import put_patient
from MedProcLib.scene.timeline_nodes import patient_of_node, transform_at, volume_at
from MedProcLib.scene.timeline_outlines import outlines_of, own_image
from MedProcLib.scene.timeline_scene import TimePointNodes, add_time_point, write_verdict
from MedProcLib.scene.transforms import transform_node_from, transform_of_node
from MedProcLib.scene.volumes import volume_from_image


@dataclass(frozen=True)
class Grown:
    """A patient with one more time point (its id), that one's outlines, and how its study lies in the common space."""

    patient: Patient
    time_point: str
    study: Study
    labels: sitk.Image
    registration: Registration
    recipe: Recipe


def growth_of(node, study: Study, recipe: Recipe | None = None, landmarks=None) -> Callable[[Progress], Grown]:
    """What compares one more study with a patient's first one (see reference_of) and follows the findings into it.

    The findings keep their names, figures and decisions (see comparison.tracks.extend). What the comparison with the
    first study calls unchanged has the outline in the new one that it has in the first; what it calls stable but the
    findings do not list is not new; what is not shown is not gone. landmarks: point list of the first study, None for
    those kept with it; they are used where the new one has landmarks too. A name that a time point has already gets a
    number. Main thread; what is returned may run in any. Raises InputError, when it runs, for a study that cannot be
    registered.
    """
    patient = patient_of_node(node)
    name = study.name.strip() or f"Study {len(patient.time_points) + 1}"
    if name in patient.order:  # volumes of one series in each study are often called the same
        numbered = (f"{name} ({n})" for n in count(len(patient.time_points) + 1))
        name = next(each for each in numbered if each not in patient.order)
    study = replace(study, name=name)
    first, lies = reference_of(node, patient)
    outlines = {point.id: _all_outlines(node, patient, point) for point in patient.time_points}
    volume = volume_at(node, first.id)
    baseline = study_of_volume(volume, date=first.date, landmarks=landmarks)
    baseline = replace(baseline, image=own_image(volume, transform_at(node, first.id)))
    if landmarks is None:
        baseline = replace(baseline, landmarks=first.landmarks)

    def grow(progress: Progress = SILENT) -> Grown:
        maps = {point: given.label_map() for point, given in outlines.items()}
        begun = baseline if study.labels is None else replace(baseline, labels=maps[first.id])
        # by their dates the new one might come first: the common space is that of the first all the same
        pair_of = [replace(begun, date=None), replace(study, date=None)]
        steps = recipe
        if study.labels is None and any(point.given for point in patient.time_points):
            steps = recipe or default_recipe(pair_of, progress.part(0, 0.1))
            require_outlines([replace(baseline, labels=maps[first.id]), study], steps)
        known = maps[first.id] if study.labels is None else None
        comparison = compare(pair_of, steps, progress.part(0.1, 0.8), known=known)
        registration = comparison.pairs[0].registration
        if comparison.followed is None:
            raise InputError(f"'{name}' cannot be registered to '{first.id}': {' '.join(registration.reasons)}")
        transform = registration.transform if lies is None else after(registration.transform, lies)
        matrix = tuple(matrix_of(transform).ravel().tolist()) if transform.IsLinear() else IDENTITY
        alignment = Alignment(registration.verdict, registration.reasons, registration.figures)
        point = TimePoint(
            name,
            name,
            study.date,
            matrix=matrix,
            alignment=alignment,
            landmarks=study.landmarks,
            given=study.labels is not None,
        )
        others = [Labelled(p, maps[p.id], outlines[p.id].from_common) for p in patient.time_points]
        new = Labelled(point, comparison.followed.label_maps[1], transform)
        followed = replace(patient, settings=replace(patient.settings, pieces="labels"))  # as they are outlined
        grown, labels = extend_with_labels(followed, new, others, when=timestamp(), progress=progress.part(0.8, 0.85))
        unlisted = [] if study.labels is not None else _unlisted(patient, grown, comparison)
        if unlisted:
            new = replace(new, labels=_without(new.labels, unlisted))
            grown, labels = extend_with_labels(
                followed, new, others, when=timestamp(), progress=progress.part(0.85, 0.9)
            )
        told, _outside = with_unseen(in_space_of(grown, lies), name, study, comparison.pairs[0], comparison.recipe)
        outside = {track.id: track.outside for track in told.tracks}
        grown = grown.with_tracks(*(replace(track, outside=outside[track.id]) for track in grown.tracks))
        grown = with_segment_names(grown, {name: (labels, study)})
        border_mm = border_mm_of(study, pair_of, comparison.recipe)
        grown = measure_study(grown, name, study, labels, border_mm, progress.part(0.9, 1))
        return Grown(grown, name, study, labels, replace(registration, transform=transform), comparison.recipe)

    return grow


def add_grown(node, grown: Grown, source) -> str:
    """Add the study to a patient's findings in the scene, in one step; returns what was done, in words.

    source: the study's volume node, of which a copy is shown. Raises InputError when the findings were changed
    meanwhile; then nothing is added.
    """
    scene = node.GetScene()
    known = patient_of_node(node).history
    if grown.patient.history[: len(known)] != known:
        raise InputError("The findings were corrected during the run, so nothing was added. Run it again.")
    first, _lies = reference_of(node, patient_of_node(node))
    with commit(scene):
        hierarchy = hierarchy_of(scene)
        item = hierarchy.GetItemParent(hierarchy.GetItemByDataNode(source))
        volume = volume_from_image(grown.study.image, grown.study.name, scene, like=source)
        transform = transform_node_from(grown.registration.transform, f"{grown.time_point} to {first.id}", scene)
        write_verdict(transform, grown.registration.verdict, grown.registration.reasons)
        volume.SetAndObserveTransformNodeID(transform.GetID())
        write_provenance(volume, Provenance(grown.recipe, {"image": grown.study.source or grown.study.name}))
        inputs = {"first": first.id, "added": grown.study.source or grown.study.name}
        nodes = TimePointNodes(volume, grown.labels, item, transform, source=source)
        add_time_point(node, grown.patient, grown.time_point, nodes, Provenance(grown.recipe, inputs))
        return put_patient(node, grown.patient)


def _unlisted(before: Patient, grown: Patient, comparison: Comparison) -> list[int]:
    """Labels of what would be new though the comparison finds it in the first study too, and stable: the findings just
    do not list it."""
    pair, followed = comparison.pairs[0], comparison.followed
    if followed is None:
        return []
    stable = {name for finding in pair.findings if finding.change is Change.STABLE for name in finding.tracks}
    seen = [followed.patient.track(name).observations[-1] for name in stable]
    there = {label for observation in seen for label in observation.labels}
    known = {track.id for track in before.tracks}
    begun = [track.observations[0] for track in grown.tracks if track.id not in known and not track.parent]
    return [label for observation in begun if there >= set(observation.labels) for label in observation.labels]


def _without(image: sitk.Image, labels: Sequence[int]) -> sitk.Image:
    values = sitk.GetArrayFromImage(image)
    values[np.isin(values, labels)] = 0
    return Geometry.of(image).image_of(values)


def reference_of(node, patient: Patient):
    """The time point that a new study is aligned with, and the transform (LPS, mm) from the common space to it (None:
    the same): that which the others were aligned with, or the first one after that was taken out."""
    lying = [transform_at(node, point.id) for point in patient.time_points]
    place = lying.index(None) if None in lying else 0
    return patient.time_points[place], transform_of_node(lying[place]) if lying[place] is not None else None


def _all_outlines(node, patient: Patient, point: TimePoint):
    labels: Sequence[int] = [v for t in patient.tracks if (o := t.at(point.id)) is not None for v in o.labels]
    return outlines_of(node, point.id, labels)
