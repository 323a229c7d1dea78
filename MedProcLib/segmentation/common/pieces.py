"""The connected pieces of the segments of a label map, to keep some of them."""

from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk

from ...core.boxes import boxes_of
from ...core.geometry import Geometry
from ...core.progress import SILENT, Progress
from .connectivity import connected_components
from .label_boxes import chosen


@dataclass(frozen=True)
class Pieces:
    """Connected pieces, numbered from 1 in descending size.

    numbers: each voxel's piece (z, y, x; 0 is none); counts: voxels of each piece; segments: each piece's label value;
    candidates: whether each is of the segments that are worked on. The last three are by number, that of 0 unused.
    """

    numbers: np.ndarray
    counts: np.ndarray
    segments: np.ndarray
    candidates: np.ndarray

    @property
    def total(self) -> int:
        return self.counts.size - 1

    def touched(self, region: np.ndarray) -> np.ndarray:
        """Whether each piece (by number) has a voxel in the region (bool, z, y, x)."""
        found = np.zeros(self.counts.size, bool)
        found[self.numbers[region]] = True
        found[0] = False
        return found


def pieces_of(labels: sitk.Image, connectivity: str, segments: str = "", progress: Progress = SILENT) -> Pieces:
    """Pieces of all segments; candidates are those of the segments named ('1, 4-6', '' for all). Raises InputError."""
    values = sitk.GetArrayViewFromImage(labels)
    wanted = list(chosen(boxes_of(values), segments)) if segments.strip() else None
    numbers, counts = connected_components(labels, connectivity, progress)
    of_piece = np.zeros(counts.size, values.dtype)
    there = numbers != 0
    of_piece[numbers[there]] = values[there]
    candidates = np.ones(counts.size, bool) if wanted is None else np.isin(of_piece, wanted)
    return Pieces(numbers, counts, of_piece, candidates)


def only(labels: sitk.Image, pieces: Pieces, keep: np.ndarray) -> sitk.Image:
    """The label map with those candidates removed that are not to be kept (bool by number)."""
    gone = pieces.candidates & ~keep
    gone[0] = False
    values = sitk.GetArrayFromImage(labels)
    values[gone[pieces.numbers]] = 0
    return Geometry.of(labels).image_of(values)
