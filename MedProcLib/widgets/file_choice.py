"""Where to write a file: a dialog in the folder that was used last, with a name that every system takes."""

import re
from pathlib import Path
from typing import Any

import qt
import slicer
from slicer.i18n import tr as _

# in no file name of Windows, where a dialog with such a name cannot be accepted
_FORBIDDEN = re.compile(r'[<>:"/\\|?*\x00-\x1f]+')
_last: dict[str, Path] = {}  # where the last file was written


def ask_where_to_write(parent: Any, title: str, name: str, kinds: str) -> str:
    """Path that the user chose, '' for none. name: the one proposed, whose ending is added to a name without one."""
    folder = _last.get("folder") or Path(slicer.app.defaultScenePath or Path.home())
    chosen = qt.QFileDialog.getSaveFileName(parent, title, str(folder / file_name(name)), kinds)
    if not chosen:
        return ""
    path = Path(chosen)
    if not path.suffix:
        path = path.with_suffix(Path(name).suffix)
        # the dialog asked of the name without an ending
        if path.exists() and not slicer.util.confirmYesNoDisplay(
            _("{path} is there already. Replace it?").format(path=path)
        ):
            return ""
    _last["folder"] = path.parent
    return str(path)


def file_name(name: str) -> str:
    """A name, of a node say, as a file can have it: '5: T1/T2' as '5_ T1_T2'."""
    return _FORBIDDEN.sub("_", name).strip(" .") or "unnamed"
