"""Commands that learn from tables of findings, and propose."""

from ..command import Command, argument
from .shared import output

COMMANDS = (
    Command(
        "train",
        "train a classifier of findings from a table of features with labels, and validate it",
        (
            argument("table", metavar="TABLE.csv", help="findings, one a line; tables of measure and features as well"),
            argument("--label", metavar="COLUMN", required=True, help="column that says what each finding is"),
            argument(
                "--patient",
                metavar="COLUMN",
                help="column of patients; none is learned from and predicted at once (default: one called patient)",
            ),
            argument(
                "--features", metavar="NAME", nargs="+", help="columns or patterns (default: all that hold numbers)"
            ),
            argument("--positive", metavar="CLASS", help="the class looked for (default: the last in order)"),
            argument(
                "--method",
                choices=("logistic_l2", "logistic_l1", "discriminant", "nearest", "forest"),
                help="kind of classifier (default: logistic_l2)",
            ),
            argument("--folds", type=int, metavar="N", help="parts of the cross-validation (default: 5)"),
            argument("--repeats", type=int, metavar="N", help="repeats of the cross-validation (default: 5)"),
            argument(
                "--permutations", type=int, metavar="N", help="for the test against chance (default: 200; 0: none)"
            ),
            argument(
                "--events-per-feature",
                type=float,
                metavar="N",
                help="linear methods: findings of the smallest class per feature they may use (default: 5; 0: all)",
            ),
            argument(
                "--point",
                choices=("youden", "sensitivity", "specificity", "probability"),
                help="operating point: largest sensitivity + specificity (default), at least a sensitivity or "
                "specificity, or a probability",
            ),
            argument("--point-value", type=float, metavar="V", help="which sensitivity, specificity or probability"),
            argument("--seed", type=int, metavar="N", help="of all that is drawn (default: 0)"),
            argument("--test", metavar="T.csv", help="findings of other patients to try the model on"),
            argument("--by", metavar="NAME", help="who trains, for the record (default: the user's name)"),
            output("MODEL.json", "the model, as data"),
            argument("--report", metavar="R.json", help="all figures: ROC curves, calibration, importance of features"),
        ),
        (
            "train lesions.csv --label diagnosis --patient patient -o model.json --report report.json",
            "train features.csv --label malignant --patient id --features cm_* --method forest -o model.json",
        ),
    ),
    Command(
        "predict",
        "propose what the findings of a table are, with probabilities and reasons",
        (
            argument("model", metavar="MODEL.json", help="model that `train` wrote"),
            argument("table", metavar="TABLE.csv", help="findings with the features that the model needs"),
            output("PREDICTIONS.csv", "a line per finding: class, probabilities, whether like the training data, why"),
        ),
        ("predict model.json new_lesions.csv -o predictions.csv",),
    ),
)
