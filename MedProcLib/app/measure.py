"""`measure`: the table of measurements of a label map."""

from argparse import Namespace

from ..core.atomic import require_writable, write_text
from ..core.progress import Progress
from ..core.registry import create_operation
from ..quantification.measure import measure
from ..quantification.table_text import measurements_csv
from .inputs import read_labels, read_noted, require_other_file


def run(arguments: Namespace, progress: Progress) -> None:
    require_writable(arguments.output)
    require_other_file(arguments.output, arguments.image, arguments.segmentation)
    found = read_noted(arguments.image, arguments.notes)
    labels = read_labels(arguments.segmentation, found.image)
    settings = create_operation(
        "quantification.measure", {"intensity_unit": "HU" if found.modality == "CT" else "intensity"}
    )
    rows = measure(found.image, labels, settings=settings, progress=progress.part(0.05, 0.95))
    progress.check()
    write_text(measurements_csv(rows), arguments.output)
    segments = sum(1 for row in rows if row.component is None)
    print(f"Measurements of {segments} segment{'s' * (segments != 1)}: {arguments.output}")
