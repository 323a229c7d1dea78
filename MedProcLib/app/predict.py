"""`predict`: what a trained classifier proposes for the findings of a table, with its reasons."""

from argparse import Namespace

from ..core.progress import Progress
from ..core.recorded import write_table
from ..quantification.classification.model_json import read_model
from ..quantification.classification.prediction import predict_table, predictions_csv
from ..quantification.classification.table import read_table
from .inputs import require_ending, require_outputs, said_by


def run(arguments: Namespace, progress: Progress) -> None:
    require_outputs([arguments.output], arguments.model, arguments.table)
    require_ending(arguments.output, ".csv", what="table")
    model = read_model(arguments.model)
    table = read_table(arguments.table)
    progress(0.2, "Predicting")
    predictions = predict_table(model, table)
    outside = sum(not each.inside for each in predictions)
    if outside:
        verb = "is" if outside == 1 else "are"
        arguments.notes.append(
            f"{outside} of {len(predictions)} findings {verb} unlike those that the model learned from"
        )
    incomplete = sum(bool(each.imputed) for each in predictions)
    if incomplete:
        lack = "1 finding lacks" if incomplete == 1 else f"{incomplete} findings lack"
        arguments.notes.append(f"{lack} features; the training median stands for them")
    learned = sum(each.learned for each in predictions)
    if learned:
        arguments.notes.append(
            f"{learned} of {len(predictions)} findings are among those that the model learned from: how well it "
            "does on them says nothing of others"
        )
    write_table(predictions_csv(model, table, predictions), arguments.output, said_by(arguments, "model", "table"))
    called = [each.called for each in predictions]
    counts = ", ".join(f"{called.count(name)} {name}" for name in model.classes)
    print(f"Proposals for {len(predictions)} findings ({counts}): {arguments.output}")
