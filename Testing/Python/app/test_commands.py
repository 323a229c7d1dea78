"""What the commands do and write, and what they say when they cannot."""

import csv
import json

import numpy as np
import pytest
import SimpleITK as sitk

from MedProcLib.core.files import read_image
from MedProcLib.core.geometry import Geometry
from MedProcLib.core.recipe import Recipe
from MedProcLib.core.registry import create_operation, operations

SMOOTH = ("--operation", "enhancement.curvature_diffusion")


def recipe_file(folder, *steps):
    path = folder / "recipe.json"
    path.write_text(json.dumps({"recipe": 1, "steps": list(steps)}))
    return path


def files(folder):
    return sorted(path.name for path in folder.iterdir())


def test_operations_are_listed_with_all_that_defines_them(medproc):
    code, out, _ = medproc("operations")
    assert code == 0
    for declaration in operations():
        assert f"{declaration.name}: {declaration.title}" in out and declaration.source in out
        for parameter in declaration.parameters:
            assert f"-p {parameter.name} = " in out and parameter.meaning in out


def test_operations_as_json(medproc):
    listed = json.loads(medproc("operations", "--json")[1])
    assert [entry["operation"] for entry in listed] == [declaration.name for declaration in operations()]
    for entry in listed:
        assert {"title", "meaning", "inputs", "gives", "parameters", "source"} <= set(entry)
        for parameter in entry["parameters"]:
            assert {"name", "type", "default", "unit", "ucum", "meaning"} <= set(parameter)
            assert parameter["type"] not in ("float", "int") or parameter["minimum"] < parameter["maximum"]


def test_presets_are_listed_with_what_they_need(medproc):
    code, out, _ = medproc("presets")
    assert code == 0
    enhance, segment = out.split("segment IMAGE --preset NAME:")
    assert "mr_brain_flair: MR brain FLAIR" in enhance and "ct_lungs" not in enhance
    kidneys = segment[segment.index("ct_kidneys:") :].split("steps:")[0]
    assert "needs --seed or --seeds" in kidneys
    assert "needs" not in segment[segment.index("ct_lungs:") :].split("steps:")[0]


def test_info_of_an_image(medproc, image, image_file):
    code, out, err = medproc("info", image_file)
    told = json.loads(out)
    values = sitk.GetArrayViewFromImage(image)
    assert (code, err) == (0, "")
    assert told["size"] == [40, 48, 20] and np.allclose(told["spacing_mm"], [1.5, 1.5, 3.0])
    assert told["origin_lps_mm"] == [-10.0, 20.0, 30.0] and np.allclose(told["direction"], image.GetDirection())
    assert told["minimum"] == values.min() and told["maximum"] == values.max()
    assert told["mean"] == pytest.approx(values.mean(dtype=float)) and told["modality"] is None
    assert told["pixel_type"] == "32-bit float" and told["format"] == "NRRD" and told["notes"] == []
    assert told["presets"]["enhance"]["preset"] == "mr_shading"
    assert told["presets"]["segment"] is None  # 72 mm are no head, of which the presets of MR are


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (np.full((3, 3, 3), np.nan, np.float32), (None, None, None, 27)),
        (np.array([[[np.nan, 1.0, 3.0]]]), (1.0, 3.0, 2.0, 1)),
        (np.full((3, 3, 3), 255, np.uint8), (255, 255, 255.0, 0)),
        (np.array([[[-32768, 32767]]], np.int16), (-32768, 32767, -0.5, 0)),
    ],
)
def test_info_of_odd_values(medproc, tmp_path, values, expected):
    sitk.WriteImage(sitk.GetImageFromArray(values), str(tmp_path / "odd.nrrd"))
    told = json.loads(medproc("info", tmp_path / "odd.nrrd")[1])
    assert tuple(told[key] for key in ("minimum", "maximum", "mean", "not_finite_voxels")) == expected


def test_enhance_gives_the_voxels_of_the_python_call(medproc, image, image_file, tmp_path):
    output = tmp_path / "out.nrrd"
    code, out, err = medproc("enhance", image_file, *SMOOTH, "-o", output)
    assert (code, out, err) == (0, f"Enhanced image: {output}\n", "")
    expected = create_operation("enhancement.curvature_diffusion")(read_image(image_file))
    found = sitk.ReadImage(str(output))
    assert np.array_equal(sitk.GetArrayFromImage(found), sitk.GetArrayFromImage(expected))
    assert Geometry.of(found).same_grid(Geometry.of(image))


def test_the_number_of_threads_does_not_change_the_voxels(medproc, image_file, tmp_path):
    results = []
    for threads in (1, 2):
        output = tmp_path / f"{threads}.mha"
        assert medproc("enhance", image_file, *SMOOTH, "-o", output, "--threads", threads)[0] == 0
        results.append(sitk.GetArrayFromImage(sitk.ReadImage(str(output))))
    assert np.array_equal(*results)


def test_a_recipe_gives_the_voxels_of_the_python_call_and_is_kept_in_the_file(medproc, image_file, tmp_path):
    path = recipe_file(tmp_path, {"operation": "enhancement.curvature_diffusion"}, {"operation": "enhancement.n4"})
    output = tmp_path / "out.nrrd"
    assert medproc("enhance", image_file, "--recipe", path, "-o", output)[0] == 0
    recipe = Recipe.load(path)
    found = sitk.ReadImage(str(output))
    assert np.array_equal(
        sitk.GetArrayFromImage(found), sitk.GetArrayFromImage(recipe.run(image=read_image(image_file))["image"])
    )
    record = json.loads(found.GetMetaData("MedProcProvenance"))
    assert record["steps"] == recipe.as_dict()["steps"] and record["inputs"] == {"image": str(image_file)}


def test_parameters_arrive(medproc, image_file, mask_file, tmp_path):
    output = tmp_path / "out.nrrd"
    arguments = ("-p", "iterations=2", "-p", "working_spacing_mm=4", "--mask", mask_file, "-o", output)
    assert medproc("enhance", image_file, "--operation", "n4", *arguments)[0] == 0
    expected = create_operation("enhancement.n4", {"iterations": 2, "working_spacing_mm": 4.0})(
        read_image(image_file), read_image(mask_file)
    )
    assert np.array_equal(sitk.GetArrayFromImage(sitk.ReadImage(str(output))), sitk.GetArrayFromImage(expected))


def test_segment_then_measure(medproc, image, image_file, tmp_path):
    labels, table = tmp_path / "labels.nii.gz", tmp_path / "table.csv"
    assert medproc("segment", image_file, "--operation", "segmentation.body_mask", "-o", labels)[0] == 0
    found = sitk.ReadImage(str(labels))
    assert Geometry.of(found).same_grid(Geometry.of(image))
    code, out, _ = medproc("measure", image_file, labels, "-o", table)
    assert code == 0 and out == f"Measurements of 1 segment: {table}\n"
    rows = list(csv.DictReader(table.open()))
    voxels = int((sitk.GetArrayViewFromImage(found) > 0).sum())
    assert float(rows[0]["voxel_volume_mm3"]) == pytest.approx(voxels * 1.5 * 1.5 * 3)
    ball = 4 / 3 * np.pi * 17**3 / 2 * 1.5 * 1.5 * 3
    assert float(rows[0]["voxel_volume_mm3"]) == pytest.approx(ball, rel=0.05)


def test_labels_stored_as_floats_are_labels(medproc, image, image_file, tmp_path):
    labels = tmp_path / "labels.nii.gz"
    sitk.WriteImage(sitk.Cast(image > 300, sitk.sitkFloat32) * 3, str(labels))
    assert medproc("measure", image_file, labels, "-o", tmp_path / "table.csv")[0] == 0
    assert next(csv.DictReader((tmp_path / "table.csv").open()))["segment"] == "3"


def test_register_writes_the_transform_from_fixed_to_moving_points(medproc, image, image_file, tmp_path):
    """Moving shows the same body 12 mm further left: its points are the fixed ones plus 12 mm in L."""
    moved = sitk.Image(image)
    moved.SetOrigin(np.add(image.GetOrigin(), (12.0, 0, 0)))
    sitk.WriteImage(moved, str(tmp_path / "moved.nrrd"))
    output, resampled = tmp_path / "t.tfm", tmp_path / "resampled.nrrd"
    code, out, err = medproc("register", image_file, tmp_path / "moved.nrrd", "-o", output, "--resampled", resampled)
    assert code == 0, err
    assert "Registration (rigid, " in out
    transform = sitk.ReadTransform(str(output))
    for point in Geometry.of(image).corners():
        assert np.allclose(transform.TransformPoint(point), np.add(point, (12, 0, 0)), atol=0.5)
    inner = (slice(4, 16), slice(8, 40), slice(8, 32))
    difference = sitk.GetArrayFromImage(sitk.ReadImage(str(resampled)) - image)[inner]
    assert np.abs(difference).mean() < 5
    assert Geometry.of(sitk.ReadImage(str(resampled))).same_grid(Geometry.of(image))


def test_register_refuses_2d_with_3d(refused, tmp_path, image, image_file):
    sitk.WriteImage(sitk.Image([9, 9], sitk.sitkFloat32), str(tmp_path / "flat.nrrd"))
    assert "is 3D and the other 2D" in refused("register", image_file, tmp_path / "flat.nrrd", "-o", tmp_path / "t.tfm")
    assert not (tmp_path / "t.tfm").exists()


def test_notes_about_the_file_are_said_once(medproc, image, tmp_path):
    path = tmp_path / "image.nii"
    sitk.WriteImage(image, str(path))
    content = bytearray(path.read_bytes())
    content[123] = 0
    path.write_bytes(content)
    code, _, err = medproc("enhance", path, *SMOOTH, "-o", tmp_path / "out.nii")
    assert (code, err) == (0, f"note: {path}: the header gives no unit of length: mm is assumed\n")


def test_the_brightness_of_a_color_image_is_enhanced(medproc, tmp_path, image):
    gray = sitk.Cast(image, sitk.sitkUInt16)
    sitk.WriteImage(gray, str(tmp_path / "gray.nrrd"))
    sitk.WriteImage(sitk.Compose([gray] * 3), str(tmp_path / "color.nrrd"))
    for name in ("gray", "color"):
        code, _, err = medproc("enhance", tmp_path / f"{name}.nrrd", *SMOOTH, "-o", tmp_path / f"{name}_smooth.nrrd")
        assert code == 0 and ("its brightness" in err) == (name == "color")
    smooth = [sitk.GetArrayFromImage(read_image(tmp_path / f"{name}_smooth.nrrd")) for name in ("gray", "color")]
    np.testing.assert_array_equal(*smooth)


class TestRefused:
    """Exit code 2 and one line that says what and how; nothing is written."""

    @pytest.fixture(autouse=True)
    def nothing_is_written(self, tmp_path, image_file, mask_file):
        before = files(tmp_path)
        yield
        assert [name for name in files(tmp_path) if name.startswith(("out", ".medproc"))] == []
        assert set(before) <= set(files(tmp_path))

    def test_missing_image(self, refused, tmp_path):
        said = refused("enhance", tmp_path / "none.nrrd", *SMOOTH, "-o", tmp_path / "out.nrrd")
        assert said == f"medproc enhance: There is no file {tmp_path / 'none.nrrd'}; check the path.\n"

    def test_unknown_operation(self, refused, tmp_path, image_file):
        said = refused("enhance", image_file, "--operation", "enhancement.n5", "-o", tmp_path / "out.nrrd")
        assert "there is no operation 'enhancement.n5'; did you mean enhancement.n4" in said

    @pytest.mark.parametrize(
        ("setting", "message"),
        [
            ("size=3", "has no parameter 'size'; it has: "),
            ("iterations=0", "parameter 'iterations' is 0; allowed: 1 to 500"),
            ("iterations=few", "parameter 'iterations' is 'few'; allowed: 1 to 500"),
            ("iterations", "-p iterations: write it as KEY=VALUE"),
        ],
    )
    def test_bad_parameter(self, refused, tmp_path, image_file, setting, message):
        said = refused("enhance", image_file, "--operation", "n4", "-p", setting, "-o", tmp_path / "out.nrrd")
        assert message in said

    def test_recipe_with_unknown_operation(self, refused, tmp_path, image_file):
        path = recipe_file(tmp_path, {"operation": "enhancement.n4"}, {"operation": "enhancement.magic"})
        said = refused("enhance", image_file, "--recipe", path, "-o", tmp_path / "out.nrrd")
        assert f"Recipe {path}: step 2 (enhancement.magic): there is no operation" in said

    def test_recipe_with_unknown_parameter(self, refused, tmp_path, image_file):
        path = recipe_file(tmp_path, {"operation": "enhancement.n4", "parameters": {"magic": 1}})
        said = refused("segment", image_file, "--recipe", path, "-o", tmp_path / "out.nrrd")
        assert "step 1 (enhancement.n4): operation 'enhancement.n4' has no parameter 'magic'" in said

    def test_parameters_beside_a_recipe(self, refused, tmp_path, image_file):
        path = recipe_file(tmp_path, {"operation": "enhancement.n4"})
        said = refused("enhance", image_file, "--recipe", path, "-p", "a=1", "-o", tmp_path / "out.nrrd")
        assert "-p sets parameters of --operation" in said

    def test_an_operation_of_another_area(self, refused, tmp_path, image_file):
        said = refused("enhance", image_file, "--operation", "segmentation.body_mask", "-o", tmp_path / "out.nrrd")
        assert "segmentation.body_mask gives no image; choose an operation of enhancement" in said

    def test_mask_of_another_geometry(self, refused, tmp_path, image, image_file):
        sitk.WriteImage(sitk.Cast(image[:, :, 1:] > 0, sitk.sitkUInt8), str(tmp_path / "other.nrrd"))
        said = refused("enhance", image_file, *SMOOTH, "--mask", tmp_path / "other.nrrd", "-o", tmp_path / "out.nrrd")
        assert "geometry of the image and its mask" in said and "resample one onto the other first" in said

    def test_segmentation_of_another_geometry(self, refused, tmp_path, image, image_file):
        shifted = sitk.Cast(image > 100, sitk.sitkUInt8)
        shifted.SetOrigin((0, 0, 0))
        sitk.WriteImage(shifted, str(tmp_path / "other.nrrd"))
        said = refused("measure", image_file, tmp_path / "other.nrrd", "-o", tmp_path / "out.csv")
        assert "geometry of the image and its segmentation" in said

    def test_empty_segmentation(self, refused, tmp_path, image, image_file):
        sitk.WriteImage(sitk.Cast(image > 1e6, sitk.sitkUInt8), str(tmp_path / "empty.nrrd"))
        said = refused("measure", image_file, tmp_path / "empty.nrrd", "-o", tmp_path / "out.csv")
        assert "The segmentation is empty" in said

    def test_values_that_are_no_labels(self, refused, tmp_path, image_file):
        said = refused("measure", image_file, image_file, "-o", tmp_path / "out.csv")
        assert "not whole numbers: it is not a label map" in said

    def test_time_series(self, refused, tmp_path, image):
        sitk.WriteImage(sitk.JoinSeries([image] * 2), str(tmp_path / "series.nrrd"))
        said = refused("enhance", tmp_path / "series.nrrd", *SMOOTH, "-o", tmp_path / "out.nrrd")
        assert "The image is 4D (a time series?)" in said

    def test_vectors(self, refused, tmp_path, image):
        sitk.WriteImage(sitk.Compose([image] * 3), str(tmp_path / "field.nrrd"))
        said = refused("enhance", tmp_path / "field.nrrd", *SMOOTH, "-o", tmp_path / "out.nrrd")
        assert "3 values per voxel (color, vector or complex)" in said

    def test_truncated(self, refused, tmp_path, image):
        sitk.WriteImage(image, str(tmp_path / "cut.nii"))
        (tmp_path / "cut.nii").write_bytes((tmp_path / "cut.nii").read_bytes()[:5000])
        assert "is truncated" in refused("enhance", tmp_path / "cut.nii", *SMOOTH, "-o", tmp_path / "out.nrrd")

    @pytest.mark.parametrize("values", [np.nan, 5.0])
    def test_all_nan_or_constant(self, refused, tmp_path, values):
        flat = sitk.GetImageFromArray(np.full((8, 8, 8), values, np.float32))
        sitk.WriteImage(flat, str(tmp_path / "flat.nrrd"))
        refused("segment", tmp_path / "flat.nrrd", "--operation", "brain_mask", "-o", tmp_path / "out.nrrd")
        refused("register", tmp_path / "flat.nrrd", tmp_path / "flat.nrrd", "-o", tmp_path / "out.tfm")

    def test_output_in_a_missing_folder(self, refused, tmp_path, image_file):
        said = refused("enhance", image_file, *SMOOTH, "-o", tmp_path / "missing" / "out.nrrd")
        assert f"there is no folder {tmp_path / 'missing'}; make it first" in said

    def test_output_below_a_file(self, refused, tmp_path, image_file):
        assert "there is no folder" in refused("measure", image_file, image_file, "-o", image_file / "out.csv")

    def test_output_of_unknown_kind(self, refused, tmp_path, image_file):
        assert "use one of .nii.gz" in refused("enhance", image_file, *SMOOTH, "-o", tmp_path / "out.png")
        assert "use one of .tfm" in refused("register", image_file, image_file, "-o", tmp_path / "out.nrrd")

    def test_output_that_is_the_input(self, refused, image_file):
        before = image_file.read_bytes()
        for given in (image_file, f"{image_file}#1"):
            assert "is an input; name another file" in refused("enhance", given, *SMOOTH, "-o", image_file)
        assert image_file.read_bytes() == before


def test_a_color_picture_is_enhanced_in_a_mask_that_is_a_picture(medproc, tmp_path):
    """What has no scale is taken where none is needed, the mask too."""
    gray = np.random.default_rng(0).integers(0, 200, (40, 50)).astype(np.uint8)
    mask = np.zeros((40, 50), np.uint8)
    mask[10:30, 10:40] = 255
    photo, region, made = (tmp_path / name for name in ("photo.png", "mask.png", "made.nrrd"))
    sitk.WriteImage(sitk.Compose([sitk.GetImageFromArray(gray)] * 3), str(photo))
    sitk.WriteImage(sitk.GetImageFromArray(mask), str(region))
    code, _, err = medproc("enhance", photo, "--operation", "enhancement.gaussian", "--mask", region, "-o", made)
    assert code == 0 and "a color picture: its brightness" in err and "1 mm a pixel is assumed" in err
    found = sitk.GetArrayFromImage(sitk.ReadImage(str(made)))
    assert found.shape == gray.shape and abs(found.mean() - gray.mean()) < 2


@pytest.mark.parametrize("pixel_type", [sitk.sitkInt8, sitk.sitkUInt16, sitk.sitkFloat64])
def test_pixel_types_work_throughout(medproc, image, tmp_path, pixel_type):
    typed = tmp_path / "typed.nrrd"
    sitk.WriteImage(sitk.Cast(image / 5, pixel_type), str(typed))
    assert medproc("enhance", typed, *SMOOTH, "-o", tmp_path / "out.nrrd")[0] == 0
    assert medproc("segment", typed, "--operation", "body_mask", "-o", tmp_path / "labels.nrrd")[0] == 0
    assert medproc("measure", typed, tmp_path / "labels.nrrd", "-o", tmp_path / "table.csv")[0] == 0
