"""Stand-in for the Slicer application in tests: see README.md.

app = host.start()                          # slicer, qt, ctk are importable from here on
host.load_module("MedProc/X/X.py")
panel = host.show_module("X")               # the XWidget object, set up and entered
host.grab(panel, "x.png")
host.close_module(panel)
host.errors                                 # exceptions in slots, misspelt signals

Imported inside the real application, the same names drive that application instead.
"""

import sys

IN_SLICER = getattr(sys.modules.get("slicer"), "app", None) is not None

if IN_SLICER:
    from host.in_slicer import close_module, enter, errors, grab, leave, load_module, show_module, start, wait_until
else:
    from host.failures import errors
    from host.panels import close_module, enter, grab, leave, load_module, show_module, wait_until
    from host.session import start

__all__ = [
    "IN_SLICER",
    "close_module",
    "enter",
    "errors",
    "grab",
    "leave",
    "load_module",
    "show_module",
    "start",
    "wait_until",
]
