"""DICOM's dates and times (PS3.5 6.2: DA, TM, DT) in the time zone of the series."""

import datetime
import re

from pydicom.dataset import Dataset

from ...core.errors import InputError
from .header import text

_DATE = re.compile(r"(\d{4})[.\-]?(\d{2})[.\-]?(\d{2})")
_TIME = re.compile(r"(\d{2})(?::?(\d{2})(?::?(\d{2})(?:\.(\d{1,6})\d*)?)?)?")
_OFFSET = re.compile(r"[+-]\d{4}")
# Other years are placeholders (00010101, 99991231).
YEARS = range(1850, 2200)
# Stands for the date where a series states none: only differences count.
UNKNOWN_DATE = datetime.date(2000, 1, 1)
HALF_DAY = datetime.timedelta(hours=12)
DAY = datetime.timedelta(days=1)


def parse_date(value: str) -> datetime.date | None:
    """YYYYMMDD, also with dots (ACR-NEMA) or dashes; None when there is no such day."""
    match = _DATE.fullmatch(value.strip())
    if match is None or int(match[1]) not in YEARS:
        return None
    try:
        return datetime.date(*map(int, match.groups()))
    except ValueError:
        return None


def parse_time(value: str) -> datetime.time | None:
    """HHMMSS.FFFFFF, also with colons and cut short after hours or minutes; None when there is no such time."""
    match = _TIME.fullmatch(value.strip())
    if match is None:
        return None
    hours, minutes, seconds = (int(part or 0) for part in match.groups()[:3])
    fraction = int((match[4] or "").ljust(6, "0"))
    try:
        return datetime.time(hours, minutes, min(seconds, 59) if seconds <= 60 else seconds, fraction)  # leap second
    except ValueError:
        return None


def parse_datetime(value: str) -> tuple[datetime.datetime, str] | None:
    """(date and time as written, offset from UTC as written or ''); None when it does not state at least the minute."""
    value = value.strip()
    offset = value[-5:] if _OFFSET.fullmatch(value[-5:]) else ""
    value = value[: len(value) - len(offset)]
    date, time = parse_date(value[:8]), parse_time(value[8:])
    if date is None or time is None or len(value) < len("YYYYMMDDHHMM"):
        return None
    return datetime.datetime.combine(date, time), offset


def in_zone_of(header: Dataset, value: str, what: str, option: str = "--injection-time") -> datetime.datetime | None:
    """A DT in the time zone of the series' dates and times; None when it does not state the minute.

    Without an offset it is in that zone already, with one it is moved by Timezone Offset From UTC (0008,0201).
    Raises InputError for UTC (+0000) in a series that does not say its own offset: London or elsewhere in UTC?
    """
    parsed = parse_datetime(value)
    if parsed is None:
        return None
    moment, offset = parsed
    zone = text(header, "TimezoneOffsetFromUTC")
    if not offset:
        return moment
    if _OFFSET.fullmatch(zone):
        return moment - _minutes(offset) + _minutes(zone)
    if not _minutes(offset):
        raise InputError(
            f"{what} is given in UTC ({value}), and the series does not state its own time zone (0008,0201): they "
            f"cannot be compared. Give it in the time of the scanner, e.g. {option} 2025-01-12T10:15:00."
        )
    return moment  # a device that writes an offset other than zero writes its own


def series_start(header: Dataset) -> datetime.datetime | None:
    """Series Date and Time; None without the time."""
    time = parse_time(text(header, "SeriesTime"))
    if time is None:
        return None
    return datetime.datetime.combine(_first_date(header, "SeriesDate", "AcquisitionDate", "StudyDate"), time)


def acquisition_start(header: Dataset) -> datetime.datetime | None:
    """Acquisition Date and Time, or Acquisition DateTime; None without the time. Raises InputError like in_zone_of."""
    time = parse_time(text(header, "AcquisitionTime"))
    if time is None:
        return in_zone_of(header, text(header, "AcquisitionDateTime"), "Acquisition DateTime (0008,002a)")
    date = parse_date(text(header, "AcquisitionDate"))
    if date is not None:
        return datetime.datetime.combine(date, time)
    moment = datetime.datetime.combine(_first_date(header, "SeriesDate", "StudyDate"), time)
    series = series_start(header)
    # the date of the series was taken: a bed position after midnight belongs to the next day
    return moment + DAY if series is not None and series - moment > HALF_DAY else moment


def shown(moment: datetime.datetime, scan: datetime.datetime) -> str:
    """The time of day, and how many days before or after the scan where it is another day.

    Dates themselves stay out of what travels with a result: they identify the patient.
    """
    days = (moment.date() - scan.date()).days
    time = f"{moment:%H:%M:%S.%f}".rstrip("0").rstrip(".")
    return (
        f"{time} ({abs(days)} day{'s' * (abs(days) > 1)} {'after' if days > 0 else 'before'} the scan)"
        if days
        else time
    )


def _first_date(header: Dataset, *keywords: str) -> datetime.date:
    dates = (parse_date(text(header, keyword)) for keyword in keywords)
    return next((date for date in dates if date is not None), UNKNOWN_DATE)


def _minutes(offset: str) -> datetime.timedelta:
    minutes = 60 * int(offset[1:3]) + int(offset[3:])
    return datetime.timedelta(minutes=-minutes if offset[0] == "-" else minutes)
