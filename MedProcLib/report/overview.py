"""All findings at a glance: the searched region seen through from three sides, findings in their class's color."""

import numpy as np
import SimpleITK as sitk
from PIL import Image

from ..comparison.result import Change
from ..core.geometry import resample
from .colors import LOOKS
from .layers import Layers
from .picture import annotate, outline
from .view import View, views

VOXEL_MM = 1.2
PIXELS = 420
# gray values of the usual and of the brightest line of sight, and added to all through the region: findings stand out
MIDDLE, LIGHT, DARKEST = 90, 150, 14
# as many findings can be numbered before the numbers hide the picture
MOST_NUMBERS = 24


def overview_pictures(layers: Layers) -> list[tuple[str, Image.Image]]:
    """(plane, picture): the other study summed along the line of sight, with the outlines of all findings."""
    return [(view.name, _projection(layers, view)) for view in reversed(views(layers.pair.grid))]


def _projection(layers: Layers, view: View) -> Image.Image:
    center, side = layers.field
    voxel = max(VOXEL_MM, side / PIXELS)
    normal_columns = np.reshape(view.grid.direction, (3, 3))
    depth = float(view.grid.extent[int(np.argmax(np.abs(view.normal @ normal_columns)))])
    slab = view.slab(center, (side, side, depth), voxel)
    values = layers.values_in(slab, 1)
    region = sitk.GetArrayFromImage(resample(layers.pair.region, slab, interpolator=sitk.sitkNearestNeighbor)) > 0
    low, high = layers.window
    share = np.clip((np.nan_to_num(values, nan=low) - low) / max(high - low, 1e-12), 0, 1)
    thickness = region.sum(axis=0)
    mean = (share * region).sum(axis=0) / np.maximum(thickness, 1)
    # thin parts fade out, so that the picture looks round
    fade = np.sqrt(np.clip(thickness / max(float(np.percentile(thickness, 99)), 1.0), 0, 1))
    seen = mean * fade
    # the window may hold fluid or bone that leaves tissue dark: half of the lines of sight are as bright as MIDDLE
    usual = max(float(np.median(seen[thickness > 0])), 1e-6) if thickness.any() else 1.0
    shade = np.minimum(MIDDLE * seen / usual, LIGHT) + DARKEST * (thickness > 0)
    rgb = np.repeat(shade.astype(np.uint8)[..., np.newaxis], 3, axis=2)
    rgb = np.asarray(Image.fromarray(rgb).resize((PIXELS, PIXELS), Image.Resampling.BICUBIC)).copy()
    numbers = [layers.numbers(slab, study) for study in (0, 1)]
    scale = PIXELS / slab.size[0]
    marks = []
    for finding in sorted(layers.findings, key=lambda finding: finding.change != Change.STABLE):
        footprint = np.any(numbers[0] == finding.number, axis=0) | np.any(numbers[1] == finding.number, axis=0)
        if not footprint.any():
            continue
        color = LOOKS[finding.change].rgb
        shape = Image.fromarray((footprint * 255).astype(np.uint8)).resize((PIXELS, PIXELS), Image.Resampling.BILINEAR)
        inside = np.asarray(shape) / 255
        strength = 0.15 if finding.change == Change.STABLE else 0.65
        rgb[inside >= 0.5] = np.round((1 - strength) * rgb[inside >= 0.5] + strength * np.array(color)).astype(np.uint8)
        outline(rgb, inside, color, 0.8)
        if finding.change != Change.STABLE:
            y, x = (np.flatnonzero(np.any(footprint, axis=axis)) for axis in (1, 0))
            marks.append(((x[-1] + 1) * scale + 9, (y[0] + y[-1] + 1) / 2 * scale, str(finding.number), color))
    changed = marks if len(marks) <= MOST_NUMBERS else []
    return annotate(rgb, side / PIXELS, view.letters, marks=changed)
