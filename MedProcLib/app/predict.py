"""`predict`: what a trained classifier proposes for the findings of a table, with its reasons."""

from argparse import Namespace

from ..core.atomic import require_writable, write_text
from ..core.errors import InputError
from ..core.progress import Progress
from ..quantification.classification.model_json import read_model
from ..quantification.classification.prediction import predict_table, predictions_csv
from ..quantification.classification.table import read_table
from .inputs import require_other_file


def run(arguments: Namespace, progress: Progress) -> None:
    if not str(arguments.output).lower().endswith(".csv"):
        raise InputError(f"{arguments.output} is no table: end it in .csv.")
    require_writable(arguments.output)
    require_other_file(arguments.output, arguments.model, arguments.table)
    model = read_model(arguments.model)
    table = read_table(arguments.table)
    progress(0.2, "Predicting")
    predictions = predict_table(model, table)
    outside = sum(not each.inside for each in predictions)
    if outside:
        arguments.notes.append(f"{outside} of {len(predictions)} findings are unlike those that the model learned from")
    incomplete = sum(bool(each.imputed) for each in predictions)
    if incomplete:
        arguments.notes.append(f"{incomplete} findings lack features; the training median stands for them")
    write_text(predictions_csv(model, table, predictions), arguments.output)
    called = [each.called for each in predictions]
    counts = ", ".join(f"{called.count(name)} {name}" for name in model.classes)
    print(f"Proposals for {len(predictions)} findings ({counts}): {arguments.output}")
