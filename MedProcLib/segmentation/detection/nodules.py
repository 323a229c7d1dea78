"""Nodules in the lungs of a CT."""

import itertools
from typing import Annotated

import numpy as np
import SimpleITK as sitk
from scipy import ndimage

from ...core.boxes import box_of, boxes_of, grown
from ...core.errors import InputError
from ...core.geometry import Geometry, resample
from ...core.image_filter import grid_of_box
from ...core.operation import operation
from ...core.parameters import Range
from ...core.progress import SILENT
from ...core.voxels import extended, gaussian, isotropic_grid
from ..anatomy.ct_lungs import CtLungs
from ..common.hounsfield import hounsfield
from ..common.patient_grid import box_on_image, brought_back, signed_distance
from ..common.working_grid import FWHM_PER_SD
from .blobs import candidates_of_blobs
from .operating_point import OperatingPoint
from .outline import outline_blobs
from .scale_space import Blobs, blobs_of

# Denser than soft tissue tells no more of a nodule, and bone and contrast would outshine it.
SATURATES_HU = 100.0
AIR_HU = -1000.0
# The border of the lungs is known to about so much (SD), or to half a voxel.
BORDER_MM = 1.0
# So many voxels across the smallest nodules, 0.7 of the SD of their Gaussian; the bound keeps lungs of adults (up to
# 20 l in their box) at that, within 3 GB.
PER_DIAMETER, MOST_VOXELS = 5.0, 40_000_000


@operation(
    "segmentation.nodules",
    title="Lung nodules (CT)",
    gives=("labels", "candidates"),
    source="Li, Sone & Doi, Selective enhancement filters for nodules, vessels, and airway walls in two- and "
    "three-dimensional CT scans, Med. Phys. 30(8), 2003; Lindeberg, IJCV 30(2), 1998",
)
class Nodules:
    """Propose roundish dense spots in the lungs: nodules, also at the pleura, and part-solid ones; vessels are told by
    being long. Looks inside the mask, or in the lungs that `Lungs in CT` finds.

    The score counts as much of a spot's response as is round (smallest curvature squared over the largest one): there
    is no limit of roundness, what is longer comes later in the list. The stated number of false ones is that of chance
    (see Blobs). Forks of vessels are not chance and come on top: expect some in a lung, and many where more than a
    hundredth of a false one is allowed.
    """

    smallest_mm: Annotated[float, Range(1, 50, "mm"), "diameter of the smallest nodules"] = 4.0
    largest_mm: Annotated[float, Range(2, 100, "mm"), "diameter of the largest nodules"] = 30.0
    least_HU: Annotated[
        float, Range(-900, 100, "HU"), "median density of a nodule; about -600 for ground glass"
    ] = -450.0
    expected_false: Annotated[float, Range(0.01, 1000), "operating point: so many are expected by chance"] = 0.01
    most: Annotated[int, Range(1, 10000), "no more than this many, the best ones"] = 50

    structures = {0: "nodule"}  # noqa: RUF012 - read only

    def __call__(self, image, mask=None, progress=SILENT):
        if self.largest_mm < self.smallest_mm:
            raise InputError("The largest diameter is below the smallest one: swap them.")
        finding, seeking, listing = progress.parts(2, 4, 1)
        ct = hounsfield(image)
        lung_mask = mask if mask is not None else CtLungs()(image, progress=finding)
        whole = Geometry.of(image)
        around = box_of(sitk.GetArrayViewFromImage(lung_mask) != 0)
        box = grown(around, whole, 3 * BORDER_MM, 2)
        grid, values = _isotropic(sitk.GetArrayViewFromImage(ct)[box], grid_of_box(whole, box), self.smallest_mm)
        share = _share(lung_mask, grid)
        lungs = share >= 0.5
        if not lungs.any():
            raise InputError("The mask is thinner than the smallest nodules: draw it around the lungs.")
        values = np.clip(values, AIR_HU, SATURATES_HU).astype(np.float32)
        # around the lungs as in the lungs, gradually beyond their border, so that it is no edge and where it is drawn
        # moves no score by much
        lung_HU = np.float32(np.median(values[lungs]))
        values = lung_HU + np.clip(2 * share, 0, 1) * (values - lung_HU)
        depth = _depth(lungs, grid)
        deep = depth >= self.smallest_mm / 2 - max(grid.spacing)
        bright, dark = blobs_of(grid.image_of(values), deep, self.smallest_mm, self.largest_mm, seeking, True)
        round_ones, decoys = (self._deep(found, depth, grid) for found in (bright, dark))
        point = OperatingPoint.of(decoys.scores)
        chosen = round_ones.only(np.flatnonzero(round_ones.scores >= point.score_for(self.expected_false)))
        listing(0.3, "Outlining")
        labels, counts = outline_blobs(values, lungs, grid, chosen.points, chosen.diameters, 1)
        chosen, labels, counts = self._dense(chosen, labels, counts, values)
        if not len(counts):
            raise InputError(
                f"No round spot of {self.smallest_mm:g} to {self.largest_mm:g} mm stands out enough: allow more false "
                "ones or other diameters."
            )
        found, counts = _on_image(labels, chosen, grid, whole)
        return whole.image_of(found), candidates_of_blobs(chosen, counts, whole, point, "forks of vessels not counted")

    def _deep(self, found: Blobs, depth: np.ndarray, grid: Geometry) -> Blobs:
        """Those whose middle, to a part of a voxel, lies as deep (mm) as the smallest nodules at the wall."""
        at = ndimage.map_coordinates(depth, grid.indices(found.points)[:, ::-1].T, order=1, mode="nearest")
        # the border is known to half a voxel
        return found.only(at >= (self.smallest_mm + max(grid.spacing)) / 2)

    def _dense(
        self, found: Blobs, labels: np.ndarray, counts: np.ndarray, values: np.ndarray
    ) -> tuple[Blobs, np.ndarray, np.ndarray]:
        """Those dense enough, no more than wanted, renumbered."""
        where = np.nonzero(labels)
        numbers, densities = labels[where], values[where]
        order = np.argsort(numbers, kind="stable")
        ends = np.cumsum(np.bincount(numbers, minlength=len(counts) + 1))
        medians = np.array([np.median(densities[order[a:b]]) if b > a else AIR_HU for a, b in itertools.pairwise(ends)])
        kept = np.flatnonzero((medians >= self.least_HU) & (counts > 0))[: self.most]
        table = np.zeros(len(counts) + 1, np.uint8 if len(kept) < 256 else np.uint16)
        table[kept + 1] = np.arange(1, len(kept) + 1)
        return found.only(kept), table[labels], counts[kept]


def _isotropic(values: np.ndarray, grid: Geometry, smallest_mm: float) -> tuple[Geometry, np.ndarray]:
    """The same voxels however the image's lie, so that the same spots stand out: their grid and values (z, y, x)."""
    fine = isotropic_grid(grid, smallest_mm / PER_DIAMETER, MOST_VOXELS)
    # blurred to a coarser voxel first, so that fine detail does not turn into noise
    widths = [
        np.sqrt(max(wanted**2 - side**2, 0)) / FWHM_PER_SD
        for side, wanted in zip(grid.spacing, fine.spacing, strict=True)
    ]
    blurred = grid.image_of(gaussian(values.astype(np.float32), grid, widths))
    return fine, sitk.GetArrayFromImage(resample(extended(blurred), fine))


def _depth(lungs: np.ndarray, grid: Geometry) -> np.ndarray:
    """Distance in mm (z, y, x) to the border of the lungs or the end of the image, beyond which nobody sees."""
    inner = (slice(1, -1),) * lungs.ndim
    start = grid.points(np.full((1, grid.dimension), -1.0))[0]
    wider = Geometry(tuple(n + 2 for n in grid.size), grid.spacing, tuple(map(float, start)), grid.direction)
    return -signed_distance(np.pad(lungs, 1), wider)[inner]


def _share(mask: sitk.Image, grid: Geometry) -> np.ndarray:
    """How much of a mask lies around each voxel (z, y, x) of the grid: as far as its border is known."""
    whole = Geometry.of(mask)
    known = [max(BORDER_MM, side / 2) for side in whole.spacing]
    soft = gaussian(sitk.GetArrayViewFromImage(mask) != 0, whole, known)
    return sitk.GetArrayFromImage(resample(extended(whole.image_of(soft)), grid))


def _on_image(labels: np.ndarray, found: Blobs, grid: Geometry, image: Geometry) -> tuple[np.ndarray, np.ndarray]:
    """Label map (z, y, x) at the image's voxels, and how many each has; what none is in has the one at its middle."""
    result = np.zeros(tuple(reversed(image.size)), labels.dtype)
    for number, around in boxes_of(labels).items():
        part = grown(around, grid, 0)
        outline, there = (labels[part] == number).astype(np.float32), grid_of_box(grid, part)
        box = box_on_image(outline > 0, there, image, 0)
        assert box is not None
        result[box][brought_back(outline, there, image, box, 0) >= 0.5] = number
    counts = np.bincount(result.ravel(), minlength=len(found.points) + 1)[1:]
    at = np.clip(np.rint(image.indices(found.points)).astype(int), 0, np.asarray(image.size) - 1)[:, ::-1]
    for lost in np.flatnonzero(counts == 0):
        result[tuple(at[lost])] = lost + 1
    return result, np.bincount(result.ravel(), minlength=len(found.points) + 1)[1:]
