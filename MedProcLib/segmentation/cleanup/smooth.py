"""Smooth the surfaces of segments."""

from typing import Annotated, Literal

import numpy as np
import SimpleITK as sitk
from scipy import ndimage

from ...core.ball import voxel_ball
from ...core.boxes import boxes_of, grown, union_of
from ...core.geometry import Geometry
from ...core.image_filter import grid_of_box
from ...core.operation import operation
from ...core.parameters import Range
from ...core.progress import SILENT, Progress
from ...core.voxels import gaussian
from ..common.connectivity import connected_components
from ..common.label_boxes import chosen
from ..common.morphology import FEW_VOXELS
from ..common.shares import LEAST, LEAST_OF_LARGEST, MOST, Shares

# How far a Gaussian reaches, in standard deviations.
REACH = 3.0


@operation(
    "segmentation.smooth",
    title="Smooth segments",
    gives="labels",
    source="Merriman, Bence & Osher, Motion of multiple junctions: a level set approach, J. Comput. Phys. 112, 1994; "
    "volumes kept as in Jacobs, Merkurjev & Esedoglu, Auction dynamics, J. Comput. Phys. 354, 2018",
)
class Smooth:
    """Smooth all segments together: no gaps open between them, none grows over another, and each keeps its volume.

    Each segment is blurred, and each voxel goes to the one that has the largest share in it, or to the background.
    Details below the width go; with the volume kept, what thin parts and islands lose the rest gains, or keep that of
    each piece. Segments that are not chosen stay as they are.
    """

    width_mm: Annotated[float, Range(0.1, 50, "mm"), "Gaussian: standard deviation; median: radius of the ball"] = 1.5
    method: Annotated[Literal["gaussian", "median"], "blur with a Gaussian, or let the majority in a ball decide"] = (
        "gaussian"
    )
    keep_volume: Annotated[
        Literal["of each segment", "of each piece", "no"], "volumes that are kept, to about half a percent"
    ] = "of each segment"
    segments: Annotated[str, "segments that are smoothed, such as '1, 4-6'; empty for all"] = ""

    def __call__(self, labels, progress=SILENT):
        finding, working = progress.parts(1, 9)
        grid, values = Geometry.of(labels), sitk.GetArrayFromImage(labels)
        boxes = chosen(boxes_of(values), self.segments)
        if not boxes:
            return grid.image_of(values)
        frame = grown(union_of(boxes), grid, REACH * self.width_mm)
        before, local = values[frame].copy(), grid_of_box(grid, frame)
        ours = before != 0 if len(boxes) == len(boxes_of(before)) else np.isin(before, list(boxes))
        units = np.where(ours, before, 0)
        if self.keep_volume == "of each piece":
            units, _ = connected_components(local.image_of(units), "corner", finding)
        number, names = self._shared_out(units, ours | (before == 0), local, working)
        if self.keep_volume == "of each piece":
            of_piece = np.zeros(int(units.max()) + 1, before.dtype)
            of_piece[units[ours]] = before[ours]
            names = of_piece[names]
        values[frame] = np.where(ours | (before == 0), names[number], before)
        return grid.image_of(values)

    def _shared_out(
        self, units: np.ndarray, free: np.ndarray, grid: Geometry, progress: Progress
    ) -> tuple[np.ndarray, np.ndarray]:
        """Who gets each voxel (0: background), and the unit (label value) that each of these numbers stands for."""
        boxes = boxes_of(units)
        number, shares = np.zeros(units.shape, np.min_scalar_type(len(boxes))), Shares()
        blurring, deciding = progress.parts(4, 1)
        for done, (unit, box) in enumerate(boxes.items()):
            part = blurring.part(done / len(boxes), (done + 1) / len(boxes))
            part(0.0, "Smoothing")
            around = grown(box, grid, REACH * self.width_mm)
            region = units[around] == unit
            share = self._blurred(region, grid_of_box(grid, around), part)
            least = min(LEAST, LEAST_OF_LARGEST * float(share.max()))
            sure = (share >= MOST) & free[around]
            number[around][sure] = done + 1
            undecided = np.nonzero((share > least) & (share < MOST) & free[around])
            place = np.ravel_multi_index([i + b.start for i, b in zip(undecided, around, strict=True)], units.shape)
            shares.add(place, share[undecided], int(np.count_nonzero(region)) - int(np.count_nonzero(sure)))
        deciding(0.0, "Sharing out")
        place, winner = shares.decide(self.keep_volume != "no", deciding)
        number.ravel()[place] = winner + 1
        return number, np.array([0, *boxes], units.dtype)

    def _blurred(self, region: np.ndarray, grid: Geometry, progress: Progress) -> np.ndarray:
        """Share (0..1) that the region has in the surroundings of each voxel; the border is repeated outward."""
        if self.method == "gaussian":
            return _gaussian_mean(region, grid, self.width_mm, progress)
        ball = voxel_ball(self.width_mm, grid.spacing[::-1], region.shape)
        share = _mean(region, ball)
        if self.keep_volume == "no":
            return share
        # many voxels have the same count of neighbors; the Gaussian says which of them is nearer to the region
        weight = 0.5 / (np.count_nonzero(ball) + 0.5)
        return (1 - weight) * share + weight * _gaussian_mean(region, grid, self.width_mm / 2, progress)


def _gaussian_mean(region: np.ndarray, grid: Geometry, sd_mm: float, progress: Progress) -> np.ndarray:
    if region.size > FEW_VOXELS:
        return gaussian(region, grid, [sd_mm] * grid.dimension, progress)
    sides = reversed(grid.spacing)
    return ndimage.gaussian_filter(region.astype(np.float32), [sd_mm / s for s in sides], mode="nearest")


def _mean(region: np.ndarray, neighborhood: np.ndarray) -> np.ndarray:
    """Share of the neighborhood of each voxel that lies in the region."""
    from scipy import signal  # takes 0.3 s to import, and Slicer imports modules when it starts

    padded = np.pad(region.astype(np.float32), [(n // 2, n // 2) for n in neighborhood.shape], mode="edge")
    counted = signal.oaconvolve(padded, neighborhood.astype(np.float32), mode="valid")
    # counts are whole numbers: what the transform adds in rounding goes
    return (np.rint(counted) / np.count_nonzero(neighborhood)).astype(np.float32)
