"""`report`: the report of a patient that was saved, with all that a reader has decided since."""

from argparse import Namespace
from dataclasses import replace
from pathlib import Path

from ..comparison.evaluation import criteria_named, evaluate_marked
from ..comparison.saved import Saved
from ..comparison.tracks.clinical import with_clinical
from ..core.atomic import require_writable, write_text
from ..core.errors import InputError
from ..core.progress import Progress
from ..report.finding_measurements import measure_findings
from ..report.report import report_html
from ..scene.headless import import_slicer
from .reader import clinical_of, now, reader_of


def run(arguments: Namespace, progress: Progress) -> None:
    if not str(arguments.output).lower().endswith(".html"):
        raise InputError(f"{arguments.output} is no page: end it in .html.")
    require_writable(arguments.output)
    criteria = criteria_named(arguments.criteria) if arguments.criteria is not None else ()
    clinical = clinical_of(arguments)
    if clinical is not None and not criteria:
        raise InputError("--clinical says what criteria need: name these with --criteria, such as rano_2.")
    import_slicer()
    from ..scene.timeline_files import load_patient

    loaded = load_patient(arguments.patient, progress.part(0, 0.2))
    if clinical is not None:
        loaded = replace(loaded, patient=with_clinical(loaded.patient, clinical, reader_of(arguments), now()))
    points = loaded.patient.time_points
    saved = Saved(
        *(loaded.patient, loaded.images, loaded.label_maps, loaded.transforms),
        [point.images[0].modality for point in points],
        [Path(point.images[0].path).name for point in points],
        masks=loaded.masks,
    )
    evaluated = evaluate_marked(loaded.patient, criteria) if criteria else None
    comparison = saved.comparison(saved.recipe, progress.part(0.2, 0.7))
    rows = measure_findings(comparison, progress.part(0.7, 0.8))
    write_text(report_html(comparison, rows, progress.part(0.8, 1), evaluated), arguments.output)
    print(f"Report of {len(points)} time points and {len(loaded.patient.tracks)} findings: {arguments.output}")
