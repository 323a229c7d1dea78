"""A comparison as a reader left it in the scene, for the report."""

from dataclasses import replace

from MedProcLib.comparison.evaluation import Evaluated, Evaluation, left_open
from MedProcLib.comparison.response.criteria import best
from MedProcLib.comparison.result import Comparison
from MedProcLib.comparison.track_findings import studies_followed
from MedProcLib.comparison.tracks.case import case_of
from MedProcLib.comparison.tracks.redraw import REDRAWN
from MedProcLib.core.errors import InputError
from MedProcLib.scene.timeline_nodes import patient_of_node
from MedProcLib.scene.timeline_outlines import outlines_of
from MedProcLib.scene.timeline_tables import criterion_of, responses_of


def reviewed(comparison: Comparison, node) -> Comparison:
    """The comparison with the findings, dates, decisions and outlines that a patient's node and its segmentations have.

    node: None where nothing was followed. Main thread. Raises InputError when a redrawn segmentation is gone.
    """
    if comparison.followed is None or node is None:
        return comparison
    patient = patient_of_node(node)
    dates = dict(zip(studies_followed(comparison), [point.date for point in patient.time_points], strict=True))
    studies = tuple(replace(s, date=dates.get(n, s.date)) for n, s in enumerate(comparison.studies))
    maps = comparison.followed.label_maps
    if any(entry.what.endswith(REDRAWN) for entry in patient.history):
        labels = {p.id: [v for t in patient.tracks if (o := t.at(p.id)) for v in o.labels] for p in patient.time_points}
        maps = tuple(outlines_of(node, point, wanted).label_map() for point, wanted in labels.items())
    return replace(comparison, studies=studies, followed=replace(comparison.followed, patient=patient, label_maps=maps))


def evaluated_of(node) -> Evaluated | None:
    """What the criterion that a reader chose gives for the roles that the findings have; None where none was chosen."""
    name = criterion_of(node) if node is not None else ""
    if not name:
        return None
    patient = patient_of_node(node)
    responses, missing = responses_of(patient, name)
    if not responses:
        return Evaluated(note=missing)
    case = case_of(patient)
    try:
        found = best(name, case)
    except InputError:  # of nodule growth, which grades no response
        found = None
    note = f"The roles of the findings are a reader's.{left_open(patient, case)}"
    return Evaluated((Evaluation(name, case, tuple(responses), found),), note)
