"""What a chain of steps found, as nodes: segments, the list of findings, maps, center lines, surface and tables."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import SimpleITK as sitk

from MedProcLib.core.geometry import Geometry
from MedProcLib.core.progress import SILENT, Progress
from MedProcLib.core.provenance import Provenance
from MedProcLib.core.structure import Structure
from MedProcLib.scene.commit import commit
from MedProcLib.scene.findings import add_findings_list
from MedProcLib.scene.provenance import write_provenance
from MedProcLib.scene.ready_segments import ReadySegments, put_segments, ready_segments, world_to_node
from MedProcLib.scene.segmentation_tables import table_columns
from MedProcLib.scene.segmentations import SegmentInfo, label_values, segmentation_from_labels
from MedProcLib.scene.surfaces import ReadyModel, add_models, ready_models
from MedProcLib.scene.tables import Column, table_from_columns
from MedProcLib.scene.terminology import LESION, entry_of
from MedProcLib.scene.tubes import add_centerlines
from MedProcLib.scene.volumes import ReadyImage, ready_image, volume_from_image
from MedProcLib.segmentation.naming import called_as, finding_color
from MedProcLib.segmentation.outcome import SegmentationOutcome
from MedProcLib.segmentation.structures import STRUCTURES

EACH, TOGETHER = "One for each finding", "All findings in one"
# More segments than these make Slicer slow: the findings after them share one.
MOST_SEGMENTS = 200
# More surfaces than these take long to make; the Segment Editor's "Show 3D" makes them.
MOST_SURFACES = 60
MAP_NAMES = {key: each.name for key, each in STRUCTURES.items()}


@dataclass(frozen=True)
class SegmentationNodes:
    """Nodes of a result; unpacks as (segmentation, table). in_3d: whether its segments were not too many for 3D."""

    segmentation: Any
    table: Any
    maps: tuple = ()
    centerlines: tuple = ()
    surfaces: tuple = ()
    in_3d: bool = True
    tables: tuple = ()

    def __iter__(self) -> Iterator:
        return iter((self.segmentation, self.table))


@dataclass(frozen=True)
class ReadyOutcome:
    """A result made ready for the scene; see ready_outcome. labels, infos, owner: see segments_of; called: what outer
    names make of its segments, by number; maps: by name; in_3d: whether they are not too many for 3D; surfaces: whether
    they have surfaces."""

    outcome: SegmentationOutcome
    grouping: str
    to_node: np.ndarray
    labels: sitk.Image
    infos: Mapping[int, SegmentInfo]
    owner: Mapping[int, int]
    called: Mapping[int, SegmentInfo]
    segments: ReadySegments
    maps: Mapping[str, ReadyImage]
    models: Sequence[ReadyModel]
    in_3d: bool
    surfaces: bool
    tables: Mapping[str, Sequence[Column]]


def ready_outcome(
    outcome: SegmentationOutcome,
    grouping: str = EACH,
    seeds: Mapping[int, SegmentInfo] | None = None,
    to_node: np.ndarray | None = None,
    there: int = 0,
    progress: Progress = SILENT,
    raters: Sequence[str] = (),
) -> ReadyOutcome:
    """Do in any thread what would keep the main thread busy: label maps, surfaces and maps as VTK data.

    seeds: what the objects that the seeds mark are called, for segments whose steps do not say what they show;
    to_node: of the segmentation node they are for, see world_to_node; there: segments that it has; raters: their names.
    Raises InputError, Cancelled.
    """
    called = called_as(outcome.sources, seeds or {})
    labels, infos, owner = segments_of(outcome, grouping, called)
    to_node = np.eye(4) if to_node is None else to_node
    in_3d = there + len(infos) <= MOST_SURFACES
    surfaces = in_3d and min(labels.GetSize()) > 1  # of a picture they would be plates, of millions of triangles
    segments = ready_segments(labels, infos, to_node, surfaces, progress)
    maps = {key: ready_image(image) for key, image in outcome.maps.items()}
    models: list[ReadyModel] = []
    if outcome.surface is not None:
        numbers = [candidate.number for candidate in outcome.candidates]
        models = ready_models(outcome.surface, infos_of(numbers, outcome.structures, called))
    tables = {title: table_columns(rows, raters, seeds or {}) for title, rows in outcome.tables.items()}
    given = outcome, grouping, to_node, labels, infos, owner, called
    return ReadyOutcome(*given, segments, maps, models, in_3d, surfaces, tables)


def add_outcome(
    ready: ReadyOutcome, volume, provenance: Provenance, title: str = "findings", output=None, scene=None
) -> SegmentationNodes:
    """Add a result beside the volume it was made of, in one step, and show its segments in 2D and 3D.

    output: segmentation node to add the segments to; what it holds stays. Nothing is added when it fails.
    """
    outcome, infos, owner = ready.outcome, ready.infos, ready.owner
    name = volume.GetName()
    segments = ready.segments
    if not np.array_equal(world_to_node(output), ready.to_node):  # it was moved, or hardened, meanwhile
        segments = ready_segments(ready.labels, infos, world_to_node(output), ready.surfaces)
    with commit(scene):
        if output is None:
            segmentation = segmentation_from_labels(segments, None, f"{name} {title}", volume, scene)
            ids = list(segmentation.GetSegmentation().GetSegmentIDs())
        else:
            segmentation = output
            ids = put_segments(output, segments)
        id_of = dict(zip(sorted(infos), ids, strict=True))
        names = finding_names(ready)
        table = add_findings_list(
            outcome.candidates,
            names,
            {number: id_of[owner[number]] for number in names},
            f"{name} {title} list",
            volume,
            segmentation,
            scene,
        )
        maps = tuple(
            volume_from_image(image, f"{name} {_map_name(key)}", scene, like=volume)
            for key, image in ready.maps.items()
        )
        lines = add_centerlines(outcome.centerlines, f"{name} {title}", volume, scene) if outcome.centerlines else ()
        models = add_models(ready.models, f"{name} {title}", volume, scene)
        tables = tuple(
            table_from_columns(columns, f"{name} {key} table", scene, like=volume)
            for key, columns in ready.tables.items()
        )
        for node in (segmentation, table, *maps, *lines, *models, *tables):
            write_provenance(node, provenance)
    if ready.surfaces:
        segmentation.CreateClosedSurfaceRepresentation()  # those that have theirs already keep it
    return SegmentationNodes(segmentation, table, maps, lines, models, ready.in_3d, tables)


def segments_of(
    outcome: SegmentationOutcome, grouping: str, seeds: Mapping[int, SegmentInfo] | None = None
) -> tuple[sitk.Image, dict[int, SegmentInfo], dict[int, int]]:
    """Label map to show, its segments by value, and which of these shows each finding (by its number)."""
    values = [candidate.number for candidate in outcome.candidates]
    structures, seeds = outcome.structures, seeds or {}
    if grouping == TOGETHER:
        every = {structures.get(value, structures.get(0)) for value in values}
        shown = next(iter(every)) if len(every) == 1 else None
        info = SegmentInfo(shown.name, shown.color, "", entry_of(shown)) if shown else None
        merged = info or SegmentInfo("Findings", finding_color(0), terminology=LESION)
        return outcome.labels != 0, {1: merged}, dict.fromkeys(values, 1)
    if len(values) <= MOST_SEGMENTS:
        return outcome.labels, infos_of(values, structures, seeds), {value: value for value in values}
    first = values[: MOST_SEGMENTS - 1]
    rest = MOST_SEGMENTS
    table = np.full(max(max(values), max(label_values(outcome.labels))) + 1, rest, np.uint8)
    table[0] = 0
    table[first] = np.arange(1, len(first) + 1)
    infos = {int(table[value]): info for value, info in infos_of(first, structures, seeds).items()}
    infos[rest] = SegmentInfo(f"Other findings ({len(values) - len(first)})", (0.6, 0.6, 0.6))
    shown_labels = Geometry.of(outcome.labels).image_of(table[sitk.GetArrayViewFromImage(outcome.labels)])
    return shown_labels, infos, {value: int(table[value]) for value in values}


def finding_names(ready: ReadyOutcome) -> dict[int, str]:
    """What each finding is called, by number: as its segment, or, where that is shared, as one of its own would be."""
    outcome, shares = ready.outcome, Counter(ready.owner.values())
    names = {}
    for place, candidate in enumerate(outcome.candidates, 1):
        number = candidate.number
        shown = outcome.structures.get(number, outcome.structures.get(0))
        if ready.grouping == EACH and shares[ready.owner[number]] == 1:
            names[number] = ready.infos[ready.owner[number]].name
        elif number in ready.called and number not in outcome.structures:
            names[number] = ready.called[number].name
        elif shown is not None and (number in outcome.structures or len(outcome.candidates) == 1):
            names[number] = shown.name
        else:
            names[number] = f"{shown.name if shown else 'Finding'} {place}"
    return names


def infos_of(
    values: Sequence[int], structures: Mapping[int, Structure], seeds: Mapping[int, SegmentInfo]
) -> dict[int, SegmentInfo]:
    """Name, color and terms of segments by value.

    Of a structure there may be one segment, which is called as it, or several, which are numbered.
    """
    infos = {}
    for place, value in enumerate(values):
        shown = structures.get(value, structures.get(0))
        numbered = value not in structures and len(values) > 1
        if value in seeds and value not in structures:
            marked = seeds[value]
            terms = marked.terminology
            if terms.category is None and shown is not None:  # a list of points says no terms
                terms = entry_of(shown)
            infos[value] = SegmentInfo(marked.name, marked.color, "", terms)
        elif shown is None:
            infos[value] = SegmentInfo(f"Finding {place + 1}", finding_color(place), terminology=LESION)
        else:
            color = finding_color(place) if numbered else shown.color
            name = f"{shown.name} {place + 1}" if numbered else shown.name
            infos[value] = SegmentInfo(name, color, terminology=entry_of(shown))
    return infos


def _map_name(key: str) -> str:
    return MAP_NAMES.get(key, key.replace("_", " ")).lower()
