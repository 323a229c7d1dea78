"""Small pictures of slices: gray or colored, with contours, orientation letters and a scale bar."""

import base64
import functools
import io
from collections.abc import Iterable

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from scipy import ndimage

from .colors import LOOKS, Rgb, difference_colors

Window = tuple[float, float]
_BACKDROP = (0, 0, 0)


def gray(values: np.ndarray, window: Window) -> np.ndarray:
    """RGB (height, width, 3) of a slice with a window (black, white); what is not a number is black."""
    low, high = window
    share = np.nan_to_num((values.astype(np.float64) - low) / max(high - low, 1e-12), nan=0, posinf=1, neginf=0)
    return np.repeat(np.round(255 * np.clip(share, 0, 1)).astype(np.uint8)[..., np.newaxis], 3, axis=2)


def window_of(*images: np.ndarray) -> Window:
    """A window that shows the values of all images that are not background, with room for bright lesions: from the
    0.5th percentile to the 99.7th and a quarter more."""
    values = np.concatenate([image[np.isfinite(image)].ravel()[:: max(1, image.size // 500_000)] for image in images])
    shown = values[values > values.min()] if values.size and values.min() < values.max() else values
    if not shown.size:
        return 0.0, 1.0
    low, high = (float(p) for p in np.percentile(shown, [0.5, 99.7]))
    return low, low + (1.25 * (high - low) if high > low else max(1.0, abs(low)))


def outline(rgb: np.ndarray, inside: np.ndarray, color: Rgb, width: float = 2.0, rim: float = 1.2) -> None:
    """Draw the border of a mask (height, width), given as share inside (0..1), into a picture, with a dark rim."""
    mask = inside >= 0.5
    if not mask.any():
        return
    # the border is near the mask: the rest of the picture need not be looked at
    near = tuple(
        slice(max(0, int(places[0]) - int(width + rim) - 3), int(places[-1]) + int(width + rim) + 4)
        for places in (np.flatnonzero(np.any(mask, axis=axis)) for axis in (1, 0))
    )
    rgb, mask = rgb[near], mask[near]
    distance = ndimage.distance_transform_edt(mask) + ndimage.distance_transform_edt(~mask) - 0.5
    outside = ~mask
    for reach, paint, strength in ((width + rim, np.array(_BACKDROP), 0.55), (width, np.array(color), 1.0)):
        # drawn outside of the border, so that a small lesion itself stays visible
        cover = strength * np.clip(reach - distance + 0.5, 0, 1) * outside
        rgb[:] = np.round(rgb + (paint - rgb.astype(np.float64)) * cover[..., np.newaxis]).astype(np.uint8)


def annotate(
    rgb: np.ndarray,
    pixel_mm: float,
    letters: tuple[str, str, str, str] | None = None,
    boxes: Iterable[tuple[float, float, float, float]] = (),
    marks: Iterable[tuple[float, float, str, Rgb]] = (),
    scale_bar: bool = True,
) -> Image.Image:
    """The picture with letters at its left, right, top and bottom edge, boxes (left, top, right, bottom in pixels),
    marks (x, y, text, color) and a scale bar of a round length."""
    image = Image.fromarray(rgb)
    draw = ImageDraw.Draw(image)
    width, height = image.size
    size = max(11, round(min(image.size) * 0.052))
    for box in boxes:
        draw.rectangle(box, outline=(255, 255, 255), width=2)
    for x, y, text, color in marks:
        _text(draw, (x, y), text, size, "mm", color)
    if letters is not None:
        places = (
            (5, height / 2, "lm"),
            (width - 5, height / 2, "rm"),
            (width / 2, 4, "mt"),
            (width / 2, height - 4, "mb"),
        )
        for (x, y, anchor), letter in zip(places, letters, strict=True):
            _text(draw, (x, y), letter, size, anchor)
    if scale_bar:
        _scale_bar(draw, image.size, pixel_mm, size)
    return image


def data_uri(image: Image.Image) -> str:
    """The picture as a PNG in a data URI."""
    file = io.BytesIO()
    image.save(file, "PNG", compress_level=6)
    return "data:image/png;base64," + base64.b64encode(file.getvalue()).decode("ascii")


def compact(image: Image.Image) -> Image.Image:
    """The picture in a palette of grays, class colors and difference colors: a third of the size in a file."""
    return image.quantize(palette=_palette(), dither=Image.Dither.NONE)


@functools.cache
def _palette() -> Image.Image:
    grays = np.repeat(np.linspace(0, 255, 128)[:, np.newaxis], 3, axis=1)
    classes = np.array([np.array(look.rgb) * share for look in LOOKS.values() for share in (1, 0.75, 0.5, 0.3)])
    differences = difference_colors(np.linspace(-1, 1, 256 - len(grays) - len(classes)))
    image = Image.new("P", (1, 1))
    image.putpalette(np.concatenate([grays, classes, differences]).astype(np.uint8).ravel().tolist())
    return image


def _scale_bar(draw: ImageDraw.ImageDraw, size: tuple[int, int], pixel_mm: float, text_size: int) -> None:
    width, height = size
    lengths = [mm for mm in (1, 2, 5, 10, 20, 50, 100) if mm / pixel_mm <= width * 0.3] or [1]
    left, right, y = 8, 8 + lengths[-1] / pixel_mm, height - 9
    draw.line((left, y, right, y), fill=(0, 0, 0), width=5)
    draw.line((left, y, right, y), fill=(255, 255, 255), width=2)
    label = f"{lengths[-1] // 10} cm" if lengths[-1] >= 10 and lengths[-1] % 10 == 0 else f"{lengths[-1]} mm"
    _text(draw, (left, y - 4), label, max(10, round(text_size * 0.85)), "lb")


def _text(
    draw: ImageDraw.ImageDraw,
    place: tuple[float, float],
    text: str,
    size: int,
    anchor: str,
    color: Rgb = (255, 255, 255),
) -> None:
    font = ImageFont.load_default(size=size)
    draw.text(place, text, fill=color, font=font, anchor=anchor, stroke_width=2, stroke_fill=(0, 0, 0))
