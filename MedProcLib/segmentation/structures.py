"""The structures that MedProc delineates, by key. Codes and colors are those of Slicer's general anatomy list."""

from ..core.errors import InputError
from ..core.measurement import Code
from ..core.structure import Structure

_ANATOMY = Code("SCT", "123037004", "Anatomical Structure")
_ALTERED = Code("SCT", "49755003", "Morphologically Altered Structure")
_TISSUE = Code("SCT", "85756007", "Tissue")
_RIGHT = Code("SCT", "24028007", "Right")
_LEFT = Code("SCT", "7771000", "Left")


def _rgb(red: int, green: int, blue: int) -> tuple[float, float, float]:
    return red / 255, green / 255, blue / 255


_LUNG = Code("SCT", "39607008", "Lung")
_KIDNEY = Code("SCT", "64033007", "Kidney")

STRUCTURES: dict[str, Structure] = {
    "body": Structure("Body", _rgb(177, 122, 101), _ANATOMY, Code("SCT", "123037004", "Anatomical Structure")),
    "table": Structure("Table", _rgb(128, 128, 128)),
    "lung_right": Structure("Right lung", _rgb(172, 138, 115), _ANATOMY, _LUNG, _RIGHT),
    "lung_left": Structure("Left lung", _rgb(202, 164, 140), _ANATOMY, _LUNG, _LEFT),
    "airway": Structure("Airways", _rgb(182, 228, 255), _ANATOMY, Code("SCT", "44567001", "Trachea")),
    "bone": Structure("Bone", _rgb(241, 214, 145), _TISSUE, Code("SCT", "272673000", "Bone")),
    "fat": Structure("Fat", _rgb(230, 220, 70), _TISSUE, Code("SCT", "55603005", "Adipose tissue")),
    "muscle": Structure("Muscle", _rgb(192, 104, 88), _TISSUE, Code("SCT", "71616004", "Skeletal muscle")),
    "liver": Structure("Liver", _rgb(221, 130, 101), _ANATOMY, Code("SCT", "10200004", "Liver")),
    "kidney_right": Structure("Right kidney", _rgb(185, 102, 83), _ANATOMY, _KIDNEY, _RIGHT),
    "kidney_left": Structure("Left kidney", _rgb(205, 122, 103), _ANATOMY, _KIDNEY, _LEFT),
    "vessel": Structure("Vessels", _rgb(216, 101, 79), _ANATOMY, Code("SCT", "59820001", "Blood vessel")),
    "head": Structure("Head", _rgb(177, 122, 101), _ANATOMY, Code("SCT", "69536005", "Head")),
    "brain": Structure("Brain", _rgb(250, 250, 225), _ANATOMY, Code("SCT", "12738006", "Brain")),
    "ventricles": Structure("Ventricles", _rgb(88, 106, 215), _ANATOMY, Code("SCT", "35764002", "Brain ventricle")),
    "csf": Structure("Cerebrospinal fluid", _rgb(85, 188, 255), _TISSUE, Code("SCT", "65216001", "CSF")),
    "grey_matter": Structure("Grey matter", _rgb(128, 174, 128), _TISSUE, Code("SCT", "389080008", "Gray matter")),
    "white_matter": Structure("White matter", _rgb(250, 250, 225), _TISSUE, Code("SCT", "389081007", "White matter")),
    "lesion": Structure("Lesion", _rgb(253, 135, 192), _ALTERED, Code("SCT", "52988006", "Lesion")),
    "mass": Structure("Mass", _rgb(144, 238, 144), _ALTERED, Code("SCT", "4147007", "Mass")),
    "nodule": Structure("Nodule", _rgb(253, 135, 192), _ALTERED, Code("SCT", "27925004", "Nodule")),
    "edema": Structure("Edema", _rgb(140, 224, 228), _ALTERED, Code("SCT", "79654002", "Edema")),
    "necrosis": Structure("Necrosis", _rgb(216, 191, 216), _ALTERED, Code("SCT", "6574001", "Necrosis")),
    "calcification": Structure(
        "Calcification", _rgb(253, 232, 158), _ALTERED, Code("SCT", "54115004", "Calcification")
    ),
    "uptake": Structure("Uptake", _rgb(255, 120, 0)),
    "nucleus": Structure("Nucleus", _rgb(90, 90, 200), _ANATOMY, Code("SCT", "84640000", "Nucleus")),
}


def structure(key: str) -> Structure:
    """A structure by its key. Raises InputError that lists the known ones."""
    if key not in STRUCTURES:
        raise InputError(f"There is no structure '{key}'; there are: {', '.join(STRUCTURES)}.")
    return STRUCTURES[key]
