"""How large the pixels of a DICOM image are, from the several places where its header may say so."""

from typing import Any

UNKNOWN = "the file states no pixel spacing: 1 mm a pixel is assumed, so that sizes in mm are counts of pixels"
SEVERAL = "the picture shows regions at several scales: 1 mm a pixel is assumed, so that sizes are counts of pixels"
# PS3.3 C.8.5.5.1: a 2D region whose axes are measured in cm
TWO_DIMENSIONAL, CENTIMETER = 1, 3
# regions of one picture that differ by more show it at two scales
SAME_SCALE = 1e-3


def pixel_spacing(header: Any) -> tuple[list[float], tuple[str, ...], bool]:
    """Spacing in mm between rows and between columns; notes; whether the header states it.

    Looked for in PixelSpacing, at the detector, of a scanned film, in the regions of an ultrasound picture (PS3.3
    C.8.5.5). Where none is stated (or 0), a row is as far from the next as the aspect ratio says, a column 1 mm.
    """
    for name, note in (
        ("PixelSpacing", None),
        ("ImagerPixelSpacing", "distances are at the detector (ImagerPixelSpacing)"),
        ("NominalScannedPixelSpacing", "distances are on the film (NominalScannedPixelSpacing)"),
    ):
        stated = [float(value) for value in header[name].value] if header.get(name) else []
        # what does not know the size of its pixels writes 0 for both sides
        if any(stated):
            return stated, () if note is None else (note,), True
    scales = _ultrasound_scales(header)
    alike = all(abs(a - b) <= SAME_SCALE * b for scale in scales for a, b in zip(scale, scales[0], strict=True))
    if scales and alike:
        return list(scales[0]), ("distances hold inside the scanned region of the picture",), True
    rows, columns = [float(value) for value in header.get("PixelAspectRatio") or (1, 1)]
    return [rows / columns if rows > 0 and columns > 0 else 1.0, 1.0], (SEVERAL if scales else UNKNOWN,), False


def _ultrasound_scales(header: Any) -> list[tuple[float, float]]:
    """The scale (mm a pixel, between rows and between columns) of each 2D region of an ultrasound picture."""
    scales = [
        (abs(float(region.PhysicalDeltaY)) * 10, abs(float(region.PhysicalDeltaX)) * 10)
        for region in header.get("SequenceOfUltrasoundRegions") or ()
        if region.get("RegionSpatialFormat") == TWO_DIMENSIONAL
        and region.get("PhysicalUnitsXDirection") == region.get("PhysicalUnitsYDirection") == CENTIMETER
    ]
    return scales if all(min(scale) > 0 for scale in scales) else []
