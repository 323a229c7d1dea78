#!/usr/bin/env python3
"""Run MedProc from a fresh checkout; needs Python 3.11 or later and nothing else.

    python3 run.py demo                compare two real studies of one patient (Testing/Data) into output/demo
    python3 run.py medproc ARGS...     the command line, e.g. `python3 run.py medproc info image.nii.gz`
    python3 run.py test [ARGS...]      all tests; ARGS go to pytest, e.g. `-k register`
    python3 run.py test --slicer PATH  the tests that run inside a real Slicer
    python3 run.py bench [NAME]        speed and accuracy: all of Testing/Benchmarks, or one
    python3 run.py lint                ruff, import-linter and mypy
    python3 run.py update              write what is made from the code: file lists of CMake, Docs/operations.md

The first call makes the environment `.venv` with pinned packages (requirements/); later calls reuse it.
"""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent
ENVIRONMENT = ROOT / ".venv"
PYTHON = ENVIRONMENT / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
OLDEST_PYTHON = (3, 11)
DEMO_STUDIES = [ROOT / "Testing/Data/ms_patient01" / f"study{number}_FLAIR.nii.gz" for number in (1, 2)]
DEMO_OUTPUT = ROOT / "output" / "demo"
MODULE_FOLDERS = ["MedProcEnhancement", "MedProcSegmentation", "MedProcQuantification", "MedProcComparison"]
# Debian and Ubuntu packages of the system libraries that VTK and Qt load.
SYSTEM_PACKAGES = {
    "libGL.so.1": "libgl1",
    "libEGL.so.1": "libegl1",
    "libOpenGL.so.0": "libopengl0",
    "libX11.so.6": "libx11-6",
    "libXrender.so.1": "libxrender1",
    "libXext.so.6": "libxext6",
    "libSM.so.6": "libsm6",
    "libICE.so.6": "libice6",
    "libgomp.so.1": "libgomp1",
    "libglib-2.0.so.0": "libglib2.0-0",
    "libfontconfig.so.1": "libfontconfig1",
    "libfreetype.so.6": "libfreetype6",
    "libxkbcommon.so.0": "libxkbcommon0",
    "libdbus-1.so.3": "libdbus-1-3",
}


def main(arguments: list[str]) -> int:
    """Run the command; returns its exit code."""
    commands = {"demo": demo, "medproc": medproc, "test": test, "bench": bench, "lint": lint, "update": update}
    if not arguments or arguments[0] in ("-h", "--help") or arguments[0] not in commands:
        print(__doc__)
        return 0 if arguments and arguments[0] in ("-h", "--help") else 2
    require_python()
    return commands[arguments[0]](arguments[1:])


def demo(arguments: list[str]) -> int:
    return medproc(["compare", *map(str, DEMO_STUDIES), "-o", str(DEMO_OUTPUT), *arguments])


def medproc(arguments: list[str]) -> int:
    install("run")
    # the checkout comes first on the path, so files of the caller's folder cannot shadow MedProcLib
    code = "import sys; sys.path.insert(0, sys.argv.pop(1)); from MedProcLib.app.main import main; sys.exit(main())"
    return call([str(PYTHON), "-P", "-c", code, str(ROOT), *arguments], cwd=None)


def test(arguments: list[str]) -> int:
    if "--slicer" in arguments:
        return test_in_slicer(arguments)
    install("run", "test")
    # what pytest makes of the tests and what hundreds of processes import is compiled once, not each time
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    # on small matrices more threads wait for each other, a sixth of the time
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    # two workers, a file whole to one of them, since its tests share what is slow to make; `-n 0` for a debugger;
    # in the order of the folders, whose last ones are quick: no long file is left to one worker at the end
    workers = ["-n", "2", "--dist", "loadfile", "--no-loadscope-reorder"]
    return call([str(PYTHON), "-m", "pytest", *workers, *arguments])


def test_in_slicer(arguments: list[str]) -> int:
    place = arguments.index("--slicer")
    if place + 1 >= len(arguments) or not shutil.which(arguments[place + 1]):
        return fail("--slicer needs the path of Slicer's launcher, e.g. --slicer /opt/Slicer-5.12/Slicer.")
    slicer, others = arguments[place + 1], arguments[:place] + arguments[place + 2 :]
    paths = [str(ROOT / "MedProc" / name) for name in MODULE_FOLDERS]
    script = str(ROOT / "Testing" / "run_in_slicer.py")
    os.environ["MEDPROC_PYTEST_ARGUMENTS"] = " ".join(others)
    return call([slicer, "--testing", "--no-splash", "--additional-module-paths", *paths, "--python-script", script])


def bench(arguments: list[str]) -> int:
    scripts = {
        path.stem: path for path in sorted((ROOT / "Testing" / "Benchmarks").glob("*.py")) if path.stem[0] != "_"
    }
    unknown = [name for name in arguments[:1] if name not in scripts]
    if unknown:
        return fail(f"there is no benchmark '{unknown[0]}'; there are: {', '.join(scripts) or 'none'}.")
    install("run", "test", "bench")
    chosen = arguments[:1] or list(scripts)
    codes = []
    for name in chosen:
        print(f"== {name}", flush=True)
        codes.append(call([str(PYTHON), str(scripts[name]), *arguments[1:]], path=True))
    return max(codes, default=0)


def lint(arguments: list[str]) -> int:
    install("run", "test")
    checks = [
        ["-m", "ruff", "check", "."],
        ["-m", "ruff", "format", "--check", "."],
        ["-c", "from importlinter.cli import lint_imports_command as check; check()"],
        ["-m", "mypy"],
    ]
    return max([call([str(PYTHON), *check], path=True) for check in checks])


def update(arguments: list[str]) -> int:
    install("run")
    page = subprocess.run([str(PYTHON), "-m", "MedProcLib", "operations", "--markdown"], cwd=ROOT, capture_output=True)
    if page.returncode:
        return fail(page.stderr.decode())
    (ROOT / "Docs" / "operations.md").write_bytes(page.stdout)
    return call([str(PYTHON), str(ROOT / "Testing" / "cmake_lists.py"), "--write"])


def require_python() -> None:
    """Go on with a later Python of this machine when this one is too old; say what is missing otherwise."""
    if sys.version_info >= OLDEST_PYTHON:
        return
    for minor in (12, 11, 13):
        later = shutil.which(f"python3.{minor}")
        if later and subprocess.call([later, "-c", ""]) == 0:
            os.execv(later, [later, *sys.argv])
    have, need = ".".join(map(str, sys.version_info[:2])), ".".join(map(str, OLDEST_PYTHON))
    sys.exit(f"run.py: this is Python {have}; MedProc needs {need} or later (e.g. `apt install python3.11`).")


def install(*groups: str) -> None:
    """Make the environment, or bring it up to the pins. A stamp per group says what is installed."""
    pins = (ROOT / "requirements" / "all.txt").read_text()
    version = ".".join(map(str, sys.version_info[:3]))
    wanted = {group: f"{version}\n{(ROOT / 'requirements' / (group + '.txt')).read_text()}{pins}" for group in groups}
    stamps = {group: ENVIRONMENT / f"installed-{group}.txt" for group in groups}
    missing = [
        group for group in groups if not (stamps[group].is_file() and stamps[group].read_text() == wanted[group])
    ]
    if not missing:
        return
    if not usable():
        make_environment()
    print(f"Installing what MedProc needs into {ENVIRONMENT} (once; a few hundred MB) ...", flush=True)
    files = [word for group in missing for word in ("-r", str(ROOT / "requirements" / f"{group}.txt"))]
    pip = [str(PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *files]
    if call(pip):
        sys.exit("run.py: the packages could not be installed (see above): is there a network, and disk space?")
    require_system_libraries()
    for group in missing:
        stamps[group].write_text(wanted[group])


def make_environment() -> None:
    for module in ("venv", "ensurepip"):
        if importlib.util.find_spec(module) is None:
            sys.exit(f"run.py: this Python has no '{module}' module; on Debian or Ubuntu: `apt install python3-venv`.")
    if call([sys.executable, "-m", "venv", "--clear", str(ENVIRONMENT)]):
        sys.exit(f"run.py: {ENVIRONMENT} could not be made; on Debian or Ubuntu: `apt install python3-venv`.")


def usable() -> bool:
    """Whether there is an environment of this Python, with pip: one whose making was interrupted has none."""
    configuration = ENVIRONMENT / "pyvenv.cfg"
    if not PYTHON.is_file() or not configuration.is_file():
        return False
    same = f"version = {'.'.join(map(str, sys.version_info[:2]))}." in configuration.read_text(encoding="utf-8")
    return same and subprocess.run([str(PYTHON), "-m", "pip", "--version"], capture_output=True).returncode == 0


def require_system_libraries() -> None:
    """Slicer's core needs libraries that only the system brings; name their packages when they are missing."""
    probe = subprocess.run([str(PYTHON), "-c", "import slicer"], capture_output=True, text=True, cwd=ROOT)
    library = re.search(r"(lib\S+\.so[.\d]*): cannot open shared object", probe.stderr)
    if library:
        package = SYSTEM_PACKAGES.get(library[1], library[1])
        sys.exit(f"run.py: the system lacks {library[1]}; on Debian or Ubuntu: `apt install {package}`.")
    if probe.returncode:
        sys.exit(f"run.py: Slicer's core cannot be loaded:\n{probe.stderr}")


def call(command: list[str], cwd: Path | None = ROOT, path: bool = False) -> int:
    """Run a command to its end; path: let it import MedProcLib. Ctrl-C reaches it too, and it decides how to end."""
    environment = dict(os.environ)
    if path:
        environment["PYTHONPATH"] = os.pathsep.join(filter(None, (str(ROOT), environment.get("PYTHONPATH"))))
    process = subprocess.Popen(command, cwd=cwd, env=environment)
    while True:
        try:
            code = process.wait()
            return 130 if code < 0 and -code in (2, 15) else code if code >= 0 else 1
        except KeyboardInterrupt:
            continue


def fail(message: str) -> int:
    print(f"run.py: {message}", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
