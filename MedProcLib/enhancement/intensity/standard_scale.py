"""A standard intensity scale, learned from a set of images: what Nyul's standardization maps every image to."""

import itertools
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import SimpleITK as sitk

from ...core.atomic import write_text
from ...core.errors import InputError
from ...core.geometry import Geometry, require_same_grid, require_scalar
from ...core.image_filter import ImageFilter, learned_of
from ...core.json_file import parsed_json, read_json
from ...core.progress import SILENT, Progress
from .sample import CONSTANT, sample

VERSION = 1
# The deciles and the ends of the range: Nyul, Udupa, Zhang, IEEE TMI 19(2), 2000, found deciles enough.
PERCENTILES = (1.0, 10.0, 20.0, 30.0, 40.0, 50.0, 60.0, 70.0, 80.0, 90.0, 99.0)
# What the lowest and the highest landmark become.
SCALE = (0.0, 100.0)


@dataclass(frozen=True)
class StandardScale:
    """Percentiles of an image's foreground and the standard intensities (increasing) they are mapped to.

    images: number of images it was learned from; masked: whether masks said what is foreground.
    """

    percentiles: tuple[float, ...]
    landmarks: tuple[float, ...]
    images: int
    masked: bool = False

    def to_json(self) -> str:
        """One line of JSON, to be put into a recipe or a file."""
        return json.dumps(
            {
                "standard_scale": VERSION,
                "percentiles": list(self.percentiles),
                "landmarks": list(self.landmarks),
                "images": self.images,
                "masked": self.masked,
            }
        )

    @classmethod
    def from_json(cls, text: str) -> "StandardScale":
        """Read and check. Raises InputError that says what is wrong."""
        return cls._of(parsed_json(text, "The standard scale"))

    @classmethod
    def _of(cls, data: Any) -> "StandardScale":
        if not isinstance(data, dict) or data.get("standard_scale") != VERSION:
            raise InputError(f'A standard scale is a JSON object with "standard_scale": {VERSION}.')
        extra = sorted(set(data) - {"standard_scale", "percentiles", "landmarks", "images", "masked"})
        if extra:
            raise InputError(f"The standard scale has an unknown entry '{extra[0]}'.")
        percentiles, landmarks = (_increasing(data.get(name), name) for name in ("percentiles", "landmarks"))
        if len(percentiles) != len(landmarks):
            raise InputError("The standard scale needs as many landmarks as percentiles.")
        if not (percentiles[0] >= 0 and percentiles[-1] <= 100):
            raise InputError("The percentiles of a standard scale lie from 0 to 100.")
        images, masked = data.get("images"), data.get("masked", False)
        if not isinstance(images, int) or isinstance(images, bool) or images < 1 or not isinstance(masked, bool):
            raise InputError("The standard scale must say from how many 'images' it is, and if they were 'masked'.")
        return cls(percentiles, landmarks, images, masked)

    def save(self, path: str | Path) -> None:
        write_text(self.to_json() + "\n", path)

    @classmethod
    def load(cls, path: str | Path) -> "StandardScale":
        """Read a file. Raises InputError when it is missing or not a standard scale."""
        data = read_json(path, "Standard scale")
        try:
            return cls._of(data)
        except InputError as error:
            raise InputError(f"Standard scale {path}: {error}") from None


def learn_standard_scale(
    images: Iterable[sitk.Image], masks: Iterable[sitk.Image] | None = None, progress: Progress = SILENT
) -> StandardScale:
    """The standard scale of images of one kind (one weighting and body part). Nyul and Udupa, MRM 42(6), 1999.

    The landmarks are percentiles of each image inside its mask (without masks: in the foreground by Otsu's threshold).
    Each image's outer landmarks are brought to 0 and 100 along a straight line; the standard landmarks are the means of
    all images. Images and masks are taken one by one, so iterators that read files need little memory. Raises
    InputError when there is no image, one is constant, or a mask does not belong to its image.
    """
    found = []
    remaining = None if masks is None else iter(masks)
    for number, image in enumerate(images, 1):
        mask = None if remaining is None else next(remaining, None)
        if mask is None and remaining is not None:
            raise InputError(f"Image {number} has no mask; give one mask for each image, or none at all.")
        marks = _landmarks(number, image, mask, progress)
        found.append(SCALE[0] + (marks - marks[0]) * ((SCALE[1] - SCALE[0]) / (marks[-1] - marks[0])))
    if not found:
        raise InputError("A standard scale is learned from images; name at least one.")
    if remaining is not None and next(remaining, None) is not None:
        raise InputError("There are more masks than images; give one mask for each image.")
    standard = _strictly(np.mean(found, axis=0))
    return StandardScale(PERCENTILES, tuple(standard.tolist()), len(found), masks is not None)


def _landmarks(number: int, image: sitk.Image, mask: sitk.Image | None, progress: Progress) -> np.ndarray:
    require_scalar(image, f"Image {number}")
    if mask is not None:
        require_scalar(mask, f"Mask {number}")
        require_same_grid(image, mask, f"image {number} and its mask")
    try:
        return np.asarray(learned_of(Landmarks(PERCENTILES), image, mask, progress))
    except InputError as error:
        raise InputError(f"Image {number}: {error}") from None


class Landmarks(ImageFilter):
    """Learns the percentiles of an image."""

    learns_in_foreground = True

    def __init__(self, percentiles: Sequence[float]) -> None:
        self.percentiles = percentiles

    def learn(self, values: np.ndarray, region: np.ndarray, grid: Geometry, progress: Progress = SILENT) -> np.ndarray:
        progress.check()
        marks = np.percentile(sample(values, region).astype(np.float64), self.percentiles)
        if not marks[-1] > marks[0]:
            raise InputError(CONSTANT)
        return marks


def _strictly(landmarks: np.ndarray) -> np.ndarray:
    """The landmarks a hair apart where images of few different values made them equal."""
    least = 1e-6 * (SCALE[1] - SCALE[0])
    apart = np.maximum.accumulate(landmarks - least * np.arange(len(landmarks))) + least * np.arange(len(landmarks))
    return apart


def _increasing(values: Any, name: str) -> tuple[float, ...]:
    numbers = isinstance(values, list) and all(
        isinstance(v, int | float) and not isinstance(v, bool) and np.isfinite(v) for v in values
    )
    if not numbers or len(values) < 2 or not all(a < b for a, b in itertools.pairwise(values)):
        raise InputError(f"The standard scale's '{name}' must be two or more increasing numbers.")
    return tuple(float(v) for v in values)
