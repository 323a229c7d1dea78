"""Nodules in the lungs of a CT."""

import itertools
from typing import Annotated

import numpy as np
import SimpleITK as sitk
from scipy import ndimage

from ...core.errors import InputError
from ...core.geometry import Geometry, resample
from ...core.image_filter import grid_of_box
from ...core.operation import operation
from ...core.parameters import Range
from ...core.progress import SILENT
from ...core.voxels import extended, gaussian, isotropic_grid
from ..anatomy.ct_lungs import CtLungs
from ..common.hounsfield import hounsfield
from ..common.label_boxes import box_around, grown
from ..common.patient_grid import signed_distance
from ..common.working_grid import FWHM_PER_SD
from .blobs import candidates_of_blobs
from .operating_point import OperatingPoint
from .outline import outline_blobs
from .roundness import roundness
from .scale_space import Blobs, blobs_of

# Denser than soft tissue tells no more of a nodule, and bone and contrast would outshine it.
SATURATES_HU = 100.0
AIR_HU = -1000.0
# So many voxels across the smallest nodules; fewer in large lungs, where isotropic_grid bounds them (adults: 1.3 mm).
PER_DIAMETER = 4.0


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

    The stated number of false ones is that of chance (see Blobs). Forks of vessels are not chance and come on top:
    expect several in a lung with thick slices.
    """

    smallest_mm: Annotated[float, Range(1, 50, "mm"), "diameter of the smallest nodules"] = 4.0
    largest_mm: Annotated[float, Range(2, 100, "mm"), "diameter of the largest nodules"] = 30.0
    least_HU: Annotated[
        float, Range(-900, 100, "HU"), "median density of a nodule; about -600 for ground glass"
    ] = -450.0
    roundness: Annotated[
        float, Range(0, 1), "smallest over largest curvature: 1 a ball, 0 a tube; lower lets more vessels through"
    ] = 0.35
    expected_false: Annotated[float, Range(0.01, 1000), "operating point: so many are expected by chance"] = 1.0
    most: Annotated[int, Range(1, 10000), "no more than this many, the best ones"] = 50

    structures = {0: "nodule"}  # noqa: RUF012 - read only

    def __call__(self, image, mask=None, progress=SILENT):
        if self.largest_mm < self.smallest_mm:
            raise InputError("The largest diameter is below the smallest one: swap them.")
        finding, seeking, listing = progress.parts(2, 4, 1)
        ct = hounsfield(image)
        lung_mask = mask if mask is not None else CtLungs()(image, progress=finding)
        whole = Geometry.of(image)
        around = box_around(sitk.GetArrayViewFromImage(lung_mask) != 0)
        assert around is not None
        box = grown(around, whole, self.largest_mm)
        grid, values = _isotropic(sitk.GetArrayViewFromImage(ct)[box], grid_of_box(whole, box), self.smallest_mm)
        lungs = _share(lung_mask, grid) >= 0.5
        if not lungs.any():
            raise InputError("The mask is thinner than the smallest nodules: draw it around the lungs.")
        values = np.clip(values, AIR_HU, SATURATES_HU).astype(np.float32)
        # around the lungs as in the lungs, so that their border is no edge
        values[~lungs] = np.median(values[lungs])
        # the border itself, half wall and half lung, is full of spots; nodules at the wall have their middles deeper
        depth = -signed_distance(lungs, grid)
        deep = depth >= self.smallest_mm / 2 - max(grid.spacing)
        bright, dark = blobs_of(grid.image_of(values), deep, self.smallest_mm, self.largest_mm, seeking)
        round_ones, decoys = (
            self._round(self._deep(found, depth, grid), values, grid, sign) for found, sign in ((bright, 1), (dark, -1))
        )
        point = OperatingPoint.of(decoys.scores)
        chosen = round_ones.only(np.flatnonzero(round_ones.scores >= point.score_for(self.expected_false)))
        listing(0.3, "Outlining")
        labels, counts = outline_blobs(values, lungs, grid, chosen.points, chosen.diameters, 1)
        chosen, labels, counts = self._dense(chosen, labels, counts, values)
        if not len(counts):
            raise InputError(
                f"No round spot of {self.smallest_mm:g} to {self.largest_mm:g} mm stands out enough: allow more false "
                "ones, less roundness or other diameters."
            )
        found, counts = _on_image(labels, chosen, grid, whole)
        return whole.image_of(found), candidates_of_blobs(chosen, counts, whole, point, "forks of vessels not counted")

    def _deep(self, found: Blobs, depth: np.ndarray, grid: Geometry) -> Blobs:
        """Those whose middle, to a part of a voxel, lies as deep (mm) as the smallest nodules at the wall."""
        at = ndimage.map_coordinates(depth, grid.indices(found.points)[:, ::-1].T, order=1, mode="nearest")
        # the border is known to half a voxel
        return found.only(at >= (self.smallest_mm + max(grid.spacing)) / 2)

    def _round(self, found: Blobs, values: np.ndarray, grid: Geometry, sign: int) -> Blobs:
        return found.only(roundness(values, grid, found.points, found.diameters, sign) >= self.roundness)

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
    fine = isotropic_grid(grid, smallest_mm / PER_DIAMETER)
    # blurred to a coarser voxel first, so that fine detail does not turn into noise
    widths = [
        np.sqrt(max(wanted**2 - side**2, 0)) / FWHM_PER_SD
        for side, wanted in zip(grid.spacing, fine.spacing, strict=True)
    ]
    blurred = grid.image_of(gaussian(values.astype(np.float32), grid, widths))
    return fine, sitk.GetArrayFromImage(resample(extended(blurred), fine))


def _share(mask: sitk.Image, grid: Geometry) -> np.ndarray:
    return sitk.GetArrayFromImage(resample(extended(sitk.Cast(mask != 0, sitk.sitkFloat32)), grid))


def _on_image(labels: np.ndarray, found: Blobs, grid: Geometry, image: Geometry) -> tuple[np.ndarray, np.ndarray]:
    """Label map (z, y, x) at the image's voxels, and how many each has; what none is in has the one at its middle."""
    there = resample(grid.image_of(labels), image, interpolator=sitk.sitkNearestNeighbor)
    result = sitk.GetArrayFromImage(there)
    counts = np.bincount(result.ravel(), minlength=len(found.points) + 1)[1:]
    at = np.clip(np.rint(image.indices(found.points)).astype(int), 0, np.asarray(image.size) - 1)[:, ::-1]
    for lost in np.flatnonzero(counts == 0):
        result[tuple(at[lost])] = lost + 1
    return result, np.bincount(result.ravel(), minlength=len(found.points) + 1)[1:]
