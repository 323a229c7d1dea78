"""Roundish spots of any size, with the number of false ones that are to be expected."""

from typing import Annotated, Literal

import numpy as np

from ...core.errors import InputError
from ...core.geometry import Geometry
from ...core.operation import operation
from ...core.parameters import Range
from ...core.progress import SILENT
from ...core.voxels import inside, values_of
from .candidate import Candidate
from .listing import ball_diameter
from .operating_point import OperatingPoint, often
from .outline import outline_blobs
from .scale_space import Blobs, blobs_of


@operation(
    "segmentation.blobs",
    title="Blobs",
    gives=("labels", "candidates"),
    source="Lindeberg, Feature detection with automatic scale selection, IJCV 30(2), 1998; expected false findings: "
    "Elias & Gygi, Target-decoy search strategy, Nature Methods 4(3), 2007",
)
class BlobDetector:
    """Find roundish spots of any size between two diameters: nodes, microbleeds (dark), metastases, cells.

    They are listed by how far they stand out, in SD of what the detector answers elsewhere. How many false ones a score
    lets through is learned from the image itself: from the spots of the opposite polarity, which are taken for chance.
    Where the image holds real spots of both polarities, more false ones are expected than there are; where noise is
    rather bright than dark (speckle, counts, magnitudes near 0) there are up to 30 times as many bright ones as stated.
    """

    smallest_mm: Annotated[float, Range(0.2, 200, "mm"), "diameter of the smallest spots"] = 4.0
    largest_mm: Annotated[float, Range(0.2, 300, "mm"), "diameter of the largest spots"] = 20.0
    polarity: Annotated[Literal["bright", "dark"], "spots brighter or darker than around them"] = "bright"
    expected_false: Annotated[
        float, Range(0.01, 1000), "operating point: so many false findings are expected in the image"
    ] = 1.0
    most: Annotated[int, Range(1, 10000), "no more than this many, the best ones"] = 200

    def __call__(self, image, mask=None, progress=SILENT):
        if self.largest_mm < self.smallest_mm:
            raise InputError("The largest diameter is below the smallest one: swap them.")
        values, valid = values_of(image)
        region = inside(mask, valid)
        grid = Geometry.of(image)
        scale = float(np.abs(values).max()) or 1.0
        working = grid.image_of((values / scale).astype(np.float32))
        both = blobs_of(working, region, self.smallest_mm, self.largest_mm, progress.part(0, 0.8))
        found, decoys = both if self.polarity == "bright" else both[::-1]
        point = OperatingPoint.of(decoys.scores)
        chosen = found.only(np.flatnonzero(found.scores >= point.score_for(self.expected_false))[: self.most])
        if not len(chosen.points):
            best = f"; the best of {len(found.points)} scores {found.scores[0]:.1f} SD" if len(found.points) else ""
            raise InputError(
                f"No spot stands out enough for {self.expected_false:g} expected false findings{best}: allow more, or "
                "choose other diameters or the other polarity."
            )
        progress(0.85, "Outlining")
        sign = 1 if self.polarity == "bright" else -1
        labels, counts = outline_blobs(values, region, grid, chosen.points, chosen.diameters, sign)
        labels = labels.astype(np.uint8) if len(counts) < 256 else labels
        return grid.image_of(labels), candidates_of_blobs(chosen, counts, grid, point)


def candidates_of_blobs(
    found: Blobs, counts: np.ndarray, grid: Geometry, point: OperatingPoint, but: str = ""
) -> list[Candidate]:
    """Candidates of outlined blobs in their order.

    counts: voxels of each outline; but: what the expectation leaves out.
    """
    made = []
    for number, (place, diameter, score, count) in enumerate(
        zip(found.points, found.diameters, found.scores, counts, strict=True), 1
    ):
        volume = float(count * grid.voxel_volume)
        false = point.expected_false(float(score))
        reason = f"stands out by {score:.1f} SD at a diameter of {diameter:.1f} mm; by chance {often(false)} expected"
        reason += f" ({but})" if but else ""
        position = tuple(float(x) for x in place)
        made.append(
            Candidate(number, position, ball_diameter(volume, grid.dimension), volume, float(score), reason, false)
        )
    return made
