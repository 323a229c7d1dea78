"""Whether an image is one SUV can be computed from: which image it is, and what it was corrected for."""

from pydicom.dataset import Dataset

from ...core.errors import InputError
from .header import number, text, texts
from .record import Record

# Terms of Series Type (0054,1000) for several images of one place.
GATED = "GATED"


def require_pet(header: Dataset) -> None:
    """Raise InputError unless it is a PET image of the patient, attenuation corrected or not saying so."""
    modality = text(header, "Modality").upper()
    if modality != "PT":
        raise InputError(f"It is a series of modality {modality or 'unknown'}; SUV is of PET (PT).")
    kinds = texts(header, "SeriesType")
    if "REPROJECTION" in kinds or "MIP" in "".join(texts(header, "ImageType")):
        raise InputError("It is a projection (MIP), not a volume of slices; give the series it was made of.")
    if GATED in kinds:
        raise InputError("It is a gated series, several images of each place; give the ungated series.")


def check_attenuation(header: Dataset, record: Record) -> None:
    """Raise InputError for an image without attenuation correction; warn where nothing is said."""
    corrected = texts(header, "CorrectedImage")
    method = text(header, "AttenuationCorrectionMethod").upper()
    if (corrected and "ATTN" not in corrected) or method == "NONE":
        raise InputError(
            "The image is not corrected for attenuation (Corrected Image (0028,0051) lacks ATTN), so its values are no "
            "activity: give the corrected series."
        )
    if corrected:
        record.step("Corrections", ", ".join(corrected), "(0028,0051)")
    else:
        record.warn("Corrected Image (0028,0051) is not stated: whether attenuation was corrected for is not known")


def decay_correction(header: Dataset, record: Record) -> str:
    """'START', 'ADMIN' or 'NONE'. Raises InputError where it is missing or contradictory."""
    stated = text(header, "DecayCorrection").upper()
    corrected = texts(header, "CorrectedImage")
    factor = number(header, "DecayFactor") or 1.0
    if stated not in ("START", "ADMIN", "NONE"):
        said = f"is '{stated}'" if stated else "is missing"
        raise InputError(
            f"Decay Correction (0054,1102) {said}, so to which time the values were corrected is not known: give "
            "it, e.g. --reference-time 2025-01-12T11:15:00, or export the series again."
        )
    if stated != "NONE" and corrected and "DECY" not in corrected:
        if factor <= 1:
            raise InputError(
                f"Decay Correction (0054,1102) is {stated}, but Corrected Image (0028,0051) lacks DECY: whether the "
                "values were corrected for decay is not known. If so, say to which time, e.g. --reference-time "
                "2025-01-12T11:15:00."
            )
        record.warn("Corrected Image (0028,0051) lacks DECY, but the Decay Factor shows that decay was corrected for")
    if stated == "NONE" and "DECY" in corrected:
        record.warn("Corrected Image (0028,0051) says DECY, but Decay Correction (0054,1102) NONE: NONE was believed")
    record.step("Decay correction", stated, "(0054,1102)")
    return stated
