"""What DICOM says of a volume: from Slicer's DICOM database where it was loaded from there, else from the hierarchy."""

import slicer

from MedProcLib.scene.studies import modality_of_volume

INSTANCES = "DICOM.instanceUIDs"  # attribute that Slicer's DICOM plug-ins write on volumes
TAGS = {
    "Modality": "0008,0060",
    "StudyDescription": "0008,1030",
    "SeriesDescription": "0008,103e",
    "BodyPartExamined": "0018,0015",
    "ScanningSequence": "0018,0020",
    "ConvolutionKernel": "0018,1210",
    "RepetitionTime": "0018,0080",
    "EchoTime": "0018,0081",
    "InversionTime": "0018,0082",
    "KVP": "0018,0060",
    "Exposure": "0018,1152",
    "WindowCenter": "0028,1050",
    "ReceiveCoilName": "0018,1250",
}


def dicom_tags_of(volume) -> dict[str, str]:
    """DICOM attributes (keyword -> value) of a volume's first slice, those of TAGS that are stated; empty without any.

    Without an entry in the database: what the subject hierarchy knows, that is the modality.
    """
    database = getattr(slicer, "dicomDatabase", None)
    instance = next(iter((volume.GetAttribute(INSTANCES) or "").split()), "")
    tags = {}
    if database is not None and instance:
        values = {keyword: str(database.instanceValue(instance, tag) or "") for keyword, tag in TAGS.items()}
        tags = {keyword: value.strip() for keyword, value in values.items() if value.strip()}
    modality = modality_of_volume(volume)
    if modality:
        tags.setdefault("Modality", modality)
    return tags
