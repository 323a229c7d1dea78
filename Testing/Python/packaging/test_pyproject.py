"""The Python package, the pins and the documents made from the code agree with the tree."""

import re
import tomllib
from pathlib import Path

from cmake_lists import files_of

from MedProcLib.core.reference import reference_page
from MedProcLib.core.registry import operations

ROOT = Path(__file__).resolve().parents[3]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def names(path: Path) -> dict[str, str]:
    """Package -> version ('' when a constraint gives it) of a requirements file."""
    lines = [line.strip() for line in path.read_text().splitlines()]
    found = [line.partition("==") for line in lines if line and line[0] not in "#-"]
    return {name.lower().replace("_", "-"): version for name, _, version in found}


def test_every_folder_of_python_files_is_a_listed_package():
    folders = {path.parent.relative_to(ROOT) for path in (ROOT / "MedProcLib").rglob("*.py")}
    assert sorted(".".join(folder.parts) for folder in folders) == sorted(PROJECT["tool"]["setuptools"]["packages"])
    assert all((ROOT / folder / "__init__.py").is_file() for folder in folders)


def test_the_script_is_the_command_line():
    assert PROJECT["project"]["scripts"] == {"medproc": "MedProcLib.app.main:main"}


def test_what_the_package_depends_on_is_what_the_runner_installs():
    needed = {re.split(r"[><=,]", text)[0].strip().lower() for text in PROJECT["project"]["dependencies"]}
    assert needed == set(names(ROOT / "requirements" / "run.txt"))


def test_every_package_has_one_exact_version():
    pins = names(ROOT / "requirements" / "all.txt")
    assert all(re.fullmatch(r"[\w.]+", version) for version in pins.values())
    for group in ("run", "test", "bench"):
        assert set(names(ROOT / "requirements" / f"{group}.txt")) <= set(pins)
    assert pins["slicer-core"] == "5.12.4.0" and pins["vtk"] == "9.6.0" and pins["pyside6-essentials"] == "6.8.3"


def test_the_reference_page_is_current():
    page = (ROOT / "Docs" / "operations.md").read_text(encoding="utf-8")
    assert page == reference_page(operations()), "run `python3 run.py update`"


def test_files_that_are_not_python_are_package_data():
    """setuptools installs no others unless it is told to."""
    others = {f"MedProcLib/{file}" for file in files_of(ROOT / "MedProcLib") if not file.endswith(".py")}
    told = PROJECT["tool"]["setuptools"]["package-data"].items()
    found = {
        path
        for package, patterns in told
        for each in patterns
        for path in (ROOT / package.replace(".", "/")).glob(each)
    }
    assert others == {path.relative_to(ROOT).as_posix() for path in found}
