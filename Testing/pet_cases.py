"""PET series of known SUV whose headers vary what those of scanners vary, and series that allow no safe SUV.

Values follow from the activity at the injection by numbers, not by the formulas that are tested.
"""

import datetime
import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
from pet_series import (
    ACTIVITY,
    DECAY,
    DOSE,
    DURATION,
    HALF_LIFE,
    SCANNED,
    SUV,
    WEIGHT,
    average_rate_time,
    bed,
    clock,
    header,
    write_slices,
)
from pydicom.dataset import Dataset

MINUTE = datetime.timedelta(minutes=1)
SLICES = 4
LATER = {"SeriesTime": "154500"}
NO_TIME = {"RadiopharmaceuticalStartTime": None}
# Lean mass (DICOM's LBM; James; Janmahasatian), ideal weight and surface of the phantom's 70 kg and 175 cm.
LEAN = 1.10 * WEIGHT - 120 * (WEIGHT / 175) ** 2
JAMES = 1.10 * WEIGHT - 128 * (WEIGHT / 175) ** 2
JANMA = 9270 * WEIGHT / (8780 + 244 * WEIGHT / 1.75**2)
IDEAL = (48.0 + 1.06 * 23 + 45.5 + 0.91 * 23) / 2
SURFACE_CM2 = 71.84 * WEIGHT**0.425 * 175**0.725
AT_INJECTION = ACTIVITY * math.exp(3600 * DECAY)
# Stored values of the three regions of the object, SUV 0.2, 1 and 4.
STORED = np.repeat([1500, 7500, 30000], [3, 3, 2])

Slice = tuple[Dataset, float]


def write_object(slices: list[Slice], folder: Path) -> None:
    """SUV 0.2, 1.0 and 4.0 in the columns of each slice. slices: header, and stored quantity where SUV is SUV."""
    for one, quantity in slices:
        one.RescaleSlope = f"{quantity / SUV / 7500:.10g}"
    write_slices(folder, [one for one, _ in slices], [np.tile(STORED, (8, 1))] * len(slices), np.eye(3))


def private(one: Dataset, group: int, creator: str, element: int, representation: str, value: object) -> Dataset:
    one.private_block(group, creator, create=True).add_new(element, representation, value)
    return one


def ge(one: Dataset, element: int, value: str) -> Dataset:
    return private(one, 0x0009, "GEMS_PETD_01", element, "DT", value)


def philips(suv: float | None, activity: float | None, **tags) -> Dataset:
    one = header(Units="CNTS", **tags)
    for element, value in ((0x00, suv), (0x09, activity)):
        if value is not None:
            private(one, 0x7053, "Philips PET Private Group", element, "DS", f"{value:.10g}")
    return one


def _orphan(element: tuple[int, int], value: bytes, **tags) -> Dataset:
    """A private element whose creator was removed at de-identification."""
    one = header(**tags)
    one.add_new(element, "UN", value)
    return one


def _beds(i: int, reference: datetime.datetime = SCANNED, **tags) -> Dataset:
    """Two slices a bed position, 4 minutes apart."""
    return bed(reference + (i // 2) * 4 * MINUTE, reference, **tags)


def _from_frame_start(i: int) -> Dataset:
    """Frame Reference Time 0 for the first bed, as GE counts it."""
    start = SCANNED + (i // 2) * 4 * MINUTE
    return header(FrameReferenceTime=240_000 * (i // 2), **LATER, **clock(start))


def _uncorrected(i: int, minutes: float, duration: float = DURATION, **tags) -> Slice:
    start = SCANNED + i * minutes * MINUTE
    wait = (start - SCANNED).total_seconds() + average_rate_time(duration)
    tags = {"DecayCorrection": "NONE", "ActualFrameDuration": int(1000 * duration), **clock(start), **tags}
    return header(**tags), ACTIVITY * math.exp(-DECAY * wait)


def _midnight(i: int, **tags) -> Dataset:
    """The second bed position after midnight."""
    start = SCANNED.replace(hour=23, minute=58) + (i // 2) * 4 * MINUTE
    tags = {"AcquisitionDate": f"{start:%Y%m%d}", "AcquisitionTime": f"{start:%H%M%S}", **tags}
    return header({"RadiopharmaceuticalStartTime": "225800"}, SeriesTime="235800", **tags)


def _past_midnight(item: dict, **tags) -> Dataset:
    return header(item, **{"SeriesTime": "003000", "AcquisitionTime": "003000", **tags})


def _beside_an_empty_item(i: int) -> Dataset:
    one = header()
    one.RadiopharmaceuticalInformationSequence.append(Dataset())
    return one


def _nuclide(half_life: float, code: str, scheme: str = "SRT", stated: bool = True) -> Slice:
    """Of a nuclide whose half-life is stated, or only follows from its code."""
    named = Dataset()
    named.CodeValue, named.CodingSchemeDesignator, named.CodeMeaning = code, scheme, ""
    item = {"RadionuclideHalfLife": half_life if stated else None, "RadionuclideCodeSequence": [named]}
    return header(item), AT_INJECTION * 2 ** (-3600 / half_life)


def _named(code: str, meaning: str, radiopharmaceutical: str) -> Dataset:
    """Without a half-life."""
    one = header({"RadionuclideHalfLife": None, "Radiopharmaceutical": radiopharmaceutical})
    named = one.RadiopharmaceuticalInformationSequence[0].RadionuclideCodeSequence[0]
    named.CodeValue, named.CodeMeaning = code, meaning
    return one


def _days_later(i: int) -> Slice:
    """Zirconium four days after the injection."""
    half_life = 78.41 * 3600
    item = {"RadiopharmaceuticalStartDateTime": "20250228110000", **NO_TIME, "RadionuclideHalfLife": half_life}
    return header({**item, "RadionuclideCodeSequence": []}), AT_INJECTION * 2 ** (-4 * 86400 / half_life)


def _activity(make: Callable[[int], Dataset]) -> Callable[[int], Slice]:
    return lambda i: (make(i), ACTIVITY)


def _of_size(size: float, **tags) -> Callable[[int], Slice]:
    """Values that are SUV already, by a size in kg (or cm2 / 1000)."""
    return lambda i: (header(**tags), SUV * size / WEIGHT)


CASES: dict[str, Callable[[int], Slice]] = {
    # To which time voxels were corrected for decay
    "START": _activity(lambda i: header()),
    "ADMIN": lambda i: (header(DecayCorrection="ADMIN"), AT_INJECTION),
    "ADMIN, no time at all": lambda i: (
        header(NO_TIME, DecayCorrection="ADMIN", SeriesTime=None, AcquisitionTime=None),
        AT_INJECTION,
    ),
    "NONE": lambda i: _uncorrected(i, 0),
    "NONE, slices at other times": lambda i: _uncorrected(i, 10),
    "NONE, frames of 30 minutes": lambda i: _uncorrected(i, 0, 1800.0),
    "NONE, series made later": lambda i: _uncorrected(i, 3, **LATER),
    "bed positions": _activity(_beds),
    "bed positions, top first": _activity(lambda i: _beds(SLICES - 1 - i)),
    "every slice at its own time": _activity(lambda i: bed(SCANNED + i * MINUTE, SCANNED)),
    "a cut from the last bed positions": _activity(lambda i: _beds(i + 4)),
    "made later": _activity(lambda i: _beds(i, **LATER)),
    "made the week after": _activity(lambda i: _beds(i, **LATER, SeriesDate="20250311")),
    "made later, no frame reference time": _activity(lambda i: header(**LATER, **clock(SCANNED + i * 4 * MINUTE))),
    "made later, frames from 0": _activity(_from_frame_start),
    "made later, GE scan start": _activity(
        lambda i: ge(header(**LATER, **clock(SCANNED + 10 * MINUTE)), 0x0D, "20250304110000.00")
    ),
    "made later, GE scan start, no creator": _activity(
        lambda i: _orphan((0x0009, 0x100D), b"20250304110000.00 ", **LATER, **clock(SCANNED + 10 * MINUTE))
    ),
    "made later, Siemens": _activity(
        lambda i: private(
            header(**LATER, **clock(SCANNED + 10 * MINUTE)), 0x0071, "SIEMENS MED PT", 0x22, "DT", "20250304110000"
        )
    ),
    "one acquisition time for all beds": _activity(
        lambda i: header(FrameReferenceTime=243_000 * i, DecayFactor=math.exp(DECAY * (243 * i + 90)))
    ),
    "series time of the study's start": _activity(
        lambda i: bed(SCANNED, SCANNED, SeriesTime="103000", DecayFactor="1.0")
    ),
    "no series time": _activity(lambda i: _beds(i, SeriesTime=None, SeriesDate=None)),
    "no acquisition time": _activity(lambda i: header(AcquisitionTime=None)),
    # When the tracer was given
    "date and time of injection only": _activity(
        lambda i: header({**NO_TIME, "RadiopharmaceuticalStartDateTime": "20250304100000.000000"})
    ),
    "injection by GE": _activity(lambda i: ge(header(NO_TIME), 0x3B, "20250304100000.00")),
    "injection with its time zone": _activity(
        lambda i: header(
            {**NO_TIME, "RadiopharmaceuticalStartDateTime": "20250304090000+0000"}, TimezoneOffsetFromUTC="+0100"
        )
    ),
    "injection in UTC, zone unknown, its time in that zone": _activity(
        lambda i: header({"RadiopharmaceuticalStartDateTime": "20250304153000+0000"})
    ),
    "date of injection changed": _activity(lambda i: header({"RadiopharmaceuticalStartDateTime": "20130617100000"})),
    "date of injection changed, no time": _activity(
        lambda i: header({**NO_TIME, "RadiopharmaceuticalStartDateTime": "20130617100000"})
    ),
    "time of injection after the scan, date and time right": _activity(
        lambda i: header(
            {"RadiopharmaceuticalStartDateTime": "20250304100000", "RadiopharmaceuticalStartTime": "120000"}
        )
    ),
    "injection before midnight, dated that day": _activity(
        lambda i: _past_midnight({**NO_TIME, "RadiopharmaceuticalStartDateTime": "20250304233000"})
    ),
    "injection before midnight": _activity(lambda i: _past_midnight({"RadiopharmaceuticalStartTime": "233000"})),
    "injection before midnight, no dates": _activity(
        lambda i: _past_midnight(
            {"RadiopharmaceuticalStartTime": "233000"}, SeriesDate=None, AcquisitionDate=None, StudyDate=None
        )
    ),
    "injection before midnight, dated": _activity(
        lambda i: _past_midnight({**NO_TIME, "RadiopharmaceuticalStartDateTime": "20250303233000"})
    ),
    "beds across midnight": _activity(_midnight),
    "beds across midnight, date kept": _activity(lambda i: _midnight(i, AcquisitionDate="20250304")),
    "not corrected, across midnight": lambda i: (
        _past_midnight({"RadiopharmaceuticalStartTime": "233000"}, DecayCorrection="NONE"),
        ACTIVITY * math.exp(-DECAY * average_rate_time(DURATION)),
    ),
    # The tracer
    "an empty item beside the tracer": _activity(_beside_an_empty_item),
    "dose in MBq": _activity(lambda i: header({"RadionuclideTotalDose": DOSE / 1e6})),
    "half-life in minutes": _activity(lambda i: header({"RadionuclideHalfLife": HALF_LIFE / 60})),
    "half-life by code of SNOMED RT": lambda i: _nuclide(109.77 * 60, "C-111A1", stated=False),
    "half-life by code of SNOMED CT": lambda i: _nuclide(109.77 * 60, "77004003", "SCT", stated=False),
    "half-life by the name FDG": _activity(
        lambda i: header(
            {"RadionuclideHalfLife": None, "RadionuclideCodeSequence": [], "Radiopharmaceutical": "FDG"},
        )
    ),
    "Ga-68": lambda i: _nuclide(4062.6, "C-131A3"),
    "Ga-68 with the code of Ga-66 and its name": lambda i: (
        header({"RadionuclideHalfLife": 4057.7, "Radiopharmaceutical": "Ga68-PSMA", "RadionuclideCodeSequence": []}),
        AT_INJECTION * 2 ** (-3600 / 4057.7),
    ),
    "half-life by the words Ga-68 against the code of Ga-66": lambda i: (
        _named("C-131A1", "^68^Gallium", "Ga68-PSMA"),
        AT_INJECTION * 2 ** (-3600 / (67.71 * 60)),
    ),
    "C-11": lambda i: _nuclide(20.39 * 60, "C-105A1", stated=False),
    "Zr-89 four days later": _days_later,
    # The patient
    "weight in g": _activity(lambda i: header(PatientWeight=1000 * WEIGHT)),
    "no height, no sex": _activity(lambda i: header(PatientSize=None, PatientSex=None)),
    # What the values are
    "slopes by slice": _activity(lambda i: header()),
    "counts with Philips' SUV factor": lambda i: (philips(0.0005, None), SUV / 0.0005),
    "counts with Philips' activity factor": lambda i: (philips(None, 0.5), 2 * ACTIVITY),
    "counts, SUV factor 0": lambda i: (philips(0, 0.5), 2 * ACTIVITY),
    "counts, factor by slice": lambda i: (philips(0.001 * (i + 1), None), SUV / (0.001 * (i + 1))),
    "counts, no creator": lambda i: (_orphan((0x7053, 0x1000), b"0.0005", Units="CNTS"), SUV / 0.0005),
    "SUV by weight": _of_size(WEIGHT, Units="GML", SUVType="BW"),
    "SUV without a type": _of_size(WEIGHT, Units="GML"),
    "SUV by lean mass": _of_size(LEAN, Units="GML", SUVType="LBM"),
    "SUV by James": _of_size(JAMES, Units="GML", SUVType="LBMJAMES128"),
    "SUV by Janmahasatian, women": _of_size(JANMA, Units="GML", SUVType="LBMJANMA", PatientSex="F"),
    "SUV by ideal weight, sex O": _of_size(IDEAL, Units="GML", SUVType="IBW", PatientSex="O"),
    "SUV by surface": _of_size(SURFACE_CM2 / 1000, Units="CM2ML"),
}

# Series that allow no safe value: what varies, and a word of the reason that is given.
REFUSED: dict[str, tuple[Callable[[int], Dataset], str]] = {
    "no weight": (lambda i: header(PatientWeight=None), "--weight"),
    "weight 0": (lambda i: header(PatientWeight=0), "--weight"),
    "no dose": (lambda i: header({"RadionuclideTotalDose": None}), "--dose"),
    "dose in kBq": (lambda i: header({"RadionuclideTotalDose": DOSE / 1e3}), "--dose"),
    "dose in mCi": (lambda i: header({"RadionuclideTotalDose": 10.0}), "mCi"),
    "no time of injection": (lambda i: header(NO_TIME), "--injection-time"),
    "injection after the scan": (lambda i: header({"RadiopharmaceuticalStartTime": "112000"}), "--injection-time"),
    "two times of injection": (
        lambda i: header({"RadiopharmaceuticalStartDateTime": "20250304093000"}),
        "differ",
    ),
    "injection in UTC, zone unknown": (
        lambda i: header({**NO_TIME, "RadiopharmaceuticalStartDateTime": "20250304100000+0000"}),
        "time zone",
    ),
    "injection in UTC, no zone's offset from its time": (
        lambda i: header({"RadiopharmaceuticalStartDateTime": "20250304152000+0000"}),
        "time zone",
    ),
    "no time of the scan": (lambda i: header(SeriesTime=None, AcquisitionTime=None), "--reference-time"),
    "all times 0": (
        lambda i: header({"RadiopharmaceuticalStartTime": "000000"}, SeriesTime="000000", AcquisitionTime="000000"),
        "00:00:00",
    ),
    "no half-life, no nuclide": (
        lambda i: header({"RadionuclideHalfLife": None, "RadionuclideCodeSequence": []}),
        "--half-life",
    ),
    "half-life of another nuclide": (lambda i: header({"RadionuclideHalfLife": 4062.6}), "--half-life"),
    "no decay correction stated": (lambda i: header(DecayCorrection=None), "--reference-time"),
    "START, not listed as corrected": (lambda i: header(CorrectedImage=["ATTN"]), "lacks DECY"),
    "series and frame contradict": (lambda i: bed(SCANNED, SCANNED, SeriesTime="103000"), "contradict"),
    "not corrected, no duration": (
        lambda i: header(DecayCorrection="NONE", ActualFrameDuration=None),
        "Actual Frame Duration",
    ),
    "not corrected for attenuation": (lambda i: header(CorrectedImage=["DECY"]), "attenuation"),
    "proportional to counts": (lambda i: header(Units="PROPCNTS"), "BQML"),
    "counts without factors": (lambda i: header(Units="CNTS"), "7053,1000"),
    "no units": (lambda i: header(Units=None), "BQML"),
    "units contradict the type": (lambda i: header(Units="GML", SUVType="BSA"), "which is right"),
    "an intercept": (lambda i: header(RescaleIntercept=-1024), "Rescale Intercept"),
    "SUV by lean mass, no height": (
        lambda i: header(Units="GML", SUVType="LBM", PatientSize=None),
        "--height",
    ),
    "SUV by lean mass, no sex": (lambda i: header(Units="GML", SUVType="LBM", PatientSex=None), "--sex"),
    "a gated series": (lambda i: header(SeriesType=["GATED", "IMAGE"]), "gated"),
}
