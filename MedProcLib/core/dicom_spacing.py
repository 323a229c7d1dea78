"""How large the pixels of a DICOM image are, from the several places where its header may say so."""

from typing import Any

UNKNOWN = "the file states no pixel spacing: 1 mm a pixel is assumed, so that sizes in mm are counts of pixels"
# PS3.3 C.8.5.5.1: a 2D region whose axes are measured in cm
TWO_DIMENSIONAL, CENTIMETER = 1, 3
# regions of one picture that differ by more show it at two scales
SAME_SCALE = 1e-3


def pixel_spacing(header: Any) -> tuple[list[float], tuple[str, ...], bool]:
    """Spacing in mm between rows and between columns; notes; whether the header states it.

    Looked for in PixelSpacing, at the detector, of a scanned film, in the regions of an ultrasound picture (PS3.3
    C.8.5.5). Where none is stated, a row is as far from the next as the aspect ratio says, a column 1 mm.
    """
    for name, note in (
        ("PixelSpacing", None),
        ("ImagerPixelSpacing", "distances are at the detector (ImagerPixelSpacing)"),
        ("NominalScannedPixelSpacing", "distances are on the film (NominalScannedPixelSpacing)"),
    ):
        if header.get(name):
            return [float(value) for value in header[name].value], () if note is None else (note,), True
    scale = _ultrasound_scale(header)
    if scale is not None:
        return scale, ("distances hold inside the scanned region of the picture",), True
    rows, columns = [float(value) for value in header.get("PixelAspectRatio") or (1, 1)]
    return [rows / columns if rows > 0 and columns > 0 else 1.0, 1.0], (UNKNOWN,), False


def _ultrasound_scale(header: Any) -> list[float] | None:
    """The scale that all 2D regions of an ultrasound picture share; None where there is none or several."""
    scales = [
        (abs(float(region.PhysicalDeltaY)) * 10, abs(float(region.PhysicalDeltaX)) * 10)
        for region in header.get("SequenceOfUltrasoundRegions") or ()
        if region.get("RegionSpatialFormat") == TWO_DIMENSIONAL
        and region.get("PhysicalUnitsXDirection") == region.get("PhysicalUnitsYDirection") == CENTIMETER
    ]
    if not scales or min(map(min, scales)) <= 0:
        return None
    alike = all(abs(a - b) <= SAME_SCALE * b for scale in scales for a, b in zip(scale, scales[0], strict=True))
    return list(scales[0]) if alike else None
