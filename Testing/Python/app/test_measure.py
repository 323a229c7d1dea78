"""`measure`: rows per component or slice, groups of figures, formats, time series."""

import csv
import json

import numpy as np
import pydicom
import pytest
import SimpleITK as sitk

from MedProcLib.app.commands import COMMANDS
from MedProcLib.app.commands.measurements import MEASURE_GROUPS
from MedProcLib.app.parser import make_parser
from MedProcLib.core.files import read_image
from MedProcLib.quantification.region_figures import GROUPS


@pytest.fixture
def labels_file(image, tmp_path):
    path = tmp_path / "labels.seg.nrrd"
    labels = sitk.Cast(image > 300, sitk.sitkUInt8) * 3
    labels.SetMetaData("Segment0_LabelValue", "3")
    labels.SetMetaData("Segment0_Name", "Hot")
    sitk.WriteImage(labels, str(path))
    return path


def table_of(path, delimiter=","):
    with path.open(newline="") as file:
        return list(csv.DictReader(file, delimiter=delimiter))


def test_groups_of_the_command_are_those_there_are():
    assert MEASURE_GROUPS == GROUPS


def test_all_options_are_understood():
    line = (
        "measure I S --per slice --group size ct --unit HU -p hu_ranges=a:1..2 --format tsv --long --times 0 2.5 -o T"
    )
    parsed = make_parser(COMMANDS).parse_args(line.split())
    assert (parsed.per, parsed.group, parsed.times) == ("slice", ["size", "ct"], [0, 2.5])


def test_rows_of_slices(medproc, image, image_file, labels_file, tmp_path):
    table = tmp_path / "t.csv"
    assert medproc("measure", image_file, labels_file, "--per", "slice", "-o", table)[0] == 0
    rows = table_of(table)
    inside = sitk.GetArrayFromImage(image) > 300
    assert [row["slice"] for row in rows] == ["", *map(str, np.flatnonzero(inside.any(axis=(1, 2))))]
    assert {row["name"] for row in rows} == {"Hot"}
    assert float(rows[1]["area_mm2"]) == pytest.approx(inside[int(rows[1]["slice"])].sum() * 2.25)


def test_a_cropped_segmentation_is_put_in_its_place(medproc, refused, image, image_file, labels_file, tmp_path):
    whole, cropped = tmp_path / "whole.csv", tmp_path / "cropped.csv"
    assert medproc("measure", image_file, labels_file, "-o", whole)[0] == 0
    labels = sitk.ReadImage(str(labels_file))
    statistics = sitk.LabelShapeStatisticsImageFilter()
    statistics.Execute(labels)
    x, y, z, *size = statistics.GetBoundingBox(3)
    part = labels[x : x + size[0], y : y + size[1], z : z + size[2]]
    for key in labels.GetMetaDataKeys():
        part.SetMetaData(key, labels.GetMetaData(key))
    sitk.WriteImage(part, str(tmp_path / "part.seg.nrrd"))
    assert medproc("measure", image_file, tmp_path / "part.seg.nrrd", "-o", cropped)[0] == 0
    assert cropped.read_text() == whole.read_text()
    part.SetOrigin(image.TransformContinuousIndexToPhysicalPoint((x + 0.5, y, z)))
    sitk.WriteImage(part, str(tmp_path / "part.seg.nrrd"))
    assert "differs" in refused("measure", image_file, tmp_path / "part.seg.nrrd", "-o", cropped)
    part.SetOrigin(image.TransformIndexToPhysicalPoint((-2, y, z)))
    sitk.WriteImage(part, str(tmp_path / "part.seg.nrrd"))
    assert "labels outside the image" in refused("measure", image_file, tmp_path / "part.seg.nrrd", "-o", cropped)


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 0, 1), (1, 0, 2)])
@pytest.mark.parametrize("flips", [(False, True, False), (True, True, True)])
def test_a_segmentation_with_other_axes_is_turned(medproc, image_file, labels_file, tmp_path, order, flips):
    expected, table = tmp_path / "expected.csv", tmp_path / "t.csv"
    assert medproc("measure", image_file, labels_file, "-o", expected)[0] == 0
    labels = sitk.ReadImage(str(labels_file))
    turned = sitk.Flip(sitk.PermuteAxes(labels, order), flips)
    for key in labels.GetMetaDataKeys():
        turned.SetMetaData(key, labels.GetMetaData(key))
    assert turned.GetDirection() != labels.GetDirection()
    sitk.WriteImage(turned, str(tmp_path / "turned.nrrd"))
    sitk.WriteImage(turned[1:, :-1, 1:], str(tmp_path / "cropped.nrrd"))
    for name in ("turned", "cropped"):
        assert medproc("measure", image_file, tmp_path / f"{name}.nrrd", "--names", "3=Hot", "-o", table)[0] == 0
        assert table.read_text() == expected.read_text()


def test_groups_long_and_tab_separated(medproc, image_file, labels_file, tmp_path):
    table = tmp_path / "t.tsv"
    options = ("--per", "segment", "--group", "robust", "distribution", "--long", "-p", "histogram_bins=16")
    assert medproc("measure", image_file, labels_file, *options, "-o", table)[0] == 0
    rows = {row["figure"]: row for row in table_of(table, "\t")}
    assert "mean" not in rows and json.loads(rows["entropy"]["parameters"])["bins"] == 16
    assert rows["energy"]["unit"] == "{intensity}2" and rows["skewness"]["code"] == "IBSI:KE2A"


def test_json_holds_definitions_and_provenance(medproc, image_file, labels_file, tmp_path):
    output = tmp_path / "t.json"
    assert medproc("measure", image_file, labels_file, "--unit", "HU", "--group", "lung", "-o", output)[0] == 0
    record = json.loads(output.read_text())
    assert record["steps"][0]["parameters"]["lung"] is True and record["inputs"]["image"] == str(image_file)
    assert record["figures"]["low_attenuation_950"]["meaning"].startswith("emphysema index")
    assert record["rows"][0]["measurements"]["low_attenuation_950"] == {"value": 0.0, "parameters": {"below_HU": -950}}
    assert record["rows"][1]["component"] == 1


def test_series(medproc, refused, image, labels_file, tmp_path):
    series, table = tmp_path / "series.nrrd", tmp_path / "t.csv"
    sitk.WriteImage(sitk.JoinSeries([image, image * 2]), str(series))
    options = ("--per", "segment", "--times", "0", "7.5")
    assert medproc("measure", series, labels_file, *options, "-o", table)[0] == 0
    first, second = table_of(table)
    assert (first["time_point"], second["time_s"]) == ("0", "7.5")
    assert float(second["mean"]) == pytest.approx(2 * float(first["mean"]))
    cropped = tmp_path / "cropped.nrrd"  # as Slicer saves segments
    sitk.WriteImage(sitk.ReadImage(str(labels_file))[1:, 2:, 3:], str(cropped))
    assert medproc("measure", series, cropped, *options, "-o", table)[0] == 0
    assert table_of(table)[1]["mean"] == second["mean"]
    assert "2 images" in refused("measure", series, labels_file, "--times", "1", "-o", table)
    tiny, labels = image > 1e6, tmp_path / "tiny.nrrd"
    tiny[14:17, 20:23, 9:12] = 1
    sitk.WriteImage(tiny, str(labels))
    err = medproc("measure", series, labels, "--per", "segment", "--group", "shape", "-o", table)[2]
    assert "note: 'Segment 1': too few voxels" in err  # once, not for each image


def test_another_operation_that_measures_segments(medproc, refused, image, tmp_path):
    ct, labels, table = (tmp_path / name for name in ("ct.nrrd", "labels.nrrd", "t.csv"))
    sitk.WriteImage(image - 100, str(ct))
    sitk.WriteImage(sitk.Cast(image > 300, sitk.sitkUInt8), str(labels))
    arguments = ("measure", ct, labels, "--operation", "calcium_score", "-p", "slices=yes", "-o", table)
    assert medproc(*arguments)[0] == 0
    rows = table_of(table)
    assert rows[-1]["name"] == "All segments" and float(rows[0]["agatston_score"]) > 100
    assert "set its own parameters with -p" in refused(*arguments, "--group", "size")


def test_a_map_of_adc_without_a_unit_is_told(medproc, image, dicom_series, tmp_path):
    series, labels, table = tmp_path / "adc", tmp_path / "labels.nrrd", tmp_path / "t.csv"
    dicom_series(series, image[:, :, 8:13], "1.2.9")
    sitk.WriteImage(sitk.Cast(image[:, :, 8:13] > 300, sitk.sitkUInt8), str(labels))
    arguments = ("measure", series, labels, "--per", "segment", "-o", table)
    for kind, told in ((["ORIGINAL", "PRIMARY", "M", "SE"], False), (["DERIVED", "SECONDARY", "ADC"], True)):
        for path in series.iterdir():
            header = pydicom.dcmread(path)
            header.Modality, header.ImageType = "MR", kind
            header.save_as(path)
        code, _, err = medproc(*arguments)
        assert code == 0 and ("a map of ADC that does not state its unit: say it with --unit" in err) is told
        assert "mean" in table_of(table)[0]
    _, _, err = medproc(*arguments, "--unit", "10-6 mm2/s")
    assert "map of ADC" not in err and any(column.startswith("mean_10-6") for column in table_of(table)[0])


def test_distances_points_and_patterns(medproc, image, image_file, tmp_path):
    """What is not of single segments in 3D: a row for each two, for each point, for each largest slice."""
    labels, table = tmp_path / "labels.nrrd", tmp_path / "t.csv"
    balls = sitk.ConnectedComponent(image > 300)
    sitk.WriteImage(sitk.Cast(balls, sitk.sitkUInt8), str(labels))
    measured = ("measure", image_file, labels, "-o", table, "--names", "1=Left", "2=Right", "--operation")
    code, out, _ = medproc(*measured, "segment_distances")
    (row,) = table_of(table)
    assert (code, out) == (0, f"1 distance: {table}\n")
    assert (row["name"], row["other"]) == ("Left to Right", "2")
    assert float(row["centroid_distance_mm"]) == pytest.approx(1.5 * np.hypot(np.hypot(13, 10), 2), rel=0.05)
    assert medproc(*measured, "plane_descriptors", "-p", "zernike_order=4")[0] == 0
    rows = table_of(table)
    assert [row["name"] for row in rows] == ["Left", "Right"] and "binary_pattern_3" in rows[0]
    assert float(rows[0]["zernike_0_0"]) == pytest.approx(1 / np.pi, rel=0.1)
    code, out, _ = medproc(*measured, "key_points", "-p", "detector=harris")
    points = table_of(table)
    assert code == 0 and out == f"{len(points)} key point{'s' * (len(points) != 1)}: {table}\n"
    assert points[0]["name"] == "Key point 1" and "strength" in points[0]


def test_a_component_that_is_all_of_its_segment_has_no_row_unasked(medproc, image, image_file, labels_file, tmp_path):
    labels, table = tmp_path / "labels.nrrd", tmp_path / "t.csv"
    sitk.WriteImage(sitk.Cast(sitk.ConnectedComponent(image > 300), sitk.sitkUInt8), str(labels))
    for given, asked, listed in (
        (labels, (), ["", ""]),
        (labels, ("--per", "component"), ["", "1", "", "1"]),
        (labels_file, (), ["", "1", "2"]),
    ):
        assert medproc("measure", image_file, given, *asked, "-o", table)[0] == 0
        assert [row["component"] for row in table_of(table)] == listed


def test_an_image_whose_file_says_suv_is_in_suv(medproc, image, labels_file, tmp_path):
    image.SetMetaData("MedProcQuantity", "{SUVbw}g/ml")
    path, table = tmp_path / "suv.nrrd", tmp_path / "t.csv"
    sitk.WriteImage(image * 0.01, str(path))
    code, out, _ = medproc("measure", path, labels_file, "--unit", "SUV", "--group", "pet", "-o", table)
    assert code == 0 and out.startswith("All segments: metabolic volume ")
    given = table_of(table)
    suv = image * 0.01
    suv.SetMetaData("MedProcQuantity", "{SUVbw}g/ml")
    sitk.WriteImage(suv, str(path))
    assert medproc("measure", path, labels_file, "--group", "pet", "-o", table)[0] == 0
    suv.SetMetaData("MedProcQuantity", "{SUVlbm(Janma)}g/ml")
    sitk.WriteImage(suv, str(tmp_path / "sul.nrrd"))
    lean = tmp_path / "lean.csv"
    assert medproc("measure", tmp_path / "sul.nrrd", labels_file, "--group", "pet", "-o", lean)[0] == 0
    assert table_of(lean)[0]["maximum_uptake_SUL"] == given[0]["maximum_uptake_SUV"]
    assert table_of(table) == given and float(given[0]["maximum_uptake_SUV"]) > 3


def test_what_rests_on_too_few_voxels_is_said(medproc, image, image_file, tmp_path):
    labels, table = tmp_path / "labels.nrrd", tmp_path / "t.csv"
    tiny = image > 1e6
    tiny[14:17, 20:23, 9:12] = 1
    tiny[30:32, 30:32, 2] = 2
    sitk.WriteImage(sitk.Cast(tiny + (image > 100) * (tiny == 0) * 3, sitk.sitkUInt8), str(labels))
    code, _, err = medproc("measure", image_file, labels, "--per", "segment", "--group", "shape", "-o", table)
    assert code == 0 and "note: 'Segment 1', 'Segment 2': too few voxels for some figures" in err
    cube, square, large = (row["not_reliable"] for row in table_of(table))
    assert large == "" and "below 64 voxels: surface area crofton" in cube and "below 27" not in cube
    assert "below 27 voxels: equivalent diameter" in square and "mean thickness" not in square  # it is not there at all
    assert medproc("measure", image_file, labels, "--group", "size", "-o", table)[0] == 0
    assert "not_reliable" not in table_of(table)[0]


def test_voxels_without_a_number_and_what_the_border_may_have_cut_are_said(medproc, image, image_file, tmp_path):
    path, labels, table = tmp_path / "nan.nrrd", tmp_path / "labels.nrrd", tmp_path / "t.csv"
    holes = sitk.Cast(image, sitk.sitkFloat32)
    holes[3:5, 4, 5] = float("nan")
    drawn = sitk.Image(image.GetSize(), sitk.sitkUInt8)
    drawn.CopyInformation(image)
    drawn[2:8, 2:8, 2:8], drawn[0:3, 20:23, 9:12] = 1, 2
    sitk.WriteImage(holes, str(path))
    sitk.WriteImage(drawn, str(labels))
    code, _, err = medproc("measure", path, labels, "--per", "segment", "-o", table)
    assert code == 0 and "note: 'Segment 1': 2 of its voxels without a number, left out of the intensities" in err
    assert "note: 'Segment 2': at the border of the image; of what may lie beyond nothing is measured" in err


def test_dose_is_measured_in_gray(medproc, shared_data, tmp_path):
    stored = pydicom.dcmread(shared_data / "06_dicom" / "single_and_multiframe" / "rtdose.dcm")
    stored.DoseUnits, stored.DoseGridScaling = "GY", "1e-4"
    dose, labels, table = (tmp_path / name for name in ("dose.dcm", "labels.nrrd", "t.csv"))
    stored.save_as(dose)
    drawn = sitk.Image(10, 10, 15, sitk.sitkUInt8)
    drawn[2:8, 2:8, 3:10] = 1
    drawn.CopyInformation(read_image(dose))
    sitk.WriteImage(drawn, str(labels))
    assert medproc("measure", dose, labels, "--per", "segment", "-o", table)[0] == 0
    raw = stored.pixel_array[3:10, 2:8, 2:8] * 1e-4
    assert float(table_of(table)[0]["mean_Gy"]) == pytest.approx(raw.mean(), rel=1e-6)
    assert medproc("histogram", dose, labels, "--bins", 4, "-o", table)[0] == 0
    assert {row["unit"] for row in table_of(table)} == {"Gy"}


def test_segments_that_overlap_are_each_measured_whole(medproc, refused, image, image_file, tmp_path):
    path, table = tmp_path / "overlapping.seg.nrrd", tmp_path / "t.csv"
    limits = {"Bright": 200, "Brighter": 300, "Nothing": 1e9}
    layered = sitk.Compose([sitk.Cast(image > limit, sitk.sitkUInt8) for limit in limits.values()])
    for number, name in enumerate(limits):  # a value of 1 in each layer, as Slicer writes them
        for key, text in {"Name": name, "LabelValue": "1", "Layer": str(number)}.items():
            layered.SetMetaData(f"Segment{number}_{key}", text)
    sitk.WriteImage(layered, str(path))
    values, voxel = sitk.GetArrayViewFromImage(image), np.prod(image.GetSpacing())
    sizes = {name: pytest.approx(voxel * np.count_nonzero(values > limit)) for name, limit in limits.items()}
    del sizes["Nothing"]
    assert medproc("measure", image_file, path, "--per", "segment", "-o", table)[0] == 0
    assert {row["name"]: float(row["voxel_volume_mm3"]) for row in table_of(table)} == sizes
    for command in ("histogram", "features"):
        assert medproc(command, image_file, path, *["--all-labels"] * (command == "features"), "-o", table)[0] == 0
    pair = ("measure", image_file, path, "--operation", "segment_distances", "-o", table)
    assert medproc(*pair)[0] == 0
    (row,) = table_of(table)
    assert row["name"] == "Bright to Brighter" and float(row["shared_volume_mm3"]) == sizes["Brighter"]
    assert medproc("measure", image_file, path, "--operation", "plane_descriptors", "-o", table)[0] == 0
    assert [row["name"] for row in table_of(table)] == list(sizes)
    assert medproc("measure", image_file, f"{path}#2", "--per", "segment", "-o", table)[0] == 0
    assert {row["name"]: float(row["voxel_volume_mm3"]) for row in table_of(table)} == {"Brighter": sizes["Brighter"]}
    told = json.loads(medproc("info", f"{path}#2")[1])
    assert told["segments"] == {"2": "Brighter"} and told["mean"] == pytest.approx(2 * np.mean(values > 300))
    said = refused("quality", image_file, "--regions", path, "-o", table)
    assert "'Bright' and 'Brighter' overlap" in said and "as 'FILE#NUMBER': #1 Bright; #2 Brighter" in said


def test_a_segment_without_numbers_is_said(medproc, image, labels_file, tmp_path):
    path, table = tmp_path / "nan.nrrd", tmp_path / "t.csv"
    sitk.WriteImage(image * float("nan"), str(path))
    code, _, err = medproc("measure", path, labels_file, "-o", table)
    assert code == 0 and "note: 'Hot': no voxel holds a number, so there are no intensities" in err
    assert float(table_of(table)[0]["voxel_volume_mm3"]) > 100 and table_of(table)[0]["mean"] == ""


class TestWrong:
    def test_unit(self, refused, image_file, labels_file, tmp_path):
        said = refused("measure", image_file, labels_file, "--unit", "furlong", "-o", tmp_path / "t.csv")
        assert "intensity_unit" in said and "10-6 mm2/s" in said

    def test_group_of_another_modality(self, refused, image_file, labels_file, tmp_path):
        said = refused("measure", image_file, labels_file, "--group", "pet", "-o", tmp_path / "t.csv")
        assert "need values in SUV or SUL" in said

    def test_times_of_a_single_image(self, refused, image_file, labels_file, tmp_path):
        assert "single image" in refused("measure", image_file, labels_file, "--times", "1", "-o", tmp_path / "t.csv")

    def test_long_json(self, refused, image_file, labels_file, tmp_path):
        assert "--long" in refused("measure", image_file, labels_file, "--long", "-o", tmp_path / "t.json")


def test_a_radiograph_has_areas_and_no_volumes(medproc, shared_data, tmp_path):
    file = shared_data / "06_dicom" / "single_and_multiframe" / "dx_image.dcm"
    image = read_image(file)
    assert image.GetSize() == (211, 169, 1)
    values = np.zeros((1, 169, 211), np.uint8)
    values[0, 42:84, 52:70] = 1
    labels = sitk.GetImageFromArray(values)
    labels.CopyInformation(image)
    sitk.WriteImage(labels, tmp_path / "m.nrrd")
    table, features = tmp_path / "t.csv", tmp_path / "f.csv"
    code, _, err = medproc("measure", file, tmp_path / "m.nrrd", "--per", "segment", "--group", "size", "-o", table)
    assert code == 0 and "thickness" not in err
    (row,) = table_of(table)
    assert float(row["area_mm2"]) == pytest.approx(42 * 18 * 1.2 * 1.2012, rel=1e-5)
    assert not any("mm3" in column or "volume" in column for column in row)
    code, _, err = medproc("features", file, tmp_path / "m.nrrd", "-o", features)
    assert code == 0 and "there is no preset for DX" in err
    assert not any(row["family"] == "morphology" for row in table_of(features))


def test_why_a_figure_has_no_value_is_said(medproc, tmp_path):
    values = np.random.default_rng(0).normal(0, 1, (24, 24, 24)).astype(np.float32)
    labels = np.zeros(values.shape, np.uint8)
    labels[6:18, 6:18, 6:18] = 1  # nothing is seen of it
    for array, name in ((values, "i.nrrd"), (labels, "l.nrrd")):
        sitk.WriteImage(sitk.GetImageFromArray(array), tmp_path / name)
    code, _, err = medproc(
        *("measure", tmp_path / "i.nrrd", tmp_path / "l.nrrd", "--per", "segment", "--group", "shape"),
        *("-o", tmp_path / "t.csv"),
    )
    assert code == 0 and "'Segment 1': no partial volume, as contrast to the surroundings is too low" in err


def test_an_image_in_place_of_a_segmentation_is_refused(medproc, refused, tmp_path):
    file = tmp_path / "i.nrrd"
    for command, shape in (("measure", (6, 6, 6)), ("features", (6, 6, 6)), ("evaluate", (12, 18, 1))):
        sitk.WriteImage(sitk.GetImageFromArray(np.arange(6**3, dtype=np.uint8).reshape(shape)), file)
        assert "holds gray values, as an image" in refused(command, file, file, "-o", tmp_path / "t.csv")
    points = np.zeros((9, 20, 20), np.int16)  # many labels of a voxel each are none
    points[::2, ::2, ::3] = np.arange(1, 351).reshape(5, 10, 7)
    sitk.WriteImage(sitk.GetImageFromArray(points), file)
    assert medproc("measure", file, file, "--group", "size", "-o", tmp_path / "t.csv")[0] == 0


def test_what_one_voxel_lacks_is_said_once_for_each_reason(medproc, tmp_path):
    labels = np.zeros((9, 9, 9), np.uint8)
    labels[4, 4, 4] = 1
    for array, name in ((labels.astype(np.float32), "i.nrrd"), (labels, "l.nrrd")):
        sitk.WriteImage(sitk.GetImageFromArray(array), tmp_path / name)
    code, _, err = medproc(
        *("measure", tmp_path / "i.nrrd", tmp_path / "l.nrrd", "--per", "segment", "--group", "shape"),
        *("-o", tmp_path / "t.csv"),
    )
    (line,) = (line for line in err.splitlines() if "as fewer than 8 voxels" in line)
    assert code == 0 and "no surface area crofton, sphericity crofton, " in line


@pytest.mark.parametrize(
    "given, said",
    [((), "-p border_sd_mm=MM"), (("-p", "border_sd_mm=0.5"), None), (("2D",), "is 2D: the 95 % intervals")],
)
def test_what_intervals_rest_on_is_said(medproc, tmp_path, given, said):
    image = sitk.GetImageFromArray(np.pad(np.full((6, 6, 6), 100.0, np.float32), 5))
    image = image[:, :, 8] if given == ("2D",) else image
    sitk.WriteImage(image, tmp_path / "i.nrrd")
    sitk.WriteImage(sitk.Cast(image > 50, sitk.sitkUInt8), tmp_path / "l.nrrd")
    code, _, err = medproc(
        *("measure", tmp_path / "i.nrrd", tmp_path / "l.nrrd", "--group", "size", "intervals"),
        *(each for each in given if each != "2D"),
        *("-o", tmp_path / "t.csv"),
    )
    assert code == 0 and ("95 % intervals" in err) == (said is not None) and (said or "") in err


def test_how_a_table_came_about_lies_beside_it(medproc, image_file, labels_file, tmp_path):
    table, record = tmp_path / "t.csv", tmp_path / "t.json"
    for output in (table, record):
        assert medproc("measure", image_file, labels_file, "--group", "size", "robust", "-o", output)[0] == 0
    beside = json.loads((tmp_path / "t.csv.provenance.json").read_text())
    assert beside["inputs"] == {"image": str(image_file), "labels": str(labels_file)}
    assert beside["steps"][0]["parameters"]["robust"] is True
    assert beside.items() <= json.loads(record.read_text()).items()
    assert not (tmp_path / "t.json.provenance.json").exists()
