"""The static check finds what Slicer does not have, and finds nothing in MedProc."""

from pathlib import Path

import pytest
from host.lint import lint, main

ROOT = Path(__file__).resolve().parents[3]


def test_medproc_uses_only_what_slicer_has():
    sources = [
        path
        for folder in ("MedProc", "MedProcLib/scene", "MedProcLib/widgets", "Testing/Python/host/demo_module")
        for path in sorted((ROOT / folder).rglob("*.py"))
    ]
    assert len(sources) > 3
    assert lint(sources) == []


@pytest.mark.parametrize(
    ("source", "finding"),
    [
        ("slicer.util.loadVolum('a')", "slicer.util.loadVolum is not in Slicer"),
        ("from slicer.util import arrayFromVolum", "slicer.util.arrayFromVolum is not in Slicer"),
        ("ctk.ctkSlider()", "ctk.ctkSlider is not in Slicer"),
        ("slicer.qMRMLNodeCombo()", "slicer.qMRMLNodeCombo is not in Slicer"),
        ("b.connect('clickd(bool)', f)", "no class has a signal clickd(bool)"),
        ("b.connect('currentIndexChanged(QString)', f)", "exists only with Qt 5"),
        ("isinstance(w, qt.QWidget)", "isinstance() with a Qt class"),
        ("qt.QRegExp('x')", "not there with Qt 6"),
        ("qt.QFancy()", "not offered by PythonQt"),
    ],
)
def test_findings_name_file_line_and_reason(tmp_path, source, finding):
    path = tmp_path / "module.py"
    path.write_text(f"import slicer\n{source}\n", encoding="utf-8")
    (only,) = lint([path])
    assert only.startswith(f"{path}:2: ")
    assert finding in only


def test_newer_than_the_minimum_is_found(tmp_path):
    path = tmp_path / "module.py"
    path.write_text("ctk.ctkAbstractWorker()\n", encoding="utf-8")
    assert lint([path]) == []
    assert any("exists since 5.8" in finding for finding in lint([path], minimum="5.6"))


def test_command_line(tmp_path, capsys):
    path = tmp_path / "module.py"
    path.write_text("slicer.util.nothing()\n", encoding="utf-8")
    assert main([str(path)]) == 1
    assert "nothing" in capsys.readouterr().out
    path.write_text("slicer.util.getNode('a')\n", encoding="utf-8")
    assert main([str(path)]) == 0
