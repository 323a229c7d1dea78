"""Which preset suits an image: told from its DICOM attributes, otherwise from its name and its values."""

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import SimpleITK as sitk

from ...core.geometry import Geometry
from ..noise.non_local_means import NEGATIVE_SHARE, share_below_zero
from .content import Kind, kind_of
from .presets import Preset, preset_named

RADIOGRAPHY = {"CR", "DX", "MG", "RG", "XA", "RF", "IO", "PX"}
COUNTS = {"PT", "NM", "ST"}
NOT_PICTURES = {"RTDOSE", "SEG"}
# No preset enhances it.
MICROSCOPY = "SM"
# Below this tube current times time (mAs), a body CT is of low dose (lung screening: ACR-STR practice parameter).
LOW_EXPOSURE_MAS = 40
# Lung windows lie there (HU); others lie above.
LUNG_WINDOW_CENTER = -300
# Reconstruction kernels for lung and bone: Siemens B60-B80 and Bl/Br5x up, GE LUNG, Philips L and YA/YB, Canon FC50 up.
SHARP_KERNEL = re.compile(r"\b(?:B[678]\d\w?|B[lr][5-9]\d\w?|LUNG|YA|YB|FC[58]\d|L)\b", re.IGNORECASE)
# In words; pulmonary arteries and emboli are looked at with soft tissue.
LUNG = re.compile(r"\blungs?\b|pulmo(?!nary[ _](?:embol|arter|angio|vein|vessel|cta))", re.IGNORECASE)
# No rotation takes longer (ms). mAs by the pitch, which some scanners state, are within this factor of a rotation's.
LONGEST_ROTATION_MS, PITCH = 3000, 3.0
# Maps of what was measured, whose values no shading may be divided out of: by Image Type, or by what they are called.
MAP_TYPES = {"ADC", "FA", "T1 MAP", "T2 MAP", "T2_STAR MAP", "R2 MAP", "R2_STAR MAP", "PROTON_DENSITY MAP"}
MAP_NAME = re.compile(
    r"(?<![a-z])(?:e?adc|apparent[ _]diffusion|fractional[ _]anisotropy|[tr][12](?:\*|[ _]?star)?[ _-]?map)(?![a-z])",
    re.IGNORECASE,
)

# Images of a head are so large (mm) from left to right and from front to back, and no larger in any direction: less is
# a part of it or of a spine, more a body.
LEAST_HEAD_MM, LARGEST_HEAD_MM = 90.0, 330.0
HEAD = re.compile(r"brain|head|skull|neuro|cereb|crani", re.IGNORECASE)
# Words for parts of the body for which the presets of the brain are not made, in names and descriptions.
ELSEWHERE = re.compile(
    r"(?<![a-z])(?:[ctl]?[ -]?spine|spinal|(?:spinal )?cord|cervical|thora(?:x|cic)|lumbar|sacrum|neck|chest|breast|"
    r"mamma|heart|card(?:io|iac)|abdomen|liver|hepar|kidneys?|renal|pancreas|pelvis|prostate|uterus|cervix|rectum|bladder|"
    r"hip|knee|ankle|foot|shoulder|elbow|wrist|hand|leg|arm|thigh|femur|calf|whole[ -]?body)(?![a-z])",
    re.IGNORECASE,
)


class Proposal(NamedTuple):
    """A preset and why it is proposed, as a sentence for the user."""

    preset: Preset
    reason: str


def propose(
    tags: Mapping[str, str], image: sitk.Image | None = None, name: str = "", size_mm: Sequence[float] | None = None
) -> Proposal | None:
    """The preset that suits an image, with the reason.

    None when nothing is known of it, for microscopy, maps of ADC or T1, and MR whose values are no magnitudes.

    tags: DICOM attributes by keyword (Modality, SeriesDescription, BodyPartExamined, EchoTime, ...), as many as there
    are; image: the image or some slices of it, for what the tags leave open; name: what the user knows it by;
    size_mm: of the whole from left to right, front to back, feet to head, by default that of `image`.
    """
    found = look_of(tags, image, name, size_mm)
    if found is None or image is None or not found.preset.name.startswith("mr_"):
        return found
    return None if share_below_zero(sitk.GetArrayViewFromImage(image)) > NEGATIVE_SHARE else found


def look_of(
    tags: Mapping[str, str], image: sitk.Image | None = None, name: str = "", size_mm: Sequence[float] | None = None
) -> Proposal | None:
    """The preset for images that look like this one, whether its values are what the steps ask for or not."""
    modality = tags.get("Modality", "").upper()
    size_mm = size_along_axes(image) if size_mm is None else size_mm
    if modality == "CT":
        return _ct(tags, image)
    if modality == "MR":
        return _mr(tags, name, size_mm)
    if modality in COUNTS:
        return _because("pet", f"DICOM modality {modality}")
    if modality == "US":
        return _because("ultrasound", "DICOM modality US")
    if modality in RADIOGRAPHY:
        return _because("radiograph", f"DICOM modality {modality}")
    if image is None or modality in NOT_PICTURES:
        return None
    return _by_content(kind_of(image), name, f"DICOM modality {modality}" if modality else "no DICOM tags", size_mm)


def _ct(tags: Mapping[str, str], image: sitk.Image | None) -> Proposal:
    words = _words(tags, "SeriesDescription", "StudyDescription", "ProtocolName")
    if re.search(r"low[ -]?dose|\bLD(?:CT)?\b|screening", words, re.IGNORECASE):
        return _because("ct_low_dose", f"CT whose description says '{words}'")
    exposure = _exposure(tags)
    if exposure is not None and 0 < exposure <= LOW_EXPOSURE_MAS:
        return _because("ct_low_dose", f"CT taken with {exposure:g} mAs")
    kernel = tags.get("ConvolutionKernel", "")
    if SHARP_KERNEL.search(kernel):
        return _because("ct_lung", f"CT reconstructed with the sharp kernel {kernel}")
    center = _number(tags, "WindowCenter")
    # the words of a study or protocol are those of all its series, of which kernel and window tell one from another
    of_series = words if not kernel and center is None else tags.get("SeriesDescription", "")
    if LUNG.search(of_series):
        return _because("ct_lung", f"CT whose description says '{of_series}'")
    if center is not None and center <= LUNG_WINDOW_CENTER:
        return _because("ct_lung", f"CT whose window is centered at {center:g} HU")
    part = tags.get("BodyPartExamined", "")
    if kernel or center is not None or (part and not re.search(r"chest|lung|thorax", part, re.IGNORECASE)):
        known = (
            f"of {part.lower()}" if part else f"with kernel {kernel}" if kernel else f"with a window at {center:g} HU"
        )
        return _because("ct_soft_tissue", f"CT {known}")
    if image is not None:
        kind = kind_of(image)
        if kind.modality == "CT":
            return _because(_CT_PRESETS[kind.detail], f"CT; {kind.reason}")
    if part:
        return _because("ct_lung", f"CT of {part.lower()}")
    return _because("ct_soft_tissue", "CT, of which no more is known")


def _exposure(tags: Mapping[str, str]) -> float | None:
    """mAs of a rotation, as stated where tube current (mA) times time (ms) says nearly the same; else that product.

    Some scanners state less than a tenth or a hundred times of it; some state the time of the whole scan instead.
    """
    stated = _number(tags, "Exposure")
    current, time = _number(tags, "XRayTubeCurrent"), _number(tags, "ExposureTime")
    if not current or not time or (stated and time > LONGEST_ROTATION_MS):
        return stated
    product = current * time / 1000
    return stated if stated and product / PITCH <= stated <= product * PITCH else product


def _mr(tags: Mapping[str, str], name: str, size_mm: Sequence[float] | None) -> Proposal | None:
    words = _words(tags, "SeriesDescription", "ProtocolName") or name
    if MAP_TYPES.intersection(tags.get("ImageType", "").upper().split("\\")) or MAP_NAME.search(words):
        return None
    part = _words(tags, "BodyPartExamined", "StudyDescription") or part_in(words)
    if part and not HEAD.search(f"{part} {words}"):
        return _because("mr_shading", f"MR of {part.lower()}")
    if not HEAD.search(f"{part} {words}") and no_head(size_mm):
        return _because("mr_shading", f"MR of {_millimeters(size_mm)}, which is not the size of a head")
    weighting = weighting_in(words)
    if weighting:
        return _because(f"mr_brain_{weighting}", f"MR whose description says '{words}'")
    echo, repetition = _number(tags, "EchoTime"), _number(tags, "RepetitionTime")
    inversion = _number(tags, "InversionTime")
    if echo is not None and repetition is not None:
        times = f"TE {echo:g} ms, TR {repetition:g} ms" + (f", TI {inversion:g} ms" if inversion else "")
        if inversion and inversion >= 1500 and echo >= 60:
            return _because("mr_brain_flair", f"MR with {times}: fluid suppressed")
        if echo >= 60 and repetition >= 1500:
            return _because("mr_brain_t2", f"MR with {times}: T2-weighted")
        if echo <= 30 and (repetition <= 1000 or (inversion and inversion <= 1300)):
            return _because("mr_brain_t1", f"MR with {times}: T1-weighted")
    return _because("mr_shading", "MR whose weighting is not stated")


def _by_content(kind: Kind, name: str, known: str, size_mm: Sequence[float] | None) -> Proposal | None:
    if kind.modality == "CT":
        return _because(_CT_PRESETS[kind.detail], f"{known}; {kind.reason}")
    if kind.modality == "MR":
        if MAP_NAME.search(name):
            return None
        weighting = weighting_in(name)
        if part_in(name):
            return _because("mr_shading", f"{known}; its name '{name}' says {part_in(name)}")
        if weighting and not HEAD.search(name) and no_head(size_mm):
            return _because("mr_shading", f"{known}; {_millimeters(size_mm)} are not the size of a head")
        if weighting:
            return _because(f"mr_brain_{weighting}", f"{known}; its name '{name}' says {weighting.upper()}")
        if re.search(r"(?<![a-z])(?:pet|suv|fdg)(?![a-z])", name, re.IGNORECASE):
            return _because("pet", f"{known}; its name '{name}' says PET")
        return _because("mr_shading", f"{known}; {kind.reason}")
    if kind.modality == MICROSCOPY:
        return None
    return _because(_OTHER_PRESETS[kind.modality], f"{known}; {kind.reason}")


def size_along_axes(image: sitk.Image | None) -> tuple[float, ...] | None:
    """Size (mm) of an image from left to right, front to back, feet to head; None without, and where it is not 3D."""
    return None if image is None or image.GetDimension() != 3 else Geometry.of(image).patient_extent


def no_head(size_mm: Sequence[float] | None) -> bool:
    """Whether a volume of this size (as of size_along_axes; None is not known) is too small or too large for a head."""
    return size_mm is not None and (min(size_mm[:2]) < LEAST_HEAD_MM or max(size_mm) > LARGEST_HEAD_MM)


def _millimeters(size: Sequence[float] | None) -> str:
    return " x ".join(f"{side:.0f}" for side in size or ()) + " mm"


def part_in(words: str) -> str:
    """The part of the body that words name, where it is not the head; '' where they name none."""
    found = ELSEWHERE.search(words.replace("_", " "))
    return found[0].lower() if found and not HEAD.search(words) else ""


def weighting_in(words: str) -> str:
    """'t1', 't2' or 'flair' when the words say so, '' otherwise."""
    if re.search(r"flair", words, re.IGNORECASE):
        return "flair"
    if re.search(r"(?<![a-z0-9])t1(?![0-9])|mp-?rage|spgr|bravo", words, re.IGNORECASE):
        return "t1"
    if re.search(r"(?<![a-z0-9])t2(?![0-9])", words, re.IGNORECASE):
        return "t2"
    return ""


_CT_PRESETS = {"lung": "ct_lung", "noisy": "ct_low_dose", "": "ct_soft_tissue"}
_OTHER_PRESETS = {"US": "ultrasound", "DX": "radiograph", "PT": "pet"}


def _because(name: str, reason: str) -> Proposal:
    return Proposal(preset_named(name), f"{reason[:1].upper()}{reason[1:]}.")


def _words(tags: Mapping[str, str], *keywords: str) -> str:
    return " ".join(filter(None, (tags.get(keyword, "").strip() for keyword in keywords)))


def _number(tags: Mapping[str, str], keyword: str) -> float | None:
    try:
        return float(tags.get(keyword, "").split("\\")[0])
    except ValueError:  # not stated, or not a number
        return None
