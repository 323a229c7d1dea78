"""Reports and segmentations as dcmqi's own readers read them, where it is installed (pip install dcmqi)."""

import json
import math
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

from MedProcLib.core.dicom_segmentation import read_dicom_segmentation
from MedProcLib.core.files import read_image
from MedProcLib.core.geometry import Geometry, resample
from MedProcLib.quantification.measure import Measure, measure
from MedProcLib.report.dicom_sr.concepts import concept_of
from MedProcLib.report.dicom_sr.measurement_report import write_measurement_report
from MedProcLib.report.interval import interval_of, without_intervals
from MedProcLib.segmentation.structures import structure

STRUCTURES = {1: structure("kidney_left"), 2: structure("lesion")}
NAMES = {1: "Left kidney", 2: "Lesion"}
ALL_FIGURES = Measure(
    intensity_unit="HU", components=False, intervals=True, robust=True, distribution=True, shape=True, lung=True
)
UPPER, LOWER = "371886008", "371885007"
DIGITS = 1e-9  # a number has sixteen characters, sign and leading zeros included


def program(name: str) -> str:
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    found = shutil.which(name, path=path)
    if found is None:
        pytest.skip("dcmqi is not installed")
    return found


def call(name: str, *arguments: object) -> None:
    done = subprocess.run([program(name), *map(str, arguments)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def report_as_read(path: Path) -> dict[str, list[dict]]:
    """The measurement groups by their tracking identifier."""
    call("tid1500reader", "--inputDICOM", path, "--outputMetadata", path.with_suffix(".json"))
    groups: dict[str, list[dict]] = {}
    for group in json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))["Measurements"]:
        groups.setdefault(group["TrackingIdentifier"], []).append(group)
    return groups


def segments_as_read(path: Path) -> list[tuple[dict, sitk.Image]]:
    """What is said of each segment, and its label image."""
    folder = path.with_suffix("")
    folder.mkdir()
    call("segimage2itkimage", "--inputDICOM", path, "--outputDirectory", folder, "--prefix", "s")
    said = json.loads((folder / "s-meta.json").read_text(encoding="utf-8"))["segmentAttributes"]
    return [
        (segment, sitk.ReadImage(folder / f"s-{number}.nrrd") == segment["labelID"])
        for number, segments in enumerate(said, 1)
        for segment in segments
    ]


def code_of(item: dict, name: str) -> tuple[str, str] | None:
    code = item.get(name)
    return (code["CodingSchemeDesignator"], code["CodeValue"]) if code else None


def key(item: dict) -> tuple:
    return code_of(item, "quantity"), code_of(item, "derivationModifier"), code_of(item, "units")


def assert_all_is_read(row, group, modality) -> None:
    """Every figure of the row with its codes, value and interval, told apart by what dcmqi reads of it."""
    items = {key(item): item for item in group["measurementItems"]}
    assert len(items) == len(group["measurementItems"])
    wanted = [m for m in without_intervals(row.measurements) if math.isfinite(m.value)]
    for measurement in wanted:
        codes = [c and (c.scheme, c.value) for c in concept_of(measurement, modality).key]
        item = items[tuple(codes)]
        assert float(item["value"]) == pytest.approx(measurement.value, rel=DIGITS, abs=1e-14), measurement.name
        low, high = interval_of(measurement, row.measurements)
        ends = {each["numProperty"]["CodeValue"]: each for each in item.get("measurementNumProperties", [])}
        if math.isnan(low):
            continue
        for code, distance in ((UPPER, high - measurement.value), (LOWER, measurement.value - low)):
            assert ends[code]["numPropertyUnits"]["CodeValue"] == measurement.ucum
            assert float(ends[code]["numPropertyValue"]) == pytest.approx(max(distance, 0), rel=1e-9, abs=1e-12)
    assert len(items) == len(
        {concept_of(m, modality).key for m in wanted}
    )  # what two groups of figures have is said once


def assert_same_voxels(path: Path, expected: list[tuple[str, np.ndarray]], geometry: Geometry) -> None:
    """The segments have these names and voxels (slices, rows, columns of geometry)."""
    found = segments_as_read(path)
    assert [said["SegmentLabel"] for said, _ in found] == [name for name, _ in expected]
    for (_, image), (name, mask) in zip(found, expected, strict=True):
        own = Geometry.of(image)
        np.testing.assert_allclose(own.spacing, geometry.spacing, rtol=1e-5)
        np.testing.assert_allclose(own.direction, geometry.direction, atol=1e-6)
        corner = geometry.indices(np.array([own.origin]))[0]
        assert np.abs(corner - np.rint(corner)).max() < 1e-3, name
        placed = sitk.GetArrayFromImage(resample(image, geometry, interpolator=sitk.sitkNearestNeighbor))
        np.testing.assert_array_equal(placed, mask, err_msg=name)
        assert sitk.GetArrayViewFromImage(image).sum() == mask.sum()


@pytest.fixture(autouse=True)
def dcmqi():
    program("tid1500reader")


@pytest.fixture
def measured(series):
    """(series, label map, rows of size and intensity): a segment of two parts, one of a single one, oblique slices."""
    source = series(np.random.default_rng(3).integers(-100, 300, (6, 20, 24)))
    labels = np.zeros((6, 20, 24), np.uint8)
    labels[1:4, 2:6, 3:8] = 1
    labels[5, 10:12, 3:5] = 1
    labels[1:5, 12:18, 14:21] = 2
    image = source.geometry.image_of(labels)
    return source, image, measure(source.image, image, NAMES, Measure(intensity_unit="HU", diameters=False))


def test_all_figures_and_their_intervals(measured, tmp_path):
    source, labels, _rows = measured
    rows = measure(source.image, labels * (labels == 2), NAMES, ALL_FIGURES)
    report = write_measurement_report(rows, source.files, labels, STRUCTURES, tmp_path / "r.dcm")[0]
    groups = report_as_read(report)["Lesion"]
    assert len(groups[0]["measurementItems"]) > 60
    assert_all_is_read(rows[0], groups[0], "CT")
    # the group of the lines that the diameters were measured along
    assert [code_of(item, "quantity")[1] for item in groups[1]["measurementItems"]] == ["103339001", "103340004"]


def test_segments_and_parts(measured, tmp_path):
    source, labels, rows = measured
    report, parts, whole = write_measurement_report(rows, source.files, labels, STRUCTURES, tmp_path / "r.dcm", "A B")
    groups = report_as_read(report)
    shown = [row for row in rows if row.component is None or row.segment == 1]
    assert set(groups) == {"Left kidney", "Lesion", "Left kidney part 1", "Left kidney part 2"}
    for row in shown:
        title = row.name if row.component is None else f"{row.name} part {row.component}"
        assert_all_is_read(row, groups[title][0], "CT")
    assert code_of(groups["Lesion"][0], "Finding") == ("SCT", STRUCTURES[2].type.value)
    assert code_of(groups["Left kidney"][0], "Finding") == ("SCT", "64033007")
    assert groups["Left kidney"][0]["Laterality"]["CodeMeaning"] == "Left"
    assert [groups[name][0]["ReferencedSegment"] for name in NAMES.values()] == [1, 2]
    values, geometry = sitk.GetArrayFromImage(labels), source.geometry
    assert_same_voxels(whole, [(NAMES[n], values == n) for n in (1, 2)], geometry)
    first, second = values == 1, values == 1
    first[4:], second[:4] = False, False
    assert_same_voxels(parts, [("Left kidney part 1", first), ("Left kidney part 2", second)], geometry)


def test_figures_of_slices(measured, tmp_path):
    source, labels, _rows = measured
    settings = Measure(intensity_unit="HU", components=False, slices=True, diameters=False)
    rows = measure(source.image, labels, NAMES, settings)
    groups = report_as_read(write_measurement_report(rows, source.files, labels, {}, tmp_path / "r.dcm")[0])
    planes = [row for row in rows if row.slice is not None]
    assert len(planes) == 8
    for row in planes:
        assert_all_is_read(row, groups[f"{row.name} slice {row.slice}"][0], "CT")


def test_uptake_above_a_threshold_is_told_from_that_of_the_segment(series, tmp_path):
    source = series(np.random.default_rng(5).integers(1, 20, (6, 20, 24)))
    labels = np.zeros((6, 20, 24), np.uint8)
    labels[1:5, 4:15, 4:20] = 1
    image = source.geometry.image_of(labels)
    settings = Measure(
        intensity_unit="SUV", components=False, size=False, diameters=False, pet=True, uptake="percent_of_maximum"
    )
    rows = measure(source.image, image, {1: "Tumor"}, settings)
    assert rows[0].value("mean_uptake") > rows[0].value("mean")
    path = write_measurement_report(rows, source.files, image, {}, tmp_path / "r.dcm")[0]
    (group,) = report_as_read(path)["Tumor"]
    derivations = [code_of(item, "derivationModifier") for item in group["measurementItems"]]
    assert derivations.count(("SCT", "56851009")) == 1  # said once, though two groups of figures have it
    values = {round(float(item["value"]), 9) for item in group["measurementItems"]}
    assert {round(rows[0].value(name), 9) for name in ("mean", "mean_uptake", "peak_uptake")} <= values


def test_a_real_series_with_segments_that_dcmqi_wrote(shared_data, tmp_path):
    """dcmqi's CT and segmentation: read by us, measured, reported, and read by dcmqi again."""
    folder = shared_data / "08_dicom_seg_sr"
    with zipfile.ZipFile(folder / "ct-3slice.zip") as archive:
        archive.extractall(tmp_path / "ct")
    files = sorted((tmp_path / "ct").rglob("*.dcm"))
    image = read_image(tmp_path / "ct")
    given = read_dicom_segmentation(folder / "liver.dcm")
    labels = resample(given.maps[0], Geometry.of(image), interpolator=sitk.sitkNearestNeighbor)
    names = {number: each.name for number, each in given.structures.items()}
    rows = measure(image, labels, names, Measure(intensity_unit="HU", components=False))
    report, segmentation = write_measurement_report(rows, files, labels, given.structures, tmp_path / "r.dcm")
    (name,) = names.values()
    group = report_as_read(report)[name][0]
    assert_all_is_read(rows[0], group, "CT")
    assert code_of(group, "Finding") == ("SRT", "T-62000")  # the liver, in the words of that file
    expected = sitk.GetArrayFromImage(sitk.ReadImage(folder / "liver_seg.nrrd")) != 0
    assert_same_voxels(segmentation, [(name, expected)], Geometry.of(image))
