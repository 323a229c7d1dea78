"""`measure --sr`: the DICOM report of a label map, from the shell."""

import numpy as np
import pydicom
import SimpleITK as sitk

from MedProcLib.app.main import run
from MedProcLib.core.files import write_image
from MedProcLib.core.seg_nrrd import segment_headers
from MedProcLib.scene.terminology import entry_of, terminology_text
from MedProcLib.segmentation.structures import structure


def _label_map(series) -> sitk.Image:
    values = np.zeros(sitk.GetArrayViewFromImage(series.image).shape, np.uint8)
    values[2:5, 5:12, 6:14] = 2
    return series.geometry.image_of(values)


def _labels(series, tmp_path):
    path = tmp_path / "labels.nrrd"
    sitk.WriteImage(_label_map(series), str(path))
    return path


def test_a_report_and_its_segmentation_are_written(series, tmp_path, capsys):
    made = series(np.random.default_rng(0).integers(0, 90, (6, 20, 24)))
    report, table = tmp_path / "report.dcm", tmp_path / "t.csv"
    line = ["measure", made.folder, _labels(made, tmp_path), "--per", "segment", "--group", "size"]
    line += ["--sr", report, "--reader", "Doe^Jane"]
    assert run([str(word) for word in [*line, "-o", table]]) == 0
    written = pydicom.dcmread(report)
    assert written.SOPClassUID.name == "Comprehensive 3D SR Storage"
    assert "Doe^Jane" in str(written.ContentSequence) and table.is_file()
    segmentation = pydicom.dcmread(tmp_path / "report_seg.dcm")
    assert segmentation.SegmentSequence[0].SegmentNumber == 1 and str(report) in capsys.readouterr().out


def test_codes_of_the_segmentation_file_and_of_known_names(series, tmp_path):
    made = series(np.random.default_rng(0).integers(0, 90, (6, 20, 24)), "MR")
    report, file = tmp_path / "report.dcm", tmp_path / "labels.seg.nrrd"
    shown = {2: structure("nodule")}
    terms = {2: terminology_text(entry_of(shown[2]))}
    write_image(_label_map(made), file, "", segment_headers(_label_map(made), shown, terms))
    line = [
        "measure",
        made.folder,
        file,
        "--per",
        "segment",
        "--group",
        "size",
        "--sr",
        report,
        "-o",
        tmp_path / "t.csv",
    ]
    for names, meaning, title in (
        ([], "Nodule", "Nodule"),
        (["--names", "2=nodule"], "Nodule", "nodule"),
        (["--names", "2=Spleen"], "Spleen", "Spleen"),
        (["--names", "2=Herd"], "Tissue", "Herd"),  # who knows what that is
    ):
        assert run([str(word) for word in [*line, *names]]) == 0
        (segment,) = pydicom.dcmread(tmp_path / "report_seg.dcm").SegmentSequence
        assert segment.SegmentedPropertyTypeCodeSequence[0].CodeMeaning == meaning and segment.SegmentLabel == title
    line[2] = _labels(made, tmp_path)
    assert run([str(word) for word in [*line, "--names", "2=kidney_left"]]) == 0
    (segment,) = pydicom.dcmread(tmp_path / "report_seg.dcm").SegmentSequence
    assert segment.SegmentedPropertyTypeCodeSequence[0].CodeValue == structure("kidney_left").type.value


def test_a_report_of_what_was_made_from_a_series(series, tmp_path, capsys):
    made = series(np.random.default_rng(0).integers(1, 90, (6, 20, 24)))
    image, report = tmp_path / "suv.nrrd", tmp_path / "report.dcm"
    sitk.WriteImage(sitk.Cast(made.image, sitk.sitkFloat32) / 10, str(image))
    line = ["measure", image, _labels(made, tmp_path), "--unit", "SUV", "--per", "segment", "--group", "intensity"]
    line += ["--sr", report, "-o", tmp_path / "t.csv"]
    assert run([str(word) for word in [*line, "--sr-of", made.folder]]) == 0
    text = str(pydicom.dcmread(report))
    assert "{SUVbw}g/ml" in text and made.files[0].exists()
    uid = pydicom.dcmread(made.files[0]).SeriesInstanceUID
    assert uid in text
    lean = sitk.ReadImage(str(image))
    lean.SetMetaData("MedProcQuantity", "{SUVlbm(Janma)}g/ml")
    sitk.WriteImage(lean, str(image))
    assert run([str(word) for word in [*line[:3], *line[5:], "--sr-of", made.folder]]) == 0
    assert "126405" in str(pydicom.dcmread(report))
    report.unlink()
    sitk.WriteImage(made.image[:, :, 1:], str(image))
    assert run([str(word) for word in [*line, "--sr-of", made.folder]]) == 2
    assert "image lies on other voxels" in capsys.readouterr().err and not report.exists()


def test_an_image_that_is_not_dicom_is_refused(series, tmp_path, capsys):
    made = series(np.zeros((6, 20, 24)))
    path = tmp_path / "image.nrrd"
    sitk.WriteImage(made.image, str(path))
    line = ["measure", path, _labels(made, tmp_path), "--sr", tmp_path / "r.dcm", "-o", tmp_path / "t.csv"]
    assert run([str(word) for word in line]) == 2
    assert "--sr-of" in capsys.readouterr().err and not (tmp_path / "t.csv").exists()
    assert run([str(word) for word in [*line[:3], "--reader", "Doe^Jane", "-o", tmp_path / "t.csv"]]) == 2
    assert "with --sr" in capsys.readouterr().err
