"""Which lesions may be targets, and a proposal of them; the reader decides."""

import re
from collections import Counter
from dataclasses import dataclass

from .model import Case, Kind, Lesion, TimePoint
from .size_rule import TargetRule

NO_ORGAN = "no organ"  # lesions without one count as of one
BONE = re.compile(r"bone|skelet|vertebra|spine|\brib|sternum|sacrum|femur|humerus|\bilium|scapula|clavicle|skull")


@dataclass(frozen=True)
class Proposal:
    """targets: proposed ids, largest first. reasons: why each lesion of baseline is proposed or not, by id."""

    targets: tuple[str, ...]
    reasons: dict[str, str]


def propose_targets(case: Case, rule: TargetRule = TargetRule()) -> Proposal:  # noqa: B008 (frozen)
    """The largest measurable lesions of baseline, every organ represented before one is taken twice.

    RECIST 1.1 (Eisenhauer 2009, doi:10.1016/j.ejca.2008.10.026, 3.2): by size, representative of all organs, at most
    five and two an organ. All nodes are one organ (EORTC's clarification). Sizes are longest diameters; of nodes short
    axes. Use Case.with_targets with what the reader settles on.
    """
    baseline = case.time_points[0]
    reasons, measurable = {}, []
    for lesion in case.lesions:
        if lesion.kind is Kind.NEW:
            continue
        reason = not_measurable(lesion, baseline, rule)
        if reason:
            reasons[lesion.id] = reason
        else:
            measurable.append(lesion)
    measurable.sort(key=lambda n: (-_size(n, baseline), n.id))
    largest = {organ_of(n): n.id for n in reversed(measurable)}
    order = sorted(measurable, key=lambda n: n.id != largest[organ_of(n)])
    chosen: list[Lesion] = []
    taken: Counter[str] = Counter()
    for lesion in order:
        same = taken[organ_of(lesion)]
        if rule.most_per_organ is not None and same >= rule.most_per_organ:
            where = organ_of(lesion) if organ_of(lesion) != NO_ORGAN else "one organ, as none is named,"
            reasons[lesion.id] = f"{where} already has {same} larger targets"
        elif rule.most is not None and len(chosen) >= rule.most:
            reasons[lesion.id] = f"there are already {rule.most} targets"
        else:
            chosen.append(lesion)
            taken[organ_of(lesion)] += 1
            where = f" in {organ_of(lesion)}" if organ_of(lesion) != NO_ORGAN else ""
            axis = "short axis " if lesion.node else ""
            reasons[lesion.id] = f"{axis}{_size(lesion, baseline):.4g} mm{where}: measurable"
    ids = {n.id for n in chosen}
    return Proposal(tuple(n.id for n in measurable if n.id in ids), reasons)


def target_notes(case: Case, rule: TargetRule) -> tuple[str, ...]:
    """Targets that the criterion would not take: a caution, since the reader decides."""
    targets, baseline, notes = case.of(Kind.TARGET), case.time_points[0], []
    if rule.most is not None and len(targets) > rule.most:
        notes.append(f"{len(targets)} targets; the criterion takes at most {rule.most}")
    organs = [organ_of(n) for n in targets]
    for organ in dict.fromkeys(organs):
        if rule.most_per_organ is not None and organs.count(organ) > rule.most_per_organ:
            notes.append(f"{organs.count(organ)} targets in {organ}; the criterion takes at most {rule.most_per_organ}")
    for lesion in targets:
        if reason := not_measurable(lesion, baseline, rule):
            notes.append(f"target {lesion.id}: {reason}")
    bones = [n.id for n in targets if rule.node_short_mm is not None and not n.node and BONE.search(organ_of(n))]
    if bones:
        names = ", ".join(bones)
        notes.append(f"bone lesion {names}: measurable only with a soft tissue part, which is what is to be measured")
    thick = baseline.slice_thickness_mm
    if thick is not None and thick > rule.thick_mm and rule.node_short_mm is not None and any(n.node for n in targets):
        notes.append(f"slices of {thick:g} mm: nodes should be measured on slices of at most {rule.thick_mm:g} mm")
    return tuple(notes)


def not_measurable(lesion: Lesion, time: TimePoint, rule: TargetRule) -> str:
    """Why a lesion is not measurable at a time point; '' when it is."""
    seen = lesion.at(time.label)
    if seen is None:
        return f"not assessed at {time}"
    if lesion.node and rule.node_short_mm is not None:
        if seen.short_mm is None:
            return "short axis of the node not measured"
        if seen.short_mm.value < 10 - 1e-9:
            return f"short axis {seen.short_mm.value:.4g} mm: a normal node"
        if seen.short_mm.value < rule.node_short_mm - 1e-9:
            return f"short axis {seen.short_mm.value:.4g} mm below {rule.node_short_mm:g} mm: a non-target node"
        return ""
    least = rule.long_mm
    if time.slice_thickness_mm is not None and time.slice_thickness_mm > rule.thick_mm:
        least = max(least, rule.slices * time.slice_thickness_mm)
    if seen.long_mm is None:
        return "longest diameter not measured"
    if seen.long_mm.value < least - 1e-9:
        return f"longest diameter {seen.long_mm.value:.4g} mm below {least:g} mm"
    if rule.short_mm:
        least = max(rule.short_mm, least if least > rule.long_mm else 0)
        if seen.short_mm is None:
            return "perpendicular diameter not measured"
        if seen.short_mm.value < least - 1e-9:
            return f"perpendicular diameter {seen.short_mm.value:.4g} mm below {least:g} mm"
    return ""


def organ_of(lesion: Lesion) -> str:
    return "lymph nodes" if lesion.node else lesion.organ.strip().lower() or NO_ORGAN


def _size(lesion: Lesion, time: TimePoint) -> float:
    seen = lesion.at(time.label)
    size = seen and (seen.short_mm if lesion.node else seen.long_mm)
    return size.value if size else 0.0
