"""The files of a comparison, written into a folder together or not at all.

The last study against the first has the plain names; of more than two studies the others have their number in it, and
two later studies both of theirs.
"""

from pathlib import Path

from ..comparison.evaluation import Evaluated
from ..comparison.following import unique_names
from ..comparison.result import Comparison, PairComparison, Verdict
from ..comparison.track_names import finding_names
from ..comparison.tracks.patient_file import write_patient
from ..core.atomic import whole_folder, write_text
from ..core.csv_text import csv_text
from ..core.files import write_image, write_transform
from ..core.progress import Progress
from ..core.provenance import Provenance
from ..core.recorded import write_result
from ..report.finding_measurements import measure_findings
from ..report.report import report_html
from .comparison_maps import change_maps_table, write_change_maps
from .comparison_tables import Table, findings_table, measurement_units, measurements_table
from .patient_files import with_paths
from .response_table import response_table


def write_comparison(comparison: Comparison, evaluated: Evaluated, folder: Path, progress: Progress) -> dict[str, Path]:
    """Write report, tables, patient, recipe, scene, registrations, label and change maps; returns {what it is: path}.

    Raises InputError, Cancelled; then nothing is written.
    """
    rows = measure_findings(comparison, progress.part(0.0, 0.2))
    measurements = measurements_table(comparison, rows)
    report = report_html(comparison, rows, progress.part(0.2, 0.6), evaluated)
    names = {
        "report": "report.html",
        "findings": "findings.csv",
        "response": "response.csv",
        "measurements": "measurements.csv",
        "recipe": "recipe.json",
        "scene for Slicer": "scene.mrb",
    }
    with whole_folder(folder) as hidden:
        write_text(report, hidden / names["report"])
        write_text(csv_text(*findings_table(comparison)), hidden / names["findings"])
        write_text(csv_text(*response_table(evaluated.evaluations)), hidden / names["response"])
        write_text(csv_text(*measurements), hidden / names["measurements"])
        write_text(comparison.recipe.to_json() + "\n", hidden / names["recipe"])
        for pair in comparison.all_pairs:
            if pair.registration.verdict is not Verdict.FAILED:
                names.update(_write_pair(comparison, pair, hidden))
        if any(pair.maps for pair in comparison.all_pairs):
            names["change maps' figures"] = "change_maps.csv"
            write_text(csv_text(*change_maps_table(comparison)), hidden / "change_maps.csv")
            numbers = {n: _number(comparison, pair) for n, pair in enumerate(comparison.all_pairs)}
            names.update(write_change_maps(comparison, hidden, numbers))
        names.update(_write_patient(comparison, hidden, folder))
        progress(0.7, "Writing the scene")
        _write_scene(comparison, measurements, measurement_units(rows), hidden / names["scene for Slicer"])
        progress(1.0, "Done")
    return {what: folder / name for what, name in names.items()}


def _write_pair(comparison: Comparison, pair: PairComparison, folder: Path) -> dict[str, str]:
    """Registration and change map of one pair; returns {what it is: file name}."""
    number = _number(comparison, pair)
    names = comparison.studies[pair.fixed].name, comparison.studies[pair.moving].name
    which = f" of {' to '.join(names) if pair.fixed else names[1]}" if number else ""
    registration, change = _registration_file(comparison, pair), f"change{number}.nii.gz"
    inputs = {role: comparison.studies[i].source for role, i in (("first", pair.fixed), ("other", pair.moving))}
    write_transform(pair.registration.transform, folder / registration)
    write_image(pair.change, folder / change, Provenance(comparison.recipe, inputs).to_json())
    return {f"registration{which}": registration, f"change map{which}": change}


def _write_patient(comparison: Comparison, hidden: Path, folder: Path) -> dict[str, str]:
    """The tracks and, of each time point, its mask and the label map that they refer to; returns {what: file name}."""
    if comparison.followed is None:
        return {}
    ids = unique_names(comparison.studies)
    maps, masks, names = {}, {}, {"patient": "patient.json"}
    patient = comparison.followed.patient
    for point, labels in zip(patient.time_points, comparison.followed.label_maps, strict=True):
        number = ids.index(point.id)
        maps[point.id] = names[f"findings of {point.id}"] = f"findings_{number + 1}.nii.gz"
        made = Provenance(comparison.recipe, {"image": comparison.studies[number].source})
        write_result(labels, hidden / maps[point.id], made, segments=finding_names(patient.tracks, point.id))
        mask = comparison.masks[number] if comparison.masks else None
        if mask is not None:
            masks[point.id] = names[f"mask of {point.id}"] = f"mask_{number + 1}.nii.gz"
            write_image(mask, hidden / masks[point.id])
    transforms = {
        ids[pair.moving]: _registration_file(comparison, pair)
        for pair in comparison.pairs
        if not pair.registration.transform.IsLinear()
    }
    paths = with_paths(comparison, folder / names["patient"], maps, transforms, masks)
    write_patient(paths, hidden / names["patient"])
    return names


def _number(comparison: Comparison, pair: PairComparison) -> str:
    """What is added to the names of a pair's files: nothing for the last study against the first."""
    if pair.fixed > 0:
        return f"_{pair.fixed + 1}_{pair.moving + 1}"
    return "" if pair.moving == len(comparison.studies) - 1 else f"_{pair.moving + 1}"


def _registration_file(comparison: Comparison, pair: PairComparison) -> str:
    return f"registration{_number(comparison, pair)}.tfm"


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
