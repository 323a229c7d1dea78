"""The DICOM files that a volume node was loaded from."""

from collections.abc import Iterator
from pathlib import Path

import slicer

from MedProcLib.core.errors import InputError

INSTANCES = "DICOM.instanceUIDs"  # attribute that Slicer's DICOM plug-ins write on volumes


def first_dicom_file_of(volume) -> Path | None:
    """File of a volume's first slice; None of one not from DICOM, or whose file is gone. Main thread only."""
    name = next(_in_database(volume), "")
    if name:
        return Path(name) if Path(name).is_file() else None
    stored = _read_by_storage(volume)
    return Path(stored[0]) if stored and _is_marked(Path(stored[0])) else None


def dicom_files_of(volume, why: str = "no DICOM report can refer to it") -> list[Path]:
    """Files of the volume's slices: from Slicer's DICOM database, else those its storage node read. Main thread only.

    why: what cannot be without them. Raises InputError for a volume that was not loaded from DICOM, or whose files are
    gone.
    """
    names = list(_in_database(volume))
    if not any(names):
        names = _read_by_storage(volume)
        names = names if all(_is_marked(Path(name)) for name in names) else []
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


def _in_database(volume) -> Iterator[str]:
    """What Slicer's DICOM database says of each slice's file; '' of those it does not know."""
    database = getattr(slicer, "dicomDatabase", None)
    if database is not None:
        for instance in (volume.GetAttribute(INSTANCES) or "").split():
            yield str(database.fileForInstance(instance) or "")


def _read_by_storage(volume) -> list[str]:
    storage = volume.GetStorageNode()
    if storage is None or not storage.GetFileName():
        return []
    names = [storage.GetFileName(), *(storage.GetNthFileName(n) for n in range(storage.GetNumberOfFileNames()))]
    return list(dict.fromkeys(filter(None, names)))


def _is_marked(path: Path) -> bool:
    """Whether a file is there and is a DICOM file by its mark."""
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return file.read(132)[128:] == b"DICM"
