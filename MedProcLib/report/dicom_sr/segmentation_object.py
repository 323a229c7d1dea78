"""A DICOM segmentation of the regions that were measured (PS3.3 A.51)."""

from typing import Any

import numpy as np

from ... import __version__
from ...core.measurement import Code
from ...core.structure import Structure
from .regions import Regions
from .source_series import SourceSeries, repeated_from

MANUFACTURER = "MedProc"
SERIES_NUMBER = 901
TISSUE = Code("SCT", "85756007", "Tissue")
LONGEST_LABEL = 64


def segmentation_object(
    regions: Regions, titles: list[str], structures: list[Structure], tracking: list[str], source: SourceSeries
) -> Any:
    """A highdicom Segmentation with a segment for each region, on the slices that hold any.

    titles, structures, tracking (UIDs): by region. The segments' numbers are those of the regions.
    """
    import highdicom as hd

    descriptions = [
        _description(number, title, structure, uid)
        for number, (title, structure, uid) in enumerate(zip(titles, structures, tracking, strict=True), 1)
    ]
    headers, numbers = list(source.headers), regions.numbers
    if source.is_multi_frame:
        numbers = numbers[list(source.frame_slices)]
    elif len(headers) > 1:
        used = np.flatnonzero(numbers.any(axis=(1, 2)))
        headers, numbers = [headers[index] for index in used], numbers[used]
    with repeated_from(source):
        made = hd.seg.Segmentation(
            source_images=headers,
            pixel_array=np.ascontiguousarray(numbers),
            segmentation_type=hd.seg.SegmentationTypeValues.BINARY,
            segment_descriptions=descriptions,
            series_instance_uid=hd.UID(),
            series_number=SERIES_NUMBER,
            sop_instance_uid=hd.UID(),
            instance_number=1,
            manufacturer=MANUFACTURER,
            manufacturer_model_name=MANUFACTURER,
            software_versions=__version__,
            device_serial_number=__version__,
            content_label="MEASURED",
            content_description="Regions that were measured",
            series_description="MedProc segments measured",
        )
    made.ContentCreatorName = ""  # type 2: stated, if only as empty
    if "FrameOfReferenceUID" not in made:  # and so does an image without a position that of its sides (type 2C)
        made.PatientOrientation = headers[0].get("PatientOrientation") or ""
    return made


def _description(number: int, title: str, structure: Structure, uid: str) -> Any:
    import highdicom as hd

    return hd.seg.SegmentDescription(
        segment_number=number,
        segment_label=_label(title, number),
        segmented_property_category=concept(structure.category or TISSUE),
        segmented_property_type=concept(structure.type or structure.category or TISSUE),
        # who or what drew the segments is not known here
        algorithm_type=hd.seg.SegmentAlgorithmTypeValues.MANUAL,
        tracking_uid=uid,
        tracking_id=title,
        anatomic_regions=[concept(structure.region)] if structure.region else None,
        display_color=_color(structure),
    )


def _label(title: str, number: int) -> str:
    """The title, or where it is too long its beginning, with the segment's number: others may begin like it."""
    ending = f"... {number}"
    return title if len(title) <= LONGEST_LABEL else title[: LONGEST_LABEL - len(ending)] + ending


def concept(code: Code) -> Any:
    """highdicom's form of a code."""
    import highdicom as hd

    return hd.sr.CodedConcept(code.value, code.scheme, code.meaning[:LONGEST_LABEL])


def _color(structure: Structure) -> Any:
    """CIELab of the segment's color, by highdicom where it has that, else none."""
    import highdicom as hd

    make = getattr(hd.color.CIELabColor, "from_rgb", None)
    return make(*(round(255 * part) for part in structure.color)) if make is not None else None
