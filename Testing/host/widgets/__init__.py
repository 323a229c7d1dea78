"""Behavior of the widgets that panels use; importing the package registers all of it."""

from host.widgets import (  # noqa: F401
    basic,
    buttons,
    checkable_node_combo_box,
    node_combo_box,
    numbers,
    paths,
    placeholders,
    ranges,
    segments_table,
    tables,
)
