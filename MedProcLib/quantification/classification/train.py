"""Train a classifier of findings and validate it."""

import datetime
from dataclasses import dataclass
from typing import Any

import numpy as np

from ... import __version__
from ...core.errors import InputError
from ...core.listing import listed
from ...core.progress import SILENT, Progress
from .applicability import learn_applicability
from .auc import macro_auc
from .cross_validation import CrossValidation, cross_validate
from .enough import repeats_of
from .expected_time import expected_time
from .findings import Findings
from .fingerprint import OF_FILES, OF_SCENES, fingerprints
from .importance import importance_of
from .methods import method_named
from .model import FINGERPRINTS, Model
from .model_json import as_json
from .operating_point import threshold_for
from .permutation import permutation_test
from .pipeline import choose_hyperparameters, fit_pipeline
from .settings import Training
from .sufficiency import require_sufficient
from .validation import roc_points, validation_figures


@dataclass(frozen=True)
class Trained:
    """The model, and the report: its summary with importance, ROC curves and what external findings gave."""

    model: Model
    report: dict[str, Any]
    notes: tuple[str, ...]


def train(
    findings: Findings,
    label: str,
    settings: Training = Training(),  # noqa: B008 (immutable)
    external: Findings | None = None,
    by: str = "",
    progress: Progress = SILENT,
) -> Trained:
    """Fit a classifier to all findings, and say by nested cross-validation what to expect of it.

    label: what is told (the column's name); external: findings of other patients to try the model on, with the same
    features and classes; by: who trains. Raises InputError for findings that are too few or unfit (see sufficiency),
    and external ones that share a patient with the others; Cancelled.
    """
    notes = [*findings.notes, *require_sufficient(findings, settings)]
    if external is not None:
        notes += _require_apart(findings, external)
    enough = method_named(settings.method).enough
    if enough and findings.count > enough:
        repeats = repeats_of(findings.count, enough, settings)
        notes.append(
            f"of {findings.count} findings about {enough} are enough for the test against chance, to choose "
            f"hyperparameters and tell importance, and {repeats} of {settings.repeats} repeats of the validation: more "
            "take far longer and change little; the model and its figures are of all"
        )
    expected = expected_time(findings, settings)
    if expected:
        progress = progress.labelled(f"Training, {expected}")
        progress(0.0)
    validated = cross_validate(findings, settings, progress.part(0.0, 0.5))
    tested = permutation_test(findings, settings, progress.part(0.5, 0.95)) if settings.permutations else None
    progress(0.95, "Fitting the model to all findings")
    chosen = choose_hyperparameters(findings.values, findings.labels, findings.patients, settings, settings.seed)
    pipeline = fit_pipeline(findings.values, findings.labels, settings, chosen, settings.seed)
    two = len(findings.classes) == 2
    threshold = threshold_for(validated.mean[:, 1], findings.labels == 1, settings) if two else None
    figures = validation_figures(validated.mean, findings.labels, findings.patients, findings.classes, settings)
    figures |= {"auc_by_repeat": _by_repeat(validated, findings), "permutation_test": tested and tested.as_dict()}
    if two and (figures["auc"]["value"] or 0) >= 1:
        notes.append("the classes are separated perfectly: look for a feature that gives the label away")
    preprocessing = pipeline.preprocessing
    used = findings.values[:, preprocessing.kept]
    summary = _summary(findings, label, settings, dict(chosen), by) | {"validation": figures, "notes": notes}
    model = Model(
        label,
        findings.classes,
        tuple(findings.features[at] for at in preprocessing.kept),
        preprocessing.medians,
        preprocessing.means,
        preprocessing.sds,
        pipeline.classifier,
        learn_applicability(preprocessing(findings.values)),
        threshold,
        as_json({**summary, FINGERPRINTS: fingerprints(used, OF_FILES) + fingerprints(used, OF_SCENES)}),
    )
    report = {**summary, "importance": _importance(validated, findings), "roc": _curves(validated, findings)}
    if external is not None:
        report["external"] = _external(model, pipeline.probabilities(external.values), external, settings)
    return Trained(model, as_json(report), tuple(notes))


def _require_apart(findings: Findings, external: Findings) -> list[str]:
    known = findings.patients_known and external.patients_known
    shared = sorted(set(findings.patient_names) & set(external.patient_names)) if known else []
    if shared:
        raise InputError(
            f"{len(shared)} patients are in both tables ({listed(shared, 5)}): "
            "a test on patients that were learned from proves nothing; take them out of one."
        )
    if [f.name for f in findings.features] != [f.name for f in external.features]:
        raise InputError("The external findings need the same features in the same order.")
    if findings.classes != external.classes:
        theirs, ours = ", ".join(external.classes), ", ".join(findings.classes)
        raise InputError(f"The external findings are labelled {theirs}, the others {ours}.")
    return [] if known else ["whether a patient is in both tables is not known without a column of patients"]


def _external(model: Model, probabilities: np.ndarray, external: Findings, settings: Training) -> dict[str, Any]:
    given = probabilities, external.labels, external.patients, external.classes
    figures = validation_figures(*given, settings, crossed=False, threshold=model.threshold)
    return {"findings": external.count, "patients": len(external.patient_names), "validation": figures}


def _by_repeat(validated: CrossValidation, findings: Findings) -> list[float]:
    return [macro_auc(each, findings.labels).value for each in validated.probabilities]


def _importance(validated: CrossValidation, findings: Findings) -> list[dict[str, Any]]:
    names = [feature.name for feature in findings.features]
    return [each.as_dict() for each in importance_of(validated.importance, names, len(findings.classes))]


def _curves(validated: CrossValidation, findings: Findings) -> dict[str, Any]:
    shown = range(1, 2) if len(findings.classes) == 2 else range(len(findings.classes))
    return {findings.classes[c]: roc_points(validated.mean[:, c], findings.labels == c) for c in shown}


def _summary(
    findings: Findings, label: str, settings: Training, hyperparameters: dict[str, float], by: str
) -> dict[str, Any]:
    method = method_named(settings.method)
    counts = {
        name: {
            "findings": int((findings.labels == each).sum()),
            "patients": len(np.unique(findings.patients[findings.labels == each])),
        }
        for each, name in enumerate(findings.classes)
    }
    return {
        "software": f"MedProc {__version__}",
        "label": label,
        "method": method.title,
        "source": method.source,
        "hyperparameters": hyperparameters,
        "settings": settings.as_dict(),
        "trained_by": by,
        "trained_at": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "data_sha256": findings.data_hash,
        "features_given": len(findings.features),
        "classes": counts,
        "patients": len(findings.patient_names),
    }
