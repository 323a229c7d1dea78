"""`train`: a classifier of findings from a table of features with labels, validated, as a JSON file."""

import getpass
import json
from argparse import Namespace
from pathlib import Path

from ..core.atomic import write_text, written_together
from ..core.errors import InputError
from ..core.progress import Progress
from ..quantification.classification.findings import Findings, findings_of
from ..quantification.classification.model_json import write_model
from ..quantification.classification.settings import PARAMETERS, Training
from ..quantification.classification.table import read_table
from ..quantification.classification.told import trained_in_words
from ..quantification.classification.train import train
from .inputs import require_ending, require_outputs


def run(arguments: Namespace, progress: Progress) -> None:
    require_outputs([arguments.output, arguments.report], arguments.table, arguments.test)
    for output in filter(None, (arguments.output, arguments.report)):
        require_ending(output, ".json", what="JSON file")
    if arguments.test and Path(arguments.test).resolve() == Path(arguments.table).resolve():
        raise InputError(f"--test {arguments.test} is the table that is learned from: give findings of other patients.")
    given = {parameter.name: getattr(arguments, parameter.name, None) for parameter in PARAMETERS}
    settings = Training(**{name: value for name, value in given.items() if value is not None})
    progress(0.01, "Reading the table")
    findings = _findings(arguments, arguments.table)
    external = None
    if arguments.test:
        wanted = [feature.name for feature in findings.features]
        external = _findings(arguments, arguments.test, wanted)
    by = arguments.by if arguments.by is not None else _user()
    found = train(findings, arguments.label, settings, external, by, progress.part(0.02, 0.99))
    arguments.notes += found.notes
    with written_together():
        write_model(found.model, arguments.output)
        if arguments.report:
            write_text(json.dumps(found.report, indent=1, ensure_ascii=False, allow_nan=False) + "\n", arguments.report)
    lines = trained_in_words(found.report, len(found.model.features))
    print("\n".join([*lines, f"Model: {arguments.output}"]))


def _findings(arguments: Namespace, path: str, wanted: list[str] | None = None) -> Findings:
    names = arguments.features if wanted is None else wanted
    return findings_of(read_table(path), arguments.label, arguments.patient, names, arguments.positive)


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a user without a name, as in containers
        return ""
