"""Presets for PET, radiographs, ultrasound and microscopy."""

from pathlib import Path

from ...core.preset import Preset

FOLDER = Path(__file__).resolve().parent


def _file(name: str, title: str, about: str, group: str, seeds: str = "") -> Preset:
    return Preset(name, title, about, FOLDER, group, seeds)


OTHER_PRESETS: tuple[Preset, ...] = (
    _file(
        "pet_lesions",
        "Lesions",
        "Foci of uptake in SUV, each at 41 % of its maximum, listed; usual uptake is marked for the reader to reject",
        "PET",
    ),
    _file(
        "radiograph_lungs",
        "Lung fields",
        "Both lung fields of a frontal chest radiograph, without what lies behind heart and diaphragm",
        "Radiograph",
    ),
    _file(
        "us_region",
        "Region around a point",
        "Closed outline of a lesion, cyst or node in speckle, in a picture or a volume",
        "Ultrasound",
        "a point inside the region",
    ),
    _file(
        "nuclei",
        "Nuclei, bright",
        "Each bright nucleus or cell of a fluorescence picture, touching ones cut apart; sizes suit 1 mm a pixel, as "
        "pictures without a scale are loaded",
        "Microscopy",
    ),
    _file(
        "nuclei_stained_dark",
        "Nuclei, dark",
        "Each dark nucleus or cell of a stained picture (gray values), touching ones cut apart; sizes suit 1 mm a "
        "pixel, as pictures without a scale are loaded",
        "Microscopy",
    ),
    _file(
        "nuclei_in_cells",
        "Nuclei, dark in gray cells",
        "Each nucleus that is darker than the cell around it, where whole cells are darker than the ground; sizes suit "
        "1 mm a pixel, as pictures without a scale are loaded",
        "Microscopy",
    ),
)
