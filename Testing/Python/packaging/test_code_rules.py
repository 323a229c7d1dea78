"""Rules of the code that linters do not know."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
FILES = sorted(
    path
    for folder in ("MedProcLib", "MedProc", "Testing")
    for path in (ROOT / folder).rglob("*.py")
    if "__pycache__" not in path.parts
)
OPERATION_FILES = [
    path for path in FILES if re.search(r"^@operation\(", path.read_text(encoding="utf-8"), re.MULTILINE)
]


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def test_no_array_is_a_view_of_an_image_that_is_already_gone():
    """SimpleITK's view does not keep its image: of a temporary one it shows freed memory."""
    found = []
    for path in (path for path in FILES if "GetArrayViewFromImage" in path.read_text(encoding="utf-8")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr == "GetArrayViewFromImage"
                and not isinstance(node.args[0], ast.Name | ast.Attribute | ast.Subscript)
            ):
                found.append(f"{name_of(path)}:{node.lineno}")
    assert found == [], "use GetArrayFromImage, or give the image a name"


@pytest.mark.parametrize("path", OPERATION_FILES, ids=name_of)
def test_annotations_of_operations_are_there_at_run_time(path):
    assert not re.search(r"^from __future__ import annotations", path.read_text(encoding="utf-8"), re.MULTILINE)


def test_no_code_is_run_from_data():
    pattern = re.compile(r"\b(pickle|marshal|shelve|joblib)\b|(?<![\w.])(eval|exec)\(")
    found = [name_of(path) for path in FILES if pattern.search(path.read_text(encoding="utf-8"))]
    assert found == [name_of(Path(__file__).resolve())]


def test_slicer_starts_without_what_takes_long_to_import():
    """Slicer imports scripted modules, and what they import, when it starts; these take 0.2 to 0.5 s each."""
    slow = re.compile(
        r"^(import|from) scipy\.(stats|signal|interpolate)\b|^from scipy import .*\b(stats|signal|interpolate)\b", re.M
    )
    library = [path for path in FILES if path.relative_to(ROOT).parts[0] != "Testing"]
    assert [name_of(path) for path in library if slow.search(path.read_text(encoding="utf-8"))] == []


def test_no_test_stands_within_a_function_where_it_never_runs():
    found = []
    for path in FILES:
        for top in re.split(r"^(?=\S)", path.read_text(encoding="utf-8"), flags=re.MULTILINE):
            if top.startswith("def "):
                found += [f"{name_of(path)}: {name}" for name in re.findall(r"^ +def (test_\w+)", top, re.MULTILINE)]
    assert found == []


def test_test_data_has_its_source_and_license_and_is_small():
    folder = ROOT / "Testing" / "Data"
    readme = (folder / "README.md").read_text(encoding="utf-8")
    files = [path for path in folder.rglob("*") if path.is_file() and path.name != "README.md"]
    assert all(path.name in readme for path in files) and "License:" in readme
    assert sum(path.stat().st_size for path in files) < 10_000_000
