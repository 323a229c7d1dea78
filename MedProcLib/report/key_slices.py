"""The slice of each changed finding, side by side: first study, other study, difference, and where it is."""

from dataclasses import dataclass

import numpy as np
from PIL import Image

from ..comparison.result import Finding
from .colors import difference_colors
from .layers import Layers, place_of
from .picture import annotate, compact, gray
from .view import View, slice_view

# side of the pictures in mm: the finding's extent this many times, within limits that leave anatomy to recognize
SIDE_PER_EXTENT, SMALLEST_SIDE_MM, LARGEST_SIDE_MM = 2.6, 48.0, 160.0
# pixels of a picture's side; smaller when there are many, so that the report can still be sent
PIXELS, PIXELS_OF_MANY, MANY = 340, 210, 24


@dataclass(frozen=True)
class KeySlices:
    """Pictures of one finding, in this order: locator, first study, other study, difference."""

    finding: Finding
    plane: str
    pictures: tuple[Image.Image, ...]


def key_slices(layers: Layers, finding: Finding, count: int) -> KeySlices | None:
    """Pictures of a finding, one of `count`. None when the half-way grid does not show it."""
    place = place_of(layers, finding.number)
    if place is None:
        return None
    center, extent = place
    pixels = PIXELS if count <= MANY else PIXELS_OF_MANY
    side = float(np.clip(SIDE_PER_EXTENT * extent, SMALLEST_SIDE_MM, LARGEST_SIDE_MM))
    view = slice_view(layers.pair.grid)
    grid = view.picture(center, side, side, side / pixels)
    width = 2.6 * pixels / PIXELS
    pictures = []
    for study in (0, 1):
        rgb = gray(layers.values(grid, study), layers.window)
        layers.draw_findings(rgb, grid, study, width)
        pictures.append(annotate(rgb, side / pixels, view.letters))
    rgb = difference_colors(layers.difference(grid))
    layers.draw_change(rgb, grid)
    pictures.append(annotate(rgb, side / pixels, view.letters))
    pictures.insert(0, _locator(layers, view, center, side, pixels))
    return KeySlices(finding, view.name, tuple(compact(picture) for picture in pictures))


def _locator(layers: Layers, view: View, center: np.ndarray, side: float, pixels: int) -> Image.Image:
    """The slice of the other study with the pictures' frame."""
    grid = layers.whole_slice(view, center, pixels)
    pixel = grid.spacing[0]
    rgb = gray(layers.values(grid, 1), layers.window)
    x, y, _ = grid.indices(center[np.newaxis])[0]
    reach = side / 2 / pixel
    return annotate(rgb, pixel, view.letters, boxes=[(x - reach, y - reach, x + reach, y + reach)])
