"""Contours of radiotherapy and segments of a DICOM segmentation, chosen by number on the command line."""

import csv
import json

import numpy as np
import pytest
import SimpleITK as sitk
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian

from MedProcLib.core.dicom_structure_set import STORAGE
from MedProcLib.core.geometry import Geometry


@pytest.fixture
def structures_file(image, tmp_path):
    """Two squares, 6 and 12 voxels wide around one place, on slices 5 to 9 of the image."""
    grid, data = Geometry.of(image), Dataset()
    data.SOPClassUID, data.SOPInstanceUID, data.Modality = STORAGE, "1.2.3.9", "RTSTRUCT"
    data.StructureSetROISequence, data.ROIContourSequence = [], []
    for number, (name, half) in enumerate({"GTV": 3, "=PTV": 6}.items(), 1):
        said, drawn = Dataset(), Dataset()
        said.ROINumber, said.ROIName, said.ReferencedFrameOfReferenceUID = number, name, "1.2"
        drawn.ReferencedROINumber, drawn.ContourSequence = number, []
        for k in range(5, 10):
            corners = [(-half, -half), (half, -half), (half, half), (-half, half)]
            part = Dataset()
            part.ContourGeometricType = "CLOSED_PLANAR"
            points = grid.points(np.array([(19.5 + x, 23.5 + y, k) for x, y in corners]))
            part.ContourData = [f"{v:.4f}" for v in points.ravel()]
            drawn.ContourSequence.append(part)
        data.StructureSetROISequence.append(said)
        data.ROIContourSequence.append(drawn)
    data.file_meta = FileMetaDataset()
    data.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    data.file_meta.MediaStorageSOPClassUID, data.file_meta.MediaStorageSOPInstanceUID = STORAGE, "1.2.3.9"
    data.save_as(tmp_path / "contours.dcm", enforce_file_format=True)
    return tmp_path / "contours.dcm"


def test_measured_all_or_by_number(medproc, refused, image_file, structures_file, tmp_path):
    table = tmp_path / "t.csv"
    said = refused("quality", image_file, "--regions", structures_file, "-o", table)
    assert "'GTV' and '=PTV' overlap" in said and "#1 GTV; #2 =PTV" in said
    assert medproc("measure", image_file, structures_file, "--per", "segment", "-o", table)[0] == 0
    with table.open(newline="") as file:
        assert [row["name"] for row in csv.DictReader(file)] == ["GTV", "'=PTV"]
    assert medproc("measure", image_file, f"{structures_file}#2", "-o", table)[0] == 0
    with table.open(newline="") as file:
        first = next(csv.DictReader(file))
    assert (first["segment"], first["name"], first["count_voxels"]) == ("2", "'=PTV", str(12 * 12 * 5))


def test_scored_on_the_grid_of_the_other(medproc, refused, image, structures_file, tmp_path):
    values = np.zeros(image.GetSize()[::-1], np.uint8)
    values[5:10, 21:27, 17:23] = 1
    labels = Geometry.of(image).image_of(values)
    sitk.WriteImage(labels, str(tmp_path / "labels.nrrd"))
    metrics = tmp_path / "m.csv"
    assert medproc("evaluate", f"{structures_file}#1", tmp_path / "labels.nrrd", "-o", metrics)[0] == 0
    with metrics.open(newline="") as file:
        first = next(csv.DictReader(file))
    assert (first["name"], first["dice"]) == ("GTV", "1")
    assert "no grid" in refused("evaluate", structures_file, structures_file, "-o", metrics)


def test_another_coordinate_system_is_refused(refused, image, structures_file, dicom_series, tmp_path):
    folder = dicom_series(tmp_path / "series", image, "1.2.99")
    assert "another coordinate system" in refused("measure", folder, f"{structures_file}#1", "-o", tmp_path / "t.csv")


def test_as_a_mask(medproc, refused, image, image_file, structures_file, tmp_path):
    made = tmp_path / "made.nrrd"
    line = ("enhance", image_file, "--operation", "gaussian", "-p", "sd_mm=2", "-o", made)
    assert medproc(*line, "--mask", f"{structures_file}#1")[0] == 0
    changed = sitk.GetArrayFromImage(sitk.ReadImage(str(made))) != sitk.GetArrayFromImage(image)
    assert [(a.min(), a.max()) for a in np.nonzero(changed)] == [(5, 9), (21, 26), (17, 22)]
    line = ("enhance", structures_file, "--preset", "auto", "-o", made)
    assert "give it where a segmentation is asked for" in refused(*line)
    bare = tmp_path / "no mark.dcm"  # as some programs write them
    bare.write_bytes(structures_file.read_bytes()[132:])
    assert "give it where a segmentation is asked for" in refused("enhance", bare, *line[2:])
    assert "GTV" in json.loads(medproc("info", structures_file)[1])["segments"].values()
