"""`predict`: what a trained classifier proposes for the findings of a table, with its reasons."""

from argparse import Namespace

from ..core.progress import Progress
from ..core.recorded import write_table
from ..quantification.classification.model_json import read_model
from ..quantification.classification.prediction import predict_table, predictions_csv
from ..quantification.classification.table import read_table
from ..quantification.classification.told import notes_of_predictions, proposals_in_words
from .inputs import require_ending, require_outputs, said_by


def run(arguments: Namespace, progress: Progress) -> None:
    require_outputs([arguments.output], arguments.model, arguments.table)
    require_ending(arguments.output, ".csv", what="table")
    model = read_model(arguments.model)
    table = read_table(arguments.table)
    progress(0.2, "Predicting")
    predictions = predict_table(model, table)
    arguments.notes += notes_of_predictions(predictions)
    write_table(predictions_csv(model, table, predictions), arguments.output, said_by(arguments, "model", "table"))
    print(f"Proposals for {proposals_in_words(model, predictions)}: {arguments.output}")
