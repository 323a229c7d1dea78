"""PySide6 with PythonQt's manners, for the whole process: call install() once."""

from host.pythonqt.attributes import install_attributes
from host.pythonqt.enums import make_enums_integers
from host.pythonqt.instances import flatten_isinstance
from host.pythonqt.qt_module import make_qt_module
from host.pythonqt.timers import guard_single_shot


def install():
    """Change PySide6 and return the `qt` module."""
    make_enums_integers()
    install_attributes()
    flatten_isinstance()
    guard_single_shot()
    return make_qt_module()
