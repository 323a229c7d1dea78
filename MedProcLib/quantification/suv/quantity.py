"""What the rescaled values of a PET series are: activity concentration, or uptake that is normalized already."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from pydicom.dataset import Dataset

from ...core.errors import InputError
from .header import number, parse_number, private_text, text
from .normalization import Normalization, normalization_of
from .record import Record, range_of
from .vendors import PHILIPS, PHILIPS_ACTIVITY_FACTOR, PHILIPS_SUV_FACTOR

# Why other units of PS3.3 C.8.9.1.1.3 lead to no SUV.
REFUSED = {
    "PROPCNTS": "values proportional to counts, without the factor",
    "PROPCPS": "values proportional to counts per second, without the factor",
    "CPS": "counts per second, whose calibration to Bq/ml is not part of the header",
    "1CM": "an attenuation map",
    "NONE": "values without a unit",
    "PCNT": "percent",
    "STDDEV": "standard deviations",
}


@dataclass(frozen=True)
class Quantity:
    """per_slice: what rescaled values are multiplied by to be Bq/ml, or SUV of the normalization where that is set."""

    per_slice: np.ndarray
    normalization: Normalization | None = None


def stored_quantity(headers: Sequence[Dataset], by_activity: bool, record: Record) -> Quantity:
    """by_activity: of Philips' two factors for counts the one to Bq/ml is wanted. Raises InputError for other units."""
    first = headers[0]
    units = text(first, "Units").upper().replace("/", "")
    suv_type = text(first, "SUVType").upper()
    record.step("Units", units or "not stated", "(0054,1001)")
    ones = np.ones(len(headers))
    if units == "BQML":
        return Quantity(ones)
    if units == "CNTS":
        return _counts(headers, by_activity, record)
    if units not in ("GML", "CM2ML"):
        why = REFUSED.get(units, "not a quantity MedProc knows" if units else "not stated")
        raise InputError(
            f"Units (0054,1001) are {units or 'missing'}: {why}. Export or reconstruct the series in BQML for SUV."
        )
    normalization = normalization_of(suv_type or ("BW" if units == "GML" else "BSA"))
    if (units == "CM2ML") != (normalization.suv_type == "BSA"):
        raise InputError(f"Units (0054,1001) are {units}, but SUV Type (0054,1006) is {suv_type}: which is right?")
    said = "(0054,1006)" if suv_type else f"by default for {units}, SUV Type (0054,1006) is not stated"
    record.step("Values are SUV by", normalization.name, said)
    return Quantity(ones, normalization)


def rescale_slopes(headers: Sequence[Dataset], record: Record) -> np.ndarray:
    """Rescale Slope of each slice. Raises InputError where it is missing, 0 or below, or the intercept is not 0."""
    slopes = []
    for header in headers:
        slope, intercept = number(header, "RescaleSlope"), number(header, "RescaleIntercept") or 0.0
        if slope is None or slope <= 0:
            said = "missing" if slope is None else f"{slope:g}"
            raise InputError(
                f"Rescale Slope (0028,1053) is {said}: the values are no activity; export the series again."
            )
        if intercept:
            raise InputError(
                f"Rescale Intercept (0028,1052) is {intercept:g}; in PET it is 0 (DICOM PS3.3 C.8.9.4), so these "
                "values are no activity: export the series again."
            )
        slopes.append(slope)
    record.step("Rescale slope m", range_of(np.array(slopes)), "(0028,1053)")
    return np.array(slopes)


def _counts(headers: Sequence[Dataset], by_activity: bool, record: Record) -> Quantity:
    suv, suv_tag = _factors(headers, PHILIPS_SUV_FACTOR)
    activity, activity_tag = _factors(headers, PHILIPS_ACTIVITY_FACTOR)
    if suv is not None and not (by_activity and activity is not None):
        record.step("SUV scale factor", range_of(suv), suv_tag)
        return Quantity(suv, normalization_of("BW"))
    if activity is not None:
        record.step("Activity concentration scale factor", range_of(activity), activity_tag)
        return Quantity(activity)
    raise InputError(
        "Units (0054,1001) are CNTS, and Philips' factors to SUV (7053,1000) and to Bq/ml (7053,1009) are missing or 0 "
        "(removed at de-identification?): export the series with its private tags, or in BQML."
    )


def _factors(headers: Sequence[Dataset], element: int) -> tuple[np.ndarray | None, str]:
    found = [private_text(header, *PHILIPS, element) for header in headers]
    factors = np.array([parse_number(value, tag) if value else 0.0 for value, tag in found])
    return (factors, found[0][1]) if (factors > 0).all() else (None, "")
