"""How long the training of a classifier will take."""

import time

from .enough import enough_of, repeats_of, settings_of_test
from .findings import Findings
from .folds import grouped_folds
from .methods import method_named
from .pipeline import fit_pipeline
from .settings import Training

# What is not told of in less: it is over before it is read.
WORTH_SAYING = 20.0


def expected_time(findings: Findings, settings: Training) -> str:
    """'about 2 minutes', by the time of a quick fit, and what it predicts, of a fold of all findings and of one of
    the part that is enough.

    '' where it is short. What trees a forest has, and the values of the grid, are counted in quick fits.
    """
    method = method_named(settings.method)
    trees = method.quick.get("trees", 1)
    final, choosing = (
        each.get("trees", 1) / trees for each in ({**method.grid[0]}, {**method.grid[0], **method.while_choosing})
    )
    part = enough_of(findings.labels, findings.patients, method.enough, settings.seed)
    of_test = settings_of_test(findings.count, method.enough, settings)
    seconds = []
    parts = ((slice(None), settings.folds), (part, of_test.folds))
    for some, folds in (parts[1], *parts):  # the first fit loads scikit-learn as well
        values, labels = findings.values[some], findings.labels[some]
        train, test = grouped_folds(labels, findings.patients[some], folds, settings.seed)[0]
        start = time.perf_counter()
        fit_pipeline(values[train], labels[train], settings, method.quick, settings.seed).probabilities(values[test])
        seconds.append(time.perf_counter() - start)
    _, whole, small = seconds
    choice = settings.inner_folds * len(method.grid) * choosing * (small if method.enough else whole)
    fits = repeats_of(findings.count, method.enough, settings) * settings.folds + 1
    total = fits * (whole * final + choice) + (settings.permutations + 1) * of_test.folds * small
    if total < WORTH_SAYING:
        return ""
    minutes = round(total / 60)
    return f"about {minutes} minute{'s' * (minutes != 1)}" if minutes else f"about {round(total, -1):.0f} seconds"
