"""The response of several patients on one page: waterfall, spider and swimmer, and a table."""

from collections.abc import Mapping, Sequence

from ..comparison.response.charts import Bar as BestChange
from ..comparison.response.charts import best_responses, spider, swimmer, waterfall
from ..comparison.response.criteria import criterion
from ..comparison.response.model import Case
from ..comparison.response.outcome import Category
from .charts import Bar, Curve, Phase, bars_chart, curves_chart, lanes_chart
from .figures import percent
from .html_text import section, table, text
from .response_section import COLORS, EVEN
from .style import CSS

# beyond this the names of curves would cover the chart
MOST_NAMES = 14
ROUND_DAYS = (7, 14, 28, 56, 91, 182, 365, 730)


def cohort_html(name: str, cases: Mapping[str, Case]) -> str:
    """One HTML page (no script, nothing beside it) of what a criterion gives for each patient's case."""
    found, bars = criterion(name), waterfall(name, cases)
    title = f"Response of {f'{len(cases)} patients' if len(cases) != 1 else 'one patient'}: {found.title}"
    source = f"{found.source}. {found.caution}".strip()
    confirmed = " A response counts once it is confirmed." if found.confirm else ""
    content = (
        f'<p class="brand">MedProc · Cohort</p><h1>{text(title)}</h1><p class="note">{text(source + confirmed)}</p>'
        + section("Best change from baseline", _waterfall(bars, cases))
        + section("Change over time", _spider(name, cases))
        + section("Response over time", _swimmer(name, cases))
        + section("Patients", _table(bars, cases, best_responses(name, cases)))
        + "<footer>MedProc · Research software, not for clinical use.</footer>"
    )
    return (
        f'<!DOCTYPE html>\n<html lang="en-US"><head><meta charset="utf-8"><title>{text(title)}</title>'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><style>{CSS}</style></head>'
        f"<body>{content}</body></html>\n"
    )


def _waterfall(bars: Sequence[BestChange], cases: Mapping[str, Case]) -> str:
    if not bars:
        return "<p>No patient has a sum of targets at baseline and later.</p>"
    drawn = [Bar(text(bar.patient), bar.percent, COLORS.get(bar.best, EVEN)) for bar in bars]
    words = ", ".join(f"{bar.patient} {bar.percent:+z.0f} %" for bar in bars)
    present = list(dict.fromkeys(bar.best for bar in bars))
    legend = "".join(
        f'<span class="chip"><i class="swatch" style="background:{COLORS.get(c, EVEN)}"></i>{text(c)}</span>'
        for c in present
    )
    left = len(cases) - len(bars)
    note = f" {left} {'patient has' if left == 1 else 'patients have'} none." if left else ""
    if any(len({lesion.enhancing for lesion in case.lesions}) > 1 for case in cases.values()):
        note += " Where enhancing and non-enhancing lesions are judged apart, the larger change counts."
    return (
        f'<figure class="plot">{bars_chart(drawn, "%", text(words))}</figure><div class="legend">{legend}</div>'
        f'<p class="note">The lowest change of the sum up to progression; color: best overall response.{note}</p>'
    )


def _spider(name: str, cases: Mapping[str, Case]) -> str:
    curves = spider(name, cases)
    if not curves:
        return "<p>No patient has a sum of targets at baseline and later.</p>"
    colors = {bar.patient: COLORS.get(bar.best, EVEN) for bar in waterfall(name, cases)}
    drawn = [
        Curve(
            text(patient) if len(curves) <= MOST_NAMES else "",
            colors.get(patient, EVEN),
            [(float(days), change, None, None) for days, change in points],
        )
        for patient, points in curves.items()
    ]
    words = f"Change from baseline of {len(curves)} patients"
    return f'<figure class="plot">{curves_chart(drawn, _days(cases), "%", words, most=200.0)}</figure>'


def _swimmer(name: str, cases: Mapping[str, Case]) -> str:
    lanes = [
        (text(who), [Phase(p.start, p.end, text(p.category), COLORS.get(p.category, EVEN)) for p in phases])
        for who, phases in swimmer(name, cases).items()
    ]
    words = f"Response over time of {len(lanes)} patients"
    return f'<figure class="plot">{lanes_chart(lanes, _days(cases), words)}</figure>'


def _days(cases: Mapping[str, Case]) -> list[tuple[float, str]]:
    """Round days up to the last time point of any patient."""
    last = max(case.days(len(case.time_points) - 1) for case in cases.values())
    step = next((days for days in ROUND_DAYS if last / days <= 6), 365 * max(1, round(last / 365 / 6)))
    marks = [float(day) for day in range(0, last, step)]
    marks = [day for day in marks if last - day > step / 2] + [float(last)]
    return [(day, f"day {day:.0f}") for day in marks]


def _table(bars: Sequence[BestChange], cases: Mapping[str, Case], best: Mapping[str, Category]) -> str:
    known = {bar.patient: bar for bar in bars}
    lines = []
    for who, case in cases.items():
        bar = known.get(who)
        lines.append(
            [
                f"<b>{text(who)}</b>",
                str(len(case.time_points)),
                percent(bar.percent) if bar else "–",
                text(best.get(who, "–")),
            ]
        )
    return table(["Patient", "Time points", "Best change", "Best response"], lines, numbers=(1, 2))
