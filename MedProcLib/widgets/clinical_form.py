"""What the chosen criterion asks for beside the images, to fill in: of the trial and of each examination."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import qt
from slicer.i18n import tr as _

from ..comparison.response import needs
from ..comparison.response.context import USUAL_PROTOCOL
from ..comparison.tracks.clinical import Clinical, dated, with_clinical
from ..comparison.tracks.model import Patient, TimePoint
from ..core.errors import InputError
from ..scene.timeline_edits import Edit
from ..scene.timeline_nodes import patient_of_node
from ..scene.timeline_rows import titles_of
from ..scene.timeline_tables import criterion_of
from .clinical_fields import Field, check_field, choice_field, date_field, number_field, trend_field
from .fields import beside, combo

TITLES = {
    needs.DATE: _("Date"),
    needs.STEROIDS: _("Steroids [mg/d]"),
    needs.STATE: _("Clinical state"),
    needs.T2_FLAIR: _("T2/FLAIR"),
    needs.LIVER: _("Liver [SUL]"),
    needs.BLOOD: _("Blood pool [SUL]"),
    needs.SLICES: _("Slices [mm]"),
    needs.MARKERS: _("Tumor markers"),
    "confirmation_days": _("Confirmed after [d]"),
    "stable_days": _("Stable from [d]"),
    "radiotherapy_end": _("Radiotherapy until"),
}
BESIDE = {  # fields that share the row of another one
    needs.STEROIDS: (needs.REPLACEMENT,),
    needs.LIVER: (needs.LIVER_SD, needs.DISEASED),
    needs.BLOOD: (needs.BLOOD_SD,),
}
OF_VISIT = (
    needs.DATE,
    needs.STEROIDS,
    needs.STATE,
    needs.T2_FLAIR,
    needs.LIVER,
    needs.BLOOD,
    needs.SLICES,
    needs.MARKERS,
)
OF_TRIAL = ("confirm", "confirmation_days", "stable_days", "continue_response", "radiotherapy_end")


class ClinicalForm:
    """widget: to put in a layout.

    get_node: the patient's text node, or None; get_reader, edit: as of TracksPanel; say(message, is_problem).
    Call changed() when the patient or the criterion may be another one.
    """

    def __init__(
        self,
        get_node: Callable[[], Any],
        get_reader: Callable[[], str],
        edit: Callable[[Edit], bool],
        say: Callable[[str, bool], None],
    ) -> None:
        self._get_node, self._get_reader, self._edit, self._say = get_node, get_reader, edit, say
        self._rows: dict[str, list[Any]] = {}  # widgets of a row, by its first field
        self._at = ""  # id of the time point that was shown last
        self._filling = False
        self.widget = qt.QWidget()
        form = qt.QFormLayout(self.widget)
        form.setContentsMargins(0, 0, 0, 0)
        self.at_box = combo("clinicalTimePoint", _("The time point that the lines below are about"))
        self.at_box.connect("currentIndexChanged(int)", lambda index: None if self._filling else self._show_fields())
        self._at_label = qt.QLabel(_("At:"))
        form.addRow(self._at_label, self.at_box)
        self.fields = self._visit_fields() | self._trial_fields()
        self._tips = {name: field.widget.toolTip for name, field in self.fields.items()}
        for name in OF_VISIT:
            self._add_row(form, name)
        self._trial_label = qt.QLabel(_("At all time points:"))
        form.addRow(self._trial_label)
        for name in OF_TRIAL:
            self._add_row(form, name)
        self.changed()

    def changed(self) -> None:
        """Show what the patient's node holds, and only what its criterion asks for."""
        points = self._points()
        ids = [point.id for point in points]
        patient = self._patient()
        titles = list(titles_of(patient).values()) if patient is not None else []
        if titles != [self.at_box.itemText(n) for n in range(self.at_box.count)]:
            before = ids.index(self._at) if self._at in ids else self.at_box.currentIndex
            self._filling = True
            self.at_box.clear()
            for title in titles:
                self.at_box.addItem(title)
            self.at_box.currentIndex = before if 0 <= before < len(points) else len(points) - 1
            self._filling = False
        self._show_fields()

    def show_time_point(self, index: int) -> None:
        """Show the fields of a time point, counted from 0."""
        if 0 <= index < self.at_box.count:
            self.at_box.currentIndex = index

    def go_to(self, field: str) -> None:
        """Put the cursor into a field (see comparison.response.needs), and bring it into view."""
        widget = self.fields[field].widget
        widget.setFocus()
        around = widget.parentWidget()
        while around is not None and not around.inherits("QScrollArea"):
            around = around.parentWidget()
        if around is not None:
            around.ensureWidgetVisible(widget)

    def _add_row(self, form: Any, name: str) -> None:
        row = beside(*(self.fields[each].widget for each in (name, *BESIDE.get(name, ()))))
        label = qt.QLabel(f"{TITLES[name]}:") if name in TITLES else None
        form.addRow(*([row] if label is None else [label, row]))
        self._rows[name] = [row] if label is None else [label, row]

    def _patient(self) -> Patient | None:
        node = self._get_node()
        return patient_of_node(node) if node is not None else None

    def _points(self) -> tuple[TimePoint, ...]:
        patient = self._patient()
        return patient.time_points if patient is not None else ()

    def _point(self) -> TimePoint | None:
        points, place = self._points(), self.at_box.currentIndex
        return points[place] if 0 <= place < len(points) else None

    def _needed(self) -> set[str]:
        """The fields that the criterion asks for at the time point shown, and of the trial."""
        node, point = self._get_node(), self._point()
        criterion = criterion_of(node) if node is not None else ""
        if criterion not in needs.NEEDS or point is None:
            return set()
        asked = needs.NEEDS[criterion]
        return {needs.DATE, *asked.at(point is self._points()[0]), *asked.protocol}

    def _show_fields(self) -> None:
        needed, patient, point = self._needed(), self._patient(), self._point()
        self.widget.visible = bool(needed)
        for name, widgets in self._rows.items():
            for widget in widgets:
                widget.visible = name in needed
        self._trial_label.visible = not needed.isdisjoint(OF_TRIAL)
        for name, field in self.fields.items():
            field.widget.visible = name in needed
        if patient is None or point is None:
            return
        self._at = point.id
        has_reader = bool(self._get_reader().strip())
        for name, field in self.fields.items():
            field.write(_value_in(patient, point, name))
            field.widget.enabled = has_reader
            field.widget.toolTip = self._tips[name] if has_reader else _("Type your name as reader.")
        if "confirm" in needed and not patient.protocol.confirm:
            self.fields["confirmation_days"].widget.enabled = False

    def _keep(self, name: str) -> None:
        """The user changed a field."""
        patient, point = self._patient(), self._point()
        if patient is None or point is None:
            return
        try:
            value = self.fields[name].read()
            if value == _value_in(patient, point, name):
                return
            change = _change(patient, point, name, value)
        except InputError as error:
            self._say(str(error), True)
            return
        if not self._edit(change):
            self._show_fields()

    def _visit_fields(self) -> dict[str, Field]:
        def number(name: str, tip: str, shown: str = "") -> Field:
            return number_field(
                _object_name(name), TITLES.get(name, shown), tip, partial(self._keep, name), shown=shown
            )

        def yes(name: str, title: str, tip: str) -> Field:
            return check_field(_object_name(name), title, tip, partial(self._keep, name))

        def trend(name: str, tip: str) -> Field:
            return trend_field(_object_name(name), tip, partial(self._keep, name))

        tip = _("Date of this examination; criteria count days between them")
        markers = [(_("not known"), None), (_("normal"), False), (_("above normal"), True)]
        markers_tip = _("Tumor markers: above normal there is no complete response")
        liver = _("Uptake of normal liver, a 3 cm sphere in its right lobe, in SUV by lean body mass")
        blood = _("Uptake of the blood pool in the aorta, in SUV by lean body mass; used where the liver is diseased")
        return {
            needs.DATE: date_field("clinicalDate", TITLES[needs.DATE], tip, partial(self._keep, needs.DATE)),
            needs.STEROIDS: number(
                needs.STEROIDS,
                _("Corticosteroids a day, in mg of dexamethasone or equivalent; 0 for none, empty: unknown"),
            ),
            needs.REPLACEMENT: yes(
                needs.REPLACEMENT, _("replacement"), _("The dose replaces the body's own: it counts as none")
            ),
            needs.STATE: trend(needs.STATE, _("The patient's clinical state, against baseline or the best since")),
            needs.T2_FLAIR: trend(needs.T2_FLAIR, _("Extent of what is abnormal in T2/FLAIR and does not enhance")),
            needs.LIVER: number(needs.LIVER, f"{liver}: {_('mean')}", _("mean")),
            needs.LIVER_SD: number(needs.LIVER_SD, f"{liver}: {_('standard deviation')}", _("SD")),
            needs.DISEASED: yes(
                needs.DISEASED, _("diseased"), _("The liver is diseased: the blood pool is compared with")
            ),
            needs.BLOOD: number(needs.BLOOD, f"{blood}: {_('mean')}", _("mean")),
            needs.BLOOD_SD: number(needs.BLOOD_SD, f"{blood}: {_('standard deviation')}", _("SD")),
            needs.SLICES: number(
                needs.SLICES,
                _("Thickness of the slices that were read: in thick ones small lesions cannot be measured"),
            ),
            needs.MARKERS: choice_field("markers", markers_tip, markers, partial(self._keep, needs.MARKERS)),
        }

    def _trial_fields(self) -> dict[str, Field]:
        def days(name: str, tip: str) -> Field:
            return number_field(name, TITLES[name], tip, partial(self._keep, name), whole=True)

        def yes(name: str, title: str, tip: str) -> Field:
            return check_field(name, title, tip, partial(self._keep, name))

        return {
            "confirm": yes(
                "confirm",
                _("Responses must be confirmed"),
                _("CR and PR count as best response only when a later examination shows them again"),
            ),
            "confirmation_days": days("confirmation_days", _("So many days later or more a response is confirmed")),
            "stable_days": days("stable_days", _("Stable disease counts when it lasts so many days from baseline")),
            "continue_response": yes(
                "continue_response",
                _("PR lasts until progression"),
                _("A partial response stays one until progression, though the sum has risen again (EORTC)"),
            ),
            "radiotherapy_end": date_field(
                "radiotherapy_end",
                TITLES["radiotherapy_end"],
                _("Last day of radiotherapy; empty without: growth in the 12 weeks after may be an effect of it"),
                partial(self._keep, "radiotherapy_end"),
            ),
        }


def _object_name(field: str) -> str:
    return field.rpartition(".")[2]


def _value_in(patient: Patient, point: TimePoint, name: str) -> Any:
    if name == needs.DATE:
        return point.date
    return getattr(patient.protocol, name) if name in OF_TRIAL else needs.value_of(point.context, name)


def _change(patient: Patient, point: TimePoint, name: str, value: Any) -> Edit:
    """The correction that puts a value into the patient. Raises InputError for one that cannot be."""
    if name == needs.DATE:
        return lambda old, who, when: dated(old, point.id, value, who, when)
    said = f"{_object_name(name).replace('_', ' ')} = {'not known' if value is None else value}"
    if name in OF_TRIAL:
        usual = getattr(USUAL_PROTOCOL, name)
        clinical = Clinical(protocol=replace(patient.protocol, **{name: usual if value is None else value}))
    else:
        said = f"{point.id}: {said}"
        clinical = Clinical(time_points={point.id: needs.with_value(point.context, name, value)})
    return lambda old, who, when: with_clinical(old, clinical, who, when, said)
