"""The overall response of a time point from its parts, by the tables of RECIST 1.1 as data."""

from .other_lesions import EQUIVOCAL, NO, YES
from .outcome import Category, Part

CR, PR, MR, SD, PD, NE = (
    Category.CR,
    Category.PR,
    Category.MR,
    Category.SD,
    Category.PD,
    Category.NE,
)
NON = Category.NON_CR_NON_PD
ANY = None

# (targets, non-targets, new lesions, overall); None is any; the first row that fits holds.
WITH_TARGETS = (
    (PD, ANY, ANY, PD),
    (ANY, PD, ANY, PD),
    (ANY, ANY, YES, PD),
    (CR, CR, NO, CR),
    (CR, NON, NO, PR),
    (CR, NE, NO, PR),
    (PR, ANY, NO, PR),
    (MR, ANY, NO, MR),
    (SD, ANY, NO, SD),
    (NE, ANY, NO, NE),
)
WITHOUT_TARGETS = (
    (ANY, PD, ANY, PD),
    (ANY, ANY, YES, PD),
    (ANY, CR, NO, CR),
    (ANY, NON, NO, NON),
    (ANY, NE, NO, NE),
)


def overall(target: Part | None, non_target: Part | None, new: Part) -> Category:
    """Tables 1 and 2 of Eisenhauer et al., Eur. J. Cancer 45, 2009, doi:10.1016/j.ejca.2008.10.026.

    Equivocal new lesions do not count; without non-targets these are as if gone; a patient without any lesion has no
    disease as long as none appears.
    """
    new_category = NO if new.category == EQUIVOCAL else new.category
    if target is None and non_target is None:
        return PD if new_category == YES else Category.NED
    found = (target.category if target else ANY, non_target.category if non_target else CR, new_category)
    for *wanted, result in WITH_TARGETS if target else WITHOUT_TARGETS:
        if all(w is ANY or w == f for w, f in zip(wanted, found, strict=True)):
            return result
    raise AssertionError(f"no row of the table fits {found}")
