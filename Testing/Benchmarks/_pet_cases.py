"""PET series of known SUV whose headers vary what those of scanners vary: name -> (header, activity) of slice i."""

import datetime
import math
from collections.abc import Callable

from pet_series import ACTIVITY, DECAY, DURATION, SCANNED, SUV, WEIGHT, average_rate_time, bed, clock, header
from pydicom.dataset import Dataset

MINUTE = datetime.timedelta(minutes=1)
LATER = {"SeriesTime": "154500"}
# Lean mass (James), ideal weight and surface of the phantom's 70 kg and 175 cm.
JAMES = 1.10 * WEIGHT - 128 * (WEIGHT / 175) ** 2
IDEAL = (48.0 + 1.06 * 23 + 45.5 + 0.91 * 23) / 2
SURFACE_CM2 = 71.84 * WEIGHT**0.425 * 175**0.725


def _private(one: Dataset, group: int, creator: str, element: int, representation: str, value: object) -> Dataset:
    one.private_block(group, creator, create=True).add_new(element, representation, value)
    return one


def _uncorrected(i: int) -> tuple[Dataset, float]:
    wait = 600 * i + average_rate_time(DURATION)
    return header(DecayCorrection="NONE", **clock(SCANNED + i * 10 * MINUTE)), ACTIVITY * math.exp(-DECAY * wait)


def _of_ge(i: int) -> tuple[Dataset, float]:
    late = header(**LATER, **clock(SCANNED + 10 * MINUTE))
    return _private(late, 0x0009, "GEMS_PETD_01", 0x0D, "DT", "20250304110000.00"), ACTIVITY


def _of_philips(i: int) -> tuple[Dataset, float]:
    return _private(header(Units="CNTS"), 0x7053, "Philips PET Private Group", 0x09, "DS", 0.5), 2 * ACTIVITY


CASES: dict[str, Callable[[int], tuple[Dataset, float]]] = {
    "plain": lambda i: (header(), ACTIVITY),
    "dose in MBq": lambda i: (header({"RadionuclideTotalDose": 370.0}), ACTIVITY),
    "made later": lambda i: (bed(SCANNED + i * 4 * MINUTE, SCANNED, **LATER), ACTIVITY),
    "made later, no frame reference time": lambda i: (header(**LATER, **clock(SCANNED + i * 4 * MINUTE)), ACTIVITY),
    "GE scan start": _of_ge,
    "not corrected for decay": _uncorrected,
    "across midnight": lambda i: (
        header({"RadiopharmaceuticalStartTime": "233000"}, SeriesTime="003000", AcquisitionTime="003000"),
        ACTIVITY,
    ),
    "Philips activity": _of_philips,
    "SUV by James": lambda i: (header(Units="GML", SUVType="LBMJAMES128"), SUV * JAMES / WEIGHT),
    "SUV by ideal weight, sex O": lambda i: (
        header(Units="GML", SUVType="IBW", PatientSex="O"),
        SUV * IDEAL / WEIGHT,
    ),
    "SUV by surface": lambda i: (header(Units="CM2ML"), SUV * SURFACE_CM2 / (1000 * WEIGHT)),
}
