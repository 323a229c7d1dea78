"""The check of members finds what objects do not have, and finds nothing in MedProc."""

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]


def sources():
    folders = ("MedProc", "MedProcLib/widgets", "MedProcLib/scene")
    return [path for folder in folders for path in sorted((ROOT / folder).rglob("*.py"))]


def test_medproc_uses_only_members_that_are_there(app):
    from host.members import check

    assert check(sources()) == []


def test_most_of_the_panels_objects_are_known(app):
    """A check that knows no kinds finds nothing: of the panels' objects it must know a good part."""
    import ast

    from host.inference import MODULE, Sources, scopes

    known = Sources(path for path in sources() if path.parent.name == "widgets")
    kinds = [
        known.kind(each.value, scope)
        for tree in known.trees.values()
        for scope in scopes(tree)
        for each in scope.walk()
        if isinstance(each, ast.Attribute)
    ]
    told = [kind for kind in kinds if kind not in (None, MODULE)]
    assert len(told) > 0.5 * len(kinds)
    assert {"QTableWidget", "qMRMLNodeComboBox", "ctkSliderWidget", "QHeaderView"} <= set(told)


@pytest.mark.parametrize(
    ("source", "finding"),
    [
        ("label = qt.QLabel()\nlabel.setTxt('a')", "QLabel has no setTxt"),
        ("edit = qt.QLineEdit()\nx = edit.text()", "QLineEdit.text is a property, not a method"),
        ("edit = qt.QLineEdit()\nedit.colour = 1", "QLineEdit has no colour"),
        ("table = qt.QTableWidget()\ntable.resizeColumnsToContents = 1", "is no property: it cannot be set"),
        ("slider = ctk.ctkSliderWidget()\nslider.setRange(0, 1)", "ctkSliderWidget has no setRange"),
        ("box = qt.QCheckBox()\nbox.connect('activated(int)', f)", "QCheckBox has no signal activated(int)"),
        ("mode = qt.Qt.ElideMidle", "Qt has no ElideMidle"),
        ("mode = qt.QHeaderView.Strech", "QHeaderView has no Strech"),
        ("slicer.app.layoutManager().sliceWidgt('Red')", "has no sliceWidgt"),
        ("node = slicer.vtkMRMLTabelNode()", "slicer.vtkMRMLTabelNode is not there"),
        ("node = scene.AddNewNodeByClass('vtkMRMLTableNode')\nnode.SetTabel(t)", "vtkMRMLTableNode has no SetTabel"),
        ("something.GetNumberOfSegmentz()", "no class of Slicer, VTK, SimpleITK or Qt has GetNumberOfSegmentz"),
        ("class A:\n    def f(self):\n        return self.g()", "A has no g"),
        ("def make():\n    made = qt.QPushButton()\n    return made\nmake().presed()", "QPushButton has no presed"),
    ],
)
def test_what_is_not_there_is_found(app, tmp_path, source, finding):
    from host.members import check

    path = tmp_path / "module.py"
    path.write_text(f"import ctk\nimport qt\nimport slicer\n{source}\n", encoding="utf-8")
    (only,) = check([path])
    assert only.startswith(f"{path}:") and finding in only


def test_what_is_there_is_not(app, tmp_path):
    from host.members import check

    path = tmp_path / "module.py"
    path.write_text(
        "import qt\nimport slicer\n"
        "button = qt.QPushButton()\nbutton.connect('clicked()', print)\nbutton.checked = True\nbutton.name = 'a'\n"
        "shown = None\nshown = qt.QLabel()\nshown.text = str(slicer.mrmlScene.GetNumberOfNodes())\n",
        encoding="utf-8",
    )
    assert check([path]) == []
