"""One date of each study: in the list of time points and among the findings, wherever it was changed."""

import datetime
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from ..comparison.tracks.clinical import dated
from ..core.errors import InputError
from ..scene.timeline_edits import Edit
from ..scene.timeline_input import TimePointInput
from ..scene.timeline_nodes import patient_of_node, studies_in
from .time_points_panel import date_of


class StudyDates:
    """get_node: the patient's text node, or None; edit(edit): does a correction of comparison.tracks and tells how it
    went."""

    def __init__(self, get_node: Callable[[], Any], edit: Callable[[Edit], bool]) -> None:
        self._get_node, self._edit = get_node, edit
        self._node: Any = None
        self._known: dict[str, str] = {}  # of the findings, by the id of the study's volume, as they were seen last

    def changed(self, before: Sequence[TimePointInput], after: Sequence[TimePointInput]) -> list[TimePointInput]:
        """The list of time points was another one: the findings have the dates that were changed in it. Returns the
        list without those that they cannot have."""
        node = self._get_node()
        if node is None:
            return list(after)
        studies, old = studies_in(node), {p.volume.GetID(): p.date for p in before if p.volume is not None}

        def done(point: TimePointInput) -> TimePointInput:
            volume = point.volume.GetID() if point.volume is not None else ""
            if volume not in studies or point.date == old.get(volume, point.date):
                return point
            try:
                date = date_of(point.date)
            except InputError:  # the list says so
                return point
            same = date == patient_of_node(node).time_point(studies[volume]).date
            refused = not same and not self._edit(_dating(studies[volume], date))
            return replace(point, date=old[volume]) if refused else point

        return [done(point) for point in after]

    def followed(self, points: Sequence[TimePointInput]) -> list[TimePointInput]:
        """The list with those dates that were changed or found among the findings since they were seen last."""
        node = self._get_node()
        if node is None:
            self._node, self._known = None, {}
            return list(points)
        dates = {p.id: p.date.isoformat() if p.date else "" for p in patient_of_node(node).time_points}
        now = {volume: dates[name] for volume, name in studies_in(node).items()}
        known, self._known = self._known if node is self._node else {}, now
        self._node = node

        def follows(point: TimePointInput) -> TimePointInput:
            volume = point.volume.GetID() if point.volume is not None else ""
            if volume not in now:
                return point
            is_new = now[volume] != known[volume] if volume in known else not point.date
            return replace(point, date=now[volume]) if is_new else point

        return [follows(point) for point in points]


def _dating(time_point: str, date: datetime.date | None) -> Edit:
    return lambda patient, who, when: dated(patient, time_point, date, who, when)
