"""`train`: a classifier of findings from a table of features with labels, validated, as a JSON file."""

import getpass
import json
from argparse import Namespace
from pathlib import Path
from typing import Any

from ..core.atomic import write_text, written_together
from ..core.errors import InputError
from ..core.progress import Progress
from ..quantification.classification.findings import Findings, findings_of
from ..quantification.classification.model_json import write_model
from ..quantification.classification.settings import PARAMETERS, Training
from ..quantification.classification.table import read_table
from ..quantification.classification.train import Trained, train
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
    print(_summary(found, arguments))


def _findings(arguments: Namespace, path: str, wanted: list[str] | None = None) -> Findings:
    names = arguments.features if wanted is None else wanted
    return findings_of(read_table(path), arguments.label, arguments.patient, names, arguments.positive)


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a user without a name, as in containers
        return ""


def _summary(found: Trained, arguments: Namespace) -> str:
    report = found.report
    counts = ", ".join(f"{c['findings']} {name} ({c['patients']} patients)" for name, c in report["classes"].items())
    lines = [f"{report['method']}, {len(found.model.features)} features: {counts}"]
    lines += _figures(report["validation"], "Cross-validated")
    test = report["validation"]["permutation_test"]
    if test:
        lines.append(f"Against chance: p = {test['p']:.3g} ({test['permutations']} permutations, {test['scheme']})")
    if "external" in report:
        lines += _figures(report["external"]["validation"], f"In {report['external']['findings']} other findings")
    return "\n".join([*lines, f"Model: {arguments.output}"])


def _figures(figures: dict[str, Any], where: str) -> list[str]:
    if "macro_auc" in figures:
        lines = [f"{where} macro AUC {_interval(figures['macro_auc'])}"]
        return lines + [f"  {each['class']}: AUC {_interval(each['auc'])}" for each in figures["one_vs_rest"]]
    point, calibration = figures["operating_point"], figures["calibration"]
    slope = "not defined" if calibration["slope"] is None else f"{calibration['slope']:.2f}"
    return [
        f"{where} AUC of '{figures['class']}' {_interval(figures['auc'])}",
        f"  at a probability of {point['threshold']:.3f}: sensitivity {_interval(point['sensitivity'])}, "
        f"specificity {_interval(point['specificity'])}",
        f"  calibration slope {slope} (1 is ideal), Brier score {calibration['brier']:.3f}",
    ]


def _interval(figure: dict[str, Any]) -> str:
    if figure["value"] is None:
        return "not defined"
    if figure["low"] is None:
        return f"{figure['value']:.3f}"
    return f"{figure['value']:.3f} (95 % interval {figure['low']:.3f} to {figure['high']:.3f})"
