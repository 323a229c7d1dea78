"""Fixtures of all tests. What needs Slicer asks for `app` or `scene`; tests of algorithms start neither.

Outside Slicer the fixtures use the stand-in of Testing/host; inside Slicer (see Testing/run_in_slicer.py) they use the
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


def runs_in_slicer() -> bool:
    """True when the tests run inside the real application."""
    if "host" in sys.modules:
        return False
    return getattr(sys.modules.get("slicer"), "app", None) is not None


@pytest.fixture(scope="session")
def app():
    """`slicer.app`: the real one inside Slicer, otherwise the host's."""
    if runs_in_slicer():
        return sys.modules["slicer"].app
    import host

    return host.start()


@pytest.fixture
def scene(app):
    """An empty scene; exceptions in slots and misspelt signals fail the test at its end."""
    import slicer

    slicer.mrmlScene.Clear(0)
    app.processEvents()
    failures = _collected_errors()
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
    shown = []

    def show(name: str, width: int = 420):
        widget = _show_in_slicer(name) if runs_in_slicer() else _show_in_host(name, width)
        shown.append(widget)
        return widget

    yield show
    for widget in shown:
        _close(widget)


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


def _collected_errors() -> list:
    if runs_in_slicer():
        return []  # PythonQt prints them to the application's log
    import host

    return host.errors


def _show_in_host(name: str, width: int):
    import host

    host.load_module(ROOT / "MedProc" / name / f"{name}.py")
    return host.show_module(name, width)


def _show_in_slicer(name: str):
    import slicer

    slicer.util.selectModule(name)
    widget = slicer.util.getModuleWidget(name)
    widget.enter()
    return widget


def _close(widget) -> None:
    if not runs_in_slicer():
        import host

        host.close_module(widget)
