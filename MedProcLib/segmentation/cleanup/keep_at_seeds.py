"""The pieces of a label map that a user points at."""

from typing import Annotated, Literal

import numpy as np
import SimpleITK as sitk

from ...core.boxes import boxes_of, grown
from ...core.errors import InputError
from ...core.geometry import Geometry, require_same_grid
from ...core.image_filter import grid_of_box
from ...core.operation import operation
from ...core.parameters import Range
from ...core.progress import SILENT, Progress
from ..common.connectivity import JOINED, connected_components
from ..common.morphology import distance_to
from ..common.pieces import Pieces, only, pieces_of


@operation(
    "segmentation.keep_at_seeds",
    title="Keep (or remove) pieces at seeds",
    gives="labels",
    source="Morphological reconstruction: Vincent, IEEE Trans. Image Process. 2(2), 1993",
)
class KeepAtSeeds:
    """Keep the connected pieces that the seeds touch and remove the rest, or the other way around.

    A seed beside every piece takes the nearest one within reach.
    """

    action: Annotated[Literal["keep", "remove"], "what is done with the pieces at the seeds"] = "keep"
    reach_mm: Annotated[float, Range(0, 100, "mm"), "a seed takes the nearest piece up to this far from it"] = 2.0
    same_number: Annotated[bool, "a seed of number 3 takes pieces of segment 3 only"] = False
    segments: Annotated[str, "segments that are cleaned, such as '1, 4-6'; empty for all"] = ""
    connectivity: JOINED = "face"

    def __call__(self, labels, seeds, progress=SILENT):
        require_same_grid(labels, seeds, "the label map and its seeds")
        joining, looking = progress.parts(2, 1)
        pieces = pieces_of(labels, self.connectivity, self.segments, joining)
        marked = _at_seeds(self, pieces, seeds, looking)
        if pieces.total and not marked.any():
            raise InputError(
                f"No seed lies on a segment or within {self.reach_mm:g} mm of one: move the seeds, or allow more reach."
            )
        return only(labels, pieces, marked if self.action == "keep" else ~marked)


def _at_seeds(settings: KeepAtSeeds, pieces: Pieces, seeds: sitk.Image, progress: Progress) -> np.ndarray:
    """Whether each piece (by number) is taken by a seed."""
    values, grid = sitk.GetArrayViewFromImage(seeds), Geometry.of(seeds)
    strokes = Geometry.of(seeds).image_of(connected_components(seeds, "corner")[0])
    places = sitk.GetArrayViewFromImage(strokes)
    marked = np.zeros(pieces.counts.size, bool)
    boxes = boxes_of(places)
    for done, (number, box) in enumerate(boxes.items()):
        progress(done / len(boxes), "Looking at the seeds")
        stroke = places[box] == number
        wanted = pieces.candidates.copy()
        wanted[0] = False
        if settings.same_number:
            wanted &= pieces.segments == values[box][stroke][0]
        touched = np.unique(pieces.numbers[box][stroke])
        touched = touched[wanted[touched]]
        if touched.size == 0 and settings.reach_mm:
            around = grown(box, grid, settings.reach_mm)
            near = wanted[pieces.numbers[around]]
            away = np.where(near, distance_to(places[around] == number, grid_of_box(grid, around)), np.inf)
            nearest = np.unravel_index(np.argmin(away), away.shape)
            if away[nearest] <= settings.reach_mm:
                touched = pieces.numbers[around][nearest]
        marked[touched] = True
    return marked
