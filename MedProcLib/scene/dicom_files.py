"""The DICOM files that a volume node was loaded from."""

from pathlib import Path

import slicer

from MedProcLib.core.errors import InputError
from MedProcLib.scene.dicom_tags import INSTANCES


def dicom_files_of(volume, why: str = "no DICOM report can refer to it") -> list[Path]:
    """Files of the volume's slices: from Slicer's DICOM database, else those its storage node read. Main thread only.

    why: what cannot be without them. Raises InputError for a volume that was not loaded from DICOM, or whose files are
    gone.
    """
    instances = (volume.GetAttribute(INSTANCES) or "").split()
    database = getattr(slicer, "dicomDatabase", None)
    names = [str(database.fileForInstance(uid) or "") for uid in instances] if database is not None else []
    if not any(names):
        names = _stored(volume)
    if not names:
        raise InputError(
            f"'{volume.GetName()}' was not loaded from DICOM, so {why}: load the series through the DICOM module."
        )
    missing = sum(not name or not Path(name).is_file() for name in names)
    if missing:
        raise InputError(
            f"{missing} of {len(names)} DICOM files of '{volume.GetName()}' are gone; import the series again."
        )
    return [Path(name) for name in names]


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
