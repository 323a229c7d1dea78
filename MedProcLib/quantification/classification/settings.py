"""How a classifier is trained and validated."""

from dataclasses import dataclass, fields
from typing import Annotated, Any, Literal, get_type_hints

from ...core.parameters import Parameter, Range, parameter_of


@dataclass(frozen=True)
class Training:
    """Method, validation and limits; values are checked like an operation's parameters (InputError)."""

    method: Annotated[
        Literal["logistic_l2", "logistic_l1", "discriminant", "nearest", "forest"], "kind of classifier"
    ] = "logistic_l2"
    folds: Annotated[int, Range(2, 20), "parts that the patients are split into; each is predicted from the others"] = 5
    inner_folds: Annotated[int, Range(2, 10), "parts of the others, to choose the hyperparameters"] = 3
    repeats: Annotated[int, Range(1, 100), "how often the cross-validation is repeated with other parts"] = 5
    most_correlated: Annotated[float, Range(0.1, 1.0), "|r| above which the later of two features is dropped"] = 0.95
    events_per_feature: Annotated[
        float, Range(0, 100), "linear methods: findings of the smallest class for each feature they may use (0: all)"
    ] = 5.0
    point: Annotated[
        Literal["youden", "sensitivity", "specificity", "probability"],
        "operating point: largest sensitivity + specificity, at least a sensitivity or specificity, or a probability",
    ] = "youden"
    point_value: Annotated[float, Range(0.01, 0.99), "the sensitivity, specificity or probability meant"] = 0.9
    permutations: Annotated[int, Range(0, 10000), "permutations of the labels for the test against chance"] = 200
    least_patients: Annotated[int, Range(10, 1000), "patients that each class must have"] = 10
    seed: Annotated[int, Range(0, 2**31 - 1), "of all that is drawn: the same seed gives the same model"] = 0

    def __post_init__(self) -> None:
        for parameter in PARAMETERS:
            object.__setattr__(self, parameter.name, parameter.check(getattr(self, parameter.name)))

    def as_dict(self) -> dict[str, Any]:
        return {parameter.name: getattr(self, parameter.name) for parameter in PARAMETERS}


def _parameters() -> tuple[Parameter, ...]:
    hints = get_type_hints(Training, include_extras=True)
    return tuple(parameter_of(each.name, hints[each.name], getattr(Training, each.name)) for each in fields(Training))


# what a panel or command line shows of them
PARAMETERS = _parameters()
