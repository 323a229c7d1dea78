"""Measurement reports and their segmentations, read back with pydicom and highdicom."""

import dataclasses
import math

import highdicom as hd
import numpy as np
import pydicom
import pytest
import SimpleITK as sitk
from pydicom.sr.codedict import codes

from MedProcLib.core.errors import InputError
from MedProcLib.core.files import read_image
from MedProcLib.core.geometry import Geometry
from MedProcLib.core.structure import Structure
from MedProcLib.quantification.measure import Measure, measure
from MedProcLib.report.dicom_sr.measurement_report import write_measurement_report
from MedProcLib.report.dicom_sr.referenced_segmentation import frames_of
from MedProcLib.report.dicom_sr.source_series import read_source_series
from MedProcLib.segmentation.structures import structure

SHAPE = (6, 20, 24)
STRUCTURES = {1: structure("kidney_left"), 2: structure("lesion")}
# The making of a report takes as long as it has figures.
FEW = ("count", "voxel_volume", "mesh_volume", "long_diameter", "short_diameter", "centroid_s", "mean", "sd")
NAMES = {1: "Left kidney", 2: "Läsion"}


def block_labels(geometry: Geometry) -> sitk.Image:
    """Label 1: blocks of 60 and of 4 voxels; label 2: two blocks of 8 voxels each."""
    labels = np.zeros(SHAPE, np.uint8)
    labels[1:4, 2:6, 3:8] = 1
    labels[5, 10:12, 3:5] = 1
    labels[0:2, 15:17, 15:17] = 2
    labels[4:6, 15:17, 15:17] = 2
    return geometry.image_of(labels)


@pytest.fixture
def values():
    return np.random.default_rng(3).integers(-100, 300, SHAPE)


@pytest.fixture
def measured(series, values):
    """(series, label map, rows) of a CT."""
    source = series(values)
    labels = block_labels(source.geometry)
    rows = measure(source.image, labels, NAMES, Measure(intensity_unit="HU"))
    return (
        source,
        labels,
        [dataclasses.replace(row, measurements=tuple(m for m in row.measurements if m.name in FEW)) for row in rows],
    )


def groups_of(path):
    report = hd.sr.srread(path)
    assert isinstance(report, hd.sr.Comprehensive3DSR)
    return report, report.content.get_volumetric_roi_measurement_groups()


def figures(group) -> dict[tuple[str, str], float]:
    return {
        (m.name.meaning, m.derivation.meaning if m.derivation is not None else ""): m.value
        for m in group.get_measurements()
    }


def test_a_group_for_each_segment_and_part(measured, tmp_path):
    source, labels, rows = measured
    files = write_measurement_report(rows, source.files, labels, STRUCTURES, tmp_path / "r.dcm", "Ann B. Reader")
    assert [file.name for file in files] == ["r.dcm", "r_parts_seg.dcm", "r_seg.dcm"]
    _report, groups = groups_of(files[0])
    assert [str(group.tracking_identifier) for group in groups] == [
        "Left kidney",
        "Läsion",
        *("Left kidney part 1", "Left kidney part 2", "Läsion part 1", "Läsion part 2"),
    ]
    assert len({group.tracking_uid for group in groups}) == 6
    assert [group.finding_type.value for group in groups[:2]] == ["64033007", structure("lesion").type.value]
    site = groups[0].finding_sites[0]
    assert (site.topographical_modifier, site.laterality.meaning) == (None, "Left")
    assert groups[1].finding_sites == []  # a lesion is no place
    found = figures(groups[0])
    whole = rows[0]
    assert found["Attenuation Coefficient", "Mean"] == pytest.approx(whole.value("mean"))
    assert found["Attenuation Coefficient", "Standard Deviation"] == pytest.approx(whole.value("sd"))
    assert found["Long Axis", ""] == pytest.approx(whole.value("long_diameter"))


def test_codes_units_and_methods(measured, tmp_path):
    source, labels, rows = measured
    report = write_measurement_report(rows[:1], source.files, labels, STRUCTURES, tmp_path / "r.dcm")[0]
    (group,) = groups_of(report)[1]
    by_name = {(m.name.meaning, m.method.value if m.method is not None else ""): m for m in group.get_measurements()}
    volume = by_name["Volume", "126030"]
    assert (volume.name.scheme_designator, volume.name.value, volume.unit.value) == ("SCT", "118565006", "mm3")
    mesh = by_name["Volume (mesh)", ""]  # told from the other volume by its name, as not all readers know methods
    assert (mesh.name.scheme_designator, mesh.name.value) == ("IBSI", "RNU0")
    (scheme,) = pydicom.dcmread(report).CodingSchemeIdentificationSequence
    assert scheme.CodingSchemeDesignator == "99MEDPROC"
    mean = by_name["Attenuation Coefficient", "Q4LE"]
    assert mean.unit.value == "[hnsf'U]" and mean.derivation.value == codes.SCT.MeanValueOfPopulation.value
    for measurement in group.get_measurements():
        assert all(len(c.value) <= 16 and c.meaning for c in (measurement.name, measurement.unit))


def test_the_segmentation_has_just_the_voxels_measured(measured, tmp_path):
    source, labels, rows = measured
    _r, parts, whole = write_measurement_report(rows, source.files, labels, STRUCTURES, tmp_path / "r.dcm")
    wanted = sitk.GetArrayFromImage(labels)
    uids = [pydicom.dcmread(file).SOPInstanceUID for file in reversed(source.files)]  # in the order of position
    read = hd.seg.segread(whole)
    np.testing.assert_array_equal(read.get_pixels_by_source_instance(uids, combine_segments=True), wanted)
    assert read.get_segment_description(1).SegmentLabel == "Left kidney"
    counts = hd.seg.segread(parts).get_pixels_by_source_instance(uids).sum(axis=(0, 1, 2))
    assert counts.tolist() == [60, 4, 8, 8]
    assert pydicom.dcmread(whole).ContentCreatorName == ""


def test_the_lines_of_the_diameters_lie_on_their_images(measured, tmp_path):
    source, labels, rows = measured
    report = hd.sr.srread(write_measurement_report(rows[:1], source.files, labels, STRUCTURES, tmp_path / "r.dcm")[0])
    lines = report.content.get_image_measurement_groups()
    volumetric = report.content.get_volumetric_roi_measurement_groups()
    assert [line.tracking_uid for line in lines] == [group.tracking_uid for group in volumetric]
    long_axis = lines[0].get_measurements()[0]
    (line,) = long_axis.referenced_coordinates
    (first, last) = np.asarray(line.value)
    # columns and rows count from the corner of the image: spacing is x, y
    assert math.hypot(*(np.subtract(last, first) * (0.75, 1.25))) == pytest.approx(long_axis.value, rel=1e-5)
    assert first.min() > 1.8 and last.max() < 9
    (image,) = line.ContentSequence
    uid = image.ReferencedSOPSequence[0].ReferencedSOPInstanceUID
    header = next(h for h in map(pydicom.dcmread, source.files) if h.SOPInstanceUID == uid)
    offset = np.subtract([float(v) for v in header.ImagePositionPatient], source.geometry.origin)
    assert np.linalg.norm(offset) == pytest.approx(2.5 * rows[0].slice_index, abs=1e-5)


def test_who_observed(measured, tmp_path):
    source, labels, rows = measured
    few = [dataclasses.replace(rows[0], measurements=rows[0].measurements[:2])]

    def observers(reader):
        path = write_measurement_report(few, source.files, labels, STRUCTURES, tmp_path / "r.dcm", reader)[0]
        report = hd.sr.srread(path)
        contexts = report.content.get_observer_contexts()
        return report, [c.observer_identifying_attributes.name for c in contexts]

    report, names = observers("Ann B. Reader")
    assert names == ["Reader^Ann B.", "MedProc"]
    assert (report.CompletionFlag, report.VerificationFlag) == ("COMPLETE", "UNVERIFIED")
    assert observers("")[1] == ["MedProc"]
    assert observers("Leser^Jürgen 读者")[1] == ["Leser^Jürgen 读者", "MedProc"]


def test_names_that_dicom_takes_otherwise(measured, tmp_path):
    """A backslash made two names of one, an empty one a report that others refuse; long ones began alike."""
    source, labels, rows = measured
    whole = [row for row in rows if row.component is None]
    names = " ", "T1\\T2\n" + 70 * "x"
    counts = [tuple(m for m in row.measurements if m.name == "count") for row in whole]
    rows = [dataclasses.replace(w, name=n, measurements=m) for w, n, m in zip(whole, names, counts, strict=True)]
    report, seg = write_measurement_report(rows, source.files, labels, STRUCTURES, tmp_path / "r.dcm", "A\\B Reader")
    long = "T1/T2 " + 70 * "x"
    assert [str(group.tracking_identifier) for group in groups_of(report)[1]] == ["Segment 1", long]
    segments = pydicom.dcmread(seg).SegmentSequence
    assert [one.TrackingID for one in segments] == ["Segment 1", long]
    assert [one.SegmentLabel for one in segments] == ["Segment 1", long[:59] + "... 2"]


def test_slices_in_another_order_are_the_same_voxels(measured, tmp_path):
    source, labels, rows = measured
    flipped = sitk.Flip(labels, (False, True, True))  # as loaders turn axes; each voxel stays where it is
    files = write_measurement_report(rows[:1], source.files, flipped, STRUCTURES, tmp_path / "r.dcm")
    assert hd.seg.segread(files[-1]).pixel_array.sum() == 64


def test_an_existing_segmentation_is_referred_to(measured, tmp_path):
    source, labels, rows = measured
    whole = [row for row in rows if row.component is None]
    _report, seg = write_measurement_report(whole, source.files, labels, STRUCTURES, tmp_path / "a.dcm")
    files = write_measurement_report(whole, source.files, labels, STRUCTURES, tmp_path / "b.dcm", segmentation=seg)
    assert [file.name for file in files] == ["b.dcm"]
    referenced = [group.referenced_segment.referenced_sop_instance_uid for group in groups_of(files[0])[1]]
    assert set(referenced) == {pydicom.dcmread(seg).SOPInstanceUID}
    other = sitk.GetArrayFromImage(labels)
    other[1, 2, 3] = 0
    changed = source.geometry.image_of(other)
    fewer = [row for row in measure(source.image, changed, NAMES) if row.component is None]
    with pytest.raises(InputError, match="64 voxels, 63 were measured"):
        write_measurement_report(fewer, source.files, changed, STRUCTURES, tmp_path / "c.dcm", segmentation=seg)


def test_figures_without_a_value_are_left_out(measured, tmp_path):
    source, labels, rows = measured
    parts = [row for row in rows if row.segment == 1]
    _report, groups = groups_of(
        write_measurement_report(parts, source.files, labels, STRUCTURES, tmp_path / "r.dcm")[0]
    )
    assert math.isnan(parts[2].value("mesh_volume"))
    finite = sum(math.isfinite(m.value) for m in parts[2].measurements)
    assert len(groups[2].get_measurements()) == finite < len(parts[2].measurements)


def test_mr_values_and_an_unknown_structure(series, values, tmp_path):
    source = series(values, "MR")
    labels = block_labels(source.geometry)
    rows = measure(source.image, labels)
    report, groups = groups_of(write_measurement_report(rows[:1], source.files, labels, {}, tmp_path / "r.dcm")[0])
    assert ("MR signal intensity", "Mean") in figures(groups[0])
    assert groups[0].finding_type is None and str(groups[0].tracking_identifier) == "Segment 1"
    assert report.PatientID == "P1" and report.StudyInstanceUID == pydicom.dcmread(source.files[0]).StudyInstanceUID


def test_a_single_image_is_a_planar_region(series, values, tmp_path):
    source = series(values[:1])
    labels = np.zeros((1, 20, 24), np.uint8)
    labels[0, 2:6, 3:8] = 1
    image = source.geometry.image_of(labels)
    rows = measure(source.image, image)
    report, seg = write_measurement_report(rows, source.files, image, STRUCTURES, tmp_path / "r.dcm")
    (group,) = hd.sr.srread(report).content.get_planar_roi_measurement_groups()
    assert group.roi is not None or group.reference_type is not None
    assert hd.seg.segread(seg).pixel_array.sum() == 20
    measures = pydicom.dcmread(seg).SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0]
    assert (float(measures.SpacingBetweenSlices), float(measures.SliceThickness)) == (2.5, 2.5)


def test_a_radiograph_is_reported_in_2d(shared_data, tmp_path):
    """A single image without position or thickness; measured as a 2D one."""
    file = shared_data / "06_dicom" / "single_and_multiframe" / "dx_image.dcm"
    image = read_image(file)[:, :, 0]
    labels = np.zeros(image.GetSize()[::-1], np.uint8)
    labels[42:84, 52:70] = 1
    shown = sitk.GetImageFromArray(labels)
    shown.CopyInformation(image)
    rows = measure(image, shown)
    report, seg = write_measurement_report(rows, [file], shown, {}, tmp_path / "r.dcm")
    content = hd.sr.srread(report).content
    (group,) = content.get_planar_roi_measurement_groups()
    named = {m.name.meaning: m.value for m in group.get_measurements()}
    assert named["Area"] == pytest.approx(42 * 18 * 1.2 * 1.2012, rel=1e-5)
    (lines,) = content.get_image_measurement_groups()
    (line,) = lines.get_measurements()[0].referenced_coordinates
    ends = np.asarray(line.value)
    assert ends.min(axis=0) == pytest.approx([52, 42], abs=1) and ends.max(axis=0) == pytest.approx([70, 84], abs=1)
    assert pydicom.dcmread(seg).PatientOrientation == (pydicom.dcmread(file).get("PatientOrientation") or "")


def test_overlapping_segments_have_segmentations_of_their_own(measured, tmp_path):
    source, labels, rows = measured
    over = sitk.GetArrayFromImage(labels) * 0
    over[2:4, 3:8, 3:8] = 3
    second = source.geometry.image_of(over)
    more = [row for row in measure(source.image, second) if row.component is None]
    files = write_measurement_report(
        [row for row in rows if row.component is None] + more, source.files, [labels, second], {}, tmp_path / "r.dcm"
    )
    assert sorted(file.name for file in files) == ["r.dcm", "r_seg.dcm", "r_seg2.dcm"]
    groups = groups_of(files[0])[1]
    assert [str(group.tracking_identifier) for group in groups] == ["Left kidney", "Läsion", "Segment 3"]
    assert hd.seg.segread(tmp_path / "r_seg2.dcm").pixel_array.sum() == 50
    with pytest.raises(InputError, match="measure again"):
        write_measurement_report(more, source.files, [labels, labels], {}, tmp_path / "x.dcm")


def test_frames_of_one_file_are_told_apart(shared_data, tmp_path):
    file = shared_data / "06_dicom" / "single_and_multiframe" / "eCT_Supplemental.dcm"
    image = read_image(file)
    grid = Geometry.of(image)
    labels = np.zeros(grid.size[::-1], np.uint8)
    labels[1, 100:110, 200:220] = 1
    rows = measure(image, grid.image_of(labels), settings=Measure(components=False, intensity=False))
    report, seg = write_measurement_report(rows, [file], grid.image_of(labels), {}, tmp_path / "r.dcm")
    (frame,) = hd.seg.segread(seg).PerFrameFunctionalGroupsSequence
    place = [float(value) for value in frame.PlanePositionSequence[0].ImagePositionPatient]
    assert place == pytest.approx(grid.points(np.array([[0, 0, 1]]))[0], abs=1e-4)
    (line,) = hd.sr.srread(report).content.get_image_measurement_groups()
    (image_item,) = line.get_measurements()[0].referenced_coordinates[0].ContentSequence
    number = image_item.ReferencedSOPSequence[0].ReferencedFrameNumber
    shown = pydicom.dcmread(file, stop_before_pixels=True).PerFrameFunctionalGroupsSequence[number - 1]
    assert place == pytest.approx([float(v) for v in shown.PlanePositionSequence[0].ImagePositionPatient], abs=1e-4)


def test_rows_of_slices_are_planar_regions(measured, tmp_path):
    source, labels, _rows = measured
    settings = Measure(components=False, slices=True, intensity=False, diameters=False)
    rows = measure(source.image, labels * (labels == 1), NAMES, settings)
    report, seg = write_measurement_report(rows, source.files, labels, STRUCTURES, tmp_path / "r.dcm")
    content = hd.sr.srread(report).content
    planes = content.get_planar_roi_measurement_groups()
    assert [str(plane.tracking_identifier) for plane in planes] == [f"Left kidney slice {n}" for n in (1, 2, 3, 5)]
    (area,) = [m for m in planes[3].get_measurements() if m.name.meaning == "Area"]
    assert area.value == pytest.approx(4 * 0.75 * 1.25)
    referenced = planes[3].referenced_segmentation_frame
    frame = hd.seg.segread(seg).pixel_array[referenced.referenced_frame_numbers[0] - 1]
    assert frame.sum() == 4
    assert referenced.referenced_segment_numbers is None  # not to be said beside frames (PS3.3 C.18.4)
    assert len(content.get_volumetric_roi_measurement_groups()) == 1


def test_without_a_count_parts_are_told_by_their_size(measured, tmp_path):
    source, labels, _rows = measured
    rows = measure(source.image, labels * (labels == 1), NAMES, Measure(size=False, diameters=False))
    parts = write_measurement_report(rows, source.files, labels, STRUCTURES, tmp_path / "r.dcm")[1]
    read = hd.seg.segread(parts)
    counts = [read.pixel_array[frames_of(read, number)].sum() for number in (1, 2)]
    assert counts == [60, 4]


def test_intervals_are_said_as_uncertainty(measured, tmp_path):
    source, labels, _rows = measured
    settings = Measure(components=False, intervals=True)
    (row, *_others) = measure(source.image, labels, NAMES, settings)
    path = write_measurement_report([row], source.files, labels, STRUCTURES, tmp_path / "r.dcm")[0]
    volume = next(item for item in items_below(pydicom.dcmread(path)) if concept_value(item) == "118565006")
    distances = [item for item in items_below(volume) if item.ValueType == "NUM"]
    ends = {concept_value(item): float(item.MeasuredValueSequence[0].NumericValue) for item in distances}
    units = [item.MeasuredValueSequence[0].MeasurementUnitsCodeSequence[0].CodeValue for item in distances]
    assert units == ["mm3", "mm3"]
    assert "confidence_percent = 95" in [item.get("TextValue") for item in items_below(volume)]
    upper = row.value("voxel_volume_high") - row.value("voxel_volume")
    lower = row.value("voxel_volume") - row.value("voxel_volume_low")
    assert sorted(ends.values()) == pytest.approx(sorted([upper, lower]), rel=1e-6) and "371886008" in ends
    names = [
        item.ConceptNameCodeSequence[0].CodeMeaning
        for item in items_below(pydicom.dcmread(path))
        if item.ValueType == "NUM"
    ]
    assert not any(name.endswith((" low", " high")) for name in names)


def items_below(item):
    """All content items below one."""
    for child in item.get("ContentSequence", []):
        yield child
        yield from items_below(child)


def concept_value(item) -> str:
    names = item.get("ConceptNameCodeSequence")
    return str(names[0].CodeValue) if names else ""


def test_what_is_not_dicom_is_refused(measured, tmp_path):
    source, labels, rows = measured
    nifti = tmp_path / "image.nii.gz"
    sitk.WriteImage(source.image, nifti)
    for files in ([nifti], []):
        with pytest.raises(InputError, match="report refers to DICOM images"):
            write_measurement_report(rows, files, labels, STRUCTURES, tmp_path / "r.dcm")
    assert not (tmp_path / "r.dcm").exists()


def rewritten(files, folder, **tags):
    """Copies of a series' files with other attributes; None removes one."""
    for number, file in enumerate(files):
        header = pydicom.dcmread(file)
        for name, value in tags.items():
            if value is None:
                del header[name]
            else:
                setattr(header, name, value)
        header.save_as(folder / f"{number}.dcm")
    return [folder / f"{number}.dcm" for number in range(len(files))]


@pytest.mark.parametrize(
    ("tags", "reason"),
    [
        ({"SOPInstanceUID": None}, "states no SOPInstanceUID"),
        ({"SOPClassUID": ""}, "states no SOPClassUID"),
        ({"FrameOfReferenceUID": None}, "states no FrameOfReferenceUID"),
        ({"SOPInstanceUID": "1.2.3"}, "Several slices state the same SOPInstanceUID"),
    ],
)
def test_images_that_cannot_be_referred_to(measured, tmp_path, tags, reason):
    source, _labels, _rows = measured
    with pytest.raises(InputError, match=reason):
        read_source_series(rewritten(source.files, tmp_path, **tags))


@pytest.mark.parametrize("stated", [None, ""])
def test_a_series_that_states_no_thickness(measured, tmp_path, stated):
    source, labels, rows = measured
    files = rewritten(source.files, tmp_path, SliceThickness=stated)
    _report, segmentation = write_measurement_report(rows[:1], files, labels, STRUCTURES, tmp_path / "r.dcm")
    shared = pydicom.dcmread(segmentation).SharedFunctionalGroupsSequence[0]
    assert float(shared.PixelMeasuresSequence[0].SliceThickness) == pytest.approx(source.geometry.spacing[2])


def test_other_voxels_than_those_measured_are_refused(measured, tmp_path):
    source, labels, rows = measured
    moved = sitk.Image(labels)
    moved.SetOrigin(np.add(labels.GetOrigin(), (0, 0, 1)).tolist())
    with pytest.raises(InputError, match="other voxels"):
        write_measurement_report(rows, source.files, moved, STRUCTURES, tmp_path / "r.dcm")
    with pytest.raises(InputError, match="measure again"):
        write_measurement_report(rows, source.files, labels * 0, STRUCTURES, tmp_path / "r.dcm")
    with pytest.raises(InputError, match="other voxels"):
        write_measurement_report(rows, source.files[:-1], labels, STRUCTURES, tmp_path / "r.dcm")
    with pytest.raises(InputError, match="nothing to report"):
        write_measurement_report([], source.files, labels, STRUCTURES, tmp_path / "r.dcm")
    assert not list(tmp_path.glob("*.dcm"))


def test_a_finding_in_a_stated_region(measured, tmp_path):
    source, labels, rows = measured
    nodule = structure("nodule")
    place = Structure("Nodule", (1.0, 0.0, 0.5), nodule.category, nodule.type, region=structure("liver").type)
    report = write_measurement_report(rows[:1], source.files, labels, {1: place}, tmp_path / "r.dcm")[0]
    (group,) = groups_of(report)[1]
    assert group.finding_sites[0].value.meaning == "Liver"
