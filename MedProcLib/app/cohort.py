"""`cohort`: what a response criterion gives for several patients, as a table or a page with charts."""

from argparse import Namespace
from collections.abc import Mapping
from pathlib import Path

from ..comparison.evaluation import criteria_named
from ..comparison.response.charts import best_responses, waterfall
from ..comparison.response.criteria import assess
from ..comparison.response.model import Case
from ..comparison.tracks.case import case_of
from ..comparison.tracks.patient_file import read_patient
from ..core.atomic import require_writable, write_text
from ..core.csv_text import csv_text
from ..core.errors import InputError
from ..core.progress import Progress
from ..report.cohort_page import cohort_html

ENDINGS = (".csv", ".html")
COLUMNS = [
    *("patient", "time_points", "first_date", "last_date", "last_category"),
    *("best_change_percent", "best_response", "criterion"),
]


def run(arguments: Namespace, progress: Progress) -> None:
    if not str(arguments.output).lower().endswith(ENDINGS):
        raise InputError(f"{arguments.output} is neither a table nor a page: end it in .csv or .html.")
    require_writable(arguments.output)
    (name, *more) = criteria_named(arguments.criterion)
    if more:
        raise InputError("--criterion takes one criterion: a chart has one scale.")
    cases: dict[str, Case] = {}
    for done, path in enumerate(arguments.patients):
        progress(done / len(arguments.patients), "Reading patients")
        who, case = _case(Path(path))
        if who in cases:
            raise InputError(f"Two patients are called '{who}': rename a folder or file, or leave one out.")
        cases[who] = case
    text = cohort_html(name, cases) if str(arguments.output).lower().endswith(".html") else _table(name, cases)
    write_text(text, arguments.output)
    bars = waterfall(name, cases)
    for bar in bars:
        print(f"{bar.patient}: {bar.percent:+z.1f} %, best response {bar.best}")
    print(f"{len(bars)} of {len(cases)} patients with a change: {arguments.output}")


def _case(path: Path) -> tuple[str, Case]:
    """What the patient is called (its id, else its file or folder), and its case."""
    patient = read_patient(path)
    if not any(track.kind is not None for track in patient.tracks):
        raise InputError(
            f"{path} has no target lesions: compare with --criteria, or give findings their role in the panel."
        )
    who = patient.id or (path.absolute().parent.name if path.stem == "patient" else path.stem)
    return who, case_of(patient)


def _table(name: str, cases: Mapping[str, Case]) -> str:
    bars, best = {bar.patient: bar for bar in waterfall(name, cases)}, best_responses(name, cases)
    lines = []
    for who, case in cases.items():
        bar, last = bars.get(who), assess(name, case)[-1]
        lines.append(
            [
                who,
                len(case.time_points),
                *(case.time_points[n].date.isoformat() for n in (0, -1)),
                str(last.category),
                bar.percent if bar else None,
                str(best[who]) if who in best else None,
                name,
            ]
        )
    return csv_text(COLUMNS, lines)
