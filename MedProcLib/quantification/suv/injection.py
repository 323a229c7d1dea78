"""When the tracer was given, as a moment in the time zone of the scan."""

import datetime
import math

from pydicom.dataset import Dataset

from ...core.errors import InputError
from .clock import DAY, in_zone_of, parse_datetime, parse_time, shown
from .header import private_text, text
from .record import Record
from .settings import SuvSettings
from .vendors import GE, GE_ADMINISTRATION

# Nothing is left to be seen after so many half-lives, and little after so many.
LAST_HALF_LIVES, FEW_HALF_LIVES = 10.0, 5.0
SMALL_EFFECT = 0.01
SAME_TIME = datetime.timedelta(seconds=61)  # some devices write the minute only
ZONES = datetime.timedelta(minutes=15)  # time zones differ by multiples of it


def injection_time(
    header: Dataset, item: Dataset, settings: SuvSettings, anchor: datetime.datetime, decay: float, record: Record
) -> datetime.datetime:
    """When the tracer was given. anchor: a time of the scan, not long after it, which gives the day where none is.

    Raises InputError when it is missing, contradictory or cannot be.
    """
    if settings.injection is not None:
        given = settings.injection
        moment = given if isinstance(given, datetime.datetime) else _day_before(given, anchor, decay)
        record.step("Injection t_inj", shown(moment, anchor), "given")
        return moment
    time = parse_time(text(item, "RadiopharmaceuticalStartTime"))
    stated = _start_datetime(header, item, time)
    if stated is not None:
        return _dated(stated, time, anchor, decay, record)
    if time is not None:
        moment, source = _day_before(time, anchor, decay), "(0018,1072), day from the scan"
    else:
        moment, source = _of_ge(header)
    if moment.date() != anchor.date():
        record.warn(f"the injection at {moment:%H:%M:%S} is after the scan's {anchor:%H:%M:%S}: it was the day before")
    record.step("Injection t_inj", shown(moment, anchor), source)
    return moment


def _start_datetime(header: Dataset, item: Dataset, time: datetime.time | None) -> datetime.datetime | None:
    """Radiopharmaceutical Start DateTime in the zone of the scan; None without, or where Start Time is all to go by.

    Raises InputError for UTC in an unknown zone, unless Start Time, which is in that zone, is a zone's offset apart.
    """
    value = text(item, "RadiopharmaceuticalStartDateTime")
    try:
        return in_zone_of(header, value, "Radiopharmaceutical Start DateTime (0018,1078)")
    except InputError:
        parsed = parse_datetime(value)
        if time is None or parsed is None:
            raise
        apart = datetime.datetime.combine(parsed[0].date(), time) - parsed[0]
        beyond = apart % ZONES
        if min(beyond, ZONES - beyond) > SAME_TIME:
            raise
        return None


def _dated(
    stated: datetime.datetime,
    time: datetime.time | None,
    anchor: datetime.datetime,
    decay: float,
    record: Record,
) -> datetime.datetime:
    """From Radiopharmaceutical Start DateTime, and Start Time where both are stated. Raises InputError.

    Where the date cannot be, as after de-identification, the time of day counts.
    """
    if not -SAME_TIME <= anchor - stated <= _last(decay):
        what = "the time of day of (0018,1078)" if time is None else "Start Time (0018,1072)"
        moment = _possible(stated.time() if time is None else time, anchor, decay)
        if moment is not None:
            record.warn(
                f"Radiopharmaceutical Start DateTime (0018,1078), {shown(stated, anchor)}, does not fit the scan at "
                f"{anchor:%H:%M:%S} (dates changed at de-identification?): {what} was taken, that day"
            )
            record.step("Injection t_inj", shown(moment, anchor), f"{what}, day from the scan")
            return moment
    elif time is not None:
        by_time = _nearest(datetime.datetime.combine(stated.date(), time), stated)
        apart = abs((by_time - stated).total_seconds())
        if apart > SAME_TIME.total_seconds() and decay * apart > SMALL_EFFECT:
            if _possible(time, anchor, decay) is not None:
                raise InputError(
                    f"Radiopharmaceutical Start DateTime (0018,1078), {stated}, and Start Time (0018,1072), {time}, "
                    "differ: give the right one, e.g. --injection-time 10:15:00."
                )
            record.warn(
                f"Start Time (0018,1072), {time}, does not fit the scan at {anchor:%H:%M:%S}: Start DateTime "
                "(0018,1078) was taken"
            )
    record.step("Injection t_inj", shown(stated, anchor), "(0018,1078)")
    return stated


def _possible(time: datetime.time, anchor: datetime.datetime, decay: float) -> datetime.datetime | None:
    """The last such time of day before the scan; None where it cannot have been, or may have been days earlier."""
    try:
        return _day_before(time, anchor, decay)
    except InputError:
        return None


def _of_ge(header: Dataset) -> tuple[datetime.datetime, str]:
    value, tag = private_text(header, *GE, GE_ADMINISTRATION)
    parsed = parse_datetime(value)
    if parsed is None:
        raise InputError(
            "The time of injection is not stated (0018,1072; 0018,1078): give it, e.g. --injection-time 10:15:00."
        )
    return parsed[0], f"{tag}, administration as GE states it"


def _day_before(time: datetime.time, anchor: datetime.datetime, decay: float) -> datetime.datetime:
    """The last such time of day before the scan. Raises InputError where it may as well have been days earlier."""
    moment = datetime.datetime.combine(anchor.date(), time)
    if moment - SAME_TIME > anchor:
        moment -= DAY
        uptake = (anchor - moment).total_seconds()
        if uptake > FEW_HALF_LIVES * math.log(2) / decay:
            raise InputError(
                f"The injection at {time:%H:%M:%S} is after the scan at {anchor:%H:%M:%S}; the day before, "
                f"{uptake / 3600:.1f} h earlier, it cannot have been with this half-life. Give the right time, e.g. "
                "--injection-time 10:15:00."
            )
    uptake = (anchor - moment).total_seconds()
    day = DAY.total_seconds()
    if uptake + day <= FEW_HALF_LIVES * math.log(2) / decay and decay * day > SMALL_EFFECT:
        raise InputError(
            f"The injection is stated as {time:%H:%M:%S} without a day, and this nuclide is imaged for days: give "
            "both, e.g. --injection-time 2025-01-12T10:15:00."
        )
    return moment


def _nearest(moment: datetime.datetime, other: datetime.datetime) -> datetime.datetime:
    return min((moment + days * DAY for days in (-1, 0, 1)), key=lambda one: abs(one - other))


def _last(decay: float) -> datetime.timedelta:
    return datetime.timedelta(seconds=min(LAST_HALF_LIVES * math.log(2) / decay, 1e10))
