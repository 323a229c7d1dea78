"""A comparison as nodes: every later study shown in the first one's space, what changed in color, tables and places.

World space is the space of the first study. The other studies keep their own voxels; they and their segmentations
are put under the registration, which a reader can take away or correct.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import SimpleITK as sitk
import slicer

from MedProcLib.comparison.result import Change, Comparison, Finding, PairComparison
from MedProcLib.comparison.study import Study
from MedProcLib.core.provenance import Provenance
from MedProcLib.scene.color_tables import add_change_colors, add_difference_colors, color_of_change
from MedProcLib.scene.commit import commit
from MedProcLib.scene.comparison_tables import add_figures_table, add_findings_table, finding_name
from MedProcLib.scene.hierarchy import add_folder, add_patient, add_study, hierarchy_of, place_under
from MedProcLib.scene.markups import points_node_from
from MedProcLib.scene.provenance import write_provenance
from MedProcLib.scene.segmentations import SegmentInfo, label_values, segmentation_from_labels
from MedProcLib.scene.tables import table_from_rows
from MedProcLib.scene.terminology import LESION
from MedProcLib.scene.transforms import points_to_world, transform_node_from
from MedProcLib.scene.views import jump_slices, link_slices, share_window_level, show_in_slices
from MedProcLib.scene.volumes import volume_from_image

FOREGROUND_OPACITY = 0.5
CALIBRATED = ("CT", "PT")  # modalities whose values mean the same in every study
# The difference is shown in color up to this percentile of its absolute value, inside the region that was searched.
DIFFERENCE_PERCENTILE = 99.5


@dataclass(frozen=True)
class PairNodes:
    """Nodes of one pair of studies; see add_comparison."""

    to_first: Any
    fixed_segmentation: Any
    moving_segmentation: Any
    change: Any
    difference: Any
    findings: Any
    figures: Any
    points: Any


@dataclass(frozen=True)
class ComparisonNodes:
    """Nodes of a comparison: a volume per study, and what belongs to each pair, in the comparison's order."""

    volumes: tuple
    pairs: tuple[PairNodes, ...]
    measurements: Any | None = None


def add_comparison(
    comparison: Comparison,
    scene=None,
    sources: Sequence | None = None,
    measurements: Sequence[Mapping] | None = None,
    units: Mapping[str, str] | None = None,
    patient: str = "Patient",
) -> ComparisonNodes:
    """Add a comparison to the scene in one step and show it in the slice views.

    sources: the studies' volume nodes, in the order of comparison.studies. The first one is shown as it is; of the
    others a copy is, since a node of the reader's is not moved. Without them all volumes are added, under a new
    patient of this name.
    measurements: rows of {column: value} for a table, units by column. Nothing is added when it fails.
    """
    scene = scene or slicer.mrmlScene
    with commit(scene):
        places = _add_places(comparison, scene, sources, patient)
        volumes = _add_volumes(comparison, scene, sources, places)
        colors = add_change_colors(scene), add_difference_colors(scene)
        pairs = tuple(_add_pair(comparison, pair, volumes, places, colors, scene) for pair in comparison.pairs)
        table = None
        if measurements is not None:
            table = table_from_rows(measurements, "Measurements", units, scene)
            place_under(table, places.results)
    _show(comparison, volumes, pairs, scene)
    return ComparisonNodes(volumes, pairs, table)


@dataclass(frozen=True)
class _Places:
    """Subject-hierarchy items: of each study, and of the folder for what belongs to no study alone."""

    studies: tuple[int, ...]
    results: int


def _add_places(comparison: Comparison, scene, sources: Sequence | None, patient: str) -> _Places:
    if sources is None:
        patient_item = add_patient(scene, patient)
        studies = tuple(add_study(scene, patient_item, _study_title(s), s.date) for s in comparison.studies)
        return _Places(studies, add_folder(scene, patient_item, "Comparison"))
    hierarchy = hierarchy_of(scene)
    studies = tuple(hierarchy.GetItemParent(hierarchy.GetItemByDataNode(source)) for source in sources)
    above = studies[0] if studies[0] == hierarchy.GetSceneItemID() else hierarchy.GetItemParent(studies[0])
    return _Places(studies, add_folder(scene, above, "Comparison"))


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
        volumes.append(volume)
    return tuple(volumes)


def _add_pair(comparison: Comparison, pair: PairComparison, volumes: tuple, places: _Places, colors, scene):
    first, other = comparison.studies[pair.fixed], comparison.studies[pair.moving]
    provenance = Provenance(
        comparison.recipe, {"first": first.source or first.name, "other": other.source or other.name}
    )
    pair_name = f"{first.name} to {other.name}"

    to_first = transform_node_from(pair.registration.transform, f"{other.name} to {first.name}", scene)
    halfway = transform_node_from(pair.registration.to_first, f"Half-way to {first.name}", scene)
    halfway.Inverse()  # to_first leads from half-way points to the first study: that is the node's direction to parent
    volumes[pair.moving].SetAndObserveTransformNodeID(to_first.GetID())

    many = len(comparison.pairs) > 1
    fixed_name = f"{first.name} findings" + (f" (with {other.name})" if many else "")
    fixed = _add_findings(pair.fixed_labels, pair.findings, fixed_name, volumes[pair.fixed], scene)
    moving = _add_findings(pair.moving_labels, pair.findings, f"{other.name} findings", volumes[pair.moving], scene)
    moving.SetAndObserveTransformNodeID(to_first.GetID())
    fixed.GetDisplayNode().SetVisibility2DFill(False)  # outline: then; filled: now

    change = volume_from_image(pair.change, f"{pair_name} change", scene, labels=True)
    change.GetDisplayNode().SetAndObserveColorNodeID(colors[0].GetID())
    difference = _add_difference(pair, f"{pair_name} difference", colors[1], scene)
    difference.SetAndObserveTransformNodeID(halfway.GetID())

    at = places_in_first(pair.findings, to_first)
    findings = add_findings_table(pair.findings, at, first.name, other.name, f"{pair_name} findings", scene)
    figures = add_figures_table(
        pair.registration.figures, f"{pair_name} registration {pair.registration.verdict}", scene
    )
    points = _add_points(pair.findings, at, f"{pair_name} places", scene)

    place_under(fixed, places.studies[pair.fixed])
    place_under(moving, places.studies[pair.moving])
    for node in (to_first, halfway, change, difference, findings, figures, points):
        place_under(node, places.results)
    for node in (to_first, halfway, fixed, moving, change, difference, findings, figures, points):
        write_provenance(node, provenance)
    return PairNodes(to_first, fixed, moving, change, difference, findings, figures, points)


def _add_findings(labels: sitk.Image, findings: tuple[Finding, ...], name: str, volume, scene):
    by_number = {finding.number: finding for finding in findings}
    present = set(label_values(labels))
    segments = {
        number: SegmentInfo(
            segment_name(by_number[number]),
            color_of_change(by_number[number].change),
            id=finding_name(by_number[number]),
            terminology=LESION,
        )
        for number in sorted(present & by_number.keys())
    }
    node = segmentation_from_labels(labels, segments, name, volume, scene)
    node.GetDisplayNode().SetOpacity2DFill(0.4)
    if segments:
        node.CreateClosedSurfaceRepresentation()  # so that the 3D view shows them
    return node


def _add_difference(pair: PairComparison, name: str, color_node, scene):
    node = volume_from_image(pair.difference, name, scene)
    values = np.abs(sitk.GetArrayViewFromImage(pair.difference)[sitk.GetArrayViewFromImage(pair.region) != 0])
    values = values[np.isfinite(values)]
    limit = float(np.percentile(values, DIFFERENCE_PERCENTILE)) if values.size else 0.0
    display = node.GetDisplayNode()
    display.SetAndObserveColorNodeID(color_node.GetID())
    display.SetWindowLevel(2 * (limit or 1.0), 0.0)
    return node


def _add_points(findings: Sequence[Finding], places: np.ndarray, name: str, scene):
    known = np.isfinite(places).all(axis=1)
    labels = [segment_name(finding) for finding, placed in zip(findings, known, strict=True) if placed]
    node = points_node_from(places[known], labels, name, scene)
    display = node.GetDisplayNode()
    display.SetTextScale(2.0)
    display.SetGlyphScale(1.0)
    display.SetPointLabelsVisibility(True)
    return node


def places_in_first(findings: Sequence[Finding], to_first) -> np.ndarray:
    """LPS positions (n, 3) of findings in the first study's space, NaN where unknown.

    Where a finding is in the other study only, the registration node brings its place there; so it does for a merged
    one, whose center in the first study lies between its parts.
    """
    places = np.full((len(findings), 3), np.nan)
    for place, finding in zip(places, findings, strict=True):
        first, other = finding.centers
        if other is not None and (first is None or finding.change is Change.MERGED):
            place[:] = points_to_world(to_first, np.asarray(other))[0]
        elif first is not None:
            place[:] = first
    return places


def segment_name(finding: Finding) -> str:
    """What a finding is called in views: 'F3 grown'."""
    return f"{finding_name(finding)} {finding.change}"


def _show(comparison: Comparison, volumes: tuple, pairs: tuple[PairNodes, ...], scene) -> None:
    if not pairs:
        show_in_slices(volumes[0])
        return
    last, nodes = comparison.pairs[-1], pairs[-1]
    if all(study.modality in CALIBRATED for study in comparison.studies):
        share_window_level(volumes)
    show_in_slices(volumes[last.fixed], volumes[last.moving], FOREGROUND_OPACITY)
    link_slices(scene)
    for pair in pairs[:-1]:  # one pair's outlines at a time
        pair.fixed_segmentation.GetDisplayNode().SetVisibility(False)
        pair.points.GetDisplayNode().SetVisibility(False)
    differences = [abs(finding.difference_mm3) for finding in last.findings]
    places = places_in_first(last.findings, nodes.to_first)
    if differences and np.isfinite(places[np.argmax(differences)]).all():
        jump_slices(scene, places[np.argmax(differences)])
