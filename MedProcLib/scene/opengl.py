"""Which OpenGL window VTK can use without a display, tried in a child process: a missing library crashes it."""

import functools
import os
import subprocess
import sys

from MedProcLib.core.errors import InputError

VARIABLE = "VTK_DEFAULT_OPENGL_WINDOW"
OFFSCREEN_WINDOWS = {"nt": ("vtkWin32OpenGLRenderWindow",), "darwin": ("vtkCocoaRenderWindow",)}
OFFSCREEN_WINDOWS_LINUX = ("vtkEGLRenderWindow", "vtkOSOpenGLRenderWindow", "vtkXOpenGLRenderWindow")
PROBE = """
import sys
import vtkmodules.vtkRenderingOpenGL2
from vtkmodules.vtkRenderingCore import vtkRenderer, vtkRenderWindow
window = vtkRenderWindow()
if window.GetClassName() != sys.argv[1]:
    sys.exit(2)
window.SetOffScreenRendering(1)
window.AddRenderer(vtkRenderer())
window.SetSize(8, 8)
window.Render()
sys.exit(0 if window.SupportsOpenGL() else 3)
"""


def ensure_offscreen_opengl() -> str:
    """Choose the OpenGL window class for offscreen pictures and return its name.

    A class named in VTK_DEFAULT_OPENGL_WINDOW is tried first; what works is put there, for VTK and child processes.
    Raises InputError with the Debian packages to install when no class can draw.
    """
    name = _find_working_window(os.environ.get(VARIABLE, ""))
    if name is None:
        raise InputError(
            "No picture can be drawn without a display: install software OpenGL"
            " (Debian and Ubuntu: `apt install libegl1`, or `apt install libosmesa6`)."
        )
    os.environ[VARIABLE] = name
    return name


@functools.lru_cache
def _find_working_window(preferred: str) -> str | None:
    candidates = OFFSCREEN_WINDOWS.get("nt" if os.name == "nt" else sys.platform, OFFSCREEN_WINDOWS_LINUX)
    for name in dict.fromkeys((preferred, *candidates) if preferred else candidates):
        if _can_draw(name):
            return name
    return None


def _can_draw(name: str) -> bool:
    environment = {**os.environ, VARIABLE: name}
    try:
        result = subprocess.run(
            [sys.executable, "-c", PROBE, name], env=environment, capture_output=True, timeout=60, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return result.returncode == 0
