"""What the chosen criterion asks of the selected finding beside its sizes, to tick."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import qt
from slicer.i18n import tr as _

from ..comparison.response.needs import NEEDS
from ..comparison.tracks.clinical import Clinical, OfLesion, with_clinical
from ..comparison.tracks.model import Patient, Track
from ..scene.timeline_edits import Edit
from ..scene.timeline_rows import titles_of
from .clinical_fields import Field, check_field

FLAGS = (
    ("equivocal", _("may be no lesion"), _("Whether it is a lesion is not sure: it does not count until it is")),
    ("in_radiation_field", _("in the radiation field"), _("Where enhancement may be an effect of the radiation")),
    ("enhancing", _("enhancing"), _("Ticked: it takes up contrast; else it is outlined in T2/FLAIR")),
)
MARKS = {  # of the finding at one time point, the date of which follows
    "unequivocal": (
        _("unequivocal progression, {date}"),
        _("Progression that is beyond doubt to the reader's eye, of what is not measured"),
    ),
    "increased": (
        _("increased again, {date}"),
        _("Larger than at the time point before to the reader's eye: confirms the progression of what is not measured"),
    ),
}


@dataclass(frozen=True)
class _Shown:
    """What is looked at: the finding of a patient, and the time point (id) that marks are of."""

    patient: Patient
    track: Track
    time_point: str


class LesionFlags:
    """widget: to put in a layout. edit: does a correction, see TracksPanel."""

    def __init__(self, edit: Callable[[Edit], Any]) -> None:
        self._edit = edit
        self._shown: _Shown | None = None
        self.widget = qt.QWidget()
        layout = qt.QGridLayout(self.widget)
        layout.setContentsMargins(0, 0, 0, 0)
        self.fields: dict[str, Field] = {}
        marks = ((name, "", tip) for name, (_title, tip) in MARKS.items())
        for place, (name, title, tip) in enumerate((*FLAGS, *marks)):
            field = check_field(name, title, tip, partial(self._on_clicked, name))
            layout.addWidget(field.widget, place, 0)
            self.fields[name] = field

    def show(self, patient: Patient | None, track: Track | None, criterion: str, time_point: str | None) -> None:
        """Show those of a finding that a criterion ('' for none) asks for; marks at a time point (id), the last one for
        None."""
        asked = _asked(track, criterion)
        self.widget.visible = bool(asked)
        for name, field in self.fields.items():
            field.widget.visible = name in asked
        self._shown = None
        if patient is None or track is None or not asked:
            return
        point = patient.time_point(time_point) if time_point else patient.time_points[-1]
        self._shown = _Shown(patient, track, point.id)
        for name, (title, _tip) in MARKS.items():
            self.fields[name].widget.text = title.format(date=titles_of(patient)[point.id])
        for name, field in self.fields.items():
            field.write(point.id in getattr(track, name) if name in MARKS else getattr(track, name))

    def _on_clicked(self, name: str) -> None:
        shown = self._shown
        if shown is None:
            return
        on, track = self.fields[name].read(), shown.track
        where, value = "", on
        if name in MARKS:
            before = {*getattr(track, name)}
            times = before | {shown.time_point} if on else before - {shown.time_point}
            where, value = f" at {shown.time_point}", tuple(p.id for p in shown.patient.time_points if p.id in times)
        words = f"{track.id}{where}: {name.replace('_', ' ')} = {'yes' if on else 'no'}"
        clinical = Clinical(lesions={track.id: OfLesion(**{name: value})})
        self._edit(lambda patient, who, when: with_clinical(patient, clinical, who, when, words))


def _asked(track: Track | None, criterion: str) -> set[str]:
    """What a criterion asks of a finding with its role."""
    if track is None or track.kind is None or criterion not in NEEDS:
        return set()
    needs, kind = NEEDS[criterion], track.kind
    return {name for name, kinds in (*needs.lesions, *needs.marks) if kind in kinds}
