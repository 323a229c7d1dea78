"""`train` and `predict`: from a table to a model, and from the model to proposals without scikit-learn."""

import csv
import json
import sys

import numpy as np
import pytest

QUICK = ["--repeats", 1, "--folds", 3, "--method", "discriminant", "--permutations", 0]


@pytest.fixture
def table(tmp_path):
    """table(seed, hospital) writes 60 lesions of 30 patients whose size tells what they are, and returns the path."""

    def write(seed=0, hospital="A", columns=("size_mm", "mean"), label=True):
        random = np.random.default_rng(seed)
        path = tmp_path / f"lesions_{seed}.csv"
        with path.open("w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["patient", "segment", "name", *columns, *(["kind"] if label else [])])
            for n in range(60):
                malignant = random.random() < 0.5
                values = [random.normal(14 if malignant else 8, 2), random.normal(50, 9)][: len(columns)]
                kind = ["malignant" if malignant else "benign"] if label else []
                writer.writerow([f"{hospital}{n // 2}", n, "=1+1", *values, *kind])
        return path

    return write


@pytest.fixture
def model(medproc, table, tmp_path):
    pytest.importorskip("sklearn")
    path = tmp_path / "model.json"
    code, _, err = medproc("train", table(), "--label", "kind", "--patient", "patient", *QUICK, "-o", path)
    assert code == 0, err
    return path


def test_from_table_to_proposals(medproc, table, tmp_path):
    pytest.importorskip("sklearn")
    model, report, target = (tmp_path / name for name in ("model.json", "report.json", "predictions.csv"))
    other = table(5, "B")
    code, out, err = medproc(
        *("train", table(), "--label", "kind", "--patient", "patient", *QUICK, "--permutations", 19),
        *("--test", other, "--by", "R. Reader", "-o", model, "--report", report),
    )
    assert code == 0, err
    assert "Cross-validated AUC of 'malignant' 0.9" in out and "p = 0.05 (19 permutations" in out
    assert "In 60 other findings AUC of 'malignant' 0.9" in out
    assert "name" in err and "segment" in err  # told that they are no features
    record = json.loads(report.read_text())
    assert record["trained_by"] == "R. Reader" and record["importance"][0]["feature"] == "size_mm"
    assert record["external"]["patients"] == 30
    assert [f["name"] for f in json.loads(model.read_text())["features"]] == ["size_mm", "mean"]
    code, out, err = medproc("predict", model, other, "-o", target)
    assert code == 0, err
    lines = list(csv.DictReader(target.open()))
    right = [line["predicted"] == line["kind"] for line in lines]
    assert np.mean(right) > 0.85 and "Proposals for 60 findings" in out
    assert {line["status"] for line in lines} == {"proposed"} and {line["name"] for line in lines} == {"'=1+1"}
    assert lines[0]["reasons"].startswith("size_mm")
    assert "learned from" not in err
    with other.open("a") as file:
        file.writelines(table().read_text().splitlines(keepends=True)[1:8])
    code, _, err = medproc("predict", model, other, "-o", target)
    assert code == 0 and "7 of 67 findings are among those that the model learned from" in err
    told = [line["learned_from"] for line in csv.DictReader(target.open())]
    assert told == ["false"] * 60 + ["true"] * 7
    beside = json.loads((tmp_path / "predictions.csv.provenance.json").read_text())
    assert beside["inputs"] == {"model": str(model), "table": str(other)}


def test_predictions_need_no_scikit_learn(medproc, refused, model, table, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn", None)
    code, _, err = medproc("predict", model, table(3, label=False), "-o", tmp_path / "p.csv")
    assert code == 0, err
    told = refused("train", table(), "--label", "kind", *QUICK, "-o", tmp_path / "other.json")
    assert "pip install scikit-learn" in told and not (tmp_path / "other.json").exists()


def test_findings_unlike_the_training_data_are_told(medproc, model, tmp_path):
    new = tmp_path / "new.csv"
    new.write_text("size_mm,mean\n500,50\n10,\n")
    code, _, err = medproc("predict", model, new, "-o", tmp_path / "p.csv")
    assert code == 0 and "1 of 2 findings is unlike" in err and "1 finding lacks features" in err


def test_what_is_refused(refused, model, table, tmp_path):
    target = tmp_path / "p.csv"
    assert "needs: mean" in refused("predict", model, table(4, columns=("size_mm",)), "-o", target)
    assert "written by `medproc train`" in refused("predict", _file(tmp_path, "{}"), table(), "-o", target)
    assert "end it in .csv" in refused("predict", model, table(), "-o", tmp_path / "p.txt")
    assert "is an input" in refused("predict", model, table(), "-o", table())
    fine = ["train", table(), "--label", "kind", *QUICK, "-o", tmp_path / "m.json"]
    assert "no column 'diagnosis'" in refused(*fine, "--label", "diagnosis")
    other = tmp_path / "other.csv"
    other.write_bytes(table().read_bytes())
    assert "both tables" in refused(*fine, "--patient", "patient", "--test", other)
    assert "learned from: give findings of other patients" in refused(*fine, "--test", fine[1])
    assert "'folds' is 1" in refused(*fine, "--folds", 1)
    assert "for two results" in refused(*fine, "--report", tmp_path / "m.json")
    assert not target.exists() and not (tmp_path / "m.json").exists()


def test_too_few_patients(refused, tmp_path):
    few = tmp_path / "few.csv"
    few.write_text("kind,x\n" + "a,1\nb,2\n" * 9)
    assert "at least 10" in refused("train", few, "--label", "kind", "-o", tmp_path / "m.json")


def _file(folder, text):
    path = folder / "other.json"
    path.write_text(text)
    return path
