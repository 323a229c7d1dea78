"""Which column of a table says what each finding is, by its name."""

from .findings import classes_in
from .sufficiency import MOST_CLASSES
from .table import Table

LABELS = (
    *("diagnosis", "class", "kind", "type", "malignant", "malignancy", "histology", "truth", "outcome", "target"),
    *("response", "grade", "label"),
)


def proposed_label(table: Table) -> str:
    """The column that is called so and holds classes, two or more; '' without one."""
    names = {name.casefold(): name for name in reversed(table.columns)}
    for name in LABELS:
        if name in names and 2 <= len(classes_in(table.columns[names[name]])) <= MOST_CLASSES:
            return names[name]
    return ""
