"""Presets for CT."""

from pathlib import Path

from ...core.preset import Preset

FOLDER = Path(__file__).resolve().parent


def _file(name: str, title: str, about: str, seeds: str = "") -> Preset:
    return Preset(name, title, about, FOLDER, "CT", seeds)


CT_PRESETS: tuple[Preset, ...] = (
    _file(
        "ct_lungs",
        "Lungs",
        "Right and left lung without airways; vessels and small dense disease included, consolidation and effusion not",
    ),
    _file("ct_nodules", "Lung nodules", "Round dense spots in the lungs, listed with how many are expected by chance"),
    _file("ct_airways", "Airways", "Trachea and bronchi as far as their walls can be seen"),
    _file("ct_body", "Body", "The body against the air around it, without the table"),
    _file("ct_without_table", "Body and table", "The body, and what is dense beside it, so that it can be taken out"),
    _file(
        "ct_bones",
        "Bones",
        "All bones with their marrow, outlined at half height; without table and without contrast in vessels",
    ),
    _file(
        "ct_calcifications",
        "Calcifications",
        "Small dense spots in soft tissue that are no bone, listed by density; best without contrast",
    ),
    _file(
        "ct_fat_muscle",
        "Fat and muscle",
        "Fat under the skin and inside the wall, muscle, and other lean tissue (organs, bowel, vessels)",
    ),
    _file(
        "ct_liver",
        "Liver",
        "The largest even organ on the patient's right, or that around a point, cut off from neighbors",
    ),
    _file(
        "ct_kidneys",
        "Kidneys",
        "A first outline of each kidney from a point in it, to be corrected",
        "a point in each kidney",
    ),
)
