"""Classification in the panel of MedProc Quantification: train on a table, propose for another, save and load."""

import csv
import sys

import numpy as np
import pytest

NAME = "MedProcQuantification"


@pytest.fixture
def lesions(tmp_path):
    """lesions(seed, hospital) writes 60 lesions of 30 patients whose size tells what they are, and returns the path."""

    def write(seed=0, hospital="A", kinds=("benign", "malignant")):
        random = np.random.default_rng(seed)
        path = tmp_path / f"lesions_{seed}.csv"
        with path.open("w", newline="") as file:
            writer = csv.writer(file)
            names = [
                "patient",
                "lesion",
                "long_diameter_mm",
                "mean",
                *(f"centroid_{axis}_mm" for axis in "lps"),
                "kind",
            ]
            writer.writerow(names)
            for n in range(60):
                kind = int(random.random() < 0.5)
                place = random.normal(0, 30, 3)
                row = [f"{hospital}{n // 2}", n + 1, random.normal(8 + 6 * kind, 2), random.normal(50, 9), *place]
                writer.writerow([*row, kinds[kind]])
        return path

    return write


@pytest.fixture
def ended():
    from host import wait_until

    def wait(run):
        assert wait_until(lambda: not run.running, 60)
        return run.message

    return wait


def quick(classification):
    editors = classification.training.editors
    for name, value in {"folds": 3, "repeats": 1, "permutations": 19}.items():
        editors[name].set_value(value)
    classification.training.method_box.currentIndex = 2


@pytest.fixture
def trained(panel, lesions, ended):
    """The section after training on a file."""
    pytest.importorskip("sklearn")
    section = panel(NAME, 350).classification
    section.training.table.load(lesions())
    assert ended(section.training.run) == "60 findings in 'lesions_0'."
    quick(section)
    section.training.run.button.click()
    assert ended(section.training.run).startswith("'Classifier of kind': Cross-validated AUC of 'malignant' 0.9")
    return section


def test_trained_as_the_command_line_does(trained, lesions, tmp_path):
    from MedProcLib.quantification.classification.findings import findings_of
    from MedProcLib.quantification.classification.model_json import model_text
    from MedProcLib.quantification.classification.settings import Training
    from MedProcLib.quantification.classification.table import read_table
    from MedProcLib.quantification.classification.train import train
    from MedProcLib.scene.classifier_scene import (
        CALIBRATION,
        FIGURES,
        IMPORTANCE,
        ROC,
        model_in_node,
        part_of_classifier,
    )
    from MedProcLib.scene.plots import series_of_chart
    from MedProcLib.scene.tables import rows_of_table

    node = trained.box.currentNode()
    settings = Training("discriminant", folds=3, repeats=1, permutations=19)
    same = train(findings_of(read_table(lesions()), "kind"), "kind", settings)
    ours, theirs = model_in_node(node), same.model
    assert ours.summary["data_sha256"] == theirs.summary["data_sha256"] and ours.summary["patients"] == 30
    assert model_text(ours).split('"summary"')[0] == model_text(theirs).split('"summary"')[0]
    figures = {row["figure"]: row for row in rows_of_table(part_of_classifier(node, FIGURES))}
    auc = same.report["validation"]["auc"]
    assert [figures["AUC"][key] for key in ("value", "low", "high")] == [auc[key] for key in ("value", "low", "high")]
    assert figures["p against chance"]["value"] == 0.05
    assert rows_of_table(part_of_classifier(node, IMPORTANCE))[0]["feature"] == "long_diameter_mm"
    curve, chance = series_of_chart(part_of_classifier(node, ROC))
    points = rows_of_table(curve.GetTableNode())
    assert points[0]["sensitivity"] == 0 and points[-1]["sensitivity"] == 1 and chance.GetName() == "chance"
    assert part_of_classifier(node, CALIBRATION).GetTitle() == "Classifier of kind calibration"
    trained.save(tmp_path / "model.json")
    assert (tmp_path / "model.json").read_text() == node.GetText()


def test_proposals_need_no_scikit_learn(trained, lesions, ended, tmp_path, monkeypatch):
    from MedProcLib.scene.tables import rows_of_table

    monkeypatch.setitem(sys.modules, "sklearn", None)
    proposals = trained.proposals
    path = tmp_path / "model.json"
    trained.save(path)
    trained.load(path)
    assert ended(proposals.run) == f"Read: {path}" and trained.box.currentNode().GetName() == "model"
    assert not trained._parts.visible  # charts are the trained one's
    proposals.table.load(lesions(5, "B"))
    ended(proposals.run)
    proposals.run.button.click()
    assert ended(proposals.run).startswith("Proposals for 60 findings (")
    table = trained._get_parameters().proposalsTable
    rows = rows_of_table(table)
    right = [row["predicted"] == row["kind"] for row in rows]
    assert table.GetName() == "lesions_5 proposals" and np.mean(right) > 0.85
    assert {row["status"] for row in rows} == {"proposed"} and {row["learned_from"] for row in rows} == {"false"}
    assert rows[0]["reasons"].startswith("long_diameter_mm")
    shown = proposals.table_widget
    assert shown.item(0, 0).text() == "B0, 1" and shown.item(0, 1).text() == rows[0]["predicted"]
    assert "Reasons: long_diameter_mm" in shown.item(0, 0).toolTip()
    shown.setCurrentCell(3, 0)
    import slicer

    matrix = slicer.util.getNode("vtkMRMLSliceNodeRed").GetSliceToRAS()
    assert matrix.GetElement(2, 3) == pytest.approx(rows[3]["centroid_s_mm"])


def test_refused_with_the_scene_unchanged(panel, lesions, ended, content, monkeypatch):
    from MedProcLib.core.errors import InputError
    from MedProcLib.widgets import training_panel

    training = panel(NAME).classification.training
    assert training.run.message == "Choose a table of findings, or load one." and not training.run.button.enabled
    training.table.load(lesions(kinds=("one", "one")))
    ended(training.run)
    assert training.label_box.currentText == "" and "Choose the column" in training.run.button.toolTip
    training.label_box.currentText = "kind"
    before = content()
    training.run.button.click()
    assert ended(training.run) == "All findings are labelled 'one': findings of another class are needed too."
    training.table.load(lesions(1))
    ended(training.run)
    before = content()
    assert (training.label_box.currentText, training.positive_box.currentText) == ("kind", "malignant")
    assert training.patient_box.currentText == "patient (by its name)"

    def refuse(requirement, what):
        raise InputError(f"{what} needs {requirement}, which is not installed.")

    monkeypatch.setattr(training_panel, "require_package", refuse)
    training.run.button.click()
    assert ended(training.run) == "Training a classifier needs scikit-learn>=1.8, which is not installed."
    training.features_edit.text = "mean, spam*"
    training.run.button.click()
    assert "no column 'spam*'" in ended(training.run)
    assert content() == before
