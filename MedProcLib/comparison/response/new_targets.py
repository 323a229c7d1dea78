"""New lesions under iRECIST: some are measured as new targets, the others watched, apart from the baseline's sum."""

from dataclasses import dataclass, field

from .eligibility import not_measurable, organ_of
from .model import Case, Kind, Lesion
from .other_lesions import is_normal, last_seen
from .size_change import rises
from .size_rule import SizeRule, TargetRule
from .sizes import lesion_size


@dataclass(frozen=True)
class NewLesions:
    """ids: unequivocal new lesions there at a time point; sizes: mm of those measured as new targets; grown: of the
    others those that the reader saw increase.
    """

    ids: frozenset[str] = frozenset()
    sizes: dict[str, float] = field(default_factory=dict)
    grown: frozenset[str] = frozenset()

    def rise_from(self, earlier: "NewLesions") -> float | None:
        """Rise in mm of the summed size of the new targets measured both times; None when there is none."""
        both = self.sizes.keys() & earlier.sizes.keys()
        return sum(self.sizes[n] - earlier.sizes[n] for n in both) if both else None

    def progressed_from(self, earlier: "NewLesions", rule: SizeRule) -> bool:
        """Whether the sum of the new targets measured both times progresses by the rule."""
        both = self.sizes.keys() & earlier.sizes.keys()
        return rises(sum(self.sizes[n] for n in both), sum(earlier.sizes[n] for n in both), rule)

    def kept_smallest(self, later: "NewLesions") -> "NewLesions":
        """Both together, of sizes the smaller sum's: the bar that further growth is compared with."""
        sizes = later.sizes | self.sizes
        if (rise := later.rise_from(self)) is not None and rise < 0:
            sizes = self.sizes | later.sizes
        return NewLesions(self.ids | later.ids, sizes, frozenset())


def new_lesions(case: Case, index: int, rule: SizeRule, targets: TargetRule) -> NewLesions:
    """The new lesions at a time point; new targets are those measurable where first seen, within the usual numbers."""
    time, measured = case.time_points[index], _new_targets(case, targets)
    ids, sizes, grown = set(), {}, set()
    for lesion in case.of(Kind.NEW):
        seen = last_seen(case, lesion, index)
        if seen is None or seen.equivocal or is_normal(lesion, seen):
            continue
        ids.add(lesion.id)
        size = lesion_size(lesion, time, rule).value if lesion.id in measured else None
        if size is not None:
            sizes[lesion.id] = size.value
        elif (now := lesion.at(time.label)) is not None and now.increased:
            grown.add(lesion.id)
    return NewLesions(frozenset(ids), sizes, frozenset(grown))


def _new_targets(case: Case, rule: TargetRule) -> set[str]:
    chosen: dict[str, str] = {}
    first = [(n, _first_seen(case, n)) for n in case.of(Kind.NEW)]
    for lesion, index in sorted(((n, i) for n, i in first if i is not None), key=lambda pair: pair[1]):
        organ = organ_of(lesion)
        full = rule.most is not None and len(chosen) >= rule.most
        crowded = rule.most_per_organ is not None and list(chosen.values()).count(organ) >= rule.most_per_organ
        if not (full or crowded or not_measurable(lesion, case.time_points[index], rule)):
            chosen[lesion.id] = organ
    return set(chosen)


def _first_seen(case: Case, lesion: Lesion) -> int | None:
    """Index of the time point where the lesion is there for sure for the first time."""
    seen = ((i, lesion.at(t.label)) for i, t in enumerate(case.time_points))
    return next((i for i, a in seen if a is not None and not is_normal(lesion, a) and not a.equivocal), None)
