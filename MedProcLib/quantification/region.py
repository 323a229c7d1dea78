"""Segments of a label map, their connected components and their slices, each as a mask within a box of the volume."""

import functools
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk
from scipy import ndimage

# find_objects keeps a list as long as the largest label
LARGEST_DIRECT_LABEL = 65535

Box = tuple[slice, ...]


@dataclass(frozen=True)
class Region:
    """mask: bool (z, y, x), not empty; start: index (z, y, x) of its first voxel in the volume."""

    mask: np.ndarray
    start: tuple[int, ...]

    @property
    def box(self) -> Box:
        return tuple(slice(s, s + n) for s, n in zip(self.start, self.mask.shape, strict=True))

    @functools.cached_property
    def index_sums(self) -> tuple[int, np.ndarray]:
        """Number of voxels, and the sum of their indices (x, y, z) in the volume."""
        profiles = [np.sum(self.mask, axis=others) for others in ((1, 2), (0, 2), (0, 1))]
        count = int(profiles[0].sum())
        sums = [
            float(profile @ np.arange(s, s + n))
            for profile, s, n in zip(profiles, self.start, self.mask.shape, strict=True)
        ]
        return count, np.array(sums[::-1])

    @property
    def count(self) -> int:
        return self.index_sums[0]


@dataclass(frozen=True)
class Segment:
    """A label value, the number it is searched by in `labels` (z, y, x), and the box that holds it."""

    value: int
    number: int
    box: Box

    @property
    def box_voxels(self) -> int:
        return int(np.prod([side.stop - side.start for side in self.box]))

    def region(self, labels: np.ndarray) -> Region:
        return Region(labels[self.box] == self.number, tuple(side.start for side in self.box))


def segments_of(labels: np.ndarray) -> tuple[np.ndarray, list[Segment]]:
    """The labels (z, y, x; numbered anew where their values are negative or large) and their segments, ascending."""
    known = None
    if labels.size and (labels.min() < 0 or labels.max() > LARGEST_DIRECT_LABEL):
        known, numbers = np.unique(labels, return_inverse=True)
        zero = int(np.searchsorted(known, 0))
        labels = numbers.reshape(labels.shape) + 1
        if zero < len(known) and known[zero] == 0:
            labels[labels == zero + 1] = 0
    found = []
    for number, box in enumerate(ndimage.find_objects(labels), 1):
        if box is not None:
            found.append(Segment(number if known is None else int(known[number - 1]), number, box))
    return labels, found


def components_of(region: Region) -> list[Region]:
    """Connected components (by faces, edges or corners), the largest first, then by place."""
    numbered, count = ndimage.label(region.mask, structure=np.ones((3, 3, 3)))
    if count == 1:
        return [region]
    found = [
        Region(numbered[inner] == number, tuple(s + side.start for s, side in zip(region.start, inner, strict=True)))
        for number, inner in enumerate(ndimage.find_objects(numbered), 1)
    ]
    return sorted(found, key=lambda part: (-part.count, part.start))


def slices_of(region: Region) -> Iterator[Region]:
    """The slices along the third axis of the image that hold any of the region."""
    z, y, x = region.start
    for index in np.flatnonzero(region.mask.any(axis=(1, 2))):
        yield Region(region.mask[index : index + 1], (z + int(index), y, x))


def as_volume(image: sitk.Image) -> np.ndarray:
    """The values of an image (z, y, x), not copied; of a 2D image as one slice."""
    array = sitk.GetArrayViewFromImage(image)
    return array if array.ndim == 3 else array[np.newaxis]
