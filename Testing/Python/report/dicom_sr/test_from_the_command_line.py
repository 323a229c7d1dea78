"""`measure --sr`: the DICOM report of a label map, from the shell."""

import numpy as np
import pydicom
import SimpleITK as sitk

from MedProcLib.app.main import run


def _labels(series, tmp_path):
    values = np.zeros(sitk.GetArrayViewFromImage(series.image).shape, np.uint8)
    values[2:5, 5:12, 6:14] = 2
    path = tmp_path / "labels.nrrd"
    sitk.WriteImage(series.geometry.image_of(values), str(path))
    return path


def test_a_report_and_its_segmentation_are_written(series, tmp_path, capsys):
    made = series(np.random.default_rng(0).integers(0, 90, (6, 20, 24)))
    report, table = tmp_path / "report.dcm", tmp_path / "t.csv"
    line = ["measure", made.folder, _labels(made, tmp_path), "--per", "segment", "--sr", report, "--reader", "Doe^Jane"]
    assert run([str(word) for word in [*line, "-o", table]]) == 0
    written = pydicom.dcmread(report)
    assert written.SOPClassUID.name == "Comprehensive 3D SR Storage"
    assert "Doe^Jane" in str(written.ContentSequence) and table.is_file()
    segmentation = pydicom.dcmread(tmp_path / "report_seg.dcm")
    assert segmentation.SegmentSequence[0].SegmentNumber == 1 and str(report) in capsys.readouterr().out


def test_an_image_that_is_not_dicom_is_refused(series, tmp_path, capsys):
    made = series(np.zeros((6, 20, 24)))
    path = tmp_path / "image.nrrd"
    sitk.WriteImage(made.image, str(path))
    line = ["measure", path, _labels(made, tmp_path), "--sr", tmp_path / "r.dcm", "-o", tmp_path / "t.csv"]
    assert run([str(word) for word in line]) == 2
    assert "DICOM series" in capsys.readouterr().err and not (tmp_path / "t.csv").exists()
