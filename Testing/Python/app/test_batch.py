"""`batch`: all lines that can be done are, tables come together for `train`, and what is missing is said first."""

import csv

import numpy as np
import pytest
import SimpleITK as sitk

from MedProcLib.core.errors import Cancelled
from MedProcLib.quantification.classification.table import read_table


@pytest.fixture
def cohort(image, tmp_path, monkeypatch):
    """A list of three patients in the current folder, the second without a mask file; no folder for tables."""
    monkeypatch.chdir(tmp_path)
    for name in ("Ä 1", "P2", "P3"):
        sitk.WriteImage(image, f"{name}.nrrd")
    for name in ("Ä 1", "P3"):
        sitk.WriteImage(sitk.Cast(image > 300, sitk.sitkUInt8), f"{name}_mask.nrrd")
    lines = [["patient", "who", "diagnosis"], ["1", "Ä 1", "good"], ["2", "P2", "bad"], ["3", "P3", "=bad"]]
    with open("list.csv", "w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(lines)
    return tmp_path


LINE = ("measure", "{who}.nrrd", "{who}_mask.nrrd", "--per", "segment", "-o", "out/{who}.csv")


def rows_of(path):
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_the_others_go_on_and_tables_come_together(medproc, cohort):
    code, out, err = medproc("batch", "--together", "all.csv", "list.csv", *LINE)
    assert code == 2 and "1 of 3 lines could not be done, the others are. line 3 (2): There is no file P2_mask" in err
    assert "[3/3] line 4 (3)" in out and "Tables of 2 lines: all.csv" in out
    assert "  could not be done: There is no file P2_mask" in out
    rows = rows_of(cohort / "all.csv")
    assert [(row["patient"], row["diagnosis"]) for row in rows] == [("1", "good"), ("3", "'=bad")]
    (alone,) = rows_of(cohort / "out" / "Ä 1.csv")
    assert {name: rows[0][name] for name in alone} == alone
    # what is there stays, and what was missing is done now
    before = (cohort / "out" / "P3.csv").stat().st_mtime_ns
    (cohort / "P2_mask.nrrd").write_bytes((cohort / "P3_mask.nrrd").read_bytes())
    code, out, err = medproc("batch", "--missing", "--together", "all.csv", "list.csv", *LINE)
    assert (code, err) == (0, "") and "2 of 3 lines are done already" in out
    assert (cohort / "out" / "P3.csv").stat().st_mtime_ns == before and len(rows_of(cohort / "all.csv")) == 3


def test_features_of_a_cohort_are_a_table_to_train_on(medproc, cohort):
    (cohort / "P2_mask.nrrd").write_bytes((cohort / "P3_mask.nrrd").read_bytes())
    line = ("features", "{who}.nrrd", "{who}_mask.nrrd", "-o", "out/{who}.csv")
    assert medproc("batch", "--together", "all.csv", "list.csv", *line)[0] == 0
    table = read_table(cohort / "all.csv")
    assert table.count == 3 and table.columns["diagnosis"] == ["good", "bad", "'=bad"]
    assert len(set(table.columns["stat_mean"])) == 1 and np.isfinite(float(table.columns["stat_mean"][0]))


def test_what_is_wrong_is_said_before_anything_runs(medproc, refused, cohort):
    (cohort / "two.csv").write_text("\n".join((cohort / "list.csv").read_text(encoding="utf-8").splitlines()[:3]))
    assert "no column 'whom'" in refused("batch", "list.csv", "info", "{whom}", "-o", "x.csv")
    assert "write to the same out/x.csv" in refused("batch", "list.csv", *LINE[:-1], "out/x.csv")
    assert "Line 2: " in refused("batch", "list.csv", *LINE, "--nonsense")
    assert "without -o writes nothing" in refused("batch", "list.csv", "info", "{who}.nrrd")
    assert "put in cells as {COLUMN}" in refused("batch", "list.csv", "measure", "a", "b", "-o", "c.csv")
    assert "goes the command" in refused("batch", "list.csv", "batch", "list.csv", "info", "{who}")
    assert "give each line a file of its own" in refused(
        "batch", "--together", "P2.csv", "list.csv", *LINE[:-1], "{who}.csv"
    )
    assert "end it in .csv" in refused("batch", "--together", "a.csv", "list.csv", *LINE[:-1], "out/{who}.json")
    assert (
        "2 of 2 lines could not be done. line 2 (1)" in medproc("batch", "two.csv", *LINE[:2], "no.nrrd", *LINE[3:])[2]
    )
    assert not (cohort / "out").exists()


def test_what_was_done_before_cancelling_stays_and_is_said(medproc, cohort, monkeypatch):
    from MedProcLib.app import measure

    work = measure.run

    def second(arguments, progress):
        if "P2" in arguments.image:
            raise Cancelled
        work(arguments, progress)

    monkeypatch.setattr(measure, "run", second)
    code, _, err = medproc("batch", "list.csv", *LINE)
    assert code == 130 and "the lines that were done stay" in err and (cohort / "out" / "Ä 1.csv").is_file()
