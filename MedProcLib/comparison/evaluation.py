"""Response criteria applied to a patient's tracks: which ones suit, which lesions are targets, and what they give."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from ..core.errors import InputError
from .response.best_response import Best
from .response.criteria import CRITERIA, assess, best, criterion
from .response.eligibility import propose_targets
from .response.model import Case, Kind
from .response.outcome import Response
from .result import Comparison
from .tracks.case import case_of, usual_kind
from .tracks.clinical import Clinical, with_clinical
from .tracks.doubt import DECIDED
from .tracks.edits import describe, mark
from .tracks.follow import Followed
from .tracks.model import Patient, Status

# what a shell calls them, beside the criteria's own names
SHORT_NAMES = {
    "recist": "recist_1_1",
    "rano_2_0": "rano_2",
    "rano_lgg": "rano_lgg_2011",
    "volumetric": "volume_recist",
    "percist": "percist_1_0",
    "nodules": "nodule_growth",
}
ROLES = "Roles of the findings are those saved: targets proposed by size, unless a reader has chosen others."
OF_DELINEATED_LESIONS = ("recist_1_1", "volume_recist")


@dataclass(frozen=True)
class Evaluation:
    """A criterion by name, the case it read, the response at each time point (baseline first) and the best response.

    best: None of a criterion that grades no response to treatment.
    """

    name: str
    case: Case
    responses: tuple[Response, ...]
    best: Best | None


@dataclass(frozen=True)
class Evaluated:
    """What the criteria that were applied give; note: why these, or why none.

    reasons: for each lesion of baseline why it is a target or not, by its track.
    """

    evaluations: tuple[Evaluation, ...] = ()
    note: str = ""
    reasons: Mapping[str, str] = field(default_factory=dict)


def evaluate(
    comparison: Comparison,
    names: Sequence[str] | None = None,
    targets: Sequence[str] = (),
    reader: str = "",
    when: str = "",
    organs: Mapping[str, str] | None = None,
    clinical: Clinical | None = None,
) -> tuple[Comparison, Evaluated]:
    """The comparison with its tracks marked as lesions of criteria, and what these give.

    names: see criteria_named; None for those that suit (see suitable_criteria). targets: tracks of baseline that a
    reader chose at a time (ISO 8601), else the largest measurable ones are proposed. organs: by track, as the reader
    says; criteria limit the targets of one organ. clinical: what else criteria need. Without any criterion the
    comparison stays as it is. Raises InputError for studies without dates, or of one date, unfit targets, and clinical
    data of what is not there.
    """
    if comparison.followed is None:
        return comparison, Evaluated(note="Response criteria were not applied: no findings could be followed.")
    note = f"Targets chosen by {reader}." if targets else "Targets are proposed by size; a reader decides on them."
    if names is None:
        names, why = suitable_criteria(comparison)
        note = f"{why} {note}" if names else why
    if not names:
        return comparison, Evaluated(note=note)
    patient, maps = comparison.followed.patient, comparison.followed.label_maps
    for track, organ in (organs or {}).items():
        patient = describe(patient, track, reader, when, organ=organ)
    if clinical is not None:
        patient = with_clinical(patient, clinical, reader, when)
    marked, reasons = _with_targets(patient, targets, reader, when) if targets else _with_proposed_targets(patient)
    case = case_of(marked)
    found = tuple(_evaluation(name, case) for name in names)
    return replace(comparison, followed=Followed(marked, maps)), Evaluated(found, note + _at_border(marked), reasons)


def evaluate_marked(patient: Patient, names: Sequence[str]) -> Evaluated:
    """What criteria give for the roles that a patient's findings have. Raises InputError where none has one."""
    if not any(track.kind is not None for track in patient.tracks):
        raise InputError("No finding has a role (target, non-target, new): give them in the panel, or compare anew.")
    case = case_of(patient)
    note = ROLES + _at_border(patient) + left_open(patient, case)
    return Evaluated(tuple(_evaluation(name, case) for name in names), note)


def suitable_criteria(comparison: Comparison) -> tuple[tuple[str, ...], str]:
    """Criteria that need nothing but what was measured, and why these.

    None where the findings are what an algorithm proposes, since criteria are of lesions that someone delineated; none
    for MR of the head either: criteria of brain tumors need the contrast agent's enhancement, steroids and the clinical
    state, and do not hold for other lesions such as those of multiple sclerosis.
    """
    steps = {operation.declaration.name for _, operation in comparison.recipe.enabled_steps}
    ask = "; choose criteria with --criteria"
    if "segmentation.brain_mask" in steps:
        return (), f"Response criteria were not applied: none holds for every lesion in MR of the head{ask}."
    if not all(study.labels is not None for study in comparison.studies):
        return (), f"Response criteria were not applied: the findings are proposals, not lesions a reader drew{ask}."
    if not dates_differ(comparison):
        return (), "Response criteria were not applied: they need the dates of all studies, each another (--dates)."
    return OF_DELINEATED_LESIONS, "Applied without being asked: criteria that need only sizes of delineated lesions."


def dates_differ(comparison: Comparison) -> bool:
    """Whether all studies have a date, each another, as criteria need it."""
    dates = [study.date for study in comparison.studies]
    return None not in dates and len(set(dates)) == len(dates)


def criteria_named(text: str) -> tuple[str, ...]:
    """Criteria of a list with commas, each once: by name, short name or title, as 'recist', 'RECIST 1.1', 'RANO 2.0'.

    Raises InputError for an unknown one, and for one that has several versions, with what it may be.
    """
    names = [_plain(name) for name in text.split(",") if name.strip()]
    if not names:
        raise InputError("No criterion is named; give names such as recist_1_1,volumetric.")
    return tuple(dict.fromkeys(_criterion_named(name) for name in names))


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")


def _criterion_named(name: str) -> str:
    name = SHORT_NAMES.get(name, name)
    versions = [known for known in CRITERIA if name in known.split("_")]
    if name not in CRITERIA and len(versions) > 1:
        raise InputError(f"'{name}' may be any of {', '.join(versions)}: name one.")
    try:
        criterion(name)
    except InputError as error:
        raise InputError(f"{error} For short: {', '.join(SHORT_NAMES)}.") from None
    return name


def _with_targets(
    patient: Patient, targets: Sequence[str], reader: str, when: str
) -> tuple[Patient, Mapping[str, str]]:
    """A reader's choice, in the history: other findings of baseline are non-targets, later ones new."""
    first = patient.time_points[0].id
    for name in targets:
        if patient.track(name).at(first) is None:
            raise InputError(f"{name} was not there at baseline ({first}): only findings of baseline can be targets.")
    for track in patient.tracks:
        kind = Kind.TARGET if track.id in targets else usual_kind(patient, track)
        patient = mark(patient, track.id, kind, reader, when)
    return patient, dict.fromkeys(targets, f"chosen by {reader}")


def _with_proposed_targets(patient: Patient) -> tuple[Patient, Mapping[str, str]]:
    everything = patient.with_tracks(*(replace(t, kind=usual_kind(patient, t)) for t in patient.tracks))
    proposal = propose_targets(case_of(everything))
    targets = (replace(everything.track(name), kind=Kind.TARGET) for name in proposal.targets)
    return everything.with_tracks(*targets), proposal.reasons


def _at_border(patient: Patient) -> str:
    """What is said of targets that may be larger than measured; '' where none is."""
    cut = [
        f"{t.id} at {o.time_point}" for t in patient.tracks if t.kind is Kind.TARGET for o in t.observations if o.cut
    ]
    return f" Targets at the border of the image may be larger than measured: {', '.join(cut)}." if cut else ""


def left_open(patient: Patient, case: Case) -> str:
    """What is said of lesions that count in criteria before a reader has accepted them, once others were decided on,
    and of findings that count in none."""
    words = without_role(patient)
    said = f" {words}" if words else ""
    if all(o.status is Status.PROPOSED for track in patient.tracks for o in track.observations):
        return said
    open_ = [n.id for n in case.lesions if not any(o.status in DECIDED for o in patient.track(n.id).observations)]
    return (f" Not decided yet, but counted in the criteria: {', '.join(open_)}." if open_ else "") + said


def without_role(patient: Patient) -> str:
    """What is said of findings that have no role, first those that came after baseline, which as new lesions would be
    progression; '' where all have one."""
    kinds = {t.id: kind for t in patient.tracks if t.kind is None and (kind := usual_kind(patient, t)) is not None}
    new = [name for name, kind in kinds.items() if kind is Kind.NEW]
    old = [name for name, kind in kinds.items() if kind is not Kind.NEW]
    parts = [f"{', '.join(new)} (not there at baseline: new lesions?)"] if new else []
    parts += [", ".join(old)] if old else []
    return f"Without a role, so not counted in the criteria: {'; '.join(parts)}." if parts else ""


def _evaluation(name: str, case: Case) -> Evaluation:
    return Evaluation(name, case, tuple(assess(name, case)), None if name == "nodule_growth" else best(name, case))
