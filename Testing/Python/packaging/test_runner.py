"""run.py: what it says and how it ends; the installation itself is seen whenever these tests run."""

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]


def run(*arguments, root: Path = ROOT, **settings) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, str(root / "run.py"), *arguments], capture_output=True, text=True, **settings
    )


def test_without_a_command_it_lists_them():
    ended = run()
    assert ended.returncode == 2
    for command in ("demo", "medproc", "test", "bench", "lint", "update"):
        assert f"python3 run.py {command}" in ended.stdout
    assert run("--help").returncode == 0


def test_it_needs_the_standard_library_only():
    ended = subprocess.run([sys.executable, "-I", "-S", str(ROOT / "run.py"), "--help"], capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr


def test_an_unknown_benchmark_is_named():
    ended = run("bench", "no_such_benchmark")
    assert ended.returncode == 2 and "there is no benchmark 'no_such_benchmark'" in ended.stderr


def test_a_missing_slicer_is_named():
    assert "--slicer needs the path" in run("test", "--slicer").stderr
    assert "--slicer needs the path" in run("test", "--slicer", "/no/Slicer").stderr


@pytest.fixture
def checkout(tmp_path) -> Path:
    """A copy of the runner with an environment that stands for an installed one: this Python, stamped."""
    root = tmp_path / "checkout"
    shutil.copytree(ROOT / "requirements", root / "requirements")
    shutil.copy(ROOT / "run.py", root)
    (root / "Testing" / "Benchmarks").mkdir(parents=True)
    (root / ".venv" / "bin").mkdir(parents=True)
    (root / ".venv" / "bin" / "python").symlink_to(sys.executable)
    version = ".".join(map(str, sys.version_info[:3]))
    for group in ("run", "test", "bench"):
        text = f"{version}\n{(root / 'requirements' / f'{group}.txt').read_text()}"
        (root / ".venv" / f"installed-{group}.txt").write_text(text + (root / "requirements" / "all.txt").read_text())
    (root / ".venv" / "pyvenv.cfg").write_text(f"version = {version}\n")
    return root


def test_benchmarks_run_one_or_all_and_the_worst_exit_code_counts(checkout):
    folder = checkout / "Testing" / "Benchmarks"
    (folder / "good.py").write_text("import sys; print('ran good', sys.argv[1:])")
    (folder / "bad.py").write_text("import sys; print('ran bad'); sys.exit(3)")
    (folder / "_shared.py").write_text("raise SystemExit('not a benchmark')")
    ended = run("bench", root=checkout)
    assert ended.returncode == 3 and "ran bad" in ended.stdout and "ran good" in ended.stdout
    ended = run("bench", "good", "fast", root=checkout)
    assert (ended.returncode, ended.stdout) == (0, "== good\nran good ['fast']\n")


def test_the_environment_is_brought_up_to_changed_pins(checkout):
    """An unchanged one is not touched; after a change of the pins pip is asked, here one that cannot deliver."""
    assert run("bench", root=checkout).returncode == 0
    pins = checkout / "requirements" / "all.txt"
    pins.write_text(pins.read_text() + "numpy==0.0.0\n")
    environment = {**os.environ, "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": ""}
    ended = run("bench", root=checkout, env=environment)
    assert "Installing what MedProc needs" in ended.stdout
    assert ended.returncode == 1 and "the packages could not be installed" in ended.stderr


def test_an_environment_that_was_left_half_made_is_not_used(checkout):
    """Interrupted before pip was there, the next call said only that the packages could not be installed."""
    script = importlib.util.spec_from_file_location("runner", checkout / "run.py")
    runner = importlib.util.module_from_spec(script)
    script.loader.exec_module(runner)
    assert runner.usable()
    shutil.rmtree(checkout / ".venv")
    assert not runner.usable()
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(checkout / ".venv")], check=True)
    assert runner.PYTHON.is_file() and not runner.usable()


def test_a_command_in_another_folder_sees_that_folder(checkout, tmp_path):
    """`run.py medproc` takes paths relative to where it is called."""
    (checkout / "MedProcLib" / "app").mkdir(parents=True)
    (checkout / "MedProcLib" / "__init__.py").touch()
    (checkout / "MedProcLib" / "app" / "__init__.py").touch()
    (checkout / "MedProcLib" / "app" / "main.py").write_text(
        "import os, sys\ndef main():\n    print(os.getcwd(), sys.argv[1:]); return 5\n"
    )
    (tmp_path / "MedProcLib.py").write_text("raise SystemExit('shadowed')")
    ended = run("medproc", "info", "a b", root=checkout, cwd=tmp_path)
    assert (ended.returncode, ended.stdout) == (5, f"{tmp_path} ['info', 'a b']\n")


def test_ci_runs_what_a_developer_runs():
    script = (ROOT / ".ci" / "run").read_text()
    assert "python3 run.py lint" in script and "python3 run.py test" in script
    assert os.access(ROOT / ".ci" / "run", os.X_OK)
