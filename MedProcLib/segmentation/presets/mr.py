"""Presets for MR."""

from pathlib import Path

from ...core.preset import Preset

FOLDER = Path(__file__).resolve().parent


def _file(name: str, title: str, about: str) -> Preset:
    return Preset(name, title, about, FOLDER, "MR")


MR_PRESETS: tuple[Preset, ...] = (
    _file("mr_head", "Head", "The head against air, cavities filled"),
    _file("mr_brain", "Brain", "The brain in a head with skull and neck, or in an image that is extracted already"),
    _file(
        "mr_white_matter_lesions",
        "White-matter lesions (FLAIR)",
        "Bright lesions, each a segment, the largest first; not in the cortex and not between the ventricles",
    ),
    _file("mr_ventricles", "Ventricles", "Lateral and third ventricles in T1, T2 or FLAIR"),
    _file(
        "mr_tissues",
        "Tissues (T1)",
        "Fluid, gray and white matter of the brain in T1, with the share of each in a voxel; a second image can help",
    ),
    _file(
        "mr_tissues_t2",
        "Tissues (T2)",
        "Fluid, gray and white matter in a T2-weighted image; where gray and white look alike, T1 as second image",
    ),
    _file(
        "mr_tissues_flair",
        "Tissues (FLAIR)",
        "Fluid, gray and white matter in FLAIR, lesions with gray; where gray and white look alike, T1 as second image",
    ),
    _file(
        "mr_tissues_lesions",
        "Tissues and lesions (FLAIR with T1)",
        "Fluid, gray and white matter, and lesions as a class of their own; T1 of the same examination as second image",
    ),
    _file(
        "mr_brain_tumor",
        "Tumor and edema (FLAIR)",
        "The largest bright mass of one side with its edema, and the dark parts beside it",
    ),
)
