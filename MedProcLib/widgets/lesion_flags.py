"""What the chosen criterion asks of the selected finding beside its sizes, to tick."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import qt
from slicer.i18n import tr as _

from ..comparison.response.model import Kind
from ..comparison.response.needs import NEEDS
from ..comparison.tracks.clinical import Clinical, OfLesion, with_clinical
from ..comparison.tracks.model import Patient, Track
from ..scene.timeline_edits import Edit
from ..scene.timeline_rows import title_of
from .clinical_fields import Field, check_field

UNEQUIVOCAL = "unequivocal"
FLAGS = (
    ("equivocal", _("may be no lesion"), _("Whether it is a lesion is not sure: it does not count until it is")),
    ("in_radiation_field", _("in the radiation field"), _("Where enhancement may be an effect of the radiation")),
    ("enhancing", _("enhancing"), _("Outlined where it takes up contrast; not, where it is outlined in T2/FLAIR")),
    (UNEQUIVOCAL, "", _("Progression that is beyond doubt to the reader's eye, of what is not measured")),
)


@dataclass(frozen=True)
class _Shown:
    """What is looked at: the finding of a patient, and the time point (id) that its progression is said of."""

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
        for place, (name, title, tip) in enumerate(FLAGS):
            field = check_field(name, title, tip, partial(self._on_clicked, name))
            layout.addWidget(field.widget, place, 0)
            self.fields[name] = field

    def show(self, patient: Patient | None, track: Track | None, criterion: str, time_point: str | None) -> None:
        """Show those of a finding that a criterion ('' for none) asks for; of progression at a time point (id), the
        last one for None."""
        asked = _asked(track, criterion)
        self.widget.visible = bool(asked)
        for name, field in self.fields.items():
            field.widget.visible = name in asked
        self._shown = None
        if patient is None or track is None or not asked:
            return
        point = patient.time_point(time_point) if time_point else patient.time_points[-1]
        self._shown = _Shown(patient, track, point.id)
        self.fields[UNEQUIVOCAL].widget.text = _("unequivocal progression, {date}").format(date=title_of(point))
        for name, field in self.fields.items():
            field.write(point.id in track.unequivocal if name == UNEQUIVOCAL else getattr(track, name))

    def _on_clicked(self, name: str) -> None:
        shown = self._shown
        if shown is None:
            return
        on, track = self.fields[name].read(), shown.track
        said = OfLesion(**{name: on})
        words = f"{track.id}: {name.replace('_', ' ')} = {'yes' if on else 'no'}"
        if name == UNEQUIVOCAL:
            times = {*track.unequivocal, shown.time_point} if on else {*track.unequivocal} - {shown.time_point}
            ordered = tuple(point.id for point in shown.patient.time_points if point.id in times)
            said = OfLesion(unequivocal=ordered)
            words = f"{track.id} at {shown.time_point}: {'unequivocal' if on else 'no unequivocal'} progression"
        clinical = Clinical(lesions={track.id: said})
        self._edit(lambda patient, who, when: with_clinical(patient, clinical, who, when, words))


def _asked(track: Track | None, criterion: str) -> set[str]:
    """What a criterion asks of a finding with its role."""
    if track is None or track.kind is None or criterion not in NEEDS:
        return set()
    kind: Kind = track.kind
    asked = {name for name, kinds in NEEDS[criterion].lesions if kind in kinds}
    return asked | ({UNEQUIVOCAL} if kind in NEEDS[criterion].unequivocal else set())
