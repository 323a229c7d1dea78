"""What all commands refuse alike, in one line and with nothing written: paths, names of results, what no step takes."""

import zipfile

import numpy as np
import pytest
import SimpleITK as sitk

MEDIAN = ("--operation", "median")


@pytest.fixture
def labels_file(image, tmp_path):
    path = tmp_path / "labels.nrrd"
    sitk.WriteImage(sitk.Cast(image > 100, sitk.sitkUInt8) + sitk.Cast(image > 300, sitk.sitkUInt8), str(path))
    return path


@pytest.fixture
def series_file(image, tmp_path):
    path = tmp_path / "series.nrrd"
    sitk.WriteImage(sitk.JoinSeries([image, image]), str(path))
    return path


def test_paths_that_hold_no_image(refused, image_file, tmp_path):
    with zipfile.ZipFile(tmp_path / "series.zip", "w") as packed:
        packed.write(image_file, "image.nrrd")
    assert "archive; unpack it" in refused("info", tmp_path / "series.zip")
    assert "argument IMAGE is empty" in refused("info", "")
    assert "argument OUTPUT is empty" in refused("compare", image_file, image_file, "-o", "")
    assert "single image; there is no number 2: leave #2 out" in refused("info", f"{image_file}#2")
    assert "no DICOM images" in refused("info", _folder(tmp_path / "empty"))


def test_a_result_whose_name_promises_something_else(refused, image_file, mask_file, tmp_path):
    before = sorted(tmp_path.iterdir())
    assert "no table: end it in .csv, .tsv, .xlsx or .json" in refused(
        "measure", image_file, mask_file, "-o", tmp_path / "t.ods"
    )
    assert "no table: end it in .csv" in refused("quality", image_file, "-o", tmp_path / "q.txt")
    assert "no JSON file" in refused("learn-scale", image_file, "-o", tmp_path / "s.nrrd")
    assert sorted(tmp_path.iterdir()) == before


def test_the_format_may_be_said_instead(medproc, image_file, mask_file, tmp_path):
    code, _out, err = medproc("measure", image_file, mask_file, "--format", "tsv", "-o", tmp_path / "t.txt")
    assert code == 0 and "\t" in (tmp_path / "t.txt").read_text(), err


def test_two_results_in_one_file(refused, image_file, mask_file, tmp_path):
    both = tmp_path / "both.nrrd"
    blobs = ("segment", image_file, "--operation", "blobs", "-o", both)
    assert "named for two results" in refused(*blobs, "--findings", both)
    assert "named for two results" in refused("combine", mask_file, mask_file, "-o", both, "--performance", both)
    assert not both.exists()


def test_what_no_step_takes(refused, image_file, mask_file, tmp_path):
    target = tmp_path / "x.nrrd"
    assert "do not use --reference: leave it out" in refused(
        "enhance", image_file, *MEDIAN, "--reference", image_file, "-o", target
    )
    otsu = ("segment", image_file, "--operation", "multi_otsu", "-o", target)
    assert "do not use --seed: leave it out" in refused(*otsu, "--seed", "17,50,54")
    assert "do not use --seeds: leave it out" in refused(*otsu, "--seeds", mask_file)
    assert "do not use --labels: leave it out" in refused(*otsu, "--labels", mask_file)
    assert "no maps; leave --maps out" in refused(*otsu, "--maps", tmp_path / "maps")
    assert not target.exists() and not (tmp_path / "maps").exists()


def test_what_a_step_needs(refused, image_file, tmp_path):
    target = ("-o", tmp_path / "x.nrrd")
    grow = refused("segment", image_file, "--operation", "connected_threshold", *target)
    assert grow.endswith(": give --seed or --seeds.\n") and "label map of seeds" in grow
    assert ": give --labels." in refused("segment", image_file, "--operation", "smooth", *target)
    assert ": give --reference." in refused("enhance", image_file, "--operation", "histogram_matching", *target)


def test_a_mask_with_voxels_that_are_no_number(refused, image, image_file, tmp_path):
    values = (sitk.GetArrayFromImage(image) > 100).astype(np.float32)
    values[0, 0, 0] = np.nan
    mask = sitk.GetImageFromArray(values)
    mask.CopyInformation(image)
    sitk.WriteImage(mask, str(tmp_path / "mask.nrrd"))
    line = ("enhance", image_file, *MEDIAN, "--mask", tmp_path / "mask.nrrd", "-o", tmp_path / "x.nrrd")
    assert "no number" in refused(*line)


def test_times_that_are_none(refused, series_file, mask_file, tmp_path):
    line = ("measure", series_file, mask_file, "-o", tmp_path / "t.csv", "--times")
    assert "later than the one before" in refused(*line, 2, 1)
    assert "later than the one before" in refused(*line, 0, "nan")


def test_a_line_out_of_all_bounds(refused, image_file, tmp_path):
    line = ("profile", image_file, "--from", "0,30,50", "-o", tmp_path / "p.csv", "--to")
    assert "too many" in refused(*line, "1e300,60,50")


def test_a_frame_of_what_is_no_dynamic_series(refused, image_file, tmp_path):
    line = ("suv", image_file, "--frame", 1, "-o", tmp_path / "suv.nrrd")
    assert "it is NRRD, which does not keep what SUV needs" in refused(*line)


def test_labels_named_that_are_not_there(medproc, image_file, labels_file, tmp_path):
    names = ("--names", "1=Body", "7=Liver")
    for command in ("measure", "histogram"):
        code, _out, err = medproc(command, image_file, labels_file, *names, "-o", tmp_path / "t.csv")
        assert code == 0 and err == "note: --names: the segmentation has no label 7 (Liver)\n"


def test_a_place_that_takes_no_files(refused, image_file):
    """As of a disk that is not ours to write on."""
    assert "/proc/x.nrrd cannot be written: " in refused("enhance", image_file, *MEDIAN, "-o", "/proc/x.nrrd")
    assert "Folder /proc/x cannot be written to: " in refused("compare", image_file, image_file, "-o", "/proc/x")


def test_names_of_any_script(medproc, image, tmp_path):
    folder = _folder(tmp_path / "Größe 漢 'x' \"y\"")
    for ending in (".nrrd", ".nii.gz", ".mha"):
        source, target = folder / f"ünï{ending}", folder / f"ört {ending}"
        sitk.WriteImage(image, str(source))
        code, _out, err = medproc("enhance", source, *MEDIAN, "-o", target)
        assert (code, err) == (0, "")
        assert np.isfinite(sitk.GetArrayFromImage(sitk.ReadImage(str(target)))).all()


def _folder(path):
    path.mkdir()
    return path


def test_labels_that_others_are_measured_to_are_there(medproc, image_file, labels_file, tmp_path):
    line = ("measure", image_file, labels_file, "--operation", "segment_distances", "--names", "1=Body", "2=Core")
    code, _out, err = medproc(*line, "-o", tmp_path / "t.csv")
    assert (code, err) == (0, "")
