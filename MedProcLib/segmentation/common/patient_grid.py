"""Segment on an isotropic grid along the patient's axes, and bring what was found back to the image's voxels.

Left, right and slice by slice then mean the same for every image, however its voxels lie in the patient.
"""

from collections.abc import Iterator

import numpy as np
import SimpleITK as sitk

from ...core.geometry import Geometry, resample
from ...core.image_filter import Box, grid_of_box
from ...core.progress import SILENT, Progress, execute
from ...core.voxels import extended, isotropic_grid, shrink_factors
from ...enhancement.geometry.orientation import reoriented
from .field_of_view import continued, outside_field
from .upright import aligned

# Around what is not air, so much air is kept.
MARGIN_MM = 12.0
# Where something is, is found on voxels of this side.
CONTENT_MM = 6.0
MOST_VOXELS = 20_000_000
# A slice of this share of the usual area is no natural end of a body. At a cut so many slices may be mixed with
# filling: those with less than this share of the area of the next whole one.
CUT_SHARE, MIXED_SLICES, MIXED_SHARE = 0.5, 3, 0.9
# Voxels of a slab in which results are brought back.
SLAB_VOXELS = 8_000_000
# What lies farther off does not move a spline of third order (by more than 0.04 % of it).
CONTINUED_VOXELS = 6


def patient_grid(
    source: Geometry,
    spacing_mm: float,
    box: tuple[np.ndarray, np.ndarray] | None = None,
    most_voxels: int = MOST_VOXELS,
) -> Geometry:
    """Isotropic grid along L, P and S that covers a grid, or the part of it inside a box (lowest and highest point).

    Voxels have this side (mm), or a larger one if they were too many, and the grid ends up to a fourth of it beside the
    part. Of sides a little longer or shorter, by how large an image is and how it lies, a ball of whole voxels would
    reach one voxel less or more. A single slice stays in its plane.
    """
    if 1 in source.size and source.dimension == 3:
        return isotropic_grid(reoriented(source, "LPS"), spacing_mm, most_voxels)
    half = np.abs(np.reshape(source.direction, (source.dimension,) * 2)) @ (np.asarray(source.spacing) / 2)
    low, high = source.corners().min(axis=0) - half, source.corners().max(axis=0) + half
    if box is not None:
        # whole voxels are left out, so that those that stay lie as they would without the box
        low = low + np.floor(np.clip(box[0] - low, 0, None) / spacing_mm) * spacing_mm
        high = high - np.floor(np.clip(high - box[1], 0, None) / spacing_mm) * spacing_mm
    spacing_mm = max(spacing_mm, float(np.prod(high - low) / most_voxels) ** (1 / source.dimension))
    size = np.maximum(1, np.round((high - low) / spacing_mm)).astype(int)
    first = (low + high - (size - 1) * spacing_mm) / 2
    return Geometry(
        tuple(int(n) for n in size),
        (spacing_mm,) * source.dimension,
        tuple(float(x) for x in first),
        tuple(float(x) for x in np.eye(source.dimension).ravel()),
    )


def content_box(image: sitk.Image, above: float) -> tuple[np.ndarray, np.ndarray] | None:
    """Lowest and highest point (LPS, mm) of what is brighter than a value, with a margin; None where nothing is."""
    coarse = sitk.BinShrink(image, shrink_factors(image, CONTENT_MM))
    bright = np.argwhere(sitk.GetArrayViewFromImage(coarse) > above)
    if not len(bright):
        return None
    grid = Geometry.of(coarse)
    ends = np.array(np.meshgrid(*np.stack([bright.min(axis=0), bright.max(axis=0)])[:, ::-1].T, indexing="ij"))
    corners = grid.points(ends.reshape(grid.dimension, -1).T)
    if not np.allclose(np.abs(np.reshape(grid.direction, (grid.dimension,) * 2)).max(axis=0), 1):
        corners = grid.points(bright[:, ::-1])
    margin = MARGIN_MM + max(grid.spacing)
    return corners.min(axis=0) - margin, corners.max(axis=0) + margin


def on_patient_grid(
    image: sitk.Image,
    spacing_mm: float,
    outside: float,
    content_above: float | None = None,
    progress: Progress = SILENT,
    box: tuple[np.ndarray, np.ndarray] | None = None,
) -> tuple[Geometry, np.ndarray]:
    """Grid of patient_grid over the image and its values (float32, z, y, x) there: means of the voxels they cover.

    image: without NaN; outside: value of what it does not reach; content_above: leave out what lies around all values
    above this; box: leave out what lies outside these points (lowest and highest; LPS, mm).
    """
    if content_above is not None:
        box = content_box(image, content_above)
    grid = patient_grid(Geometry.of(image), spacing_mm, box)
    values, field = _sampled(image, grid, spacing_mm, outside, progress)
    if content_above is None or grid.dimension == 2:
        return grid, values
    content = (values > content_above).sum(axis=(1, 2))
    seen = [_seen_layers(content)]
    # where a side of a turned scan cuts the body it is the side of the image again
    seen += [
        slice(0, n) if field is None else _seen_layers(field.sum(axis=(0, 2 - k)))
        for k, n in enumerate(values.shape[1:])
    ]
    return grid_of_box(grid, tuple(seen)), values[tuple(seen)]


def _sampled(
    image: sitk.Image, grid: Geometry, spacing_mm: float, outside: float, progress: Progress
) -> tuple[np.ndarray, np.ndarray | None]:
    """Values on the grid, and where the scan reaches; None for everywhere or where that is not known."""
    unseen = None if aligned(Geometry.of(image), grid) else outside_field(image)
    factors = shrink_factors(image, spacing_mm)
    if unseen is not None:
        seen = Geometry.of(image).image_of((~unseen).astype(np.float32))
        # so that no mean of voxels at the edge is mixed with what stands outside
        image = _continued(image, unseen, sum(factor - 1 for factor in factors))
    if max(factors) > 1:
        shrink = sitk.BinShrinkImageFilter()
        shrink.SetShrinkFactors(factors)
        image = execute(shrink, image, progress=progress, message="Averaging")
    image = sitk.Cast(image, sitk.sitkFloat32)
    if unseen is not None:
        beyond = sitk.GetArrayFromImage(sitk.BinShrink(seen, factors)) == 0
        image = _continued(image, beyond, CONTINUED_VOXELS)
    image = extended(image)
    # an upright scan on a turned grid is interpolated for the second time: a spline hardly blurs
    how = sitk.sitkLinear if aligned(Geometry.of(image), grid) else sitk.sitkBSpline
    values = sitk.GetArrayFromImage(resample(image, grid, interpolator=how, default_value=outside, progress=progress))
    if how == sitk.sitkBSpline:
        given = sitk.GetArrayViewFromImage(image)
        np.clip(values, min(outside, given.min()), given.max(), out=values)
    if unseen is None:
        return values, None
    field = sitk.GetArrayFromImage(resample(extended(seen), grid)) >= 0.5
    values[~field] = outside
    return values, field


def _continued(image: sitk.Image, outside: np.ndarray, voxels: int) -> sitk.Image:
    return Geometry.of(image).image_of(continued(sitk.GetArrayViewFromImage(image), outside, voxels))


def _seen_layers(areas: np.ndarray) -> slice:
    """The layers of a scan that lies turned in its image, by what each shows: beyond its ends is nothing but filling.

    An end is a cut where a layer is nearly as full as those in the middle; what the interpolation mixed there with the
    filling goes too, so that the cut is the side of the image again. Where a body ends by itself nothing is left out.
    """
    full = CUT_SHARE * float(np.median(areas[areas > 0])) if areas.any() else np.inf
    first, last = (_first_seen(side, full) for side in (areas, areas[::-1]))
    return slice(first, len(areas) - last)


def _first_seen(areas: np.ndarray, full: float) -> int:
    start = int(np.argmax(areas > 0))
    inner = min(start + MIXED_SLICES, len(areas) - 1)
    if areas[inner] < full:
        return 0
    return int(np.argmax(areas[: inner + 1] >= MIXED_SHARE * areas[inner]))


def mask_on_grid(mask: sitk.Image, grid: Geometry, progress: Progress = SILENT) -> np.ndarray:
    """Where (z, y, x) a grid of patient_grid lies in a region of interest."""
    inside = resample(
        sitk.Cast(mask != 0, sitk.sitkUInt8), grid, interpolator=sitk.sitkNearestNeighbor, progress=progress
    )
    return sitk.GetArrayFromImage(inside) != 0


def signed_distance(region: np.ndarray, grid: Geometry, progress: Progress = SILENT) -> np.ndarray:
    """Distance in mm (float32, z, y, x) to a region's border, which lies halfway between voxels; negative inside."""
    if region.all() or not region.any():
        return np.full(region.shape, -1e3 if region.all() else 1e3, np.float32)
    measure = sitk.SignedMaurerDistanceMapImageFilter()
    measure.SetUseImageSpacing(True)
    measure.SetSquaredDistance(False)
    measure.SetInsideIsPositive(False)
    distance = sitk.GetArrayFromImage(execute(measure, grid.image_of(region), progress=progress, message="Measuring"))
    # Maurer's map is 0 on the region's border voxels; 0 is wanted half a voxel farther out
    half = max(s for s, n in zip(grid.spacing, grid.size, strict=True) if n > 1 or grid.dimension == 2) / 2
    distance[region] -= half
    distance[~region] -= half
    return distance


def box_on_image(region: np.ndarray, grid: Geometry, image: Geometry, margin_mm: float) -> Box | None:
    """The box of the image's voxels (z, y, x) that holds a region of a grid, with a margin; None when it is empty."""
    found = np.argwhere(region)
    if not len(found):
        return None
    low, high = found.min(axis=0), found.max(axis=0)
    ends = np.array(np.meshgrid(*np.stack([low, high])[:, ::-1].T, indexing="ij")).reshape(grid.dimension, -1).T
    index = image.indices(grid.points(ends))
    margin = margin_mm / np.asarray(image.spacing) + 1
    first = np.clip(np.floor(index.min(axis=0) - margin), 0, np.asarray(image.size) - 1).astype(int)
    last = np.clip(np.ceil(index.max(axis=0) + margin), 0, np.asarray(image.size) - 1).astype(int)
    return tuple(slice(int(a), int(b) + 1) for a, b in zip(first[::-1], last[::-1], strict=True))


def slabs_of(box: Box) -> Iterator[Box]:
    """A box (z, y, x) cut along its first axis into slabs that bound the memory."""
    plane = max(1, int(np.prod([s.stop - s.start for s in box[1:]])))
    step = max(1, SLAB_VOXELS // plane)
    for start in range(box[0].start, box[0].stop, step):
        yield (slice(start, min(start + step, box[0].stop)), *box[1:])


def brought_back(
    values: np.ndarray, grid: Geometry, image: Geometry, box: Box, outside: float, nearest: bool = False
) -> np.ndarray:
    """Values (z, y, x) on a grid at the voxels of a box of the image, interpolated."""
    source = extended(grid.image_of(values))
    how = sitk.sitkNearestNeighbor if nearest else sitk.sitkLinear
    return sitk.GetArrayFromImage(resample(source, grid_of_box(image, box), interpolator=how, default_value=outside))
