"""Regions that edges enclose."""

from typing import Annotated, Literal

import numpy as np
import SimpleITK as sitk
from scipy import ndimage

from ...core.errors import InputError
from ...core.geometry import Geometry
from ...core.operation import operation
from ...core.parameters import Range
from ...core.progress import SILENT, Progress, execute
from ...core.voxels import inside, values_of
from ...enhancement.structure.canny import Canny
from ...enhancement.structure.gradient_magnitude import GradientMagnitude
from ..cleanup.remove_small import sizes_within
from ..common.connectivity import connected_components
from ..common.morphology import dilated, distance_to

# The gap that is closed grows in so many steps, so that what small gaps enclose is not lost to large ones.
STEPS = 3
# For gaps, slices are at most this many in-plane voxels apart.
MOST_APART = 1.5


@operation(
    "segmentation.canny_regions",
    title="Regions within edges (Canny)",
    gives="labels",
    source="Canny, A computational approach to edge detection, IEEE PAMI 8(6), 1986; Meyer, Topographic distance and "
    "watershed lines, Signal Process. 38, 1994 (the boundary where the edge is steepest)",
)
class CannyRegions:
    """Find closed edges and fill them: one segment for each region, the largest first.

    Edges are linked over gaps, and each region ends where the gradient around it is steepest. In a volume edges are
    surfaces, so a region must be closed on all sides; from one thick slice to the next counts as a small gap. A region
    inside another one is a segment of its own. What the border of the image or mask cuts open is not enclosed, unless
    the border counts as an edge.
    """

    sd_mm: Annotated[float, Range(0.1, 20, "mm"), "standard deviation of the Gaussian: smaller edges are lost"] = 1.0
    threshold: Annotated[
        Literal["percentile", "noise"], "whether strong edges are the steepest ones or those well above the noise"
    ] = "noise"
    percentile: Annotated[float, Range(1, 99.9, "%"), "of voxels that are less steep than a strong edge"] = 90.0
    noise_multiple: Annotated[float, Range(0.5, 200, "SD"), "least gradient of a strong edge, in noise levels"] = 8.0
    weak_share: Annotated[float, Range(1, 100, "%"), "least gradient of a weak edge, of that of a strong one"] = 40.0
    gap_mm: Annotated[float, Range(0, 50, "mm"), "gaps in the edges up to this width are closed"] = 3.0
    brightness: Annotated[Literal["any", "bright", "dark"], "keep regions that differ so from around them"] = "any"
    border_closes: Annotated[bool, "the border of the image and of the mask counts as an edge"] = False
    minimum_volume_mm3: Annotated[float, Range(0, 1e9, "mm3"), "drop smaller regions (2D: mm²)"] = 50.0
    maximum_volume_mm3: Annotated[float, Range(0, 1e9, "mm3"), "drop larger regions (2D: mm²); 0: no limit"] = 0.0

    def __call__(self, image, mask=None, progress=SILENT):
        if 0 < self.maximum_volume_mm3 < self.minimum_volume_mm3:
            raise InputError("The maximum volume is below the minimum volume, so nothing would be kept: swap them.")
        find, slope, enclose, grow = progress.parts(3, 2, 3, 2)
        values, valid = values_of(image)
        where, grid = inside(mask, valid), Geometry.of(image)
        edges = self._edges(image, mask, find)
        steep = GradientMagnitude(self.sd_mm)(image, progress=slope)
        cores = _enclosed(edges, where, grid, self.gap_mm, self.border_closes, enclose)
        if not cores.any():
            raise InputError(
                f"The edges ({np.count_nonzero(edges)} voxels) enclose nothing: close larger gaps, or lower the "
                "threshold of the edges."
            )
        regions = _grown(cores, steep, where, grid, self.gap_mm, grow)
        return self._chosen(regions, values, where, grid, grow)

    def _edges(self, image: sitk.Image, mask: sitk.Image | None, progress: Progress) -> np.ndarray:
        canny = Canny(self.sd_mm, self.threshold, self.percentile, self.noise_multiple, self.weak_share)
        return sitk.GetArrayFromImage(canny(image, mask, progress=progress)) == 1

    def _chosen(
        self, regions: np.ndarray, values: np.ndarray, where: np.ndarray, grid: Geometry, progress: Progress
    ) -> sitk.Image:
        """The regions of the wanted size and brightness, numbered from 1, the largest first."""
        counts = np.bincount(regions.ravel())
        keep = sizes_within(counts, grid.voxel_volume, self.minimum_volume_mm3, self.maximum_volume_mm3)
        keep[0] = False
        largest = float(counts[1:].max()) * grid.voxel_volume
        if self.brightness != "any":
            keep &= _brighter(regions, values, where, keep, progress) == (self.brightness == "bright")
        if not keep.any():
            raise InputError(
                f"None of the {np.count_nonzero(counts[1:])} enclosed regions (the largest has {largest:.3g} "
                f"{'mm³' if grid.dimension == 3 else 'mm²'}) is as large, or as bright, as wanted: widen the limits."
            )
        order = np.argsort(-np.where(keep, counts, 0), kind="stable")[: np.count_nonzero(keep)]
        rank = np.zeros(counts.size, np.uint8 if order.size < 256 else np.uint16 if order.size < 65536 else np.int32)
        rank[order] = np.arange(1, order.size + 1)
        return grid.image_of(rank[regions])


def _enclosed(
    edges: np.ndarray, where: np.ndarray, grid: Geometry, gap_mm: float, border_closes: bool, progress: Progress
) -> np.ndarray:
    """Numbers (from 1) of the regions that edges enclose, less half the gap on all sides; 0 elsewhere."""
    found = np.zeros(edges.shape, np.int32)
    last = 0
    gaps = [0.0] if gap_mm == 0 else [gap_mm * step / STEPS for step in range(STEPS + 1)]
    measure, *shares = progress.parts(*[1.0] * (len(gaps) + 1))
    away = distance_to(edges, _closer(grid), measure)
    border = _border(where)
    for gap, share in zip(gaps, shares, strict=True):
        share(0.0, "Filling closed edges")
        # half a voxel more: two edges that far apart have the gap between them
        free = (away > (gap / 2 if gap else 0)) & where
        pieces, counts = connected_components(grid.image_of(free), "face", share)
        if len(counts) == 1:
            continue
        share.check()
        closed = np.ones(len(counts), bool)
        closed[0] = False
        at_border = np.unique(pieces[border])
        if border_closes:
            # the largest region at the border is what lies around everything
            at_border = at_border[at_border > 0][:1]
        closed[at_border] = False
        # what smaller gaps have enclosed already stays as it was found
        closed[pieces[found > 0]] = False
        share.check()
        names = np.cumsum(closed) * closed
        new = names[pieces]
        found = np.where(new > 0, new + last, found).astype(np.int32)
        last += int(names.max(initial=0))
    return found


def _closer(grid: Geometry) -> Geometry:
    """The grid with thick slices moved together, for an edge that runs from one to the next has a gap between them."""
    least = min((s for s, n in zip(grid.spacing, grid.size, strict=True) if n > 1), default=1.0)
    spacing = tuple(min(s, MOST_APART * least) for s in grid.spacing)
    return Geometry(grid.size, spacing, grid.origin, grid.direction)


def _border(where: np.ndarray) -> np.ndarray:
    """The outermost voxels of a region, and of the image along axes of more than one voxel."""
    if where.all():
        inner = np.zeros(where.shape, bool)
        inner[tuple(slice(1, -1) if n > 1 else slice(None) for n in where.shape)] = True
        return ~inner
    padded = np.pad(where, [(1, 1) if n > 1 else (0, 0) for n in where.shape])
    structure = ndimage.generate_binary_structure(where.ndim, 1)
    inner = ndimage.binary_erosion(padded, structure & _along(where.shape))
    return where & ~inner[tuple(slice(1, -1) if n > 1 else slice(None) for n in where.shape)]


def _along(shape: tuple[int, ...]) -> np.ndarray:
    """A structuring element that does not reach along axes of one voxel."""
    element = np.ones((3,) * len(shape), bool)
    for axis, n in enumerate(shape):
        if n == 1:
            index = [slice(None)] * len(shape)
            for side in (0, 2):
                index[axis] = slice(side, side + 1)
                element[tuple(index)] = False
    return element


def _grown(
    cores: np.ndarray, steep: sitk.Image, where: np.ndarray, grid: Geometry, gap_mm: float, progress: Progress
) -> np.ndarray:
    """The regions up to the steepest edge around them: watershed of the gradient between them and the surroundings."""
    reach = gap_mm / 2 + 2 * max(
        s for s, n in zip(grid.spacing, grid.size, strict=True) if n > 1 or max(grid.size) == 1
    )
    near = dilated(cores > 0, grid, reach, progress.part(0, 0.3))
    surroundings = int(cores.max()) + 1
    markers = np.where(near, cores, surroundings).astype(np.int32)
    flood = sitk.MorphologicalWatershedFromMarkersImageFilter()
    flood.SetMarkWatershedLine(False)
    flood.SetFullyConnected(False)
    flooded = execute(
        flood, steep, grid.image_of(markers), progress=progress.part(0.3, 1), message="Growing to the edges"
    )
    result = sitk.GetArrayFromImage(flooded)
    result[(result == surroundings) | ~where] = 0
    return result


def _brighter(
    regions: np.ndarray, values: np.ndarray, where: np.ndarray, wanted: np.ndarray, progress: Progress
) -> np.ndarray:
    """For each region number, whether its mean exceeds that of the voxels next to it."""
    result = np.zeros(wanted.size, bool)
    for number, box in enumerate(ndimage.find_objects(regions), 1):
        if box is None or not wanted[number]:
            continue
        progress.check()
        wide = tuple(slice(max(0, b.start - 3), b.stop + 3) for b in box)
        inside_it = regions[wide] == number
        around = ndimage.binary_dilation(inside_it, iterations=3) & ~inside_it & where[wide]
        if around.any():
            result[number] = values[wide][inside_it].mean() > values[wide][around].mean()
    return result
