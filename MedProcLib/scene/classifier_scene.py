"""Classifiers in the scene: a text node that holds the model, with tables and charts of what it is worth.

The text is the file that `train` writes, so it is saved and loaded with the scene, and read with the same checks.
"""

from collections.abc import Sequence
from typing import Any

import slicer

from MedProcLib.core.errors import InputError
from MedProcLib.core.provenance import Provenance
from MedProcLib.core.recipe import Recipe
from MedProcLib.quantification.classification.figures import calibration_points, figure_rows, roc_curves
from MedProcLib.quantification.classification.model import Model
from MedProcLib.quantification.classification.model_json import model_of, model_text
from MedProcLib.quantification.classification.prediction import WORDS, Prediction, prediction_columns
from MedProcLib.quantification.classification.table import Table
from MedProcLib.quantification.classification.told import model_in_words, sentences
from MedProcLib.quantification.classification.train import Trained
from MedProcLib.scene.commit import commit
from MedProcLib.scene.findings_table import node_columns
from MedProcLib.scene.nodes import new_node
from MedProcLib.scene.plots import Series, chart_from_series
from MedProcLib.scene.provenance import write_provenance
from MedProcLib.scene.tables import Column, table_from_columns

MARK = "MedProc.Classifier"
# Roles of the nodes that a classifier refers to.
FIGURES, IMPORTANCE, ROC, CALIBRATION = (
    f"MedProc.Classifier{name}" for name in ("Figures", "Importance", "Roc", "Calibration")
)
GRAY = (0.6, 0.6, 0.6)
CHANCE, IDEAL = "chance", "ideal"
MEANINGS = {
    "loss": "loss of AUC in findings not learned from when the feature's values are permuted",
    "loss_sd": "SD of the loss over the folds",
    "selected": "share of the folds that used it",
    "coefficient": "log odds per SD, mean over the folds",
    "coefficient_sd": "SD of the coefficient over the folds",
    "same_sign": "share of these folds in which the coefficient has the sign of its mean",
}


def add_classifier(trained: Trained, learned_from: str):
    """Add a model with the tables and charts of its validation, and return its text node; main thread.

    learned_from: name of the table.
    """
    report, model = trained.report, trained.model
    provenance = Provenance(Recipe(()), {"table": learned_from})
    with commit():
        node = _text_node(model, f"Classifier of {model.label}")
        name = node.GetName()
        write_provenance(node, provenance)
        figures = _table(figure_rows(report), f"{name} figures", {"low": "of the 95 % interval", "high": "as low"})
        figures.SetDescription(node.GetDescription())
        importance = _table(report["importance"], f"{name} importance", MEANINGS) if report["importance"] else None
        for table in filter(None, (figures, importance)):
            write_provenance(table, provenance)
        roc = _chart(roc_curves(report), f"{name} ROC", ("1 - specificity", "sensitivity"), "line", CHANCE)
        calibration = _chart(
            *(calibration_points(report), f"{name} calibration", ("predicted probability", "share observed")),
            *("line with markers", IDEAL),
        )
        parts = {FIGURES: figures, IMPORTANCE: importance, ROC: roc, CALIBRATION: calibration}
        for role, part in parts.items():
            if part is not None:
                node.SetNodeReferenceID(role, part.GetID())
    return node


def add_model(model: Model, name: str):
    """Add the text node of a model that was read from a file."""
    with commit():
        return _text_node(model, name)


def model_in_node(node) -> Model:
    """The model that a text node holds. Raises InputError for a text that is none."""
    try:
        return model_of(node.GetText() or "")
    except InputError as error:
        raise InputError(f"'{node.GetName()}': {error}") from error


def part_of_classifier(node, role: str):
    """The table or chart of a classifier in a role; None without one."""
    return node.GetNodeReference(role) if node is not None else None


def add_proposals(
    model: Model, table: Table, found: Sequence[Prediction], names: tuple[str, str], notes: Sequence[str]
):
    """Add the table node of what a model proposes for the findings of a table; names: of the model and the table."""
    columns = prediction_columns(model, table, found)
    of_model, of_table = names
    with commit():
        node = table_from_columns(node_columns(columns, table, WORDS), f"{of_table} proposals")
        node.SetDescription("\n".join([_how_called(model), *sentences(notes)]))
        write_provenance(node, Provenance(Recipe(()), {"model": of_model, "table": of_table}))
    return node


def _how_called(model: Model) -> str:
    if model.threshold is None:
        return "Proposals of the likeliest class: a reader decides."
    return f"Proposals, '{model.classes[1]}' from a probability of {100 * model.threshold:.0f} % on: a reader decides."


def _text_node(model: Model, name: str):
    node = new_node("vtkMRMLTextNode", name, slicer.mrmlScene)
    node.SetAttribute(MARK, "1")
    node.SetText(model_text(model))
    node.SetDescription("\n".join(model_in_words(model)))
    return slicer.mrmlScene.AddNode(node)


def _table(rows: list[dict[str, Any]], name: str, meanings: dict[str, str]):
    columns = [Column(key, [row[key] for row in rows], meaning=meanings.get(key, "")) for key in rows[0]]
    return table_from_columns(columns, name)


def _chart(curves: dict[str, list[tuple[float, float]]], name: str, axes: tuple[str, str], style: str, diagonal: str):
    series = [Series(of, [x for x, _ in points], [y for _, y in points], style=style) for of, points in curves.items()]
    series.append(Series(diagonal, [0.0, 1.0], [0.0, 1.0], GRAY, "line"))
    return chart_from_series(series, name, *axes)
