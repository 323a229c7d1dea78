"""The files of a comparison, written into a folder together or not at all.

The last study against the first has the plain names; of more than two studies the others have their number in it.
"""

from pathlib import Path

from ..comparison.result import Comparison, PairComparison, Verdict
from ..core.atomic import whole_folder, write_text
from ..core.csv_text import csv_text
from ..core.files import write_image, write_transform
from ..core.progress import Progress
from ..core.provenance import Provenance
from ..report.finding_measurements import measure_findings
from ..report.report import report_html
from .comparison_tables import Table, findings_table, measurement_units, measurements_table


def write_comparison(comparison: Comparison, folder: Path, progress: Progress) -> dict[str, Path]:
    """Write report, tables, recipe, scene, registrations and change maps; returns {what it is: path}.

    Raises InputError, Cancelled; then nothing is written.
    """
    rows = measure_findings(comparison, progress.part(0.0, 0.2))
    measurements = measurements_table(comparison, rows)
    report = report_html(comparison, rows, progress.part(0.2, 0.6))
    names = {
        "report": "report.html",
        "findings": "findings.csv",
        "measurements": "measurements.csv",
        "recipe": "recipe.json",
        "scene for Slicer": "scene.mrb",
    }
    with whole_folder(folder) as hidden:
        write_text(report, hidden / names["report"])
        write_text(csv_text(*findings_table(comparison)), hidden / names["findings"])
        write_text(csv_text(*measurements), hidden / names["measurements"])
        write_text(comparison.recipe.to_json() + "\n", hidden / names["recipe"])
        for pair in comparison.pairs:
            if pair.registration.verdict is not Verdict.FAILED:
                names.update(_write_pair(comparison, pair, hidden))
        progress(0.7, "Writing the scene")
        _write_scene(comparison, measurements, measurement_units(rows), hidden / names["scene for Slicer"])
        progress(1.0, "Done")
    return {what: folder / name for what, name in names.items()}


def _write_pair(comparison: Comparison, pair: PairComparison, folder: Path) -> dict[str, str]:
    """Registration and change map of one pair; returns {what it is: file name}."""
    last = pair.moving == len(comparison.studies) - 1
    number = "" if last else f"_{pair.moving + 1}"
    which = "" if last else f" of {comparison.studies[pair.moving].name}"
    registration, change = f"registration{number}.tfm", f"change{number}.nii.gz"
    inputs = {role: comparison.studies[i].source for role, i in (("first", pair.fixed), ("other", pair.moving))}
    write_transform(pair.registration.transform, folder / registration)
    write_image(pair.change, folder / change, Provenance(comparison.recipe, inputs).to_json())
    return {f"registration{which}": registration, f"change map{which}": change}


def _write_scene(comparison: Comparison, measurements: Table, units: dict[str, str], path: Path) -> None:
    # only here: everything else of the command line runs without Slicer's core
    from ..scene.headless import start_headless_scene

    scene = start_headless_scene().scene
    from ..scene.bundle import save_bundle
    from ..scene.comparison_scene import add_comparison

    columns, lines = measurements
    add_comparison(
        comparison, scene, measurements=[dict(zip(columns, line, strict=True)) for line in lines], units=units
    )
    save_bundle(scene, path)
