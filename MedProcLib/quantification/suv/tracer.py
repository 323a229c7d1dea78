"""The tracer that was given: its activity at the injection, and how it decays."""

from dataclasses import dataclass

from pydicom.dataset import Dataset

from ...core.errors import InputError
from .decay import decay_constant
from .half_life import half_life
from .header import items, number, text
from .record import Record
from .settings import SuvSettings

# Bq given to people; the same numbers in MBq cannot be mistaken for them.
BQ, MBQ = (1e6, 2e10), (1.0, 2e4)
# Up to so many mCi are given; as MBq they would be less than is given for a kg of weight.
MCI, LOW_MBQ_PER_KG = 60.0, 0.5
TRACERS = "RadiopharmaceuticalInformationSequence"
FACTS = (
    "RadionuclideTotalDose",
    "RadionuclideHalfLife",
    "RadiopharmaceuticalStartTime",
    "RadiopharmaceuticalStartDateTime",
)


@dataclass(frozen=True)
class Tracer:
    dose_bq: float
    decay_per_s: float


def radiopharmaceutical_of(header: Dataset, settings: SuvSettings) -> Dataset:
    """The one item of the Radiopharmaceutical Information Sequence that says something; empty without any.

    Raises InputError for several tracers, unless all there is to know about the one meant is given.
    """
    found = [item for item in items(header, TRACERS) if any(facts(item))] or items(header, TRACERS)
    if len(set(map(facts, found))) > 1:
        if None in (settings.dose_mbq, settings.half_life_s, settings.injection):
            names = ", ".join(text(one, "Radiopharmaceutical") or "unnamed" for one in found)
            raise InputError(
                f"{len(found)} radiopharmaceuticals were given ({names}): which one the image shows is not stated. "
                "Give --dose, --half-life and --injection-time of that one."
            )
        return Dataset()
    return found[0] if found else Dataset()


def facts(item: Dataset) -> tuple[str, ...]:
    """What tells tracers apart."""
    return tuple(text(item, keyword) for keyword in FACTS)


def read_tracer(item: Dataset, weight_kg: float, settings: SuvSettings, record: Record) -> Tracer:
    """Activity at the injection, and decay. Raises InputError for what is missing or contradictory."""
    dose = _dose(item, weight_kg, settings, record)
    decay = decay_constant(half_life(item, settings, record))
    record.step("Decay constant lambda", f"{decay:.6g} /s", "ln 2 / T1/2")
    return Tracer(dose, decay)


def _dose(item: Dataset, weight_kg: float, settings: SuvSettings, record: Record) -> float:
    if settings.dose_mbq is not None:
        record.step("Injected activity D_inj", f"{settings.dose_mbq:g} MBq", "given")
        return settings.dose_mbq * 1e6
    stated = number(item, "RadionuclideTotalDose")
    if not stated or stated < 0:
        raise InputError("Radionuclide Total Dose (0018,1074) is not stated: give it in MBq, e.g. --dose 370.")
    dose = stated
    if MBQ[0] <= stated <= MCI and stated < LOW_MBQ_PER_KG * weight_kg:
        raise InputError(
            f"Radionuclide Total Dose (0018,1074) is {stated:g}, which is not Bq, but mCi or MBq: give it in MBq, "
            f"e.g. --dose {37 * stated:g} for {stated:g} mCi."
        )
    if MBQ[0] <= stated <= MBQ[1]:
        dose = stated * 1e6
        record.warn(f"Radionuclide Total Dose (0018,1074) is {stated:g}: taken as MBq")
    elif not BQ[0] <= stated <= BQ[1]:
        raise InputError(
            f"Radionuclide Total Dose (0018,1074) is {stated:g} Bq, which is not given to people in Bq nor in MBq: "
            "give it in MBq, e.g. --dose 370."
        )
    record.step("Injected activity D_inj", f"{dose:.9g} Bq", "(0018,1074); residual activity is not part of it")
    return dose
