"""Weight, height and sex of the patient, in the units meant."""

from dataclasses import dataclass

from pydicom.dataset import Dataset

from ...core.errors import InputError
from .header import number, text
from .record import Record
from .settings import LIMITS, SEXES, SuvSettings

# Beyond this the weight was entered in g (IBSI-SUV).
LARGEST_KG = 1000.0
LARGEST_M, SMALLEST_CM, LARGEST_CM = 2.6, 50.0, 260.0
SMALLEST_M = 0.2
# A patient outside of these is possible, a slip more likely.
USUAL_KG, USUAL_BMI = (2.0, 300.0), (10.0, 70.0)


@dataclass(frozen=True)
class Patient:
    """What is known of the patient; None where it was not asked for."""

    weight_kg: float
    height_cm: float | None = None
    sex: str | None = None


def read_patient(header: Dataset, settings: SuvSettings, needs: set[str], record: Record) -> Patient:
    """Weight, and of height and sex those that are needed. Raises InputError for what is missing or impossible."""
    weight = _weight(header, settings, record)
    height = _height(header, settings, record) if "height" in needs else None
    sex = _sex(header, settings, record) if "sex" in needs else None
    if height is not None:
        bmi = weight / (height / 100) ** 2
        if not USUAL_BMI[0] <= bmi <= USUAL_BMI[1]:
            record.warn(f"weight {weight:g} kg and height {height:g} cm make a BMI of {bmi:.1f}: check both")
    return Patient(weight, height, sex)


def _weight(header: Dataset, settings: SuvSettings, record: Record) -> float:
    if settings.weight_kg is not None:
        record.step("Weight W", f"{settings.weight_kg:g} kg", "given")
        return settings.weight_kg
    stated = number(header, "PatientWeight")
    if stated is None or stated <= 0:
        size = number(header, "PatientSize") or 0
        hint = f" (Patient's Size is {size:g}: was the weight entered there?)" if size > LARGEST_M else ""
        raise InputError(f"Patient's Weight (0010,1030) is not stated{hint}: give it, e.g. --weight 70.")
    weight = stated
    if stated > LARGEST_KG:
        weight = stated / 1000
        record.warn(f"Patient's Weight (0010,1030) is {stated:g}: taken as g, that is {weight:g} kg")
    if weight > LIMITS["weight_kg"][1]:
        raise InputError(f"Patient's Weight (0010,1030) is {stated:g} kg: give the right one, e.g. --weight 70.")
    if not USUAL_KG[0] <= weight <= USUAL_KG[1]:
        record.warn(f"a weight of {weight:g} kg is unusual: check it")
    record.step("Weight W", f"{weight:g} kg", "(0010,1030)")
    return weight


def _height(header: Dataset, settings: SuvSettings, record: Record) -> float:
    if settings.height_cm is not None:
        record.step("Height H", f"{settings.height_cm:g} cm", "given")
        return settings.height_cm
    stated = number(header, "PatientSize")
    if not stated or stated < 0:
        raise InputError("Patient's Size (0010,1020), the height, is not stated: give it in cm, e.g. --height 170.")
    if SMALLEST_CM <= stated <= LARGEST_CM:
        height = stated
        record.warn(f"Patient's Size (0010,1020) is {stated:g}: taken as cm")
    elif SMALLEST_M <= stated <= LARGEST_M:
        height = round(stated * 100, 6)
    else:
        raise InputError(f"Patient's Size (0010,1020) is {stated:g} m, no height: give it in cm, e.g. --height 170.")
    record.step("Height H", f"{height:g} cm", "(0010,1020)")
    return height


def _sex(header: Dataset, settings: SuvSettings, record: Record) -> str:
    sex = settings.sex or text(header, "PatientSex").upper()
    if sex not in SEXES:
        stated = f"is '{sex}'" if sex else "is not stated"
        raise InputError(f"Patient's Sex (0010,0040) {stated}: give it, e.g. --sex F (M, F or O).")
    if sex == "O":
        record.warn("Patient's Sex is O (other): the mean of the formulas for men and women is taken")
    record.step("Sex", sex, "given" if settings.sex else "(0010,0040)")
    return sex
