"""The life of a scripted module: loaded at start-up, its panel shown, entered, closed and destroyed."""

import importlib.util
import sys
import time
from pathlib import Path

from host.session import register_module, start

POLL_S = 0.01


def load_module(path: str | Path):
    """Import a scripted module once, as the application does at start-up; returns its Python module."""
    app = start()
    import slicer

    path = Path(path).resolve()
    name = path.stem
    known = app.moduleManager().module(name)
    if known is not None:
        return known._python_module
    python_module = _import(path)
    parent = slicer.qSlicerScriptedLoadableModule()
    parent._values.update(name=name, path=str(path))
    parent._python_module = python_module
    register_module(slicer, app, name, parent)
    setattr(slicer.modules, f"{name}Instance", getattr(python_module, name)(parent))
    return python_module


def show_module(name: str, width: int = 420):
    """Make and enter the panel of a loaded module; returns the author's <name>Widget object."""
    app = start()
    import qt
    import slicer

    from host.application.modules import make_panel

    module = app.moduleManager().module(name)
    if module is None:
        raise KeyError(f"Module {name} is not loaded: call load_module(path) first")
    panel = slicer.qSlicerScriptedLoadableModuleWidget()
    panel.setObjectName(f"{name}ModuleWidget")
    layout = qt.QVBoxLayout()
    panel.setLayout(layout)
    panel._module = module
    panel._values["moduleName"] = name
    module._widget = panel
    make_panel(panel, module._python_module)
    widget = panel.self()
    panel.setMRMLScene(slicer.mrmlScene)
    widget.setup()
    enter(widget)
    panel.setFixedWidth(width)
    panel.show()
    app.processEvents()
    return widget


def enter(widget) -> None:
    """The user opens the module."""
    widget.parent._values["isEntered"] = True
    if hasattr(widget, "enter"):
        widget.enter()


def leave(widget) -> None:
    """The user goes to another module; the panel stays alive."""
    widget.parent._values["isEntered"] = False
    if hasattr(widget, "exit"):
        widget.exit()


def close_module(widget) -> None:
    """Leave, clean up and destroy a panel, as when the application ends or the module is reloaded."""
    import slicer

    from host.pythonqt.signals import emit

    leave(widget)
    emit(start().moduleManager(), "moduleAboutToBeUnloaded(QString)", widget.moduleName)  # which cleans up
    panel = widget.parent
    module = panel.module()
    module._widget = None
    delattr(slicer.modules, f"{widget.moduleName}Widget")
    # a widget is destroyed only when the event loop ends, which tests have none of: let it stop listening now
    for child in panel.findChildren("QWidget"):
        if child.className() == "qMRMLNodeComboBox" or child.className() == "qMRMLCheckableNodeComboBox":
            child.setMRMLScene(None)
    panel.close()
    panel.deleteLater()
    slicer.app.processEvents()


def grab(widget, path: str | Path) -> Path:
    """Save a picture of a Qt widget, or of the panel of a module's widget object."""
    target = widget if hasattr(widget, "grab") else widget.parent
    start().processEvents()
    path = Path(path)
    if not target.grab().save(str(path)):
        raise OSError(f"The picture {path} could not be written")
    return path


def wait_until(condition, timeout_s: float = 10.0) -> bool:
    """Handle events until the condition holds; False when it does not in time."""
    app = start()
    end = time.monotonic() + timeout_s
    while True:
        app.processEvents()
        if condition():
            return True
        if time.monotonic() > end:
            return False
        time.sleep(POLL_S)


def _import(path: Path):
    if str(path.parent) not in sys.path:
        sys.path.insert(0, str(path.parent))
    spec = importlib.util.spec_from_file_location(path.stem, path)
    python_module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = python_module
    spec.loader.exec_module(python_module)
    return python_module
