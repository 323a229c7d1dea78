"""What `compare` prints at its end: what was compared, what changed, and where it is written."""

from collections.abc import Mapping
from pathlib import Path

from ..comparison.defaults import finds_places
from ..comparison.evaluation import Evaluated, Evaluation
from ..comparison.response.criteria import criterion
from ..comparison.result import Change, Comparison, PairComparison, Verdict
from ..comparison.study import Study
from ..report.alignment import verdict_of
from ..report.counting import counted, sentence

VERDICTS: dict[str, str] = {  # others as they are
    Verdict.DOUBTFUL: "doubtful: look at the check pictures in the report first",
    Verdict.FAILED: "failed: nothing was compared",
}
MEANINGS = {
    Change.NEW: "only in the later study",
    Change.GROWN: "larger than before",
    Change.STABLE: "no change beyond the threshold",
    Change.SHRUNK: "smaller than before",
    Change.GONE: "only in the earlier study",
    Change.MERGED: "grown together",
    Change.SPLIT: "fallen apart",
    Change.REAPPEARED: "back after a study without it",
}

OF_PLACES = {Change.NEW: "brighter in the later study", Change.GONE: "darker in the later study"}


def summary(comparison: Comparison, evaluated: Evaluated, written: Mapping[str, Path]) -> str:
    """Text for the terminal."""
    steps = " > ".join(operation.declaration.title for _, operation in comparison.recipe.enabled_steps)
    lines = [f"Ran on {len(comparison.studies)} studies: {steps}", ""]
    for pair in comparison.all_pairs:
        lines += [*_pair(comparison, pair), ""]
    lines += [*map(_response, evaluated.evaluations), evaluated.note, ""]
    lines += [
        "Findings are proposals of an algorithm; a qualified reader decides. Not for clinical use.",
        "",
        "Written:",
    ]
    width = max(len(what) for what in written)
    lines += [f"  {what:<{width}}  {path}" for what, path in written.items()]
    return "\n".join(lines)


def _response(evaluation: Evaluation) -> str:
    categories = " > ".join(str(response.category) for response in evaluation.responses[1:])
    best = f"; best {evaluation.best.category}" if evaluation.best else ""
    return f"{criterion(evaluation.name).title}: {categories}{best}"


def _pair(comparison: Comparison, pair: PairComparison) -> list[str]:
    first, other = comparison.studies[pair.fixed], comparison.studies[pair.moving]
    registration, verdict = pair.registration, verdict_of(pair.registration)
    places = finds_places(comparison.studies, comparison.recipe)
    meanings = MEANINGS | (OF_PLACES if places else {})
    lines = [
        f"What changed from {_named(first)} to {_named(other)}",
        f"  Registration: {VERDICTS.get(verdict, verdict)}",
        *(f"    {reason}" for reason in registration.reasons),
        f"  {sentence(pair, places)}",
    ]
    findings = counted(pair.findings)
    for change in Change:
        of_class = [finding for finding in findings if finding.change == change]
        if of_class:
            before, after = (sum(finding.volumes_mm3[i] for finding in of_class) for i in (0, 1))
            lines.append(
                f"  {len(of_class):4d} {change:<7} {_ml(before):>9} -> {_ml(after):>9} ml   ({meanings[change]})"
            )
    return lines


def _named(study: Study) -> str:
    size = " x ".join(map(str, study.image.GetSize()))
    spacing = " x ".join(f"{value:.2f}" for value in study.image.GetSpacing())
    known = ", ".join(filter(None, (study.date.isoformat() if study.date else "", study.modality)))
    return f"{study.name} ({known + '; ' if known else ''}{size} voxels of {spacing} mm)"


def _ml(mm3: float) -> str:
    return f"{mm3 / 1000:.3f}"
