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
    assert "Cross-validated AUC of 'malignant' 0.9" in trained.summary_label.text
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

    with monkeypatch.context() as other:
        other.setattr(training_panel, "REQUIREMENT", "scikit-learn>=1000")
        training.run.button.click()
        assert ended(training.run) == (
            "Training a classifier needs scikit-learn>=1000, which is not installed. "
            "Try again, and allow to install it."
        )
    training.run.button.click()
    training.run.button.click()
    assert ended(training.run) == "Cancelled; nothing was changed."
    training.features_edit.text = "mean, spam*"
    training.run.button.click()
    assert "no column 'spam*'" in ended(training.run)
    assert content() == before


def test_kept_with_the_scene(trained, tmp_path):
    import slicer

    trained.training.features_edit.text = "long_*"
    proposals, node = trained.proposals, trained.box.currentNode()
    text = node.GetText()
    trained._get_parameters().findingsTable = slicer.util.getNode("lesions_0")
    proposals.run.button.click()
    from host import wait_until

    assert wait_until(lambda: not proposals.run.running, 60)
    assert "60 of 60 findings are among those that the model learned from" in proposals.note_label.text
    path = str(tmp_path / "scene.mrb")
    assert slicer.util.saveScene(path)
    slicer.mrmlScene.Clear(0)
    assert trained.box.currentNode() is None and proposals.table_widget.rowCount == 0
    assert trained.training.settings().folds == 5 and trained.summary_label.text == ""
    slicer.util.loadScene(path)
    assert trained.box.currentNode().GetText() == text
    assert trained.training.settings().folds == 3 and trained.training.features_edit.text == "long_*"
    assert proposals.table_widget.rowCount == 60 and proposals.table_widget.item(0, 3).text() == "learned from"
    assert trained.part_buttons["MedProc.ClassifierRoc"].enabled
    assert "Cross-validated AUC" in trained.summary_label.text
    trained._get_parameters().findingsTable = slicer.util.getNode("lesions_0")  # with the six digits that Slicer saved
    proposals.run.button.click()
    assert wait_until(lambda: not proposals.run.running, 60)
    assert "60 of 60 findings are among those that the model learned from" in proposals.note_label.text


def test_classes_that_are_numbers(panel, lesions, ended):
    """'1.0' is shown with its share, and a column's name in two lines, as spreadsheets write it, is one."""
    pytest.importorskip("sklearn")
    section = panel(NAME).classification
    path = lesions(kinds=("1.0", "2.5"))
    path.write_text(path.read_text().replace("long_diameter_mm", '"long\ndiameter_mm"'))
    section.training.table.load(path)
    ended(section.training.run)
    quick(section)
    section.training.run.button.click()
    assert "AUC of '2.5' 0.9" in ended(section.training.run)
    proposals = section.proposals
    section._get_parameters().findingsTable = section._get_parameters().trainingTable
    proposals.run.button.click()
    ended(proposals.run)
    item = proposals.table_widget.item
    called, shares = zip(*[(item(row, 1).text(), int(item(row, 2).text()[:-2])) for row in range(60)], strict=True)
    assert set(called) == {"1", "2.5"} and max(shares) > 90
    assert "long diameter_mm" in item(0, 0).toolTip()


def test_vectors_are_no_features(scene):
    """Segment Statistics has columns of them."""
    import slicer
    import vtk

    from MedProcLib.scene.findings_table import findings_in_node

    node = scene.AddNewNodeByClass("vtkMRMLTableNode", "statistics")
    slicer.util.updateTableFromArray(node, np.array([[7.0], [8.5]]), ["volume"])
    places = vtk.vtkDoubleArray()
    places.SetName("centroid_ras")
    places.SetNumberOfComponents(3)
    for place in ((1, -2.5, 3), (4, 5, 6)):
        places.InsertNextTuple(place)
    node.AddColumn(places)
    assert findings_in_node(node).columns == {"volume": ["7", "8.5"], "centroid_ras": ["1 -2.5 3", "4 5 6"]}


def test_tables_of_the_panel_are_findings(panel, block, finish, tmp_path):
    """Those of figures as their file is read, those of features with a line for each segment."""
    from MedProcLib.quantification.classification.table import read_table
    from MedProcLib.scene.findings_table import findings_in_node
    from MedProcLib.scene.tables import rows_of_table

    block("CT")
    widget = panel(NAME)
    widget.run.button.click()
    finish(widget)
    widget.export.write_table(tmp_path / "t.csv")
    ours, file = findings_in_node(widget.resultTable()), read_table(tmp_path / "t.csv")
    assert list(ours.columns) == list(file.columns) and ours.columns["name"] == file.columns["name"]
    assert ours.units["mean_HU"] == file.units["mean_HU"] == "[hnsf'U]"
    assert ours.units["voxel_volume_mm3"] == file.units["voxel_volume_mm3"] == "mm3"
    means = [[float(cell) for cell in table.columns["mean_HU"]] for table in (ours, file)]
    assert means[0] == pytest.approx(means[1], rel=1e-9)
    widget.features.panel.set_parameters({"families": "statistics"})
    widget.features.button.click()
    finish(widget)
    found = findings_in_node(widget.features.table)
    rows = {row["tag"]: row for row in rows_of_table(widget.features.table)}
    assert found.columns["segment"] == ["Two", "One"] and found.units["stat_mean"] == "[hnsf'U]"
    assert [float(cell) for cell in found.columns["stat_mean"]] == [rows["stat_mean"][name] for name in ("Two", "One")]
