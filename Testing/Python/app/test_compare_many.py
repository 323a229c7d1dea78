"""`compare` with ten time points, response criteria and targets; the studies lie in one space already."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

from MedProcLib.comparison.tracks.patient_file import absolute_path, read_patient

from .bodies import body

COUNT = 10
GROWING, STABLE, GOING, COMING = (-20, 10, 0), (20, 15, 5), (0, -30, -10), (10, -10, 15)
RECIPE = {
    "recipe": 1,
    "steps": [
        {"operation": "segmentation.body_mask"},
        {"operation": "comparison.match_intensity", "parameters": {"bias_mm": 0}},
        {"operation": "comparison.detect_change", "parameters": {"contrast": "any", "high": 8.0}},
        {"operation": "comparison.match_findings"},
    ],
}


@pytest.fixture(scope="module")
def given(tmp_path_factory) -> dict[str, list[object]]:
    """Arguments of ten yearly studies: a ball grows, one stays, one is gone from the fifth, one comes later."""
    folder = tmp_path_factory.mktemp("many")
    size, spacing = (38, 42, 30), (3.0, 3.0, 3.0)
    origin = tuple(-(np.array(size) - 1) / 2 * spacing)
    images, labels = [], []
    for n in range(COUNT):
        balls = [(GROWING, 5 + 0.6 * n), (STABLE, 7.5)]
        balls += [(GOING, 6)] if n < 4 else []
        balls += [(COMING, 4 + 0.5 * n)] if n >= 6 else []
        for made, what, paths in zip(
            body(balls, spacing, origin, size), ("image", "labels"), (images, labels), strict=True
        ):
            paths.append(folder / f"{what}{n}.nrrd")
            sitk.WriteImage(made, str(paths[-1]))
    (folder / "recipe.json").write_text(json.dumps(RECIPE))
    return {
        "images": images,
        "labels": ["--segmentations", *labels],
        "dates": ["--dates", *(f"{2015 + n}-06-01" for n in range(COUNT))],
        "recipe": ["--recipe", folder / "recipe.json"],
        "names": ["--names", *(f"Visit {n + 1}" for n in range(COUNT))],
    }


@pytest.fixture(scope="module")
def done(given, tmp_path_factory) -> tuple[Path, str]:
    import contextlib
    import io

    from MedProcLib.app.main import run

    folder, out = tmp_path_factory.mktemp("results"), io.StringIO()
    line = ["compare", *given["images"], *given["labels"], *given["dates"], *given["recipe"], *given["names"]]
    line += ["--maps", "difference", "--pairs", "4-5"]
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(io.StringIO()) as err:
        code = run([str(word) for word in [*line, "-o", folder]])
    assert code == 0, err.getvalue()
    return folder, out.getvalue()


def rows_of(folder: Path, name: str) -> list[dict[str, str]]:
    return list(csv.DictReader((folder / name).open()))


def test_every_time_point_has_its_files(done):
    names = {path.name for path in done[0].iterdir()}
    assert {f"findings_{n}.nii.gz" for n in range(1, COUNT + 1)} <= names
    numbered = {f"change_{n}.nii.gz" for n in range(2, COUNT)} | {f"registration_{n}.tfm" for n in range(2, COUNT)}
    assert numbered | {"change.nii.gz", "registration.tfm", "patient.json", "response.csv", "scene.mrb"} <= names
    assert "change_10.nii.gz" not in names and "change_1.nii.gz" not in names


def test_a_lesion_has_one_track_at_all_time_points(done):
    rows = rows_of(done[0], "findings.csv")
    tracks = {}
    for row in rows:
        assert row["finding"] == str(int(row["track"][1:])) and row["track"] in row["tracks"].split()
        tracks.setdefault(row["track"], []).append(row)
    classes = {track: [row["class"] for row in lines] for track, lines in tracks.items()}
    assert sorted(classes.values()) == sorted(
        [["stable"] * 9, ["grown"] * 9, ["stable"] * 3 + ["gone"] * 6, ["new"] * 4]
    )
    (growing,) = (lines for lines in tracks.values() if all(row["class"] == "grown" for row in lines))
    assert [row["time_point"] for row in growing] == [f"Visit {n + 1}" for n in range(1, COUNT)]
    last = growing[-1]
    change = float(last["change_from_baseline_percent"])
    ratio = 100 * (float(last["volume_other_mm3"]) / float(last["volume_first_mm3"]) - 1)
    assert change == pytest.approx(ratio, rel=1e-6)
    # the error of the first volume makes the ratio too large
    assert 0.97 * ratio < float(last["change_unbiased_from_baseline_percent"]) < ratio
    assert float(last["change_low_from_baseline_percent"]) < change < float(last["change_high_from_baseline_percent"])
    assert last["changed_from_baseline_beyond_error"] == "yes" and last["date"] == "2024-06-01"
    assert float(last["volume_low_mm3"]) < float(last["volume_mm3"]) < float(last["volume_high_mm3"])
    diameter = [float(last[f"long_diameter{end}_mm"]) for end in ("_low", "", "_high")]
    assert diameter == sorted(diameter) and diameter[1] == pytest.approx(2 * (5 + 0.6 * 9), abs=3)
    new = next(lines for lines in tracks.values() if lines[0]["class"] == "new")
    assert new[0]["class_from_previous"] == "new" and new[1]["class_from_previous"] in ("grown", "stable")


def test_the_patient_names_files_that_are_there(done, given):
    folder = done[0]
    patient = read_patient(folder / "patient.json")
    assert len(patient.time_points) == COUNT and len(patient.tracks) == 4
    for n, point in enumerate(patient.time_points):
        image = absolute_path(point.images[0].path, folder / "patient.json")
        assert image == given["images"][n]
        labels = sitk.GetArrayFromImage(sitk.ReadImage(str(folder / point.segmentation)))
        named = {label for t in patient.tracks if (o := t.at(point.id)) for label in o.labels}
        assert set(np.unique(labels)) - {0} == named


def test_sizes_of_delineated_lesions_are_judged_without_being_asked(done):
    folder, out = done
    rows = rows_of(folder, "response.csv")
    assert {row["criterion"] for row in rows} == {"recist_1_1", "volume_recist"}
    recist = [row for row in rows if row["criterion"] == "recist_1_1"]
    assert [row["time_point"] for row in recist] == [f"Visit {n + 1}" for n in range(COUNT)]
    assert recist[0]["category"] == "baseline" and recist[0]["arithmetic"].startswith("sum Visit 1")
    assert recist[6]["category"] == "PD" and "new lesions" in recist[6]["arithmetic"]
    for row in recist[:6]:
        terms = row["arithmetic"].split(": ", 1)[1].split(" = ")[0].split(" + ")
        total = sum(float(term.split()[1]) for term in terms if not term.endswith("gone"))
        assert total == pytest.approx(float(row["sum"]), abs=0.02)
    assert "RECIST 1.1:" in out and "only sizes of delineated lesions" in out


def test_the_report_shows_all_time_points(done):
    report = (done[0] / "report.html").read_text(encoding="utf-8")
    for words in (
        "Visit 10",
        "Findings over time",
        "Response criteria",
        "How each figure was obtained",
        "not yet reviewed",
    ):
        assert words in report
    assert report.count('class="chart"') == 5 and "<script" not in report


def test_a_readers_targets_are_measured_and_recorded(medproc, given, tmp_path):
    three = given["images"][:3]
    options = ["--segmentations", *given["labels"][1:4], "--dates", *given["dates"][1:4], *given["recipe"]]
    chosen = ["--criteria", "recist,who", "--targets", "F003", "--reader", "A. Reader"]
    clinical = tmp_path / "clinical.json"
    clinical.write_text('{"protocol": {"confirm": true}, "lesions": {"F003": {"in_radiation_field": true}}}')
    code, _, err = medproc("compare", *three, *options, *chosen, "--clinical", clinical, "-o", tmp_path)
    assert code == 0, err
    rows = rows_of(tmp_path, "response.csv")
    assert {row["criterion"] for row in rows} == {"recist_1_1", "who"}
    assert all("F003" in row["arithmetic"] and "F001 " not in row["arithmetic"].split(";")[0] for row in rows)
    patient = read_patient(tmp_path / "patient.json")
    assert [str(patient.track(f"F00{n}").kind) for n in (1, 2, 3)] == ["non-target", "non-target", "target"]
    assert {edit.who for edit in patient.history} == {"MedProc", "A. Reader"}
    assert patient.protocol.confirm and patient.track("F003").in_radiation_field
    assert "Confirmation at a later time point was not" not in (tmp_path / "report.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--criteria", "recist_9"], "no response criterion 'recist_9'; there are: recist_1_1"),
        (["--criteria", ","], "No criterion is named"),
        (["--criteria", "recist"], "need the dates of all studies; image0 has none"),
        (["--criteria", "recist", "--dates", "2020-01-01", "2020-01-01"], "both of 2020-01-01"),
        (["--targets", "F001"], "name these with --criteria"),
        (["--clinical", "c.json"], "name these with --criteria"),
        (["--clinical", "c.json", "--criteria", "recist"], "Clinical data c.json cannot be read"),
        (["--criteria", "recist", "--targets", "liver"], "'liver' is no finding: these are called F001"),
        (["--criteria", "recist", "--organs", "1=liver"], "'1' is no finding"),
        (["--names", "a"], "--names has 1 value for 2 studies"),
        (["--names", "a", "a"], "--names must differ"),
        (["--reader", " "], "--reader is empty"),
    ],
)
def test_what_cannot_be_done_is_refused_before_computing(refused, given, tmp_path, options, words):
    assert words in refused("compare", *given["images"][:2], *options, "-o", tmp_path / "results")
    assert not (tmp_path / "results").exists()


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ('"time_points": {"2020-01-03": {}}', "'2020-01-03' is no time point of image0 (2020-01-01), image1 (2020-"),
        ('"lesions": {"F001": {"unequivocal": ["image2"]}}', "'image2' is no time point of image0"),
        ('"lesions": {"liver": {"node": true}}', "'liver' is no finding"),
    ],
)
def test_clinical_data_of_what_cannot_be_there_are_refused_before_computing(refused, given, tmp_path, said, words):
    (tmp_path / "c.json").write_text(f"{{{said}}}", encoding="utf-8-sig")
    options = ["--dates", "2020-01-01", "2020-01-02", "--criteria", "recist", "--clinical", tmp_path / "c.json"]
    assert words in refused("compare", *given["images"][:2], *options, "-o", tmp_path / "results")
    assert not (tmp_path / "results").exists()


def test_a_comparison_is_not_lost_by_a_finding_that_is_not_there(medproc, given, tmp_path):
    clinical = tmp_path / "clinical.json"
    clinical.write_text('{"lesions": {"F099": {"node": true}}}')
    line = [*given["images"][:2], "--segmentations", *given["labels"][1:3], "--dates", *given["dates"][1:3]]
    line += [*given["recipe"], "--criteria", "recist", "--clinical", clinical]
    code, out, err = medproc("compare", *line, "-o", tmp_path / "results")
    assert code == 2 and "no track 'F099'" in err and "All else was written" in err and len(err.splitlines()) == 1
    assert "Response criteria were not applied: There is no track 'F099'" in out
    assert rows_of(tmp_path / "results", "findings.csv") and not rows_of(tmp_path / "results", "response.csv")
    patient = read_patient(tmp_path / "results" / "patient.json")
    assert "target" in {str(track.kind) for track in patient.tracks}


@pytest.mark.parametrize(("target", "words"), [("F009", "no track 'F009'"), ("F004", "was not there at baseline")])
def test_targets_must_be_findings_of_baseline(medproc, given, tmp_path, target, words):
    images, labels, dates = (given[name][-4:] for name in ("images", "labels", "dates"))
    line = [given["images"][0], images[-1], "--segmentations", given["labels"][1], labels[-1]]
    line += ["--dates", given["dates"][1], dates[-1], *given["recipe"], "--criteria", "recist", "--targets", target]
    code, out, err = medproc("compare", *line, "-o", tmp_path / "results")
    assert code == 2 and words in err and "not applied" in out and (tmp_path / "results" / "patient.json").exists()


def test_two_later_studies_are_compared_directly_and_mapped(done):
    folder, said = done
    names = {path.name for path in folder.iterdir()}
    assert {"difference.nii.gz", "difference_2.nii.gz", "difference_4_5.nii.gz", "change_4_5.nii.gz"} <= names
    assert "What changed from Visit 4" in said and "note" not in said
    ends = ("Visit 4", "Visit 5")
    rows = [r for r in rows_of(folder, "change_maps.csv") if (r["first_study"], r["other_study"]) == ends]
    assert {r["map"] for r in rows} == {"comparison.difference_map"}
    # the ball that is gone at the fifth visit is darker there, where it was
    image = sitk.ReadImage(str(folder / "difference_4_5.nii.gz"))
    index = image.TransformPhysicalPointToIndex([float(v) for v in GOING])
    assert image[index] < -20
    html = (folder / "report.html").read_text(encoding="utf-8")
    assert "Change maps: Visit 4 → Visit 5" in html and "Findings: Visit 4 → Visit 5" in html


def test_cohort_of_patients(done, given, tmp_path, capsys):
    import shutil

    from MedProcLib.app.main import run

    paths = []
    for who in ("one", "two <b>"):
        (tmp_path / who).mkdir()
        paths.append(tmp_path / who / "patient.json")
        shutil.copy(done[0] / "patient.json", paths[-1])
    assert run(["cohort", *map(str, paths), "-o", str(tmp_path / "cohort.csv")]) == 0
    rows = rows_of(tmp_path, "cohort.csv")
    assert [r["patient"] for r in rows] == ["one", "two <b>"] and rows[0]["time_points"] == str(COUNT)
    assert rows[0]["best_change_percent"] == rows[1]["best_change_percent"] != ""
    assert run(["cohort", *map(str, paths), "--criterion", "volumetric", "-o", str(tmp_path / "cohort.html")]) == 0
    page = (tmp_path / "cohort.html").read_text(encoding="utf-8")
    assert page.count("<svg") == 3 and "two &lt;b&gt;" in page and "two <b>" not in page
    capsys.readouterr()
    assert run(["cohort", str(paths[0]), str(paths[0]), "-o", str(tmp_path / "c.csv")]) == 2
    assert "Two patients are called 'one'" in capsys.readouterr().err
    assert run(["cohort", str(paths[0]), "-o", str(tmp_path / "c.txt")]) == 2
    (tmp_path / "one" / "patient.json").write_text('{"medproc_patient": 1, "id": "x"}')
    assert run(["cohort", str(paths[0]), "-o", str(tmp_path / "c.csv")]) == 2
    assert "no target lesions" in capsys.readouterr().err


def test_report_is_written_again_from_what_was_saved(done, tmp_path, capsys):
    from MedProcLib.app.main import run

    out = tmp_path / "again.html"
    assert run(["report", str(done[0] / "patient.json"), "--criteria", "recist_1_1", "-o", str(out)]) == 0
    again, first = out.read_text(encoding="utf-8"), (done[0] / "report.html").read_text(encoding="utf-8")
    for heading in ("Time points", "Findings over time", "Changed findings", "Response criteria", "How it was made"):
        assert f"<h2>{heading}</h2>" in again and f"<h2>{heading}</h2>" in first

    # the table over time: names, classes, volumes with intervals
    def table(html):
        return html.split("<h2>Findings over time</h2>")[1].split("</table>")[0]

    assert table(again) == table(first)
    assert "Change maps: Visit 1 → Visit 10" in again  # its recipe has one
    capsys.readouterr()
    assert run(["report", str(done[0] / "patient.json"), "-o", str(tmp_path / "again.txt")]) == 2
