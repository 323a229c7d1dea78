"""What DICOM says of a volume: from Slicer's DICOM database where it was loaded from there, else from the hierarchy."""

import slicer

from MedProcLib.core.acquisition_tags import ACQUISITION_TAGS
from MedProcLib.scene.studies import modality_of_volume

INSTANCES = "DICOM.instanceUIDs"  # attribute that Slicer's DICOM plug-ins write on volumes


def dicom_tags_of(volume) -> dict[str, str]:
    """DICOM attributes (keyword -> value) of a volume's first slice, as far as stated; empty without any.

    Those of ACQUISITION_TAGS. Without an entry in the database: what the subject hierarchy knows, that is the modality.
    """
    database = getattr(slicer, "dicomDatabase", None)
    instance = next(iter((volume.GetAttribute(INSTANCES) or "").split()), "")
    tags = {}
    if database is not None and instance:
        values = {
            keyword: str(database.instanceValue(instance, tag) or "") for keyword, tag in ACQUISITION_TAGS.items()
        }
        tags = {keyword: value.strip() for keyword, value in values.items() if value.strip()}
    modality = modality_of_volume(volume)
    if modality:
        tags.setdefault("Modality", modality)
    return tags
