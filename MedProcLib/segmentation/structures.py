"""The structures that MedProc delineates, by key.

Codes, meanings and colors are those of Slicer's list of terms ("Segmentation category and type - DICOM master list")
where it has the structure. Of pairs, the left one is shown a little lighter, so that the two stay apart. What the list
lacks (lesion, calcification, cell nucleus) is coded as in DICOM PS3.16 (CID 7159) and SNOMED CT.
"""

from ..core.errors import InputError
from ..core.measurement import Code
from ..core.structure import Structure

_ANATOMY = Code("SCT", "123037004", "Anatomical Structure")
_ALTERED = Code("SCT", "49755003", "Morphologically Altered Structure")
_TISSUE = Code("SCT", "85756007", "Tissue")
_SUBSTANCE = Code("SCT", "91720002", "Body Substance")
_OBJECT = Code("SCT", "260787004", "Physical object")
_RIGHT = Code("SCT", "24028007", "Right")
_LEFT = Code("SCT", "7771000", "Left")
LIGHTER = 0.35  # how far the left one of a pair goes towards white


def _entry(
    name: str, rgb: tuple[int, int, int], category: Code, value: str, meaning: str, modifier: Code | None = None
) -> Structure:
    red, green, blue = (part / 255 for part in rgb)
    return Structure(name, (red, green, blue), category, Code("SCT", value, meaning), modifier)


def _left(right: Structure, name: str) -> Structure:
    red, green, blue = (part + LIGHTER * (1 - part) for part in right.color)
    return Structure(name, (red, green, blue), right.category, right.type, _LEFT)


_RIGHT_LUNG = _entry("Right lung", (197, 165, 145), _ANATOMY, "39607008", "Lung", _RIGHT)
_RIGHT_KIDNEY = _entry("Right kidney", (185, 102, 83), _ANATOMY, "64033007", "Kidney", _RIGHT)

STRUCTURES: dict[str, Structure] = {
    "body": _entry("Body", (177, 122, 101), _ANATOMY, "38266002", "Entire body"),
    "skin": _entry("Skin", (177, 122, 101), _TISSUE, "39937001", "Skin"),
    "table": _entry("Table", (128, 128, 128), _OBJECT, "86407004", "Table"),
    "lung": _entry("Lungs", (197, 165, 145), _ANATOMY, "39607008", "Lung"),
    "lung_right": _RIGHT_LUNG,
    "lung_left": _left(_RIGHT_LUNG, "Left lung"),
    "airway": _entry("Airways", (175, 216, 244), _ANATOMY, "89187006", "Airway structure"),
    "trachea": _entry("Trachea", (182, 228, 255), _ANATOMY, "44567001", "Trachea"),
    "bone": _entry("Bone", (241, 214, 145), _TISSUE, "272673000", "Bone"),
    "fat": _entry("Fat", (230, 220, 70), _TISSUE, "248300009", "Body fat"),
    "fat_subcutaneous": _entry("Subcutaneous fat", (250, 235, 130), _TISSUE, "248300009", "Body fat"),
    "fat_visceral": _entry("Fat inside the body wall", (215, 190, 40), _TISSUE, "248300009", "Body fat"),
    "muscle": _entry("Muscle", (192, 104, 88), _TISSUE, "71616004", "Muscle"),
    "lean_other": _entry("Other lean tissue", (165, 135, 160), _TISSUE, "87784001", "Soft tissue"),
    "liver": _entry("Liver", (221, 130, 101), _ANATOMY, "10200004", "Liver"),
    "spleen": _entry("Spleen", (157, 108, 162), _ANATOMY, "78961009", "Spleen"),
    "kidney": _entry("Kidneys", (185, 102, 83), _ANATOMY, "64033007", "Kidney"),
    "kidney_right": _RIGHT_KIDNEY,
    "kidney_left": _left(_RIGHT_KIDNEY, "Left kidney"),
    "vessel": _entry("Vessels", (216, 101, 79), _ANATOMY, "59820001", "Blood Vessel"),
    "artery": _entry("Artery", (216, 101, 79), _ANATOMY, "51114001", "Artery"),
    "vein": _entry("Vein", (0, 151, 206), _ANATOMY, "29092000", "Vein"),
    "head": _entry("Head", (177, 122, 101), _ANATOMY, "69536005", "Head"),
    "brain": _entry("Brain", (250, 250, 225), _ANATOMY, "12738006", "Brain"),
    "ventricles": _entry("Ventricles", (88, 106, 215), _ANATOMY, "35764002", "Brain ventricle"),
    "csf": _entry("Cerebrospinal fluid", (85, 188, 255), _ANATOMY, "65216001", "Cerebrospinal Fluid"),
    "grey_matter": _entry("Gray matter", (200, 200, 235), _ANATOMY, "389081007", "Gray Matter"),
    "white_matter": _entry("White matter", (250, 250, 210), _ANATOMY, "389080008", "White Matter"),
    "lesion": _entry("Lesion", (253, 135, 192), _ALTERED, "52988006", "Lesion"),
    "mass": _entry("Mass", (144, 238, 144), _ALTERED, "4147007", "Mass"),
    "tumor": _entry("Tumor", (144, 238, 144), _ALTERED, "108369006", "Neoplasm"),
    "nodule": _entry("Nodule", (253, 135, 192), _ALTERED, "27925004", "Nodule"),
    "cyst": _entry("Cyst", (205, 205, 100), _ALTERED, "367643001", "Cyst"),
    "edema": _entry("Edema", (140, 224, 228), _ALTERED, "79654002", "Edema"),
    "hemorrhage": _entry("Hemorrhage", (188, 65, 28), _ALTERED, "50960005", "Hemorrhage"),
    "necrosis": _entry("Necrosis", (216, 191, 216), _ALTERED, "6574001", "Necrosis"),
    "calcification": _entry("Calcification", (253, 232, 158), _ALTERED, "18115005", "Pathologic calcification"),
    "gas": _entry("Gas", (218, 255, 255), _SUBSTANCE, "74947009", "Gas"),
    "fluid": _entry("Fluid", (170, 250, 250), _SUBSTANCE, "32457005", "Body fluid"),
    "uptake": Structure("Uptake", (255 / 255, 120 / 255, 0 / 255)),
    "nucleus": _entry("Nucleus", (90, 90, 200), _ANATOMY, "84640000", "Nucleus"),
}


def structure(key: str) -> Structure:
    """A structure by its key. Raises InputError that lists the known ones."""
    if key not in STRUCTURES:
        raise InputError(f"There is no structure '{key}'; there are: {', '.join(STRUCTURES)}.")
    return STRUCTURES[key]
