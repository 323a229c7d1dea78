"""The half-life of the nuclide: as stated, checked against the nuclide named, or that of the nuclide named."""

from pydicom.dataset import Dataset

from ...core.errors import InputError
from .header import number
from .nuclides import ALL_NAMES, CODE, Nuclide, named_nuclides
from .record import Record
from .settings import LIMITS, SuvSettings

# Half-lives that differ by less are one, in tables of different years; by more, one is of another nuclide.
SAME_HALF_LIFE, OTHER_NUCLIDE = 0.01, 0.05


def half_life(item: Dataset, settings: SuvSettings, record: Record) -> float:
    """Seconds. item: of the Radiopharmaceutical Information Sequence.

    Raises InputError where it is neither stated nor follows, and where the nuclide named has another.
    """
    if settings.half_life_s is not None:
        record.step("Half-life T1/2", f"{settings.half_life_s:g} s", "given")
        return settings.half_life_s
    named = named_nuclides(item)
    stated = number(item, "RadionuclideHalfLife") or 0.0
    if stated > LIMITS["half_life_s"][1]:
        raise InputError(
            f"Radionuclide Half Life (0018,1075) is {stated:g} s: give the right one, e.g. --half-life 6586."
        )
    if stated <= 0:
        return _table_half_life(named, record)
    others = {where: one for where, one in named.items() if _differs(stated, one) > OTHER_NUCLIDE}
    listed = "; ".join(f"{where}: {one.name}, {one.half_life_s:g} s" for where, one in others.items())
    if named and len(others) == len(named):
        minutes = next((one for one in named.values() if _differs(stated * 60, one) <= SAME_HALF_LIFE), None)
        if minutes is None:
            raise InputError(
                f"Radionuclide Half Life (0018,1075) is {stated:g} s, but the nuclide named is another ({listed}): "
                "give the right one in s, e.g. --half-life 6586."
            )
        record.warn(f"Radionuclide Half Life (0018,1075) is {stated:g}: taken as minutes ({minutes.name})")
        stated *= 60
    elif others:
        record.warn(f"the nuclide is also named otherwise ({listed}); the half-life stated, {stated:g} s, was taken")
    for one in (one for where, one in named.items() if where not in others):
        if _differs(stated, one) > SAME_HALF_LIFE:
            record.warn(f"the half-life stated, {stated:g} s, differs from {one.half_life_s:g} s of {one.name}")
    record.step("Half-life T1/2", f"{stated:g} s", "(0018,1075)")
    return stated


def _table_half_life(named: dict[str, Nuclide], record: Record) -> float:
    words = {where: one for where, one in named.items() if where != CODE}
    if len(named) == ALL_NAMES and len({one.name for one in words.values()}) == 1 and _one_of(words) != named[CODE]:
        # the number against its own meaning and the name of what was given: a slip in the number
        record.warn(f"the {CODE} is that of {named[CODE].name}, but its meaning and the name say {_one_of(words).name}")
        named = words
    found = {one.name for one in named.values()}
    if len(found) != 1:
        which = f"is named differently ({', '.join(sorted(found))})" if found else "is not named"
        raise InputError(
            f"Radionuclide Half Life (0018,1075) is not stated and the nuclide {which}: give the half-life in s, e.g. "
            "--half-life 6586."
        )
    nuclide = _one_of(named)
    record.warn(f"Radionuclide Half Life (0018,1075) is not stated: that of {nuclide.name} was taken")
    record.step("Half-life T1/2", f"{nuclide.half_life_s:g} s", f"{nuclide.name} by {next(iter(named))}; ICRP 107")
    return nuclide.half_life_s


def _one_of(named: dict[str, Nuclide]) -> Nuclide:
    return next(iter(named.values()))


def _differs(half_life: float, nuclide: Nuclide) -> float:
    return abs(half_life / nuclide.half_life_s - 1)
