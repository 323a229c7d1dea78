"""Pictures by which a reader judges the registration: both studies in a checkerboard, and the edges of one on the
other."""

import numpy as np
import SimpleITK as sitk
from PIL import Image
from scipy import ndimage

from .colors import OTHER_TINT
from .layers import Layers
from .picture import annotate, gray, outline
from .view import View, views

PIXELS, SMALL_PIXELS = 380, 220
TILES = 8
EDGE_COLOR = (255, 176, 0)


def check_pictures(layers: Layers, pixels: int = PIXELS) -> list[tuple[str, Image.Image, Image.Image]]:
    """(plane, checkerboard, edges of the other study on the first) through the middle of the searched region."""
    return [(view.name, *_check(layers, view, pixels)) for view in reversed(views(layers.pair.grid))]


def _check(layers: Layers, view: View, pixels: int) -> tuple[Image.Image, Image.Image]:
    grid = layers.whole_slice(view, layers.field[0], pixels)
    first, other = (layers.values(grid, side) for side in (0, 1))
    first_gray, other_gray = gray(first, layers.window), gray(other, layers.window)
    tile = np.arange(pixels) * TILES // pixels
    odd = (tile[:, np.newaxis] + tile) % 2 == 1
    board = np.where(odd[..., np.newaxis], (other_gray * OTHER_TINT).astype(np.uint8), first_gray)
    edges = first_gray.copy()
    outline(edges, _edges(other, layers.window), EDGE_COLOR, 0.6, rim=0.0)
    pixel = grid.spacing[0]
    return annotate(board, pixel, view.letters), annotate(edges, pixel, view.letters)


def _edges(values: np.ndarray, window: tuple[float, float]) -> np.ndarray:
    """Thin edges (Canny) of what is clearly seen in the window."""
    low, high = window
    share = np.clip((np.nan_to_num(values, nan=low) - low) / (high - low), 0, 1)
    edges = sitk.CannyEdgeDetection(sitk.GetImageFromArray(share.astype(np.float32)), 0.02, 0.06, [6.0, 6.0])
    # where the study ends is no edge of the body
    ends = ndimage.binary_dilation(np.isnan(values), iterations=3)
    return sitk.GetArrayFromImage(edges) * ~ends
