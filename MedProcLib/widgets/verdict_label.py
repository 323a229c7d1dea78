"""Whether the registrations of a comparison can be relied on, said in a colored line."""

from collections.abc import Mapping, Sequence
from typing import Any

from slicer.i18n import tr as _

from ..comparison.register import NOT_REGISTERED
from ..comparison.registration.landmarks import ERROR_GOOD_MM
from ..comparison.result import Verdict
from .name_tips import plain_tip
from .wrapped_label import show_wrapped

TEXT = {
    Verdict.GOOD: _("The studies are aligned well."),
    Verdict.DOUBTFUL: _("The alignment is doubtful: check it in the views before relying on any finding."),
    Verdict.FAILED: _("The alignment failed: nothing was compared."),
}
STYLE = {  # dark text on a light ground, so it reads on Slicer's light and dark style
    Verdict.GOOD: "background: #dff2e1; color: #14451a;",
    Verdict.DOUBTFUL: "background: #fff0cc; color: #5c3c00;",
    Verdict.FAILED: "background: #fbdcd9; color: #6e1109;",
}
UNCHECKED = _("The alignment was not checked."), "background: #e6e8eb; color: #24292f;"
MOST_GOOD = 3  # good time points whose figures are shown: those of many would push the list of findings out of sight
FIGURES = _("Hover here for the figures of each of the {count}.")
WORST_FIRST = (Verdict.FAILED, Verdict.DOUBTFUL, Verdict.GOOD)


LEFT_OUT = _("{name} could not be aligned, and is left out.")
REMEDY = _(
    "To help: mark three or more places in both studies as Landmarks, or turn and shift the study in the Transforms "
    "module until it lies about right (its transform is where the search starts from), then compare again."
)
LANDMARKS = _("{name}: landmarks {mean:.1f} mm from where they were marked on average, {largest:.1f} mm at most.")


def show_verdicts(
    label: Any,
    verdicts: Mapping[str, tuple[Verdict, str]] | None,
    left_out: Mapping[str, Sequence[str]] | None = None,
    landmarks: Mapping[str, tuple[float, float]] | None = None,
) -> None:
    """Show the worst verdict with its reasons, by time point where there are several, and the studies left out.

    verdicts: None: no comparison yet; empty: nothing is known of the registrations, and nothing is said; left_out:
    studies that could not be registered, and why; landmarks: mean and largest error in mm, by time point.
    """
    errors = [
        LANDMARKS.format(name=name, mean=mean, largest=largest)
        for name, (mean, largest) in (landmarks or {}).items()
        if mean <= ERROR_GOOD_MM  # larger ones are among the reasons
    ]
    if left_out:
        lines = [] if verdicts else [TEXT[Verdict.FAILED]]
        for name, reasons in left_out.items():
            lines += [*([LEFT_OUT.format(name=name)] if verdicts else []), *reasons]
        others = _of_time_points(verdicts)[0] if verdicts else []
        _show(label, [*lines, REMEDY, *others, *errors], STYLE[Verdict.FAILED])
    elif verdicts:
        lines, style = _of_time_points(verdicts)
        _show(label, [*lines, *errors], style)
    else:
        label.styleSheet = label.toolTip = ""
        show_wrapped(label, _("No comparison yet.") if verdicts is None else "")


def _of_time_points(verdicts: Mapping[str, tuple[Verdict, str]]) -> tuple[list[str], str]:
    """Lines and style of the worst verdict."""
    worst = next(verdict for verdict in WORST_FIRST if verdict in [found for found, _reasons in verdicts.values()])
    taken = all(found == (Verdict.GOOD, NOT_REGISTERED) for found in verdicts.values())
    text, style = UNCHECKED if taken else (TEXT[worst], STYLE[worst])
    told = {point: reasons for point, (verdict, reasons) in verdicts.items() if reasons and verdict is worst}
    alike = len(told) == len(verdicts) and len(set(told.values())) == 1
    return [text, *(set(told.values()) if alike else [f"{point}: {reasons}" for point, reasons in told.items()])], style


def _short(lines: Sequence[str], style: str) -> Sequence[str]:
    """The lines, but of many good time points the verdict alone, and where the others are."""
    if style == STYLE[Verdict.GOOD] and len(lines) > MOST_GOOD + 1:
        return [lines[0], FIGURES.format(count=len(lines) - 1)]
    return lines


def _show(label: Any, lines: Sequence[str], style: str) -> None:
    label.styleSheet = f"{style} padding: 6px; border-radius: 3px;"
    short = _short(lines, style)
    label.toolTip = "" if short is lines else plain_tip("\n".join(lines))
    show_wrapped(label, "\n".join(short))
