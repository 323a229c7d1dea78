"""A DICOM measurement report by TID 1500 of what was measured in a series, with the segmentation it refers to."""

import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pydicom
import SimpleITK as sitk

from ... import __version__
from ...core.atomic import require_writable, whole_file
from ...core.errors import InputError
from ...core.measurement import Code
from ...core.progress import SILENT, Progress
from ...core.structure import Structure
from ...quantification.row import Row
from .concepts import PRIVATE_SCHEME
from .measurement_group import line_group, measurement_group
from .referenced_segmentation import read_segmentation, segment_numbers
from .region_reference import region_reference, slice_groups
from .regions import regions_of_maps
from .segmentation_object import MANUFACTURER, concept, segmentation_object
from .source_series import SourceSeries, read_source_series, repeated_from

SERIES_NUMBER = 900
UTF_8 = "ISO_IR 192"
DEVICE = uuid.uuid5(uuid.NAMESPACE_URL, "https://github.com/MedProc/MedProc")
PROCEDURES = {
    "CT": Code("SCT", "77477000", "Computed tomography"),
    "MR": Code("SCT", "113091000", "Magnetic resonance imaging"),
    "PT": Code("SCT", "82918005", "Positron emission tomography"),
    "US": Code("SCT", "16310003", "Ultrasonography"),
}
IMAGING = Code("SCT", "363679005", "Imaging")
TITLE = Code("DCM", "126000", "Imaging Measurement Report")
LANGUAGE = Code("RFC5646", "en-US", "English (United States)")
GRAY = (0.5, 0.5, 0.5)


def write_measurement_report(
    rows: Sequence[Row],
    image_files: Sequence[str | Path] | SourceSeries,
    labels: sitk.Image | Sequence[sitk.Image],
    segments: Mapping[int, Structure],
    path: str | Path,
    reader: str = "",
    segmentation: str | Path | None = None,
    progress: Progress = SILENT,
) -> list[Path]:
    """Write a report of rows of measurements; returns the files written, the report first.

    image_files: of the DICOM series that was measured, or read_source_series of them;
    labels: the label map that was measured, on its voxels, or several of different values where segments overlap;
    segments: what each label value shows; reader: who answers for the report, 'FAMILY^GIVEN' or a plain name;
    segmentation: a DICOM segmentation that holds the same segments. Without it one is written beside the report
    ('NAME_seg.dcm', and 'NAME_parts_seg.dcm' when there are rows of components, which overlap their segments).
    Each row with a region of its own is a measurement group, those of single slices too; figures without a value are
    left out, and so are rows of time points.
    Raises InputError for an image that is not DICOM, labels on other voxels, rows measured on other labels, and a file
    that cannot be written, Cancelled; then nothing is written.
    Source: DICOM PS3.16 TID 1500, 1410, 1411, 1419; PS3.3 A.51 (segmentation).
    """
    path = Path(path)
    require_writable(path)
    source = image_files if isinstance(image_files, SourceSeries) else read_source_series(image_files)
    files = _objects(list(rows), source, labels, segments, path, reader, segmentation, progress.part(0, 0.9))
    for file, dataset in files:  # segmentations first, so that no report refers to one that is not there
        dataset.SpecificCharacterSet = UTF_8  # names of readers and segments come in any script
        with whole_file(file) as temporary:
            dataset.save_as(temporary)
    return [file for file, _ in reversed(files)]


def _objects(
    rows: list[Row],
    source: SourceSeries,
    labels: sitk.Image | Sequence[sitk.Image],
    segments: Mapping[int, Structure],
    path: Path,
    reader: str,
    segmentation: str | Path | None,
    progress: Progress,
) -> list[tuple[Path, Any]]:
    """The objects to write with their paths, the report last."""
    import highdicom as hd

    files: list[tuple[Path, Any]] = []
    groups: list[Any] = []
    lines: list[Any] = []
    evidence: list[Any] = list(source.headers)
    maps = [labels] if isinstance(labels, sitk.Image) else labels
    for layer, regions in regions_of_maps(rows, [source.labels(one) for one in maps], source.geometry):
        titles = [_title(row) for row in regions.rows]
        shown = [segments.get(row.segment, Structure(row.name, GRAY)) for row in regions.rows]
        tracking = [str(hd.UID()) for _ in regions.rows]
        parts = regions.rows[0].component is not None
        if segmentation is not None and not parts:
            made = read_segmentation(segmentation, source)
            numbers = segment_numbers(made, regions.rows, segmentation)
        else:
            made = segmentation_object(regions, titles, shown, tracking, source)
            numbers = list(range(1, len(titles) + 1))
            ending = f"{'_parts' if parts else ''}_seg{layer + 1 if layer else ''}.dcm"
            files.append((path.with_name(path.stem + ending), made))
        evidence.append(made)
        for row, title, structure, uid, number in zip(regions.rows, titles, shown, tracking, numbers, strict=True):
            progress(len(groups) / len(rows), "Writing the report")
            groups.append(measurement_group(row, title, structure, uid, region_reference(made, number, source), source))
            lines.append(line_group(row, title, structure, uid, source))
            groups += slice_groups(rows, row, structure, made, number, source) if not parts else []
    if not groups:
        raise InputError("There is nothing to report: no row of measurements belongs to a segment of the label map.")
    return [*files, (path, _report([*groups, *filter(None, lines)], evidence, source, reader))]


def _report(groups: list[Any], evidence: list[Any], source: SourceSeries, reader: str) -> Any:
    import highdicom as hd

    with repeated_from(source):
        content = _content(groups, source, reader)
        report = hd.sr.Comprehensive3DSR(
            evidence=evidence,
            content=content,
            series_instance_uid=hd.UID(),
            series_number=SERIES_NUMBER,
            sop_instance_uid=hd.UID(),
            instance_number=1,
            manufacturer=MANUFACTURER,
            is_complete=True,
            is_final=False,
            series_description="MedProc measurements",
        )
    report.CodingSchemeIdentificationSequence = [_private_scheme()]
    return report


def _private_scheme() -> pydicom.Dataset:
    """Whose the codes of our own are (PS3.3 C.12.1.1.1)."""
    scheme = pydicom.Dataset()
    scheme.CodingSchemeDesignator = PRIVATE_SCHEME
    scheme.CodingSchemeName = f"Figures of {MANUFACTURER} that have no other code"
    scheme.CodingSchemeResponsibleOrganization = MANUFACTURER
    return scheme


def _content(groups: list[Any], source: SourceSeries, reader: str) -> Any:
    import highdicom as hd

    return hd.sr.MeasurementReport(
        observation_context=_observers(reader),
        procedure_reported=concept(PROCEDURES.get(source.modality, IMAGING)),
        imaging_measurements=groups,
        title=concept(TITLE),
        language_of_content_item_and_descendants=hd.sr.LanguageOfContentItemAndDescendants(concept(LANGUAGE)),
        # the image library describes images of one frame only
        referenced_images=None if source.is_multi_frame else list(source.headers),
    )


def _observers(reader: str) -> Any:
    """The program as a device, and the reader where one is named."""
    import highdicom as hd

    device = hd.sr.ObserverContext(
        observer_type=concept(Code("DCM", "121007", "Device")),
        observer_identifying_attributes=hd.sr.DeviceObserverIdentifyingAttributes(
            uid=hd.UID.from_uuid(str(DEVICE)), name=MANUFACTURER, model_name=f"{MANUFACTURER} {__version__}"
        ),
    )
    person = None
    if reader.strip():
        person = hd.sr.ObserverContext(
            observer_type=concept(Code("DCM", "121006", "Person")),
            observer_identifying_attributes=hd.sr.PersonObserverIdentifyingAttributes(name=_person_name(reader)),
        )
    return hd.sr.ObservationContext(observer_person_context=person, observer_device_context=device)


def _person_name(reader: str) -> str:
    """DICOM's order of names: 'Ann B. Reader' is 'Reader^Ann B.'."""
    name = _one_value(reader)
    if "^" in name or " " not in name:
        return name if "^" in name else f"{name}^"
    given, family = name.rsplit(" ", 1)
    return f"{family}^{given}"


def _title(row: Row) -> str:
    """The name in one line; DICOM takes no empty text, and a backslash for the end of a value (PS3.5 6.2)."""
    name = _one_value(row.name) or f"Segment {row.segment}"
    return name if row.component is None else f"{name} part {row.component}"


def _one_value(text: str) -> str:
    return " ".join(text.replace("\\", "/").split())
