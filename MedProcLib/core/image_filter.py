"""What operations share that give an image on the same grid, each voxel from those around it.

A filter is only its mathematics on an array: what is learned once of the whole image (`learn`), how far it looks
(`margin`), and its values (`apply`). From these come, alike for all of them, the run over the whole image in slabs
that bound the memory, the preview of a part that agrees with it, cancel, and what happens to voxels without a number,
to integers and outside a mask.
"""

import itertools
from collections.abc import Iterator
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import Any

import numpy as np
import SimpleITK as sitk

from .boxes import Box
from .errors import InputError
from .geometry import Geometry
from .progress import SILENT, Progress
from .voxels import NO_NUMBER, float_type, foreground, inside, largest_value, near_values

# Voxels of a slab, its margin not counted.
SLAB_VOXELS = 2_000_000
# A slab is at least this many times as thick as its margin, of which the computation is wasted.
SLAB_MARGINS = 4
# Otsu's threshold is found on about this many voxels: more need memory and do not change it.
ENOUGH_VOXELS = 4_000_000
# Above this, filters compute in float64, so that they may take squares and products.
FLOAT32_COMPUTES = 1e9
# Above this, squares of squares overflow in float64 too.
LARGEST = 1e60

# More threads than this would need too much memory.
MOST_THREADS = 4


@dataclass(frozen=True)
class Place:
    """Where the values that a filter is applied to lie. Array order z, y, x.

    grid: that of the values; whole: that of the image; box: the part of the image's array that the values are;
    wanted: the part of the values whose results are kept, the rest is margin.
    """

    grid: Geometry
    whole: Geometry
    box: Box
    wanted: Box

    @property
    def spacing(self) -> tuple[float, ...]:
        """mm per axis, z, y, x."""
        return tuple(reversed(self.grid.spacing))


class ImageFilter:
    """Base of an operation `image (, mask) -> image` on the same grid. Arrays are in z, y, x order (y, x in 2D).

    makes_labels: True when `apply` gives label values (0 to 255) instead of intensities; they are 0 outside the mask
    and where the image holds no number.
    mask_limits: True when only voxels inside a mask change; False when the mask only says what is learned from.
    learns_in_foreground: without a mask the region that `learn` gets is the foreground by Otsu's threshold.
    parallel: True when slabs may be computed side by side (numpy, scipy); SimpleITK's filters use all cores anyway.
    learns_from: names of the parameters that `learn` depends on, None for all: previews do not learn anew for others.
    farthest: voxels around a voxel that its result may depend on; more would take days, or more memory than there is.
    learning_share: of the time, for the progress shown. why_global: the reason, of a filter whose margin is None.
    """

    makes_labels = False
    mask_limits = True
    learns_in_foreground = False
    parallel = False
    farthest = 10_000
    learning_share = 0.3
    learns_from: tuple[str, ...] | None = None
    why_global = ""

    def margin(self, grid: Geometry) -> tuple[int, ...] | None:
        """How many voxels around a voxel its result depends on, per axis z, y, x; None for the whole image."""
        return (0,) * grid.dimension

    def learn(self, values: np.ndarray, region: np.ndarray, grid: Geometry, progress: Progress = SILENT) -> Any:
        """What `apply` needs to know of the whole image: a figure, a histogram, a coarse field.

        values: float, read only, voxels without a number replaced by their neighbors; region: inside the mask and
        holding a number. Raises InputError.
        """
        return None

    @property
    def learns(self) -> bool:
        """Whether the whole image must be known before the filter can be applied to a part of it."""
        return type(self).learn is not ImageFilter.learn

    def apply(
        self, values: np.ndarray, region: np.ndarray, place: Place, learned: Any, progress: Progress = SILENT
    ) -> np.ndarray:
        """New values of the shape of `values`, which may be overwritten; what lies outside place.wanted is ignored."""
        raise NotImplementedError

    def __call__(self, image: Any, mask: Any = None, progress: Progress = SILENT) -> Any:
        share = self.learning_share if self.learns else 0.0
        learned = learned_of(self, image, mask, progress.part(0, share))
        return filtered(self, image, mask, learned, progress=progress.part(share, 1))


def learned_of(
    operation: ImageFilter, image: sitk.Image, mask: sitk.Image | None, progress: Progress = SILENT, **companions: Any
) -> Any:
    """What the filter learns of the whole image. Raises InputError when it cannot work on this one.

    companions: other inputs of an operation that declares some (a reference image), passed on to its `learn`.
    """
    view = sitk.GetArrayViewFromImage(image)
    valid = _valid(view)
    if not valid.any():
        raise InputError(NO_NUMBER)
    region = inside(mask, valid)
    if not operation.learns:
        return None
    _margin(operation, Geometry.of(image))
    dtype = _working_type(view)
    values = view if view.dtype == dtype and valid.all() else _values(view, valid, dtype)
    if operation.learns_in_foreground and mask is None:
        region = _foreground(values, valid)
    return operation.learn(values, region, Geometry.of(image), progress, **companions)


def filtered(
    operation: ImageFilter,
    image: sitk.Image,
    mask: sitk.Image | None,
    learned: Any,
    box: Box | None = None,
    progress: Progress = SILENT,
    of: tuple[Geometry, Box] | None = None,
) -> sitk.Image:
    """The filter's result in a box of the image (all of it when None), on the grid of that box.

    of: of an image that is itself a part with the margin it needs: the grid of the whole, and the image's box in it.

    Pixel type float32, or float64 where float32 would not hold the values; voxels without a number stay as they were.
    Of a filter that makes labels uint8, see ImageFilter.makes_labels.
    """
    view = sitk.GetArrayViewFromImage(image)
    mask_view = None if mask is None else sitk.GetArrayViewFromImage(mask)
    grid = Geometry.of(image)
    whole, within = of or (grid, tuple(slice(0, n) for n in view.shape))
    box = box or tuple(slice(0, n) for n in view.shape)
    margin = _margin(operation, whole) or view.shape
    dtype = _working_type(view)
    labels = operation.makes_labels
    result: np.ndarray = np.zeros([s.stop - s.start for s in box], np.uint8 if labels else dtype)
    slabs = list(_slabs(box, margin, _threads(operation)))
    shares = progress.parts(*[1.0] * len(slabs))

    def run(slab: Box, share: Progress) -> None:
        around = tuple(
            slice(max(0, s.start - m), min(n, s.stop + m)) for s, m, n in zip(slab, margin, view.shape, strict=True)
        )
        wanted = tuple(slice(s.start - a.start, s.stop - a.start) for s, a in zip(slab, around, strict=True))
        target = tuple(slice(s.start - b.start, s.stop - b.start) for s, b in zip(slab, box, strict=True))
        part = view[around]
        valid = _valid(part)
        if not valid.any():
            result[target] = 0 if labels else part[wanted]
            return
        region = valid if mask_view is None else (mask_view[around] != 0) & valid
        if operation.mask_limits and not region[wanted].any():
            result[target] = 0 if labels else part[wanted]
            return
        values = _values(part, valid, dtype)
        in_whole = tuple(slice(w.start + a.start, w.start + a.stop) for w, a in zip(within, around, strict=True))
        place = Place(grid_of_box(grid, around), whole, in_whole, wanted)
        made = operation.apply(values, region, place, learned, share)[wanted]
        kept = region[wanted] if operation.mask_limits and mask_view is not None else valid[wanted]
        result[target] = made if kept.all() else np.where(kept, made, 0 if labels else part[wanted])
        share(1.0)

    _run_all(run, slabs, shares, _threads(operation))
    return grid_of_box(grid, box).image_of(result if labels else _narrowed(result))


def _margin(operation: Any, grid: Geometry) -> tuple[int, ...] | None:
    """The filter's margin on a grid. Raises InputError where its voxels are far too fine for it, as a microscope's."""
    margin: tuple[int, ...] | None = operation.margin(grid)
    if margin is not None and max(margin) > operation.farthest:
        size, title = min(grid.spacing), operation.declaration.title
        raise InputError(
            f"{title} would look at {max(margin)} voxels on each side of a voxel, as these measure {size:g} mm: choose "
            "smaller sizes, or give the image of a microscope a spacing of 1 mm."
        )
    return margin


def grid_of_box(grid: Geometry, box: Box) -> Geometry:
    """The grid of a part (z, y, x slices) of an image."""
    start = [s.start for s in reversed(box)]
    size = tuple(s.stop - s.start for s in reversed(box))
    origin = tuple(float(x) for x in grid.points(np.array([start]))[0])
    return Geometry(size, grid.spacing, origin, grid.direction)


def _run_all(run: Any, slabs: list[Box], shares: list[Progress], threads: int) -> None:
    if threads == 1 or len(slabs) == 1:
        for slab, share in zip(slabs, shares, strict=True):
            share.check()
            run(slab, share)
        return
    with ThreadPoolExecutor(threads) as workers:
        futures = [workers.submit(run, slab, share) for slab, share in zip(slabs, shares, strict=True)]
        try:
            wait(futures, return_when=FIRST_EXCEPTION)
            for future in futures:
                if future.done():
                    future.result()
        finally:
            workers.shutdown(wait=True, cancel_futures=True)


def _threads(operation: ImageFilter) -> int:
    if not operation.parallel:
        return 1
    return min(MOST_THREADS, sitk.ProcessObject.GetGlobalDefaultNumberOfThreads())


def _slabs(box: Box, margin: tuple[int, ...], threads: int) -> Iterator[Box]:
    """The box cut along its first axis."""
    first = box[0]
    length = first.stop - first.start
    plane = max(1, int(np.prod([s.stop - s.start for s in box[1:]])))
    thickness = max(SLAB_VOXELS // plane, SLAB_MARGINS * margin[0], 1)
    count = max(1, round(length / thickness))
    if threads > 1 and count == 1 and length * plane > SLAB_VOXELS // 8 and length > 2 * threads * margin[0]:
        count = threads
    edges = np.linspace(first.start, first.stop, min(count, length) + 1).round().astype(int)
    for start, stop in itertools.pairwise(edges.tolist()):
        yield (slice(start, stop), *box[1:])


def _working_type(view: np.ndarray) -> type:
    if view.dtype.kind != "f" and view.dtype.itemsize < 4:
        return np.float32
    largest = largest_value(view)
    if largest > LARGEST:
        raise InputError(f"The image holds values of {largest:.0e}, too large to compute with: divide it first.")
    return np.float32 if largest <= FLOAT32_COMPUTES else np.float64


def _foreground(values: np.ndarray, valid: np.ndarray) -> np.ndarray:
    every = max(1, int(np.count_nonzero(valid)) // ENOUGH_VOXELS)
    sample = values.ravel()[::every][valid.ravel()[::every]]
    bright = foreground(sample, np.ones(sample.shape, bool))
    threshold = (np.float64(sample[bright].min()) + np.float64(sample[~bright].max())) / 2
    return valid & (values > threshold)


def _valid(view: np.ndarray) -> np.ndarray:
    return np.isfinite(view) if view.dtype.kind == "f" else np.ones(view.shape, bool)


def _values(view: np.ndarray, valid: np.ndarray, dtype: Any) -> np.ndarray:
    values: np.ndarray = view.astype(dtype)
    return values if valid.all() else near_values(values, valid)


def _narrowed(result: np.ndarray) -> np.ndarray:
    return result.astype(float_type(result), copy=False)
