"""Tissues of the brain in an MR image, with the share of each in every voxel."""

from typing import Annotated, Literal

import numpy as np
import SimpleITK as sitk

from ...core.errors import InputError
from ...core.geometry import Geometry
from ...core.image_filter import Box, grid_of_box
from ...core.operation import operation
from ...core.parameters import Range
from ...core.progress import SILENT, Progress
from ...core.voxels import inside, values_of
from .bias import without_bias
from .intensity_classes import Histogram, best_means, mixture
from .markov_field import Field, swept
from .mixed_voxels import Classes, classes_from, likeness_of, states_of, tables
from .region import tissue_region

# Sweeps in which voxels hold one class, and then in which they may hold two.
PURE_SWEEPS, MIXED_SWEEPS = 6, 5

# Names of the classes, the darkest first, and their labels.
CSF, GRAY, WHITE = (1, "csf"), (2, "grey_matter"), (3, "white_matter")
ORDER = {"T1": (CSF, GRAY, WHITE), "T2": (WHITE, GRAY, CSF), "FLAIR": (CSF, WHITE, GRAY)}


@operation(
    "segmentation.tissue_classes",
    title="Tissue classes (CSF, gray, white)",
    gives=("labels", "maps"),
    source="Zhang, Brady & Smith, Segmentation of brain MR images through a hidden Markov random field model and the "
    "expectation-maximization algorithm, IEEE TMI 20(1), 2001; Wells et al., IEEE TMI 15(4), 1996 (bias field); "
    "Shattuck et al., Magnetic resonance image tissue classification using a partial volume model, NeuroImage 13, 2001",
)
class TissueClasses:
    """Divide the brain in an MR image into cerebrospinal fluid, gray and white matter, or any image into classes.

    Intensities are a mixture of normal distributions; neighbors tend to be alike; uneven brightness is found with the
    classes. The maps hold the share of each tissue in every voxel (they sum to 1 inside the mask, 0 outside), which
    measure volumes better than labels do; the label is the tissue with the largest share. It needs a mask of the brain:
    without one, it takes what is not background (all above the lowest value if that fills the surroundings, as in a
    brain that is already extracted, or else what is above Otsu's threshold, and the holes in it) as if it were brain.
    Lesions go to the tissue they are as bright as.
    """

    weighting: Annotated[
        Literal["T1", "T2", "FLAIR", "other"], "contrast of the image, which says which class is which; other: no names"
    ] = "T1"
    classes: Annotated[int, Range(2, 6), "number of classes; only three have names"] = 3
    smoothness: Annotated[float, Range(0, 3), "how much alike neighbors are: 0 is each voxel for itself"] = 0.8
    bias_mm: Annotated[
        float, Range(0, 300, "mm"), "SD of the Gaussian over which brightness may vary; 0: it does not"
    ] = 25.0

    @property
    def structures(self) -> dict[int, str]:
        return {label: key for label, key in self._order if key in ("csf", "grey_matter", "white_matter")}

    @property
    def _order(self) -> tuple[tuple[int, str], ...]:
        """Label and name of each class, the darkest first."""
        if self.classes == 3 and self.weighting in ORDER:
            return ORDER[self.weighting]
        return tuple((k, f"class_{k}") for k in range(1, self.classes + 1))

    def __call__(self, image, mask=None, progress=SILENT):
        values, valid = values_of(image)
        whole = Geometry.of(image)
        where = inside(mask, valid) if mask is not None else tissue_region(values, valid, progress)
        level, settle = progress.parts(1, 4)
        box = _box(where)
        region = where[box]
        scale = float(np.abs(values[box][region]).max()) or 1.0
        part = np.where(region, values[box] / scale, 0).astype(np.float32)
        _require_classes(part[region], self.classes)
        if self.bias_mm:
            part = without_bias(part, region, grid_of_box(whole, box), self.classes, self.bias_mm, level)
        fractions = self._fractions(part, region, grid_of_box(whole, box), settle)
        return self._results(fractions, where, box, whole)

    def _fractions(self, values: np.ndarray, region: np.ndarray, grid: Geometry, progress: Progress) -> np.ndarray:
        """Share of each class, the darkest first (classes, z, y, x)."""
        histogram = Histogram.of(values[region], self.classes)
        middles, shape = histogram.middles, values.shape
        means, sds, _ = mixture(histogram, best_means(histogram, self.classes))
        order = np.argsort(means)
        classes = Classes(means[order], sds[order])
        # a 2D image is a volume of one slice
        bins = np.clip((values - middles[0]) / histogram.width + 0.5, 0, middles.size - 1).astype(np.int16)
        bins, region = bins.reshape((-1, *shape[-2:])), region.reshape((-1, *shape[-2:]))
        weights = _weights(grid)
        pure, mixed = progress.parts(PURE_SWEEPS, 2 * MIXED_SWEEPS)
        single = states_of(self.classes, mixed=False)
        field = Field(bins, region, self.smoothness * np.eye(self.classes, dtype=np.float32), weights)
        beliefs = field.unknown()
        for share in pure.parts(*[1.0] * PURE_SWEEPS):
            table, _ = tables(classes, single, middles)
            counts = swept(field, beliefs, table, middles.size, progress=share)
            classes = classes_from(counts, middles, classes)
        states = states_of(self.classes)
        field = Field(bins, region, self.smoothness * likeness_of(states, self.classes), weights)
        begun, beliefs = beliefs, field.unknown()
        beliefs[:, : self.classes] = begun
        fractions = np.zeros((self.classes, *bins.shape), np.float32)
        common = np.ones(len(states)) / len(states)
        for number, share in enumerate(mixed.parts(*[1.0] * MIXED_SWEEPS)):
            table, given = tables(classes, states, middles)
            table += np.log(common[:, None])

            def see(z: int, plane: np.ndarray, given: np.ndarray = given) -> None:
                expected = given[:, :, bins[z]]
                fractions[:, z] = np.einsum("syx,skyx->kyx", plane, expected)

            last = number == MIXED_SWEEPS - 1
            counts = swept(field, beliefs, table, middles.size, see if last else None, share)
            classes = classes_from(counts[: self.classes], middles, classes)
            common = np.maximum(counts.sum(axis=1) / counts.sum(), 1e-6)
        return fractions.reshape((self.classes, *shape))

    def _results(
        self, fractions: np.ndarray, where: np.ndarray, box: Box, whole: Geometry
    ) -> tuple[sitk.Image, dict[str, sitk.Image]]:
        labels = np.zeros(where.shape, np.uint8)
        numbers = np.array([label for label, _ in self._order], np.uint8)
        labels[box] = numbers[fractions.argmax(axis=0)] * where[box]
        maps = {}
        for (_, name), one in sorted(zip(self._order, fractions, strict=True), key=lambda pair: pair[0]):
            full = np.zeros(where.shape, np.float32)
            full[box] = one
            maps[name] = whole.image_of(full)
        return whole.image_of(labels), maps


def _require_classes(values: np.ndarray, classes: int) -> None:
    if values.size < classes or np.unique(values[:1_000_000]).size < classes:
        raise InputError(
            f"The image has fewer than {classes} different values inside the mask, so it does not divide into as many "
            "classes."
        )


def _box(region: np.ndarray) -> Box:
    box = []
    for axis in range(region.ndim):
        hit = np.flatnonzero(region.any(axis=tuple(a for a in range(region.ndim) if a != axis)))
        box.append(slice(int(hit[0]), int(hit[-1]) + 1))
    return tuple(box)


def _weights(grid: Geometry) -> tuple[float, float, float]:
    """Of a neighbor along each axis (z, y, x): 1 at the finest spacing, less the farther it is."""
    spacing = np.array(grid.spacing[::-1])
    weights = np.ones(3)
    weights[3 - len(spacing) :] = spacing.min() / spacing
    return float(weights[0]), float(weights[1]), float(weights[2])
