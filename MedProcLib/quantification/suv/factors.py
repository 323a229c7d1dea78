"""From the headers of a PET series to the factors that make its rescaled values SUV, with every step of the way."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from pydicom.dataset import Dataset

from ...core.errors import InputError
from .activity import per_injected_activity
from .corrections import check_attenuation, require_pet
from .header import items, text
from .normalization import JAMES_LARGEST_BMI, NORMALIZATIONS, Normalization
from .patient import Patient, read_patient
from .quantity import Quantity, rescale_slopes, stored_quantity
from .record import Record, Step, range_of
from .settings import SuvSettings
from .tracer import TRACERS, facts

# What is one for all slices of a series; different values are of several series put together.
SERIES_WIDE = (
    "SeriesInstanceUID",
    "Units",
    "SUVType",
    "DecayCorrection",
    "PatientID",
    "PatientWeight",
    "PatientSize",
    "PatientSex",
)


@dataclass(frozen=True)
class SuvFactors:
    """per_slice: (n,) what the rescaled values (stored value x Rescale Slope) of each header are multiplied by.

    weight_kg: None where it was not needed; bw_per_suv: SUV by body weight as a multiple of these, None where unknown;
    steps, warnings: how they came about; given: what the user said in place of the headers, by name.
    """

    per_slice: np.ndarray
    normalization: Normalization
    steps: tuple[Step, ...]
    warnings: tuple[str, ...]
    given: dict[str, str]
    weight_kg: float | None = None
    bw_per_suv: float | None = None

    def as_dict(self) -> dict[str, Any]:
        """As data for a record that travels with the image."""
        distinct = sorted(set(self.per_slice.tolist()))
        return {
            "suv_type": self.normalization.suv_type,
            "unit": self.normalization.ucum,
            "code": [self.normalization.code.scheme, self.normalization.code.value, self.normalization.code.meaning],
            "factor": distinct[0] if len(distinct) == 1 else self.per_slice.tolist(),
            "given": dict(self.given),
            "steps": [{"name": step.name, "value": step.value, "source": step.source} for step in self.steps],
            "warnings": list(self.warnings),
        }


def suv_factors(headers: Sequence[Dataset], settings: SuvSettings = SuvSettings()) -> SuvFactors:  # noqa: B008
    """Factors of a PET series.

    headers: one dataset for each slice, in any order (of an enhanced image, see frames.frame_headers). The factor of a
    slice multiplies its values after Rescale Slope: SUV = m P W / D for activity P (DICOM PS3.3 C.8.9; QIBA Profile
    FDG-PET/CT; IBSI-SUV manual, Vacha et al., 2026).
    Raises InputError where DICOM does not lead to a value that is safe, saying what is missing and what to give.
    """
    if not headers:
        raise InputError("There is no slice; give a DICOM PET series.")
    record = Record()
    first = headers[0]
    require_pet(first)
    _require_one_series(headers)
    check_attenuation(first, record)
    rescale_slopes(headers, record)
    wanted = NORMALIZATIONS[settings.normalization]
    quantity = stored_quantity(headers, _by_activity(settings), record)
    if quantity.normalization is not None:
        return _normalized_again(first, quantity, quantity.normalization, wanted, settings, record)
    patient = read_patient(first, settings, set(wanted.needs), record)
    per_bq = per_injected_activity(headers, patient.weight_kg, settings, record)
    size = _size(wanted, patient, record)
    factors = quantity.per_slice * per_bq * size
    factor_of_counts = "" if (quantity.per_slice == 1).all() else ", times activity concentration scale factor"
    record.step("Factor of rescaled values", range_of(factors), f"{wanted.name} / D{factor_of_counts}")
    return SuvFactors(
        factors,
        wanted,
        tuple(record.steps),
        tuple(record.warnings),
        settings.given,
        patient.weight_kg,
        patient.weight_kg * 1000 / size,
    )


def _by_activity(settings: SuvSettings) -> bool:
    """Whether what the user gave counts only for values in Bq/ml."""
    return bool(settings.given.keys() & {"weight_kg", "dose_mbq", "injection", "half_life_s", "reference"})


def _normalized_again(
    first: Dataset,
    quantity: Quantity,
    stored: Normalization,
    wanted: Normalization,
    settings: SuvSettings,
    record: Record,
) -> SuvFactors:
    """Of values that are SUV already: to the normalization wanted."""
    for name in ("dose_mbq", "injection", "half_life_s", "reference", *(() if stored != wanted else ("weight_kg",))):
        if name in settings.given:
            record.warn(f"the {name.partition('_')[0]} given was not used: the values are SUV already")
    factors, weight, to_weight = quantity.per_slice, None, 1.0 if wanted.suv_type == "BW" else None
    if stored != wanted:
        patient = read_patient(first, settings, {*stored.needs, *wanted.needs}, record)
        sizes = [_size(one, patient, record) for one in (wanted, stored)]
        factors = factors * (sizes[0] / sizes[1])
        weight, to_weight = patient.weight_kg, patient.weight_kg * 1000 / sizes[0]
        record.step("Normalized again by", f"{sizes[0] / sizes[1]:.9g}", f"{wanted.name} / {stored.name}")
    record.step("Factor of rescaled values", range_of(factors), "SUV / rescaled value")
    return SuvFactors(factors, wanted, tuple(record.steps), tuple(record.warnings), settings.given, weight, to_weight)


def _size(normalization: Normalization, patient: Patient, record: Record) -> float:
    size = normalization.size(patient.weight_kg, patient.height_cm, patient.sex)
    unit = "cm2" if normalization.suv_type == "BSA" else "g"
    name = normalization.name[:1].upper() + normalization.name[1:]
    record.step(name, f"{size:.9g} {unit}", f"{normalization.words}; {normalization.source}")
    limit = JAMES_LARGEST_BMI.get(patient.sex or "", 0)
    if normalization.suv_type in ("LBM", "LBMJAMES128") and patient.height_cm:
        bmi = patient.weight_kg / (patient.height_cm / 100) ** 2
        if bmi > limit:
            record.warn(f"at a BMI of {bmi:.1f} this lean body mass falls as weight grows; lbmjanma holds")
    return size


def _require_one_series(headers: Sequence[Dataset]) -> None:
    for keyword in SERIES_WIDE:
        values = {text(header, keyword) for header in headers}
        if len(values) > 1:
            listed = ", ".join(sorted(value or "missing" for value in values))
            raise InputError(f"{keyword} differs between slices ({listed}): give the slices of one series.")
    if len({tuple(map(facts, items(header, TRACERS))) for header in headers}) > 1:
        raise InputError("Activity, half-life or injection differ between slices: give the slices of one series.")
