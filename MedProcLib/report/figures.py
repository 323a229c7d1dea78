"""Sizes, their intervals and changes as short text for the report."""

from ..comparison.growth.change import Changed, SizeChange
from ..comparison.growth.measured import Measured
from ..comparison.tracks.model import Observation
from .counting import cubic_millimeters
from .html_text import text

VERDICTS = {Changed.YES: "yes", Changed.NO: "no", Changed.CANNOT_SAY: "cannot say"}


def beyond_error(relevant_percent: float) -> str:
    """What the verdicts of 'Beyond error' mean, in short."""
    return f"yes where it excludes no change, cannot say where it reaches no change and {relevant_percent:g} % alike."


def volume(measured: Measured) -> str:
    """HTML: the volume in mm³, and its 95 % interval below."""
    return f"{cubic_millimeters(measured.value)}{small(limits(measured))}"


def volume_in_line(measured: Measured) -> str:
    """'79 (56–102) mm³'."""
    interval = limits(measured)
    return f"{cubic_millimeters(measured.value)}{f' ({interval})' if interval else ''} mm³"


def limits(measured: Measured) -> str:
    """'56–102' (mm³); '' without an interval."""
    return "–".join(map(cubic_millimeters, measured.limits or ()))


def diameters(observation: Observation) -> str:
    """'12.4 × 8.1' (mm); '' where they were not measured."""
    long, short = (observation.estimate(name) for name in ("long_diameter", "short_diameter"))
    if long is None or short is None:
        return ""
    return f"{long.measurement.value:.1f} × {short.measurement.value:.1f}"


def change(size: SizeChange | None) -> str:
    """HTML: difference in mm³ and percent, with the 95 % interval of the percentage below; '–' for none."""
    if size is None:
        return "–"
    parts = [signed_volume(size.difference.value)]
    interval = ""
    if size.percent is not None:
        parts.append(percent(size.percent.value))
        if size.percent.limits:
            interval = " to ".join(percent(limit) for limit in size.percent.limits)
    elif size.difference.limits:
        interval = " to ".join(signed_volume(limit) for limit in size.difference.limits) + " mm³"
    return f"{', '.join(parts)}{small(interval)}"


def verdict(size: SizeChange | None) -> str:
    """HTML: whether the change is beyond measurement error, with the reason to point at."""
    if size is None:
        return "–"
    return (
        f'<span class="verdict {size.changed.name.lower()}" title="{text(size.reason)}">{VERDICTS[size.changed]}</span>'
    )


def percent(value: float) -> str:
    if abs(value) < 0.05:
        return "0 %"
    return f"{value:+.{0 if abs(value) >= 0.5 else 1}f} %".replace("-", "−")


def signed_volume(mm3: float) -> str:
    if abs(mm3) < 0.05:
        return "0"
    return f"{'+' if mm3 >= 0 else '−'}{cubic_millimeters(abs(mm3))}"


def minute(time: str) -> str:
    """'2026-03-01 09:30' of an ISO time."""
    return time[:16].replace("T", " ")


def small(words: str) -> str:
    return f"<small>{words}</small>" if words else ""
