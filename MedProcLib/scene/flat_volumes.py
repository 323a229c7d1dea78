"""Which volume nodes are pictures without a depth: a radiograph, a frame of ultrasound, a photograph.

Slicer gives such a picture one slice of some thickness that nobody stated; it has areas, and no volumes.
"""

from pathlib import Path

from MedProcLib.core.dicom_header import texts_of
from MedProcLib.scene.dicom_files import first_dicom_file_of
from MedProcLib.scene.hierarchy import modality_of_volume
from MedProcLib.scene.volumes import geometry_of_volume

DEPTH_TAGS = ("ImagePositionPatient", "SliceThickness")  # of what has a place in depth
FLAT_MODALITIES = ("CR", "DX", "MG", "IO", "PX", "RG", "XA", "RF", "US", "IVUS", "ES", "XC", "GM", "SM", "OP")
PICTURES = (".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff")
STRAIGHT = 1e-3  # from the third axis, within which the picture's plane is that of the first two axes


def is_flat(volume) -> bool:
    """Whether a volume node is a picture without a depth (main thread).

    It has one slice, and DICOM states neither its position nor its thickness; of what was not loaded from DICOM the
    modality of its series or the format of its file tells. Raises InputError as geometry_of_volume does.
    """
    grid = geometry_of_volume(volume)
    if grid.size[2] != 1 or abs(abs(grid.direction[8]) - 1) > STRAIGHT:
        return False
    stated = _stated(volume)
    if stated is not None:
        return not any(stated)
    storage = volume.GetStorageNode()
    ending = Path(storage.GetFileName() or "").suffix.lower() if storage is not None else ""
    return ending in PICTURES or modality_of_volume(volume) in FLAT_MODALITIES


def _stated(volume) -> list[str] | None:
    """What DICOM says of position and thickness of a volume's slice; None of one that is not from DICOM, or whose file
    cannot be read."""
    file = first_dicom_file_of(volume)
    stated = texts_of(file, ("SOPClassUID", *DEPTH_TAGS)) if file is not None else {}
    return [stated.get(keyword, "") for keyword in DEPTH_TAGS] if "SOPClassUID" in stated else None
