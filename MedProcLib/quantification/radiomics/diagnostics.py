"""Figures of the steps before the features, by the tags that IBSI's participants report them with."""

import math
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from ..bit_mask import BitMask
from .feature import Feature, in_unit

AXES = "zyx"
STAGES = {
    "init": "before interpolation",
    "interp": "after interpolation",
    "reseg": "after re-segmentation",
}
FIGURES = {
    "img_dim": ("Size of the image", "voxels"),
    "vox_dim": ("Spacing of the image", "mm"),
    "mean_int": ("Mean intensity of the image", "intensity"),
    "min_int": ("Minimum intensity of the image", "intensity"),
    "max_int": ("Maximum intensity of the image", "intensity"),
    "int_mask_dim": ("Size of the intensity mask's image", "voxels"),
    "int_mask_bb_dim": ("Size of the intensity mask's box", "voxels"),
    "morph_mask_bb_dim": ("Size of the morphological mask's box", "voxels"),
    "int_mask_vox_count": ("Voxels of the intensity mask", "voxels"),
    "morph_mask_vox_count": ("Voxels of the morphological mask", "voxels"),
    "int_mask_mean_int": ("Mean intensity in the intensity mask", "intensity"),
    "int_mask_min_int": ("Minimum intensity in the intensity mask", "intensity"),
    "int_mask_max_int": ("Maximum intensity in the intensity mask", "intensity"),
    "levels": ("Number of levels", ""),
    "level_first_edge": ("Lower edge of the first level", "intensity"),
    "level_width": ("Width of a level", "intensity"),
}


def of_image(
    stage: str, size: Sequence[int], spacing: Sequence[float], parts: Iterable[np.ndarray]
) -> dict[str, float]:
    """Size (voxels) and spacing (mm) of an image, z, y, x; range and mean of its voxels, given in parts, if any."""
    figures: dict[str, float] = {}
    for axis, count, side in sorted(zip(AXES, size, spacing, strict=True)):
        figures[f"img_dim_{axis}_{stage}_img"] = count
        figures[f"vox_dim_{axis}_{stage}_img"] = float(side)
    return figures | _mean_and_range(parts, f"{stage}_img", "")


def of_masks(
    stage: str, size: Sequence[int], intensity: BitMask, morphological: BitMask, values: Iterable[np.ndarray]
) -> dict[str, float]:
    """Size of the image and of both masks' boxes (z, y, x), their voxels, and the range of the intensities.

    values: of the voxels of the intensity mask, in parts (n,).
    """
    figures: dict[str, float] = {
        f"int_mask_dim_{axis}_{stage}_roi": n for axis, n in sorted(zip(AXES, size, strict=True))
    }
    for name, mask in (("int", intensity), ("morph", morphological)):
        for axis, extent in sorted(zip(AXES, map(_extent, mask.occupied), strict=True)):
            figures[f"{name}_mask_bb_dim_{axis}_{stage}_roi"] = extent
        figures[f"{name}_mask_vox_count_{stage}_roi"] = mask.count
    return figures | _mean_and_range(values, f"{stage}_roi", "int_mask_")


def _mean_and_range(parts: Iterable[np.ndarray], stage: str, where: str) -> dict[str, float]:
    """Of the values that are numbers; nothing where none is."""
    low, high, total, voxels = math.inf, -math.inf, 0.0, 0
    for part in parts:
        finite = part[np.isfinite(part)]
        if finite.size:
            low, high = min(low, float(finite.min())), max(high, float(finite.max()))
            total, voxels = total + float(finite.sum(dtype=np.float64)), voxels + finite.size
    if not voxels:
        return {}
    return {
        f"{where}mean_int_{stage}": total / voxels,
        f"{where}min_int_{stage}": low,
        f"{where}max_int_{stage}": high,
    }


def _extent(places: np.ndarray) -> int:
    return int(places[-1] - places[0]) + 1 if places.size else 0


def diagnostic_features(diagnostics: Mapping[str, float], unit: str) -> list[Feature]:
    """The figures with name and unit, as rows beside the features; unit: of the image's values."""
    rows = []
    for tag, value in diagnostics.items():
        parts = tag.rsplit("_", 2)
        stage = parts[1] if len(parts) == 3 and parts[1] in STAGES else ""
        what = parts[0] if stage else tag
        axis = what[-1] if what[-2:] in ("_x", "_y", "_z") else ""
        name, own = FIGURES[what[:-2] if axis else what]
        text = ", ".join(filter(None, (f"{name} along {axis}" if axis else name, STAGES.get(stage, ""))))
        rows.append(Feature(tag, text, float(value), in_unit(own, unit), "diagnostics", "", ""))
    return rows
