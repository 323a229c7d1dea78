"""Deauville score of lymphoma on FDG PET, and what the Lugano classification makes of it."""

import math

from ...core.errors import InputError
from .outcome import Category

MARKEDLY = 2.0


def deauville_score(
    uptake: float | None, mediastinum: float, liver: float, new_lesion: bool = False, markedly: float = MARKEDLY
) -> int:
    """The score 1 to 5 of the most intense site, from maximum SUV (all of one scale).

    1: no uptake above background (uptake None); 2: up to the mediastinal blood pool; 3: above it, up to the liver;
    4: moderately above the liver; 5: markedly above it (more than `markedly` times, 2 to 3 are in use), or new lesions.
    Source: Barrington et al., J. Clin. Oncol. 32, 2014, doi:10.1200/JCO.2013.53.5229.
    Raises InputError for values that are not positive.
    """
    values = (mediastinum, liver, markedly, *(() if uptake is None else (uptake,)))
    if not all(math.isfinite(v) and v > 0 for v in values):
        raise InputError("Uptake of lesion, mediastinum and liver must be SUVs above 0; give None for no uptake.")
    if new_lesion:
        return 5
    if uptake is None:
        return 1
    if uptake <= mediastinum:
        return 2
    if uptake <= liver:
        return 3
    return 4 if uptake <= markedly * liver else 5


def lugano_response(score: int, change: float | None, new_lesion: bool = False) -> Category:
    """Metabolic response of the Lugano classification from the score and the change of uptake from baseline (any unit).

    1 to 3 complete; 4 or 5 with less uptake partial, the same uptake (0) no response, more uptake or new lesions
    progressive; NE where the change is not known. What change of uptake is one is the reader's call, as the source
    gives no number: Cheson et al., J. Clin. Oncol. 32, 2014, doi:10.1200/JCO.2013.54.8800.
    """
    if score not in range(1, 6):
        raise InputError(f"A Deauville score is 1 to 5; got {score!r}.")
    if new_lesion:
        return Category.PMD
    if score <= 3:
        return Category.CMR
    if change is None:
        return Category.NE
    if change < 0:
        return Category.PMR
    return Category.SMD if change == 0 else Category.PMD
