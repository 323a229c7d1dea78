"""Presets for MR."""

from pathlib import Path

from ...core.preset import Preset

FOLDER = Path(__file__).resolve().parent


def _file(name: str, title: str, about: str) -> Preset:
    return Preset(name, title, about, FOLDER, "MR")


MR_PRESETS: tuple[Preset, ...] = (
    _file("mr_head", "Head", "The head against the air around it, cavities filled"),
    _file("mr_brain", "Brain", "The brain in T1, T2 or FLAIR, skull and eyes left out"),
    _file("mr_tissues", "Fluid, gray and white matter", "Tissue classes of the brain, with the share of each as maps"),
    _file("mr_ventricles", "Ventricles", "Lateral and third ventricles, cut from the cisterns"),
    _file(
        "mr_white_matter_lesions",
        "White matter lesions (FLAIR)",
        "What is brighter than the tissue of the brain, listed by how far it stands out",
    ),
    _file(
        "mr_brain_tumor",
        "Tumor with edema (FLAIR)",
        "The largest bright mass of the brain with what it encloses; correct it before you measure",
    ),
)
