"""The largest pieces of a label map."""

from typing import Annotated, Literal

import numpy as np
import SimpleITK as sitk

from ...core.boxes import boxes_of
from ...core.geometry import Geometry
from ...core.operation import operation
from ...core.parameters import Range
from ...core.progress import SILENT
from ..common.connectivity import JOINED, connected_components
from ..common.label_boxes import chosen
from ..common.pieces import Pieces, only, pieces_of


@operation(
    "segmentation.keep_largest",
    title="Keep the largest pieces",
    gives="labels",
    source="Rosenfeld & Pfaltz, Sequential operations in digital picture processing, J. ACM 13(4), 1966",
)
class KeepLargest:
    """Keep the largest connected pieces of each segment and remove the rest: islands go, the organ stays.

    What stays keeps its label value. Of pieces of the same size the first in scan order counts as the larger.
    """

    pieces: Annotated[int, Range(1, 10000), "how many are kept"] = 1
    count: Annotated[
        Literal["of each segment", "of all together"],
        "of all together: segments that touch count as one piece, such as the lobes of one lung",
    ] = "of each segment"
    segments: Annotated[str, "segments that are cleaned, such as '1, 4-6'; empty for all"] = ""
    connectivity: JOINED = "face"

    def __call__(self, labels, progress=SILENT):
        if self.count == "of each segment":
            found = pieces_of(labels, self.connectivity, self.segments, progress)
            return only(labels, found, _rank_in_segment(found.segments) <= self.pieces)
        numbers, counts = connected_components(_as_one(labels, self.segments), self.connectivity, progress)
        joined = Pieces(numbers, counts, np.ones_like(counts), np.ones(counts.size, bool))
        return only(labels, joined, np.arange(counts.size) <= self.pieces)


def _rank_in_segment(segments: np.ndarray) -> np.ndarray:
    """1 for the first entry (the largest piece) of each value, 2 for the next: entry 0 is not a piece and gets 0."""
    order = np.argsort(segments[1:], kind="stable")
    ordered = segments[1:][order]
    first = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]]) if ordered.size else np.zeros(0, int)
    rank = np.zeros(segments.size, np.int64)
    rank[1:][order] = np.arange(ordered.size) - np.repeat(first, np.diff(np.r_[first, ordered.size])) + 1
    return rank


def _as_one(labels: sitk.Image, segments: str) -> sitk.Image:
    """1 where any of the segments is."""
    values = sitk.GetArrayViewFromImage(labels)
    if not segments.strip():
        return labels != 0
    return Geometry.of(labels).image_of(np.isin(values, list(chosen(boxes_of(values), segments))))
