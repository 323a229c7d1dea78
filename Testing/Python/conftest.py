"""Fixtures of all tests. What needs Slicer asks for `app` or `scene`; tests of algorithms start neither.

Outside Slicer `host` is the stand-in of Testing/host; inside Slicer (see Testing/run_in_slicer.py) it drives the
application itself.
"""

import os
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SHARED_DATA = ROOT.parent / "shared" / "data"

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
for folder in (ROOT / "Testing", ROOT):
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))


@pytest.fixture(scope="session")
def app():
    """`slicer.app`: the real one inside Slicer, otherwise the host's."""
    import host

    return host.start()


@pytest.fixture
def scene(app):
    """An empty scene; exceptions in slots and misspelt signals fail the test at its end."""
    import host
    import slicer

    slicer.mrmlScene.Clear(0)
    app.processEvents()
    failures = host.errors
    failures.clear()
    yield slicer.mrmlScene
    app.processEvents()
    found = [str(failure) for failure in failures]
    failures.clear()
    slicer.mrmlScene.Clear(0)
    app.processEvents()
    assert not found, "\n".join(found)


@pytest.fixture
def panel(scene):
    """panel("MedProcEnhancement") loads the module and returns its widget object, shown; closed after the test."""
    import host

    from MedProcLib.widgets.inputs import remember_reader

    remember_reader("")
    shown = []

    def show(name: str, width: int = 420):
        host.load_module(ROOT / "MedProc" / name / f"{name}.py")
        widget = host.show_module(name, width)
        shown.append(widget)
        return widget

    yield show
    for widget in shown:
        host.close_module(widget)


@pytest.fixture
def data() -> Path:
    """Testing/Data: small real images that belong to the repository."""
    return ROOT / "Testing" / "Data"


@pytest.fixture
def shared_data() -> Path:
    """More real images, beside the repository on some machines; the test is skipped elsewhere."""
    if not SHARED_DATA.is_dir():
        pytest.skip(f"{SHARED_DATA} is not there")
    return SHARED_DATA
