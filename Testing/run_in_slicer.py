"""Run the tests inside the real application: `Slicer --testing --python-script Testing/run_in_slicer.py`.

With pytest in Slicer's Python, all tests run that do not test the stand-in itself; without it, the modules' self tests.
MedProc's modules must be known to Slicer (extension installed, or `--additional-module-paths`). The application ends
with exit code 0 when everything passed. Arguments for pytest are taken from the variable MEDPROC_PYTEST_ARGUMENTS.
"""

import os
import sys
import traceback
from pathlib import Path

import slicer

ROOT = Path(__file__).resolve().parents[1]
MODULES = ("MedProcEnhancement", "MedProcSegmentation", "MedProcQuantification", "MedProcComparison")


def main() -> int:
    """Exit code of the tests."""
    if str(ROOT) not in sys.path:
        sys.path.insert(0, str(ROOT))
    try:
        import pytest
    except ImportError:
        print("pytest is not in Slicer's Python: running the modules' self tests")
        return _run_self_tests()
    tests = ROOT / "Testing" / "Python"
    arguments = os.environ.get("MEDPROC_PYTEST_ARGUMENTS", "").split()
    return int(pytest.main([str(tests), "--rootdir", str(ROOT), "--ignore", str(tests / "host"), *arguments]))


def _run_self_tests() -> int:
    failed = []
    for name in MODULES:
        run = slicer.selfTests.get(name)
        if run is None:
            failed.append(f"{name}: the module is not loaded")
            continue
        try:
            run()
        except Exception as error:  # noqa: BLE001 - every module is tried, whatever the others raise
            traceback.print_exc()
            failed.append(f"{name}: {error}")
    print("\n".join(failed) or "All self tests passed")
    return 1 if failed else 0


if __name__ == "__main__":
    slicer.util.exit(main())
