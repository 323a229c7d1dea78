"""`info`: what an image or a segmentation is, as JSON."""

import json
from argparse import Namespace
from dataclasses import replace
from typing import Any

import numpy as np
import SimpleITK as sitk

from ..core.color import brightness, is_color
from ..core.dicom_segmentation import is_dicom_segmentation, read_dicom_segmentation
from ..core.dicom_structure_set import is_structure_set
from ..core.files import ImageFile, file_and_number, file_of, read_image_file
from ..core.geometry import Geometry
from ..core.progress import Progress
from ..core.recorded import record_of
from ..core.seg_nrrd import is_layered
from ..core.units import shown
from ..enhancement.presets.proposal import propose as propose_enhancement
from ..segmentation.presets.proposal import propose as propose_segmentation
from .chain import proposal_for
from .inputs import maps_in_layers, unit_of_file
from .segment_names import segment_structures

OVERLAP = "its segments overlap: what is said of its values is of those that do not"


def run(arguments: Namespace, progress: Progress) -> None:
    segments = {label: each.name for label, each in segment_structures(arguments.image, None, arguments.notes).items()}
    if is_structure_set(file_of(arguments.image)):
        _show({"file": arguments.image, "format": "DICOM", "modality": "RTSTRUCT", "segments": segments})
        return
    found = _read(arguments.image)
    image, unit = found.image, unit_of_file(found)
    _show(
        {
            "file": found.source,
            "format": found.kind,
            "modality": found.modality or None,
            "date": found.date.isoformat() if found.date else None,
            "dimension": image.GetDimension(),
            **Geometry.of(image).as_dict(),
            "pixel_type": image.GetPixelIDTypeAsString(),
            "values_per_voxel": image.GetNumberOfComponentsPerPixel(),
            **_values(image),
            "unit": shown(unit) or None,
            "segments": segments or None,
            "presets": None if segments else _presets(found),
            "provenance": record_of(arguments.image),
            "notes": list(found.notes),
        }
    )


def _read(path: str) -> ImageFile:
    file, number = file_and_number(path)
    if is_dicom_segmentation(file):
        maps = read_dicom_segmentation(file, number).maps
        notes = (OVERLAP,) if len(maps) > 1 else ()
        return ImageFile(maps[0], path, "DICOM", "SEG", notes=notes)
    if number is not None and is_layered(file):
        return replace(read_image_file(file), image=maps_in_layers(file, number, path)[0], source=path)
    return read_image_file(path, unscaled=True)


def _presets(found: ImageFile) -> dict[str, Any] | None:
    """Those that suit the image, with the reason, by the command that takes them; None of a series and the like."""
    image = brightness(found.image) if is_color(found.image) else found.image
    if image.GetDimension() > 3 or image.GetNumberOfComponentsPerPixel() > 1:
        return None
    presets = {}
    for command, propose in (("enhance", propose_enhancement), ("segment", propose_segmentation)):
        proposal = proposal_for(replace(found, image=image), propose)
        presets[command] = proposal and {"preset": proposal.preset.name, "reason": proposal.reason}
    return presets


def _show(said: dict[str, Any]) -> None:
    print(json.dumps(said, indent=2, ensure_ascii=False))


def _values(image: sitk.Image) -> dict[str, Any]:
    """Range and mean of the finite values, None where there is none."""
    array = sitk.GetArrayViewFromImage(image)
    finite = array[np.isfinite(array)] if array.dtype.kind in "fc" else array
    if finite.size == 0 or array.dtype.kind == "c":
        return {"minimum": None, "maximum": None, "mean": None, "not_finite_voxels": int(array.size - finite.size)}
    return {
        "minimum": finite.min().item(),
        "maximum": finite.max().item(),
        "mean": float(finite.mean(dtype=np.float64)),
        "not_finite_voxels": int(array.size - finite.size),
    }
