"""A comparison as nodes: every later study shown in the first one's space, what changed in color, findings over time.

World space is the space of the first study. The other studies keep their own voxels; they and their segmentations
are put under the registration, which a reader can take away or correct.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import SimpleITK as sitk
import slicer

from MedProcLib.comparison.following import unique_names
from MedProcLib.comparison.result import Comparison, PairComparison, Verdict
from MedProcLib.comparison.study import Study
from MedProcLib.comparison.track_findings import studies_followed
from MedProcLib.comparison.tracks.model import Patient, Track
from MedProcLib.core.measurement import Measurement
from MedProcLib.core.provenance import Provenance
from MedProcLib.core.units import shown
from MedProcLib.scene.change_maps import MapEnds, add_change_maps, change_maps_at, ends_of, keep_change_maps
from MedProcLib.scene.color_tables import add_change_colors, add_difference_colors
from MedProcLib.scene.commit import commit
from MedProcLib.scene.hierarchy import add_folder, add_patient, add_study, hierarchy_of, place_under
from MedProcLib.scene.provenance import write_provenance
from MedProcLib.scene.tables import Column, table_from_columns, table_from_rows
from MedProcLib.scene.timeline_nodes import patient_of_node, transform_at
from MedProcLib.scene.timeline_places import track_places
from MedProcLib.scene.timeline_restore import keep_further
from MedProcLib.scene.timeline_scene import TimePointNodes, add_timeline, write_left_out, write_verdict
from MedProcLib.scene.timeline_views import show_outlines
from MedProcLib.scene.timeline_window import CALIBRATED
from MedProcLib.scene.transforms import transform_node_from
from MedProcLib.scene.views import jump_slices, link_slices, share_window_level, show_in_slices
from MedProcLib.scene.volumes import image_of_volume, volume_from_image

FOREGROUND_OPACITY = 0.5
# The difference is shown in color up to this percentile of its absolute value, inside the region that was searched.
DIFFERENCE_PERCENTILE = 99.5


@dataclass(frozen=True)
class PairNodes:
    """Nodes of a later study against an earlier one: registration, change in color, difference, figures of the
    registration, and the volumes of change maps."""

    to_first: Any
    change: Any
    difference: Any
    figures: Any
    maps: tuple = ()


@dataclass(frozen=True)
class ComparisonNodes:
    """Nodes of a comparison: a volume per study, what belongs to each pair with the first study and to each further
    pair, in the comparison's order, and the text node that holds the findings over time (see timeline_nodes), None
    where nothing was followed."""

    volumes: tuple
    pairs: tuple[PairNodes, ...]
    patient: Any | None = None
    measurements: Any | None = None
    further: tuple[PairNodes, ...] = ()


def add_comparison(
    comparison: Comparison,
    scene=None,
    sources: Sequence | None = None,
    measurements: Sequence[Mapping] | None = None,
    units: Mapping[str, str] | None = None,
    patient: str = "Patient",
    images: Sequence[Sequence] | None = None,
) -> ComparisonNodes:
    """Add a comparison to the scene in one step and show it in the slice views.

    sources: the studies' volume nodes, in the order of comparison.studies. The first one is shown as it is; of the
    others a copy is, since a node of the reader's is not moved. Without them all volumes are added, under a new
    patient of this name. images: further volume nodes of each study; copies of them are put under its registration.
    measurements: rows of {column: value} for a table, units by column. Nothing is added when it fails.
    """
    scene = scene or slicer.mrmlScene
    with commit(scene):
        places = _add_places(comparison, scene, sources, patient)
        volumes = _add_volumes(comparison, scene, sources, places)
        colors = add_change_colors(scene), add_difference_colors(scene)
        pairs = tuple(_add_pair(comparison, pair, volumes, places, colors, scene) for pair in comparison.pairs)
        further = tuple(
            _add_further(comparison, pair, pairs, places.results, colors, scene) for pair in comparison.further
        )
        also = _add_images(comparison, images, pairs, places, scene)
        node = _add_findings(comparison, volumes, sources or volumes, pairs, also, places, scene)
        if node is not None:
            keep_change_maps(node, [volume for each in (*pairs, *further) for volume in each.maps])
            keep_further(node, comparison)
        table = None
        if measurements is not None:
            table = table_from_rows(measurements, "Measurements", units, scene)
            place_under(table, places.results)
    _show(comparison, volumes, node, scene)
    return ComparisonNodes(volumes, pairs, node, table, further)


def left_out(comparison: Comparison) -> dict[str, tuple[str, ...]]:
    """The studies (names) that could not be registered to the first one, and why."""
    failed = [pair for pair in comparison.pairs if pair.registration.verdict is Verdict.FAILED]
    return {comparison.studies[pair.moving].name: tuple(pair.registration.reasons) for pair in failed}


def add_pair_to_scene(comparison: Comparison, pair: PairComparison, node, only_maps: bool, scene=None) -> PairNodes:
    """Add a pair that was compared (or given a map) after the comparison entered the scene, beside a patient's node.

    only_maps: all but its last change map is there already. Nothing is added when it fails.
    """
    scene = scene or slicer.mrmlScene
    ids = unique_names(comparison.studies)
    hierarchy = hierarchy_of(scene)
    results = hierarchy.GetItemParent(hierarchy.GetItemByDataNode(node))
    parent = transform_at(node, ids[pair.fixed])
    with commit(scene):
        if only_maps:
            space = _space_of_maps(node, MapEnds(ids[pair.fixed], ids[pair.moving]))
            if space is None:
                space = _pair_space(comparison, pair, parent, scene)
                place_under(space, results)
            last = replace(pair, maps=pair.maps[-1:])
            added = PairNodes(None, None, None, None, _add_maps(comparison, last, space, results, scene))
        else:
            colors = add_change_colors(scene), add_difference_colors(scene)
            added = _add_change(comparison, pair, parent, results, colors, scene)
        keep_change_maps(node, added.maps)
        keep_further(node, comparison)
    return added


@dataclass(frozen=True)
class _Places:
    """Subject-hierarchy items: of each study, and of the folder for what belongs to no study alone. patient: its name,
    '' where the studies are in none."""

    studies: tuple[int, ...]
    results: int
    patient: str = ""


def _add_places(comparison: Comparison, scene, sources: Sequence | None, patient: str) -> _Places:
    if sources is None:
        patient_item = add_patient(scene, patient)
        studies = tuple(add_study(scene, patient_item, _study_title(s), s.date) for s in comparison.studies)
        return _Places(studies, add_folder(scene, patient_item, "Comparison"), patient)
    hierarchy = hierarchy_of(scene)
    studies = tuple(hierarchy.GetItemParent(hierarchy.GetItemByDataNode(source)) for source in sources)
    above = studies[0] if studies[0] == hierarchy.GetSceneItemID() else hierarchy.GetItemParent(studies[0])
    name = hierarchy.GetItemName(above) if hierarchy.GetItemLevel(above) == "Patient" else ""
    return _Places(studies, add_folder(scene, above, "Comparison"), name)


def _study_title(study: Study) -> str:
    return f"{study.name} ({study.date.isoformat()})" if study.date else study.name


def _add_volumes(comparison: Comparison, scene, sources: Sequence | None, places: _Places) -> tuple:
    volumes = []
    for index, (study, item) in enumerate(zip(comparison.studies, places.studies, strict=True)):
        if sources is not None and index == 0:
            volumes.append(sources[0])
            continue
        volume = volume_from_image(study.image, study.name, scene)
        place_under(volume, item)
        if sources is not None:  # a copy, and no study of its own
            write_provenance(volume, Provenance(comparison.recipe, {"image": study.source or study.name}))
        volumes.append(volume)
    return tuple(volumes)


def _add_pair(comparison: Comparison, pair: PairComparison, volumes: tuple, places: _Places, colors, scene):
    """A later study against the first, which it is put over."""
    nodes = _add_change(comparison, pair, None, places.results, colors, scene)
    volumes[pair.moving].SetAndObserveTransformNodeID(nodes.to_first.GetID())
    return nodes


def _add_further(comparison: Comparison, pair: PairComparison, pairs, results: int, colors, scene) -> PairNodes:
    """Two later studies: what changed is shown where the earlier one lies in the first one's space."""
    parents = {first.moving: nodes.to_first for first, nodes in zip(comparison.pairs, pairs, strict=True)}
    return _add_change(comparison, pair, parents[pair.fixed], results, colors, scene)


def _add_change(comparison: Comparison, pair: PairComparison, parent, results: int, colors, scene) -> PairNodes:
    """Registration, change, difference, figures and maps of a pair. parent: transform of its earlier study."""
    first, other = comparison.studies[pair.fixed], comparison.studies[pair.moving]
    pair_name = f"{first.name} to {other.name}"
    to_first = transform_node_from(pair.registration.transform, f"{other.name} to {first.name}", scene)
    write_verdict(to_first, pair.registration.verdict, pair.registration.reasons)
    space = _pair_space(comparison, pair, parent, scene)
    change = volume_from_image(pair.change, f"{pair_name} change", scene, labels=True)
    change.GetDisplayNode().SetAndObserveColorNodeID(colors[0].GetID())
    change.SetAndObserveTransformNodeID(parent.GetID() if parent is not None else None)
    difference = _add_difference(pair, f"{pair_name} difference", colors[1], scene)
    difference.SetAndObserveTransformNodeID(space.GetID())
    figures = _add_figures(pair.registration.figures, f"{pair_name} registration {pair.registration.verdict}", scene)
    for node in (to_first, space, change, difference, figures):
        place_under(node, results)
        write_provenance(node, _provenance(comparison, first=first, other=other))
    maps = _add_maps(comparison, pair, space, results, scene)
    return PairNodes(to_first, change, difference, figures, maps)


def _pair_space(comparison: Comparison, pair: PairComparison, parent, scene):
    """Transform node from the space in which a pair was compared to the first study's."""
    first, other = comparison.studies[pair.fixed], comparison.studies[pair.moving]
    space = transform_node_from(pair.registration.to_first, f"Half-way to {first.name} from {other.name}", scene)
    space.Inverse()  # to_first leads from half-way points to the first study: that is the node's direction to parent
    space.SetAndObserveTransformNodeID(parent.GetID() if parent is not None else None)
    return space


def _space_of_maps(node, ends: MapEnds):
    """The transform node that maps of these time points are under; None without one."""
    maps = [volume for volume in change_maps_at(node) if ends_of(volume) == ends]
    return maps[0].GetParentTransformNode() if maps else None


def _add_maps(comparison: Comparison, pair: PairComparison, space, results: int, scene) -> tuple:
    ids, (first, other) = unique_names(comparison.studies), (comparison.studies[n] for n in (pair.fixed, pair.moving))
    sources = {"first": first.source or first.name, "other": other.source or other.name}
    ends, names = MapEnds(ids[pair.fixed], ids[pair.moving]), (first.name, other.name)
    return tuple(add_change_maps(pair.maps, ends, names, space, results, sources, scene))


def _add_images(comparison: Comparison, images: Sequence[Sequence] | None, pairs, places: _Places, scene) -> list[list]:
    """Further volumes of each study as they are shown: the first one's themselves, of the others copies."""
    if images is None:
        return [[] for _ in comparison.studies]
    shown_ones = [list(images[0])]
    transforms = {pair.moving: nodes.to_first for pair, nodes in zip(comparison.pairs, pairs, strict=True)}
    for number in range(1, len(comparison.studies)):
        copies = []
        for source in images[number]:
            copy = volume_from_image(image_of_volume(source), source.GetName(), scene, like=source)
            if number in transforms:
                copy.SetAndObserveTransformNodeID(transforms[number].GetID())
            place_under(copy, places.studies[number])
            write_provenance(copy, Provenance(comparison.recipe, {"image": source.GetName()}))
            copies.append(copy)
        shown_ones.append(copies)
    return shown_ones


def _add_findings(comparison: Comparison, volumes, sources, pairs, further, places: _Places, scene):
    """The findings over time; None where nothing was followed."""
    if comparison.followed is None:
        return None
    transforms = {pair.moving: nodes.to_first for pair, nodes in zip(comparison.pairs, pairs, strict=True)}
    patient, studies = comparison.followed.patient, studies_followed(comparison)
    nodes = {
        point.id: TimePointNodes(volumes[n], labels, places.studies[n], transforms.get(n), further[n], sources[n])
        for point, n, labels in zip(patient.time_points, studies, comparison.followed.label_maps, strict=True)
    }
    provenance = _provenance(comparison, **{f"study{n + 1}": comparison.studies[n] for n in studies})
    name = f"{places.patient} findings" if places.patient else "Findings over time"
    node = add_timeline(patient, nodes, places.results, provenance, name, scene)
    write_left_out(node, left_out(comparison))
    return node


def _provenance(comparison: Comparison, **studies: Study) -> Provenance:
    return Provenance(comparison.recipe, {role: study.source or study.name for role, study in studies.items()})


def _add_difference(pair: PairComparison, name: str, color_node, scene):
    node = volume_from_image(pair.difference, name, scene)
    values = np.abs(sitk.GetArrayViewFromImage(pair.difference)[sitk.GetArrayViewFromImage(pair.region) != 0])
    values = values[np.isfinite(values)]
    limit = float(np.percentile(values, DIFFERENCE_PERCENTILE)) if values.size else 0.0
    display = node.GetDisplayNode()
    display.SetAndObserveColorNodeID(color_node.GetID())
    display.SetWindowLevel(2 * (limit or 1.0), 0.0)
    return node


def _add_figures(figures: Sequence[Measurement], name: str, scene):
    """A table with one row per measurement: name, value, unit and code."""
    columns = [
        Column("name", [figure.name.replace("_", " ") for figure in figures]),
        Column("value", [float(figure.value) for figure in figures]),
        Column("unit", [shown(figure.unit) for figure in figures]),
        Column("code", [f"{figure.code.scheme} {figure.code.value}" if figure.code else "" for figure in figures]),
    ]
    return table_from_columns(columns, name, scene)


def _show(comparison: Comparison, volumes: tuple, node, scene) -> None:
    if node is None or len(studies_followed(comparison)) < 2:
        show_in_slices(volumes[0])
        return
    last = volumes[studies_followed(comparison)[-1]]
    if all(study.modality in CALIBRATED for study in comparison.studies):
        share_window_level(volumes)
    show_in_slices(volumes[0], last, FOREGROUND_OPACITY)
    link_slices(scene)
    patient = patient_of_node(node)
    show_outlines(node, {}, [patient.time_points[0].id, patient.time_points[-1].id])
    if patient.tracks:
        largest = max(patient.tracks, key=lambda track: _difference(patient, track))
        jump_slices(scene, track_places(node, patient, largest)[patient.time_points[-1].id])


def _difference(patient: Patient, track: Track) -> float:
    """Difference of volume (mm³) between the first and the last time point."""
    ends = [track.at(point.id) for point in (patient.time_points[0], patient.time_points[-1])]
    first, last = (seen.volume.value if seen is not None and seen.counts else 0.0 for seen in ends)
    return abs(last - first)
