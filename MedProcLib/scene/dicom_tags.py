"""What DICOM says of a volume: from the file of its first slice, else from the subject hierarchy."""

from MedProcLib.core.acquisition_tags import acquisition_tags
from MedProcLib.scene.dicom_files import first_dicom_file_of
from MedProcLib.scene.hierarchy import modality_of_volume


def dicom_tags_of(volume) -> dict[str, str]:
    """DICOM attributes (keyword -> value) of a volume's first slice, as far as stated; empty without any.

    Those of ACQUISITION_TAGS. Without a file: what the subject hierarchy knows, that is the modality. The header is
    read once: Slicer's database reads the file again for every attribute it was not asked for before.
    """
    file = first_dicom_file_of(volume)
    tags = {} if file is None else acquisition_tags([file])
    modality = modality_of_volume(volume)
    if modality:
        tags.setdefault("Modality", modality)
    return tags
