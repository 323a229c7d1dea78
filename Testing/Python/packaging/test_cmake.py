"""What the build files list is what is there, and what Slicer would install works."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import cmake_lists
import pytest

ROOT = Path(__file__).resolve().parents[3]
MODULES = ["MedProcEnhancement", "MedProcSegmentation", "MedProcQuantification", "MedProcComparison"]
CMAKE = (ROOT / "CMakeLists.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize("folder", [cmake_lists.LIBRARY, *cmake_lists.MODULES], ids=lambda folder: folder.name)
def test_every_file_is_listed_and_every_listed_file_is_there(folder):
    assert cmake_lists.problems(folder) == [], "run `python3 run.py update`"


def test_the_lists_would_be_found_wanting(tmp_path, monkeypatch):
    """The check itself sees a missing file, an unlisted one and one listed twice."""
    module = tmp_path / "MedProc" / "MedProcThing"
    (module / "Resources").mkdir(parents=True)
    (module / "MedProcThing.py").touch()
    (module / "Resources" / "icon.png").touch()
    (module / "CMakeLists.txt").write_text(
        "set(MODULE_NAME MedProcThing)\n"
        "set(MODULE_PYTHON_SCRIPTS\n  ${MODULE_NAME}.py\n  ${MODULE_NAME}.py\n  gone\n  )\n"
    )
    monkeypatch.setattr(cmake_lists, "ROOT", tmp_path)
    assert cmake_lists.problems(module) == [
        "MedProc/MedProcThing/CMakeLists.txt lists gone.py, which does not exist",
        "MedProc/MedProcThing/CMakeLists.txt does not list Resources/icon.png",
        "MedProc/MedProcThing/CMakeLists.txt lists MedProcThing.py twice",
    ]


def test_the_extension_builds_the_library_and_every_module():
    added = re.findall(r"^add_subdirectory\((.+)\)", CMAKE, re.MULTILINE)
    assert added == ["MedProcLib", *(f"MedProc/{name}" for name in MODULES)]
    assert sorted(path.name for path in cmake_lists.MODULES) == sorted(MODULES)


def test_the_extension_says_what_the_index_asks_for():
    project = re.search(r"^project\((\w+)\)", CMAKE, re.MULTILINE)[1]
    stated = dict(re.findall(r'^set\((EXTENSION_\w+) "(.+)"\)', CMAKE, re.MULTILINE))
    assert {
        f"EXTENSION_{name}"
        for name in ("HOMEPAGE", "CATEGORY", "CONTRIBUTORS", "DESCRIPTION", "ICONURL", "SCREENSHOTURLS", "DEPENDS")
    } == set(stated)
    entry = json.loads((ROOT / "Docs" / f"{project}.json").read_text())
    assert set(entry) == {
        "$schema",
        "build_dependencies",
        "build_subdirectory",
        "category",
        "scm_revision",
        "scm_url",
        "tier",
    }
    assert entry["category"] == stated["EXTENSION_CATEGORY"]
    assert stated["EXTENSION_HOMEPAGE"] + ".git" == entry["scm_url"]
    assert entry["scm_url"].rsplit("/", 1)[1].startswith("Slicer") and not project.startswith("Slicer")
    assert b"\r" not in (ROOT / "Docs" / f"{project}.json").read_bytes()


def test_pictures_of_the_extension_are_files_of_the_repository():
    urls = re.findall(r"https://raw\.githubusercontent\.com/medproc/SlicerMedProc/main/(\S+?)[\"\s]", CMAKE)
    assert len(urls) >= 2
    for path in urls:
        assert (ROOT / path).read_bytes()[:4] == b"\x89PNG", path


def test_what_is_installed_is_complete_and_imports_from_there(tmp_path):
    """The extension is configured and installed with a stand-in for Slicer's macros."""
    if shutil.which("cmake") is None:
        pytest.skip("cmake is not there")
    stand_in = ROOT / "Testing" / "cmake" / "Slicer"
    build, place = tmp_path / "build", tmp_path / "installed"
    for command in (
        ["cmake", "-S", ROOT, "-B", build, f"-DSlicer_DIR={stand_in}", f"-DCMAKE_INSTALL_PREFIX={place}"],
        ["cmake", "--install", build],
    ):
        ended = subprocess.run(list(map(str, command)), capture_output=True, text=True)
        assert ended.returncode == 0, ended.stderr
    modules = place / "lib" / "Slicer-5.12" / "qt-scripted-modules"
    installed = {path.relative_to(modules).as_posix() for path in modules.rglob("*") if path.is_file()}
    expected = {f"MedProcLib/{file}" for file in cmake_lists.files_of(cmake_lists.LIBRARY)}
    for folder in cmake_lists.MODULES:
        expected |= set(cmake_lists.files_of(folder))
    assert installed == expected
    code = (
        "import MedProcLib; from MedProcLib.core.registry import operations;"
        "assert MedProcLib.__file__.startswith(__import__('sys').argv[1]), MedProcLib.__file__;"
        "print(len(operations()))"
    )
    ended = subprocess.run(
        [sys.executable, "-P", "-c", code, str(modules)],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={"PYTHONPATH": str(modules)},
    )
    assert ended.returncode == 0 and int(ended.stdout) >= 8, ended.stderr
