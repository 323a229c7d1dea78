"""Which preset suits an image: of its modality and of what such images are mostly looked at for."""

from collections.abc import Mapping, Sequence

import SimpleITK as sitk

from ...core.preset import Preset
from ...enhancement.presets import proposal as _enhancement
from ...enhancement.presets.content import kind_of
from .presets import PRESETS

# By the enhancement preset of such an image: the group to look in, and words of the names, the most wanted first.
WANTED: dict[str, tuple[str, tuple[str, ...]]] = {
    "ct_lung": ("CT", ("lung",)),
    "ct_low_dose": ("CT", ("lung",)),
    "ct_soft_tissue": ("CT", ("body", "bone")),
    "mr_brain_flair": ("MR", ("lesion",)),
    "mr_brain_t1": ("MR", ("tissue", "brain")),
    "mr_brain_t2": ("MR", ("brain", "ventricle")),
    "mr_shading": ("MR", ("head", "body")),
    "pet": ("PET", ("lesion",)),
    "radiograph": ("Radiograph", ("lung",)),
    "ultrasound": ("Ultrasound", ("region",)),
}

# Presets of the brain that are for one weighting, and what tells it in the name of the enhancement preset.
WEIGHTINGS = {
    "mr_white_matter_lesions": "flair",
    "mr_brain_tumor": "flair",
    "mr_tissues": "t1",
    "mr_tissues_t2": "t2",
    "mr_tissues_flair": "flair",
    "mr_tissues_lesions": "flair",
}

# Modalities of DICOM that pictures of a microscope come with, or none.
OF_PICTURES = {"", "SM", "GM", "XC", "OT", "SC"}
NUCLEI = {"bright": "nuclei", "dark": "nuclei_stained_dark"}


class Proposal(_enhancement.Proposal):
    """A preset and why it is proposed, as a sentence for the user."""


def propose(
    tags: Mapping[str, str],
    image: sitk.Image | None = None,
    name: str = "",
    size_mm: Sequence[float] | None = None,
    presets: Sequence[Preset] = PRESETS,
) -> Proposal | None:
    """The preset that suits an image, with the reason; None when nothing is known of it, or no preset is for it (MR of
    other parts than the head).

    tags, image, name, size_mm: see enhancement.presets.proposal.propose; the values may be standardized.
    """
    size_mm = _enhancement.size_along_axes(image) if size_mm is None else size_mm
    look = _enhancement.look_of(tags, image, name, size_mm)
    if look is None and image is not None and tags.get("Modality", "").upper() in OF_PICTURES:
        return _microscopy(image, presets)
    if look is None or look.preset.name not in WANTED:
        return None
    if look.preset.name == "mr_shading" and (_elsewhere(tags, name) or _enhancement.no_head(size_mm)):
        return None
    group, words = WANTED[look.preset.name]
    offered = [preset for preset in presets if preset.group == group]
    for word in words:
        for preset in offered:
            if word in preset.name:
                return Proposal(preset, look.reason)
    return None


def unlike(preset: str, tags: Mapping[str, str], name: str) -> str:
    """A note for the user where an image is said to be of another weighting than the preset (by name) is for; else ''.

    tags, name: as for propose.
    """
    wanted = WEIGHTINGS.get(preset)
    look = _enhancement.look_of({**tags, "Modality": tags.get("Modality") or "MR"}, None, name) if wanted else None
    known = look.preset.name.removeprefix("mr_brain_") if look else ""
    if look is None or wanted is None or known == wanted or known not in WEIGHTINGS.values():
        return ""
    title = next(each.title for each in PRESETS if each.name == preset)
    return f"The preset '{title}' is for {wanted.upper()} images. {look.reason}"


def _microscopy(image: sitk.Image, presets: Sequence[Preset]) -> Proposal | None:
    kind = kind_of(image)
    if kind.modality != _enhancement.MICROSCOPY:
        return None
    fitting = [preset for preset in presets if preset.name == NUCLEI[kind.detail]]
    return Proposal(fitting[0], f"{kind.reason[:1].upper()}{kind.reason[1:]}.") if fitting else None


def _elsewhere(tags: Mapping[str, str], name: str) -> bool:
    """Whether an MR image is said to be of another part than the head, for which there is no preset."""
    said = ("BodyPartExamined", "StudyDescription", "SeriesDescription", "ProtocolName")
    return bool(_enhancement.part_in(" ".join(tags.get(keyword, "") for keyword in said) + f" {name}"))
