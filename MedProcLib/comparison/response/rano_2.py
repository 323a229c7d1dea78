"""RANO 2.0: one set of rules for gliomas that enhance, that do not, or both."""

from dataclasses import replace

from .model import Case, Kind
from .other_lesions import NO
from .outcome import ENHANCING, NON_ENHANCING, Category, Response, prefix_of
from .rano import assess_rano
from .rano_rule import (
    MINOR_PRODUCTS,
    MINOR_VOLUMES,
    PRODUCTS,
    VOLUMES,
    Confirm,
    New,
    RanoRule,
    targets,
)
from .size_rule import Quantity, SizeRule, TargetRule

SIZES = {Quantity.PRODUCT: (PRODUCTS, MINOR_PRODUCTS), Quantity.VOLUME: (VOLUMES, MINOR_VOLUMES)}
ONE_KIND, MIXED = targets(most=3), targets(most=2)  # of each kind, where there are both
BASELINE_DAYS = (21, 35)
PRELIMINARY = Category.PRELIMINARY_PD

LADDER = (Category.CR, Category.PR, Category.MR, Category.SD)  # from best to worst


def assess_rano_2(case: Case, criterion: str, quantity: Quantity) -> list[Response]:
    """Responses by RANO 2.0, products of diameters or volumes, one a time point, the first being baseline.

    Source: Wen et al., J. Clin. Oncol. 41, 2023, doi:10.1200/JCO.23.01059. Lesions that enhance and those that do not
    (Lesion.enhancing) are assessed apart and joined by its table; of one kind up to three targets, of both two each.
    PR: products -50 %, volumes -65 % from baseline; PD: +25 %, +40 % over the nadir; what does not enhance has a minor
    response of -25 % or -40 % as well. A new lesion is progression once both diameters reach 10 mm. Within 12 weeks of
    radiotherapy progression is preliminary until a scan at least 4 weeks later shows the same rise once more, over the
    preliminary scan, or what else speaks for progression still.
    """
    kinds = [k for k in (True, False) if any(n.enhancing is k for n in case.lesions if n.kind is not Kind.NEW)]
    kinds = kinds or [all(n.enhancing for n in case.lesions)]
    rules = (rule_of(k, quantity, ONE_KIND if len(kinds) == 1 else MIXED) for k in kinds)
    every = [assess_rano(_only(case, kinds, k), criterion, rule) for k, rule in zip(kinds, rules, strict=True)]
    return every[0] if len(every) == 1 else [_joined(*pair) for pair in zip(*every, strict=True)]


def joined(one: Category, two: Category) -> Category:
    """The category of a tumor whose enhancing and non-enhancing parts have these.

    A response of one part holds where the other is stable at least; a complete one needs both.
    """
    both = {one, two}
    for category in (Category.PD, PRELIMINARY, Category.NE):
        if category in both:
            return category
    known = sorted((c for c in both if c in LADDER), key=LADDER.index)
    if len(known) < len(both):  # a part that never had a lesion
        return known[0] if known else one
    return Category.PR if known[0] is Category.CR and len(known) > 1 else known[0]


def rule_of(enhancing: bool, quantity: Quantity, most: TargetRule = ONE_KIND) -> RanoRule:
    """The rule for one kind of lesion."""
    size: SizeRule = SIZES[quantity][0 if enhancing else 1]
    return RanoRule(
        size, most, Confirm.WINDOW, further=True, new=New.MEASURABLE, t2_flair=False, baseline_days=BASELINE_DAYS
    )


def _only(case: Case, kinds: list[bool], kind: bool) -> Case:
    if len(kinds) == 1:  # a new lesion of the kind that baseline has not is one all the same
        return case
    return replace(case, lesions=tuple(n for n in case.lesions if n.enhancing is kind))


def _joined(enhancing: Response, other: Response) -> Response:
    """One response of both, each part's steps, notes and figures under its name."""
    names = ((ENHANCING, enhancing), (NON_ENHANCING, other))
    category = enhancing.category
    steps = tuple(f"{name}: {step}" for name, part in names for step in part.steps)
    if category is not Category.BASELINE:
        category = joined(enhancing.category, other.category)
        steps = (*steps, f"{ENHANCING} {enhancing.category} with {NON_ENHANCING} {other.category}: overall {category}")
    return replace(
        enhancing,
        category=category,
        parts={
            f"{name} {part}": c for name, r in names for part, c in r.parts.items() if c != NO and part != "clinical"
        }
        | {part: c for part, c in enhancing.parts.items() if part == "clinical"},
        steps=steps,
        missing=tuple(dict.fromkeys(enhancing.missing + other.missing)),
        notes=tuple(dict.fromkeys(enhancing.notes + other.notes)),
        figures=tuple(replace(f, name=f"{prefix_of(name)}{f.name}") for name, r in names for f in r.figures),
        doubts=tuple(f"{name}: {doubt}" for name, r in names for doubt in r.doubts),
    )
