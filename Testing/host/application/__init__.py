"""The application object and its managers; importing the package registers their behavior."""

from host.application import app, io_manager, layout, main_window, modules  # noqa: F401
