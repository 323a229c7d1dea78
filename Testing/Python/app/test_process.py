"""The command line as a process: exit codes, one line on stderr, cancel within a second, bugs."""

import logging
import os
import pty
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

from MedProcLib.app import command, main
from MedProcLib.app.cancellable import run_cancellable
from MedProcLib.core.errors import Cancelled

ROOT = Path(__file__).resolve().parents[3]
LONG = ("--operation", "enhancement.curvature_diffusion", "-p", "scale_mm=10")


@pytest.fixture
def big_file(tmp_path):
    """Work of many seconds."""
    values = np.random.default_rng(0).normal(size=(160, 160, 160)).astype(np.float32)
    path = tmp_path / "big.nrrd"
    sitk.WriteImage(sitk.GetImageFromArray(values), str(path))
    return path


def test_done_is_0_with_the_result_on_stdout_alone(process, image_file):
    running = process("info", image_file)
    out, err = running.communicate()
    assert (running.returncode, err) == (0, "") and out.startswith("{")


def test_what_can_be_mended_is_2_with_one_line_on_stderr_alone(process, tmp_path):
    (tmp_path / "cut.dcm").write_bytes(b"\0" * 128 + b"DICM" + b"\0" * 50)
    running = process("info", tmp_path / "cut.dcm")
    out, err = running.communicate()
    assert (running.returncode, out, err.count("\n")) == (2, "", 1) and err.startswith("medproc info: ")


def test_what_libraries_print_stays_off_the_terminal(process, shared_data):
    """GDCM and libjpeg print to stdout and stderr by themselves for this file."""
    running = process("info", shared_data / "06_dicom" / "single_and_multiframe" / "JPEG-lossy.dcm")
    out, err = running.communicate()
    assert running.returncode == 0 and err == "" and out.startswith("{\n")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("after", [0.35, 1.0, 2.0])
def test_a_signal_cancels_within_a_second_and_leaves_no_file(process, big_file, tmp_path, number, after):
    running = process("enhance", big_file, *LONG, "-o", tmp_path / "out.nii.gz", env={"PYTHONVERBOSE": "1"})
    # from when the entry is imported, which takes long on a busy machine; whatever is going on then
    while "import 'MedProcLib.app.main'" not in running.stderr.readline():
        assert running.poll() is None
    time.sleep(after)
    assert running.poll() is None, running.communicate()
    running.send_signal(number)
    begun = time.monotonic()
    _, err = running.communicate(timeout=60)
    ended_after = time.monotonic() - begun
    assert running.returncode == 130
    assert "cancelled; nothing was written.\n" in err  # among what PYTHONVERBOSE says
    assert [path.name for path in tmp_path.iterdir()] == ["big.nrrd"]
    assert ended_after < 10  # a second on an idle machine; not timed here


def test_work_that_does_not_listen_is_left_behind(process, tmp_path):
    """A long call into a library that cannot be interrupted: the process ends, and its half-written file goes."""
    code = (
        "import sys, time; from MedProcLib.app.cancellable import run_cancellable\n"
        "from MedProcLib.core.atomic import whole_file\n"
        "def work(progress):\n"
        "    with whole_file(sys.argv[1]) as temporary:\n"
        "        temporary.write_text('half'); print('ready', flush=True); time.sleep(600)\n"
        "run_cancellable(work, lambda fraction, message: None)"
    )
    running = subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path / "out.txt")],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert running.stdout.readline() == "ready\n"
    assert len(list(tmp_path.iterdir())) == 1
    running.send_signal(signal.SIGINT)
    running.communicate(timeout=60)
    assert running.returncode == 130 and list(tmp_path.iterdir()) == []


def test_cancel_from_within_is_130(medproc, image_file, tmp_path, monkeypatch):
    def run(arguments, progress):
        progress.cancel()
        progress(0.5)

    monkeypatch.setattr(command.Command, "run", property(lambda self: run))
    assert medproc("info", image_file) == (130, "", "medproc info: cancelled; nothing was written.\n")


def test_a_bug_is_1_with_its_traceback_once(medproc, image_file, monkeypatch):
    def run(arguments, progress):
        handler = logging.StreamHandler()  # as a library sets it up
        monkeypatch.setattr(logging.getLogger(), "handlers", [handler])
        raise ZeroDivisionError("broken")

    monkeypatch.setattr(command.Command, "run", property(lambda self: run))
    code, out, err = medproc("info", image_file)
    assert (code, out) == (1, "")
    assert err.startswith("medproc info: this is a bug in MedProc") and err.endswith("ZeroDivisionError: broken\n")
    assert err.count("ZeroDivisionError: broken") == 1


def test_too_little_memory_can_be_mended(medproc, image_file, monkeypatch):
    def run(arguments, progress):
        raise MemoryError

    monkeypatch.setattr(command.Command, "run", property(lambda self: run))
    code, _, err = medproc("info", image_file)
    assert code == 2 and err.startswith("medproc info: there is not enough memory; use a smaller image")


def test_signal_handlers_are_put_back():
    before = signal.getsignal(signal.SIGINT)
    run_cancellable(lambda progress: None, lambda fraction, message: None)
    with pytest.raises(Cancelled):
        run_cancellable(lambda progress: (progress.cancel(), progress.check()), lambda fraction, message: None)
    assert signal.getsignal(signal.SIGINT) is before


def test_a_reader_that_has_seen_enough_is_no_error(process):
    running = process("operations", "--json")
    running.stdout.close()
    err = running.stderr.read()
    assert running.wait() == 0 and err == ""


def test_a_terminal_sees_a_progress_bar_that_is_wiped(process, image_file, tmp_path):
    """Before what is printed, too, which stood behind it on its line."""
    controller, terminal = pty.openpty()
    running = subprocess.Popen(
        [sys.executable, "-m", "MedProcLib", "enhance", image_file, *LONG[:2], "-o", tmp_path / "out.nrrd"],
        stdout=terminal,
        stderr=terminal,
        cwd=ROOT,
    )
    os.close(terminal)
    seen = b""
    while True:
        try:
            part = os.read(controller, 4096)
        except OSError:
            break
        if not part:
            break
        seen += part
    running.communicate()
    os.close(controller)
    assert running.returncode == 0
    said = f"Enhanced image: {tmp_path / 'out.nrrd'}\r\n".encode()
    assert b"]   2% Smooth" in seen and seen.endswith(b"\r\x1b[K" + said) and seen.count(b"\n") == 1


def test_threads_are_set_for_all_libraries(medproc, image_file, monkeypatch):
    before = sitk.ProcessObject.GetGlobalDefaultNumberOfThreads()
    for variable in main.THREAD_VARIABLES:
        monkeypatch.delenv(variable, raising=False)
    assert medproc("info", image_file, "--threads", 3)[0] == 0
    assert sitk.ProcessObject.GetGlobalDefaultNumberOfThreads() == 3
    assert {os.environ[variable] for variable in main.THREAD_VARIABLES} == {"3"}
    sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(before)
