"""A reader's corrections of a patient in the scene: whatever is changed, all that is shown of it follows at once."""

from collections.abc import Callable

from MedProcLib.comparison.tracks.history import last_standing, last_undone, redo, undo
from MedProcLib.comparison.tracks.model import Patient
from MedProcLib.core.errors import InputError
from MedProcLib.scene.decisions import timestamp
from MedProcLib.scene.hierarchy import place_beside
from MedProcLib.scene.markups import points_node_from, set_points
from MedProcLib.scene.provenance import append_edit
from MedProcLib.scene.timeline_charts import show_charts
from MedProcLib.scene.timeline_display import classes_of, segment_name, show_classes
from MedProcLib.scene.timeline_nodes import PLACES, patient_of_node, segmentation_at, write_to_node
from MedProcLib.scene.timeline_places import observation_places
from MedProcLib.scene.timeline_tables import CRITERION, show_tables
from MedProcLib.scene.timeline_views import hide

# An edit of comparison.tracks with all its arguments but the reader and the time: (patient, who, when) -> patient.
Edit = Callable[[Patient, str, str], Patient]


def edit_patient(node, edit: Edit, who: str) -> str:
    """Do a correction, now and in a reader's name; returns what was done, in words. Raises InputError; then nothing is
    changed."""
    patient = patient_of_node(node)
    return put_patient(node, edit(patient, who, timestamp()))


def undo_edit(node, who: str) -> str:
    """Take back the last correction that still holds. Raises InputError when there is none, and for a study that was
    taken out and is not in the scene anymore."""
    patient = patient_of_node(node)
    if not can_undo(patient):
        raise InputError("There is nothing to undo.")
    taken = patient.history[last_standing(patient) or 0].taken
    if taken is not None and segmentation_at(node, taken.time_point.id) is None:
        raise InputError(f"'{taken.time_point.id}' is not in the scene anymore: compare it again to have it back.")
    return put_patient(node, undo(patient, who, timestamp()))


def redo_edit(node, who: str) -> str:
    """Do again what was undone last. Raises InputError when there is nothing."""
    return put_patient(node, redo(patient_of_node(node), who, timestamp()))


def can_undo(patient: Patient) -> bool:
    """Whether a correction still holds; to add a study is none."""
    index = last_standing(patient)
    return index is not None and not patient.history[index].time_point


def can_redo(patient: Patient) -> bool:
    """Whether something was undone last that can be done again."""
    return last_undone(patient) is not None


def put_patient(node, patient: Patient) -> str:
    """Have a node hold this patient, and show it everywhere; returns what was done to it, in words."""
    known = len(patient_of_node(node).history)
    write_to_node(node, patient)
    show_patient(node)
    new = [f"{entry.what} by {entry.who} on {entry.when}" for entry in patient.history[known:]]
    for entry in new:
        append_edit(node, entry)
    return patient.history[-1].what if new else ""


def choose_criterion(node, name: str) -> None:
    """Have the response told by a criterion of comparison.response ('' for none)."""
    node.SetAttribute(CRITERION, name or None)
    show_tables(node, patient_of_node(node))
    show_charts(node)


def show_patient(node) -> None:
    """Bring segments, tables, places and charts up to date with what a patient's node holds."""
    patient = patient_of_node(node)
    show_classes(node, patient)
    for entry in patient.history:
        if entry.taken is not None and entry.taken.time_point.id not in patient.order:
            hide(segmentation_at(node, entry.taken.time_point.id))  # its nodes stay, for undoing
    show_tables(node, patient)
    _show_places(node, patient)
    show_charts(node)


def _show_places(node, patient: Patient) -> None:
    """A labelled point for each finding, where it is at its last time point."""
    classes, labels, last = classes_of(patient), [], []
    for track in patient.tracks:
        counted = [o for o in track.observations if o.counts]
        if counted:
            change = classes[track.id].get(counted[-1].time_point)
            labels.append(segment_name(track, change) if change is not None else track.id)
            last.append(counted[-1])
    places = observation_places(node, last)
    points = node.GetNodeReference(PLACES)
    if points is None:
        points = points_node_from(places, labels, f"{node.GetName()} places", node.GetScene())
        display = points.GetDisplayNode()
        display.SetTextScale(2.0)
        display.SetGlyphScale(1.0)
        display.SetPointLabelsVisibility(True)
        place_beside(points, node)
        node.SetNodeReferenceID(PLACES, points.GetID())
    else:
        set_points(points, places, labels)
