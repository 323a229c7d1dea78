"""The file lists of the CMakeLists of MedProcLib and the modules, against the tree.

python3 Testing/cmake_lists.py            what is listed and missing, or there and not listed
python3 Testing/cmake_lists.py --write    rewrite MedProcLib/CMakeLists.txt from the tree
"""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LIBRARY = ROOT / "MedProcLib"
MODULES = sorted(path for path in (ROOT / "MedProc").glob("MedProc*") if path.is_dir())
# Caches and CMake's own files are not installed.
NOT_INSTALLED = {"CMakeLists.txt", "__pycache__", ".pyc", ".mypy_cache", ".ruff_cache"}
TEMPLATE = """# Written by Testing/cmake_lists.py: run it again with --write when files come or go.
set(MODULE_NAME MedProcLib)

set(MODULE_PYTHON_SCRIPTS
  {scripts}
  )

set(MODULE_PYTHON_RESOURCES
  {resources}
  )

# Installed beside the modules with its folder, as Slicer does with DICOMLib: `import MedProcLib` finds it there.
slicerMacroBuildScriptedModule(
  NAME ${{MODULE_NAME}}
  SCRIPTS ${{MODULE_PYTHON_SCRIPTS}}
  RESOURCES ${{MODULE_PYTHON_RESOURCES}}
  WITH_SUBDIR
  )
"""


def problems(folder: Path) -> list[str]:
    """What a folder's CMakeLists lists and lacks, one line each; a file listed twice is one too."""
    name = folder.relative_to(ROOT).as_posix()
    if not (folder / "CMakeLists.txt").is_file():
        return [f"{name}/CMakeLists.txt is missing"]
    listed, there = listed_files(folder), files_of(folder)
    twice = {file for file in listed if listed.count(file) > 1}
    return [
        *(f"{name}/CMakeLists.txt lists {file}, which does not exist" for file in sorted(set(listed) - set(there))),
        *(f"{name}/CMakeLists.txt does not list {file}" for file in sorted(set(there) - set(listed))),
        *(f"{name}/CMakeLists.txt lists {file} twice" for file in sorted(twice)),
    ]


def listed_files(folder: Path) -> list[str]:
    """Scripts and resources that the CMakeLists names, with their endings; ${MODULE_NAME} filled in."""
    text = re.sub(r"#.*", "", (folder / "CMakeLists.txt").read_text(encoding="utf-8"))
    name = re.search(r"set\(MODULE_NAME\s+(\w+)\)", text)
    text = text.replace("${MODULE_NAME}", name[1] if name else "")
    scripts, resources = (
        word.split() for word in (_list(text, "MODULE_PYTHON_SCRIPTS"), _list(text, "MODULE_PYTHON_RESOURCES"))
    )
    return [script if script.endswith(".py") else f"{script}.py" for script in scripts] + resources


def files_of(folder: Path) -> list[str]:
    """Every file below the folder that must be installed."""
    return sorted(
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_file()
        and not NOT_INSTALLED & {*path.relative_to(folder).parts, path.suffix}
        and path.relative_to(folder).parts[0] != "Testing"
    )


def library_lists() -> str:
    """The text of MedProcLib/CMakeLists.txt for the tree as it is."""
    files = files_of(LIBRARY)
    scripts = [file for file in files if file.endswith(".py")]
    resources = [file for file in files if not file.endswith(".py")]
    return TEMPLATE.format(scripts="\n  ".join(scripts), resources="\n  ".join(resources)).replace("\n  \n", "\n")


def _list(text: str, variable: str) -> str:
    found = re.search(rf"set\({variable}\s(.*?)\)", text, re.DOTALL)
    return found[1] if found else ""


def main() -> int:
    if "--write" in sys.argv:
        (LIBRARY / "CMakeLists.txt").write_text(library_lists(), encoding="utf-8", newline="\n")
    found = [line for folder in (LIBRARY, *MODULES) for line in problems(folder)]
    print("\n".join(found) or "The CMake lists agree with the tree.")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
