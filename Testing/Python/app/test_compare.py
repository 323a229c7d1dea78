"""`compare`: the promised files, what is in them, and that a failing or interrupted run leaves none."""

import csv
import json
import re
import signal
import time
import zipfile
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

from MedProcLib.core.geometry import Geometry
from MedProcLib.core.label_names import label_names
from MedProcLib.core.recipe import Recipe

from .bodies import body

FILES = [
    "change.nii.gz",
    "findings.csv",
    "findings_1.nii.gz",
    "findings_1.provenance.json",
    "findings_2.nii.gz",
    "findings_2.provenance.json",
    "mask_1.nii.gz",
    "mask_2.nii.gz",
    "measurements.csv",
    "patient.json",
    "recipe.json",
    "registration.tfm",
    "report.html",
    "response.csv",
    "scene.mrb",
]
SHIFT = np.array([6.0, -3.0, 3.0])
AIR_HU = -700.0
NAMES = {"first": ("Target", "Node A", "F004 Old"), "second": ("Target", "Node B", "F002")}


@pytest.fixture(scope="module")
def studies(tmp_path_factory) -> Path:
    """Two studies of one body, the second moved by SHIFT, with one grown, one stable, one new and one gone ball.

    In air, as in CT: the usual steps of a head, which look for its brain, are tried in the panel.
    """
    folder = tmp_path_factory.mktemp("studies")
    size = (56, 64, 44)
    spacing = (2.0, 2.0, 2.0)
    origin = (-55.0, -63.0, -43.0)
    first = [((-20, 10, 0), 6), ((20, 15, 5), 5), ((0, -30, -10), 5)]
    second = [((-20, 10, 0), 9), ((20, 15, 5), 5), ((10, -10, 15), 5)]
    for name, lesions, start in (("first", first, origin), ("second", second, tuple(np.add(origin, SHIFT)))):
        image, labels = body(lesions, spacing, origin, size)
        hounsfield = sitk.Mask(4.0 * image - 300.0, image > 50, AIR_HU)
        for made, what in ((hounsfield, name), (labels, f"{name}_labels")):
            made.SetOrigin(start)
            sitk.WriteImage(made, str(folder / f"{what}.nrrd"))
        table = [f'{n} 255 0 0 1 1 1 "{each}"\n' for n, each in enumerate(NAMES[name], 1)]
        (folder / f"{name}_labels.txt").write_text("".join(table))
    return folder


def arguments(studies: Path, output: Path) -> list[object]:
    labels = [studies / "first_labels.nrrd", studies / "second_labels.nrrd"]
    return [
        "compare",
        studies / "first.nrrd",
        studies / "second.nrrd",
        "--segmentations",
        *labels,
        "--dates",
        "2024-01-10",
        "2025-01-12",
        "-o",
        output,
    ]


@pytest.fixture(scope="module")
def done(studies, tmp_path_factory):
    """(folder, what was printed) of one comparison, which several tests look at."""
    import contextlib
    import io

    from MedProcLib.app.main import run

    folder = tmp_path_factory.mktemp("comparison") / "new" / "results"
    out = io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(io.StringIO()) as err:
        code = run([str(argument) for argument in arguments(studies, folder)])
    assert code == 0, err.getvalue()
    return folder, out.getvalue()


def test_the_promised_files_are_there_and_no_others(done):
    assert sorted(path.name for path in done[0].iterdir()) == FILES


def test_findings_have_the_change_that_was_made(done, studies):
    rows = list(csv.DictReader((done[0] / "findings.csv").open()))
    assert sorted(row["class"] for row in rows) == ["gone", "grown", "new", "stable"]
    by_class = {row["class"]: row for row in rows}
    grown = by_class["grown"]
    given = [
        8.0 * (sitk.GetArrayFromImage(sitk.ReadImage(str(studies / f"{name}_labels.nrrd"))) == 1).sum()
        for name in ("first", "second")
    ]
    assert [float(grown[f"volume_{side}_mm3"]) for side in ("first", "other")] == given
    assert float(grown["difference_mm3"]) == pytest.approx(
        float(grown["volume_other_mm3"]) - float(grown["volume_first_mm3"]), abs=1e-3
    )
    assert (grown["first_study"], grown["first_date"]) == ("first", "2024-01-10")
    assert (grown["other_study"], grown["other_date"]) == ("second", "2025-01-12")
    centers = {side: [float(grown[f"center_{side}_{axis}_mm"]) for axis in "lps"] for side in ("first", "other")}
    assert np.allclose(centers["first"], (-20, 10, 0), atol=1)
    assert np.allclose(centers["other"], np.add((-20, 10, 0), SHIFT), atol=1)
    assert by_class["new"]["difference_percent"] == "" and by_class["new"]["center_first_l_mm"] == ""
    assert all(row["threshold"] and row["status"] == "proposed" for row in rows)


def test_findings_have_the_names_of_given_segments_that_studies_agree_on(done):
    """Without the ids of an earlier comparison; label maps say which finding is which."""
    rows = list(csv.DictReader((done[0] / "findings.csv").open()))
    track = {row["class"]: row["track"] for row in rows}
    assert {row["class"]: row["name"] for row in rows} == {"grown": "Target", "stable": "", "gone": "Old", "new": ""}
    for number, there in (("1", "gone"), ("2", "new")):
        found = label_names(done[0] / f"findings_{number}.nii.gz")
        names = {segment.name for segment in found.segments.values()}
        named = f"{track[there]} Old" if there == "gone" else track[there]
        assert names == {f"{track['grown']} Target", track["stable"], named} and not found.notes
    assert f"{track['grown']} <small class=name>Target</small> · Grown" in (done[0] / "report.html").read_text()


def test_measurements_are_of_both_studies(done):
    rows = list(csv.DictReader((done[0] / "measurements.csv").open()))
    assert {row["study"] for row in rows} == {"first", "second"}
    whole = [row for row in rows if row["study"] == "first" and row["component"] == ""]
    assert len(whole) == 3 and all(float(row["voxel_volume_mm3"]) > 0 for row in whole)
    assert not any(row["component"] for row in rows)  # each is of one piece, whose row would say the same again


def test_the_registration_maps_first_to_second_points(done):
    transform = sitk.ReadTransform(str(done[0] / "registration.tfm"))
    for point in ((0, 0, 0), (40, 0, 0), (0, -50, 0), (0, 0, 30)):
        assert np.allclose(transform.TransformPoint(point), point + SHIFT, atol=0.5)


def test_the_change_map_is_on_the_first_studys_grid(done, studies):
    change = sitk.ReadImage(str(done[0] / "change.nii.gz"))
    first = Geometry.of(sitk.ReadImage(str(studies / "first.nrrd")))
    assert Geometry.of(change).same_grid(first)
    assert set(np.unique(sitk.GetArrayFromImage(change))) <= {0, 1, 2}
    gained, lost = (10, -10, 15), (0, -30, -10)
    at = [change[change.TransformPhysicalPointToIndex([float(v) for v in place])] for place in (gained, lost)]
    assert at == [1, 2]


def test_the_recipe_that_ran_gives_the_same_again_and_other_files_in_the_folder_stay(done, medproc, studies, tmp_path):
    recipe = Recipe.load(done[0] / "recipe.json")
    assert "comparison.register" in [operation.declaration.name for _, operation in recipe.enabled_steps]
    (tmp_path / "notes.txt").write_text("mine")
    (tmp_path / "findings.csv").write_text("old")
    (tmp_path / "registration_2.tfm").write_text("of three studies")
    code, _, err = medproc(*arguments(studies, tmp_path), "--recipe", done[0] / "recipe.json")
    assert code == 0 and err.rstrip().endswith("not of this comparison, perhaps of an earlier one: registration_2.tfm")
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([*FILES, "notes.txt", "registration_2.tfm"])
    for name in ("findings.csv", "measurements.csv", "recipe.json"):
        assert (tmp_path / name).read_text() == (done[0] / name).read_text(), name
    voxels = [sitk.GetArrayFromImage(sitk.ReadImage(str(f / "change.nii.gz"))) for f in (done[0], tmp_path)]
    assert np.array_equal(*voxels)
    assert (tmp_path / "notes.txt").read_text() == "mine"


def test_the_report_stands_alone(done):
    report = (done[0] / "report.html").read_text(encoding="utf-8")
    assert report.startswith("<!DOCTYPE html>") and report.count("data:image/") >= 4
    assert not re.search(r'(src|href)="(?!data:|#)', report) and "<script" not in report
    assert "2024-01-10" in report and "2025-01-12" in report


def test_the_scene_holds_volumes_segmentations_transforms_and_tables(done):
    with zipfile.ZipFile(done[0] / "scene.mrb") as archive:
        assert archive.testzip() is None
        scene = next(archive.read(name).decode() for name in archive.namelist() if name.endswith(".mrml"))
    for kind in ("ScalarVolume", "Segmentation", "LinearTransform", "Table", "SubjectHierarchy"):
        assert f"<{kind}" in scene or f"vtkMRML{kind}Node" in scene, kind


def test_the_summary_says_what_happened(done):
    folder, out = done
    assert "What changed from first (2024-01-10; 56 x 64 x 44 voxels of 2.00 x 2.00 x 2.00 mm) to second" in out
    assert "Registration: good" in out and "1 new, 1 grown, 1 stable and 1 gone findings; total volume" in out
    assert "larger than before" in out and "Not for clinical use" in out
    for name in FILES:
        assert str(folder / name) in out or name.endswith(".provenance.json")


def test_three_studies_give_a_numbered_file_for_the_earlier_pair(medproc, studies, tmp_path):
    labels = [studies / f"{name}_labels.nrrd" for name in ("first", "first", "second")]
    images = [studies / f"{name}.nrrd" for name in ("first", "first", "second")]
    code, _, err = medproc("compare", *images, "--segmentations", *labels, "-o", tmp_path)
    assert code == 0, err
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(
        [
            *FILES,
            "change_2.nii.gz",
            "findings_3.nii.gz",
            "findings_3.provenance.json",
            "mask_3.nii.gz",
            "registration_2.tfm",
        ]
    )
    to_second = sitk.ReadTransform(str(tmp_path / "registration_2.tfm"))
    assert np.allclose(to_second.TransformPoint((40, 0, 0)), (40, 0, 0), atol=0.2)
    rows = list(csv.DictReader((tmp_path / "findings.csv").open()))
    assert len({row["other_study"] for row in rows}) == 2 and len({row["first_study"] for row in rows}) == 1
    unchanged = [row for row in rows if row["other_study"].endswith("(2)")]
    assert [row["class"] for row in unchanged] == ["stable"] * 3


def test_a_study_that_cannot_be_registered_is_named_and_the_rest_is_written(medproc, studies, tmp_path):
    noise = np.random.default_rng(5).normal(100, 30, (12, 12, 12))
    sitk.WriteImage(sitk.GetImageFromArray(noise), str(tmp_path / "noise.nrrd"))
    steps = ["segmentation.body_mask", "comparison.register", "comparison.detect_change", "comparison.match_findings"]
    recipe = {"recipe": 1, "steps": [{"operation": name} for name in steps]}
    (tmp_path / "recipe.json").write_text(json.dumps(recipe))
    images = [studies / "first.nrrd", studies / "second.nrrd", tmp_path / "noise.nrrd"]
    settings = ["--recipe", tmp_path / "recipe.json", "--pairs", "2-3", "-o", tmp_path / "results"]
    code, out, err = medproc("compare", *images, *settings)
    assert code == 0, err
    names = {path.name for path in (tmp_path / "results").iterdir()}
    assert {"report.html", "registration_2.tfm", "change_2.nii.gz", "patient.json"} <= names
    assert not {"registration.tfm", "change.nii.gz", "registration_2_3.tfm"} & names
    said = err + out
    assert "The registration of 'first' and 'noise' failed, so no findings are given" in said
    assert "'second' and 'noise' were not compared directly, as 'noise' could not be registered to 'first'" in said


def test_a_study_without_segmentation_is_segmented_by_the_recipe_or_refused(medproc, studies, tmp_path):
    images, labels = ([studies / f"{name}{end}.nrrd" for name in ("first", "second")] for end in ("", "_labels"))
    command = ["compare", *images, "--segmentations", labels[0], "-", "-o", tmp_path / "results"]
    code, _, err = medproc(*command)
    assert code == 2 and "no step finds them in it: all of them would be called gone" in err
    steps = ["segmentation.bright_outliers", "comparison.register", "comparison.match_findings"]
    recipe = {"recipe": 1, "steps": [{"operation": name} for name in steps]}
    (tmp_path / "recipe.json").write_text(json.dumps(recipe))
    code, _, err = medproc(*command, "--recipe", tmp_path / "recipe.json")
    assert code == 0, err
    assert "Given segmentations were used for: first." in err
    assert "Some studies are segmented by hand and others by the recipe" in err


class TestRefused:
    """Exit code 2, one line, and no file."""

    @pytest.fixture
    def output(self, tmp_path):
        yield tmp_path / "results"
        assert not (tmp_path / "results").exists()
        assert [path for path in tmp_path.rglob("*") if path.name.startswith(".medproc")] == []

    def test_one_study(self, refused, studies, output):
        assert "needs two or more studies" in refused("compare", studies / "first.nrrd", "-o", output)

    def test_dates_that_run_backwards(self, refused, studies, output):
        line = [str(word) for word in arguments(studies, output)]
        line[line.index("2024-01-10")] = "2026-01-10"
        assert "not in time order: first is of 2026-01-10, second of 2025-01-12; give the earliest first" in refused(
            *line
        )

    def test_a_date_that_is_none(self, refused, studies, output):
        line = [str(word) for word in arguments(studies, output)]
        line[line.index("2024-01-10")] = "10.1.2024"
        assert "'10.1.2024' is not a date; write it as YYYY-MM-DD" in refused(*line)

    @pytest.mark.parametrize("option", ["--dates", "--segmentations"])
    def test_too_few_values(self, refused, studies, output, option):
        images = (studies / "first.nrrd", studies / "second.nrrd")
        assert f"{option} has 1 value for 2 studies" in refused("compare", *images, option, "2024-01-01", "-o", output)

    def test_missing_study(self, refused, studies, output):
        assert "There is no file" in refused("compare", studies / "first.nrrd", studies / "none.nrrd", "-o", output)

    def test_2d_study(self, refused, studies, output, tmp_path):
        sitk.WriteImage(sitk.Image([9, 9], sitk.sitkFloat32), str(tmp_path / "flat.nrrd"))
        assert "is 2D; a 3D volume is needed" in refused(
            "compare", studies / "first.nrrd", tmp_path / "flat.nrrd", "-o", output
        )

    def test_single_slice(self, refused, studies, output, tmp_path):
        first = sitk.ReadImage(str(studies / "first.nrrd"))
        sitk.WriteImage(first[:, :, 20:21], str(tmp_path / "slice.nrrd"))
        said = refused("compare", studies / "first.nrrd", tmp_path / "slice.nrrd", "-o", output)
        assert "Study 'slice' is a single slice, which does not show where it lies in space" in said

    @pytest.mark.parametrize("value", [np.nan, 3.0])
    def test_all_nan_or_constant(self, refused, studies, output, tmp_path, value):
        sitk.WriteImage(sitk.GetImageFromArray(np.full((9, 9, 9), value)), str(tmp_path / "flat.nrrd"))
        said = refused("compare", studies / "first.nrrd", tmp_path / "flat.nrrd", "-o", output)
        assert "all NaN" in said or "is constant" in said

    def test_segmentation_of_another_geometry(self, refused, studies, output):
        line = arguments(studies, output)
        line[4], line[5] = line[5], line[4]
        assert "geometry of the image and its segmentation" in refused(*line)

    def test_different_bodies(self, refused, studies, output, tmp_path):
        """Noise has nothing in common with the body: the registration fails, and nothing is reported."""
        noise = np.random.default_rng(5).normal(100, 30, (12, 12, 12))
        sitk.WriteImage(sitk.GetImageFromArray(noise), str(tmp_path / "noise.nrrd"))
        recipe = {"recipe": 1, "steps": [{"operation": "segmentation.body_mask"}, {"operation": "comparison.register"}]}
        (tmp_path / "recipe.json").write_text(json.dumps(recipe))
        pair = [studies / "first.nrrd", tmp_path / "noise.nrrd"]
        said = refused("compare", *pair, "-o", output, "--recipe", tmp_path / "recipe.json")
        assert "cannot be registered" in said

    def test_recipe_with_unknown_operation(self, refused, studies, output, tmp_path):
        (tmp_path / "recipe.json").write_text(json.dumps({"recipe": 1, "steps": [{"operation": "comparison.magic"}]}))
        said = refused(*arguments(studies, output), "--recipe", tmp_path / "recipe.json")
        assert "step 1 (comparison.magic): there is no operation" in said

    def test_output_that_is_a_file(self, refused, studies, tmp_path):
        (tmp_path / "file").write_text("stays")
        assert "is a file; name a folder" in refused(*arguments(studies, tmp_path / "file"))
        assert "is a file" in refused(*arguments(studies, tmp_path / "file" / "below"))
        assert (tmp_path / "file").read_text() == "stays"


@pytest.mark.parametrize("after", [0.5, 2.0, 4.0])
def test_an_interrupted_comparison_leaves_no_file(process, studies, tmp_path, after):
    running = process(*arguments(studies, tmp_path / "results"))
    time.sleep(after)
    running.send_signal(signal.SIGINT)
    _, err = running.communicate(timeout=120)
    written = [path.name for path in (tmp_path, *tmp_path.glob("*")) for path in sorted(path.iterdir())]
    if running.returncode == 0 or "what had been written before is whole" in err:  # done before it was interrupted
        assert written == ["results", *FILES]
    else:
        assert running.returncode in (130, -signal.SIGINT), err
        assert written == []
