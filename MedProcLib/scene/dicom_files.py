"""The DICOM files that a volume node was loaded from."""

from pathlib import Path

import slicer

from MedProcLib.core.errors import InputError
from MedProcLib.scene.dicom_tags import INSTANCES


def dicom_files_of(volume) -> list[Path]:
    """Files of the volume's slices: from Slicer's DICOM database, else those its storage node read.

    Raises InputError for a volume that was not loaded from DICOM, or whose files are gone.
    """
    instances = (volume.GetAttribute(INSTANCES) or "").split()
    database = getattr(slicer, "dicomDatabase", None)
    names = [str(database.fileForInstance(uid) or "") for uid in instances] if database is not None else []
    if not names or not all(names):
        names = _stored(volume)
    files = [Path(name) for name in names]
    if not files:
        raise InputError(
            f"'{volume.GetName()}' was not loaded from DICOM, so no DICOM report can refer to it: load the series "
            "through the DICOM module, or export the figures as CSV."
        )
    missing = next((file for file in files if not file.is_file()), None)
    if missing is not None:
        raise InputError(f"{missing}, of which '{volume.GetName()}' was loaded, is not there anymore.")
    return files


def _stored(volume) -> list[str]:
    """Files that the storage node read; none where they are no DICOM files by their mark."""
    storage = volume.GetStorageNode()
    if storage is None or not storage.GetFileName():
        return []
    names = [storage.GetFileName(), *(storage.GetNthFileName(n) for n in range(storage.GetNumberOfFileNames()))]
    names = list(dict.fromkeys(filter(None, names)))
    return names if all(_is_marked(Path(name)) for name in names) else []


def _is_marked(path: Path) -> bool:
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return file.read(132)[128:] == b"DICM"
