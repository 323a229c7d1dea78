"""What the response criteria give, with the arithmetic line by line, what is missing and what measurement error
leaves open."""

from collections.abc import Sequence

from ..comparison.evaluation import Evaluated, Evaluation
from ..comparison.response.charts import swimmer
from ..comparison.response.criteria import criterion
from ..comparison.response.outcome import Category, Response
from ..comparison.response.sizes import number
from ..comparison.result import Change
from ..core.units import shown
from .charts import Phase, lanes_chart
from .colors import LOOKS
from .figures import percent
from .html_text import section, table, text

# as the classes of change, so that any color vision tells them apart: blue for less disease, orange for more
GOOD, FAIR, OPEN, BAD = (LOOKS[c].css for c in (Change.GONE, Change.SHRUNK, Change.GROWN, Change.NEW))
EVEN = "#a3abb5"
MEANINGS = {
    Category.CR: "complete response",
    Category.PR: "partial response",
    Category.MR: "minor response",
    Category.SD: "stable disease",
    Category.PD: "progressive disease",
    Category.NE: "not evaluable",
    Category.NON_CR_NON_PD: "neither complete response nor progression",
    Category.IUPD: "unconfirmed progression",
    Category.ICPD: "confirmed progression",
    Category.CMR: "complete metabolic response",
    Category.PMR: "partial metabolic response",
    Category.SMD: "stable metabolic disease",
    Category.PMD: "progressive metabolic disease",
}
COLORS = {
    **dict.fromkeys((Category.CR, Category.ICR, Category.CMR, Category.NED), GOOD),
    **dict.fromkeys((Category.PR, Category.IPR, Category.PMR, Category.MR), FAIR),
    **dict.fromkeys((Category.PD, Category.ICPD, Category.PMD, Category.FAST_GROWTH, Category.NEW_NODULE), BAD),
    **dict.fromkeys((Category.IUPD, Category.PRELIMINARY_PD, Category.INTERMEDIATE_GROWTH, Category.NE), OPEN),
}


def response_section(evaluated: Evaluated) -> str:
    """Targets, categories over time, and each criterion with its steps; the note alone where none was applied."""
    note = f'<p class="note">{text(evaluated.note)}</p>' if evaluated.note else ""
    if not evaluated.evaluations:
        return section("Response criteria", note) if note else ""
    return section(
        "Response criteria",
        note,
        _targets(evaluated),
        _lanes(evaluated.evaluations),
        *(_criterion(evaluation) for evaluation in evaluated.evaluations),
    )


def _targets(evaluated: Evaluated) -> str:
    lesions = evaluated.evaluations[0].case.lesions
    if not lesions:
        return "<p>There are no lesions.</p>"
    lines = [
        [f"<b>{text(lesion.id)}</b>", text(lesion.kind), text(lesion.organ or "–"), text(reason)]
        for lesion in lesions
        for reason in [evaluated.reasons.get(lesion.id, "" if lesion.kind == "new" else "not chosen")]
    ]
    columns = 4 if evaluated.reasons else 3  # of saved roles the reasons are not known
    return table(["Lesion", "Role", "Organ", "Why"][:columns], [row[:columns] for row in lines])


def _lanes(evaluations: Sequence[Evaluation]) -> str:
    case = evaluations[0].case
    times = [(float(case.days(n)), text(point.date)) for n, point in enumerate(case.time_points)]
    if len(times) < 2:
        return ""
    lanes, words = [], []
    for evaluation in evaluations:
        title = criterion(evaluation.name).title
        phases = swimmer(evaluation.name, {title: evaluation.case})[title]
        lanes.append(
            (
                text(title),
                [Phase(p.start, p.end, text(p.category), COLORS.get(p.category, EVEN)) for p in phases],
            )
        )
        words.append(f"{title}: {', '.join(f'{p.category} from day {p.start}' for p in phases)}")
    given = {response.category for evaluation in evaluations for response in evaluation.responses}
    meant = "; ".join(f"{text(c)}: {words}" for c, words in MEANINGS.items() if c in given)
    note = f'<p class="note">{meant}{". " if meant else ""}A category holds from its time point until the next one.</p>'
    return f'<figure class="plot">{lanes_chart(lanes, times, text("; ".join(words)))}</figure>{note}'


def _criterion(evaluation: Evaluation) -> str:
    found = criterion(evaluation.name)
    best = ""
    if evaluation.best:
        steps = "; ".join(evaluation.best.steps)
        asked = found.confirm or (found.confirm is None and evaluation.case.protocol.confirm)
        confirmed = "" if asked else " Confirmation at a later time point was not asked for."
        end = evaluation.best.progression_date
        progressed = f" Progression on {end}." if end and str(end) not in steps else ""
        best = (
            f"<p>Best overall response: <b>{text(evaluation.best.category)}</b> ({text(steps)}).{progressed}"
            f"{confirmed}</p>"
        )
    caution = f'<p class="note">{text(found.caution)}</p>' if found.caution else ""
    points = "".join(_time_point(response) for response in evaluation.responses)
    return (
        f'<article class="criterion"><h3>{text(found.title)}</h3><p class="note">{text(found.source)}</p>'
        f"{caution}{best}{_figures(evaluation)}{points}</article>"
    )


def _figures(evaluation: Evaluation) -> str:
    lines = []
    for response in evaluation.responses:
        totals = [f"{number(f.value)} {shown(f.unit)}" for f in response.figures if "sum_of_" in f.name]
        changes = [
            [percent(f.value) for f in response.figures_of(name)]
            for name in ("change_from_baseline", "change_from_nadir")
        ]
        lines.append(
            [
                text(response.time),
                f'<span class="fixed">{text(response.date)}</span>',
                f"<b>{text(response.category)}</b>",
                *(text("; ".join(words)) or "–" for words in (totals, *changes)),
            ]
        )
    headings = ["Time point", "Date", "Category", "Sum of targets", "From baseline", "From nadir"]
    return table(headings, lines, numbers=(3, 4, 5))


def _time_point(response: Response) -> str:
    """The steps as a list; missing things, doubts and notes below."""
    steps = "".join(f"<li>{text(step)}</li>" for step in response.steps)
    rest = "".join(
        f'<p class="{kind}"><b>{title}:</b> {text("; ".join(words))}</p>'
        for kind, title, words in (
            ("missing", "Missing", response.missing),
            ("missing", "Open", response.doubts),
            ("note", "Note", response.notes),
        )
        if words
    )
    heading = f"<h4>{text(response.time)}: {text(response.category)}</h4>"
    return f'<div class="steps">{heading}<ol>{steps}</ol>{rest}</div>'
