"""Fields for what a reader knows beside the images; an empty one, or its first choice, stands for not known."""

import datetime
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import qt
from slicer.i18n import tr as _

from ..comparison.response.context import Trend
from ..core.errors import InputError
from .fields import combo, line_edit

NARROWEST = 48


@dataclass
class Field:
    """widget: to put in a form; read(): its value, raises InputError; write(value): shows one, without telling."""

    widget: Any
    read: Callable[[], Any]
    write: Callable[[Any], None]


def number_field(
    name: str, title: str, tip: str, changed: Callable[[], None], whole: bool = False, shown: str = ""
) -> Field:
    """A number of at least 0; title: what it is called in an error; shown: in the empty field."""
    widget = _line(name, tip, changed)
    widget.placeholderText = shown or "–"
    written: dict[str, float | int | None] = {}  # by its text, which may have fewer digits

    def read() -> float | int | None:
        if widget.text in written:
            return written[widget.text]
        text = widget.text.strip().replace(",", ".")
        if not text:
            return None
        try:
            number = int(text) if whole else float(text)
        except ValueError:
            number = -1
        if not (math.isfinite(number) and number >= 0):
            kind = _("a whole number") if whole else _("a number")
            raise InputError(f"{title}: '{widget.text.strip()}' is not {kind} of at least 0.")
        return number

    def write(value: float | int | None) -> None:
        text = "" if value is None else f"{value:g}"
        written.clear()
        written[text] = value
        _show(widget, text)

    return Field(widget, read, write)


def date_field(name: str, title: str, tip: str, changed: Callable[[], None]) -> Field:
    """A date as 2024-05-31; None where it is empty."""
    widget = _line(name, tip, changed)
    widget.placeholderText = "YYYY-MM-DD"

    def read() -> datetime.date | None:
        text = widget.text.strip()
        try:
            return datetime.date.fromisoformat(text) if text else None
        except ValueError:
            raise InputError(f"{title}: '{text}' is not a date: write it as 2024-05-31, or leave it empty.") from None

    return Field(widget, read, lambda value: _show(widget, value.isoformat() if value else ""))


def choice_field(name: str, tip: str, choices: Sequence[tuple[str, Any]], changed: Callable[[], None]) -> Field:
    """One of the values in choices (title, value)."""
    widget = combo(name, tip, [title for title, _value in choices])
    values = [value for _title, value in choices]
    widget.connect("activated(int)", lambda index: changed())  # by the user only
    return Field(
        widget,
        lambda: values[widget.currentIndex],
        lambda value: setattr(widget, "currentIndex", values.index(value)),
    )


def trend_field(name: str, tip: str, changed: Callable[[], None]) -> Field:
    """Improved, stable or worse."""
    titles = {Trend.IMPROVED: _("improved"), Trend.STABLE: _("stable"), Trend.WORSE: _("worse")}
    choices = [(_("not known"), None), *((title, trend) for trend, title in titles.items())]
    return choice_field(name, tip, choices, changed)


def check_field(name: str, title: str, tip: str, changed: Callable[[], None]) -> Field:
    """Yes or no."""
    widget = qt.QCheckBox(title)
    widget.objectName = name
    widget.toolTip = tip
    widget.connect("clicked(bool)", lambda on: changed())  # by the user only
    return Field(widget, lambda: bool(widget.checked), lambda value: setattr(widget, "checked", bool(value)))


def _line(name: str, tip: str, changed: Callable[[], None]) -> Any:
    widget = line_edit(name, tip)
    widget.setMinimumWidth(NARROWEST)
    widget.connect("editingFinished()", changed)
    return widget


def _show(widget: Any, text: str) -> None:
    if widget.text != text:
        widget.text = text
