"""start(): one headless Slicer with a Qt side for the whole process."""

import os
import sys
import types

from host.failures import install_excepthook

HIDDEN_PREFIXES = ("vtkSlicer", "MRML", "slicer_")
_app = None


def start(*, testing: bool = True):
    """Bring up scene, logics, Qt and Slicer's Python modules; later calls return the same `slicer.app`.

    testing: what slicer.app.testingEnabled() says; message boxes are then not opened.
    """
    global _app
    if _app is None:
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
        _app = _start(testing)
    return _app


def _start(testing: bool):
    from MedProcLib.scene.headless import start_headless_scene

    core = start_headless_scene()
    import slicer

    _hide_leaked_names(slicer)
    _install_qt(slicer)
    install_excepthook()
    from host.application.app import make_application
    from host.application.segments import watch_segments
    from host.slicer_python import register

    app = make_application(core, testing=testing)
    slicer.app = app
    slicer.selfTests = {}
    _install_modules(slicer, core, app)
    watch_segments(core.scene)
    register()
    return app


def _hide_leaked_names(slicer) -> None:
    """slicer-core puts the names of slicer.util and of its own libraries on `slicer`; Slicer does not."""
    for name, thing in list(vars(slicer).items()):
        if name.startswith("_") or name in ("util", "vtk"):
            continue
        from_util = getattr(slicer.util, name, None) is thing
        library = isinstance(thing, types.ModuleType) and name.startswith(HIDDEN_PREFIXES)
        if from_util or library:
            delattr(slicer, name)


def _install_qt(slicer) -> None:
    from host import pythonqt

    sys.modules["qt"] = qt = pythonqt.install()
    from host.standins import exists, standin
    from host.ui_loader import QUiLoader

    qt.QUiLoader = QUiLoader
    ctk = types.ModuleType("ctk")
    ctk.__getattr__ = lambda name: _class_or_error("ctk", name, name.startswith("ctk") and exists(name), standin)
    sys.modules["ctk"] = ctk
    slicer.__getattr__ = lambda name: _class_or_error(
        "slicer", name, name.startswith(("qMRML", "qSlicer")) and exists(name), standin
    )
    import host.application
    import host.widgets  # noqa: F401 - registers behavior


def _class_or_error(module: str, name: str, known: bool, make):
    if not known:
        raise AttributeError(f"module '{module}' has no attribute '{name}'")
    return make(name)


def _install_modules(slicer, core, app) -> None:
    from host.standins import make_inside

    slicer.modules = sys.modules["slicer.modules"] = types.ModuleType("slicer.modules")
    slicer.moduleNames = sys.modules["slicer.moduleNames"] = types.ModuleType("slicer.moduleNames")
    for name, logic in core.logics.items():
        module = make_inside("qSlicerLoadableModule")
        module._logic = logic
        module._values["name"] = name
        register_module(slicer, app, name, module)


def register_module(slicer, app, name: str, module) -> None:
    """Make a module known as `slicer.modules.<name>` and to the module manager."""
    app.moduleManager()._add(name, module)
    setattr(slicer.modules, name.lower(), module)
    setattr(slicer.moduleNames, name, name)
