"""Tissues of the brain in an MR image, with the share of each in every voxel."""

from collections.abc import Sequence
from typing import Annotated, Literal

import numpy as np
import SimpleITK as sitk

from ...core.boxes import box_of
from ...core.errors import InputError
from ...core.geometry import Geometry
from ...core.image_filter import Box, grid_of_box
from ...core.operation import operation
from ...core.parameters import Range
from ...core.progress import SILENT, Progress
from ...core.voxels import inside, values_of
from ..common.morphology import distance_to
from ..common.second_image import at_voxels_of
from .bias import without_bias
from .evidence import Evidence
from .markov_field import Field, sweep
from .mixed_voxels import likeness_of, states_of
from .region import tissue_region

# Times that all voxels are weighed with their neighbors.
SWEEPS = 7
# Gray and white matter whose means are closer than this many SD of their noise are not told apart, nor are those of
# which one has so many times the volume of the other: then one class is what is mixed with fluid.
LEAST_CONTRAST, MOST_RATIO = 1.0, 4.0
# Gray matter is the brain's rim. Where it would lie so much deeper than white matter, the classes' names are exchanged.
# Measured in images of two patients: white is 5 to 8 mm deeper in T1; in FLAIR taken for T1 gray is deeper by 8 mm.
# Parts of brains, as around the deep nuclei, are not judged.
MOST_DEEPER_MM, LEAST_BRAIN_ML = 3.0, 500.0
# A brain has 1.1 to 1.5 times as much gray as white matter all life long (Ge et al., AJNR 23(8), 2002), less where deep
# nuclei count as white. With less than this share of it the cortex is lost in white matter.
LEAST_GRAY = 0.5
# A second image leads where it shows at least this share of the brain: less of it may lack a tissue.
LEAST_LEADING = 0.5

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
    Lesions go to the tissue they are as bright as. T1 images are the ones to take: many T2 and FLAIR images do not tell
    gray from white matter and are refused. No class may be missing from the mask, which should hold the ventricles.

    A second image of the patient (T2 or FLAIR beside T1, or T1 beside either) is taken to lie where its file says:
    align it first. The classes are then normal in both images together, with the means and noise that T1 (or else the
    image) has alone; where the second shows nothing, the first tells. It helps noisy images of like resolution that
    lie on each other to a fraction of a voxel; in thick slices, or a millimeter off, T1 alone is better.
    """

    weighting: Annotated[
        Literal["T1", "T2", "FLAIR", "other"], "contrast of the image, which says which class is which; other: no names"
    ] = "T1"
    classes: Annotated[int, Range(2, 6), "number of classes; only three have names"] = 3
    smoothness: Annotated[float, Range(0, 3), "how much alike neighbors are: 0 is each voxel for itself"] = 0.8
    second_weighting: Annotated[
        Literal["T1", "T2", "FLAIR", "other"], "contrast of the second image, if there is one: T1 leads"
    ] = "T2"
    bias_mm: Annotated[
        float, Range(0, 300, "mm"), "SD of the Gaussian over which brightness may vary; 0: it does not"
    ] = 25.0

    @property
    def structures(self) -> dict[int, str]:
        return {label: key for label, key in self._order if key in ("csf", "grey_matter", "white_matter")}

    @property
    def _named(self) -> bool:
        return self._order in ORDER.values()

    @property
    def _order(self) -> tuple[tuple[int, str], ...]:
        """Label and name of each class, the darkest first."""
        if self.classes == 3 and self.weighting in ORDER:
            return ORDER[self.weighting]
        return tuple((k, f"class_{k}") for k in range(1, self.classes + 1))

    def __call__(self, image, mask=None, second=None, progress=SILENT):
        values, valid = values_of(image)
        where = inside(mask, valid) if mask is not None else tissue_region(values, valid, progress)
        return self._divided(image, values, where, second, progress)

    def _divided(
        self,
        image: sitk.Image,
        values: np.ndarray,
        where: np.ndarray,
        second: sitk.Image | None,
        progress: Progress,
        besides: np.ndarray | None = None,
    ) -> tuple[sitk.Image, dict[str, sitk.Image]]:
        """Labels and shares where the tissues are (z, y, x). besides: what of the brain is none of them."""
        whole = Geometry.of(image)
        level, settle, measure = progress.parts(3 if second is None else 6, 8, 1)
        box = box_of(where)
        region, grid = where[box], grid_of_box(whole, box)
        images, shown = [values[box]], region
        if second is not None:
            bring, level = level.parts(1, 2)
            beside, reached = at_voxels_of(grid, second, bring)
            images, shown = [*images, beside], reached & region
            if not shown.any():
                raise InputError("The second image shows nothing of the brain: choose another, or leave it out.")
        levels = level.parts(*[1.0] * len(images))
        even = [self._even(*each, grid) for each in zip(images, (region, shown), levels, strict=False)]
        evidence = self._evidence(even, region, shown)
        fractions = self._fractions(evidence, region, grid, settle)
        brain = region if besides is None else region | besides[box]
        self._require_a_brain(fractions, brain, grid, second is not None, measure)
        return self._results(fractions, where, box, whole)

    def _even(self, values: np.ndarray, region: np.ndarray, progress: Progress, grid: Geometry) -> np.ndarray:
        """Values of at most 1 without uneven brightness (z, y, x), 0 outside the region."""
        scale = float(np.abs(values[region]).max()) or 1.0
        part = np.where(region, values / scale, 0).astype(np.float32)
        _require_classes(part[region], self.classes)
        return without_bias(part, region, grid, self.classes, self.bias_mm, progress) if self.bias_mm else part

    def _evidence(self, images: Sequence[np.ndarray], region: np.ndarray, shown: np.ndarray) -> Evidence:
        """What one or two images say; the classes in the first one's order. Raises InputError."""
        if len(images) == 1:
            evidence = Evidence.of_image(images[0], region, self.classes)
        else:
            order, leads = list(range(self.classes)), 0
            much = np.count_nonzero(shown) >= LEAST_LEADING * np.count_nonzero(region)
            if self._named and self.weighting != "T1" and self.second_weighting == "T1" and much:
                order, leads = [ORDER["T1"].index(tissue) for tissue in self._order], 1
            evidence = Evidence.of_two(images, region, shown, leads, order)
        self._require_contrast(evidence, len(images) > 1)
        return evidence

    def _contrast(self, evidence: Evidence) -> float:
        return float(evidence.apart[self._order.index(GRAY), self._order.index(WHITE)])

    def _fractions(self, evidence: Evidence, region: np.ndarray, grid: Geometry, progress: Progress) -> np.ndarray:
        """Share of each class, the darkest first (classes, z, y, x)."""
        states, shape = states_of(self.classes), region.shape
        # a 2D image is a volume of one slice
        bins, region = evidence.bins.reshape((-1, *shape[-2:])), region.reshape((-1, *shape[-2:]))
        field = Field(bins, region, self.smoothness * likeness_of(states, self.classes), _weights(grid))
        beliefs = field.unknown()
        fractions = np.zeros((self.classes, *bins.shape), np.float32)

        def see(z: int, plane: np.ndarray) -> None:
            fractions[:, z] = np.einsum("syx,skyx->kyx", plane, evidence.fractions[:, :, bins[z]])

        *sweeps, last = progress.parts(*[1.0] * SWEEPS)
        for share in sweeps:
            sweep(field, beliefs, evidence.likelihood, progress=share)
        sweep(field, beliefs, evidence.likelihood, see, last)
        return fractions.reshape((self.classes, *shape))

    def _require_contrast(self, evidence: Evidence, of_two: bool) -> None:
        """Raise InputError where gray and white matter are not what was found. of_two: in two images."""
        if not self._named:
            return
        volumes = [evidence.volumes[self._order.index(tissue)] for tissue in (GRAY, WHITE)]
        contrast, ratio = self._contrast(evidence), max(volumes) / min(volumes)
        if contrast >= LEAST_CONTRAST and ratio <= MOST_RATIO:
            return
        raise _not_apart(f"their means differ by {contrast:.1f} SD, their volumes are {ratio:.1f} to 1", of_two)

    def _require_a_brain(
        self, fractions: np.ndarray, region: np.ndarray, grid: Geometry, of_two: bool, progress: Progress
    ) -> None:
        """Raise InputError where gray matter is too little for a brain, or lies deeper than white matter, as in another
        weighting. region: the brain (z, y, x); of_two: two images show it."""
        volume = np.count_nonzero(region) * grid.voxel_volume / 1000
        if not self._named or grid.dimension < 3 or volume < LEAST_BRAIN_ML:
            return
        # where the image cuts the brain its border counts as surface, alike for both
        outside = sitk.ConstantPad(grid.image_of(~region), [1] * 3, [1] * 3, 1)
        depth = distance_to(sitk.GetArrayViewFromImage(outside) != 0, Geometry.of(outside), progress)[1:-1, 1:-1, 1:-1]
        shares = [fractions[self._order.index(tissue)] for tissue in (GRAY, WHITE)]
        amounts = [float(share.sum()) * grid.voxel_volume / 1000 for share in shares]
        if amounts[0] < LEAST_GRAY * amounts[1]:
            raise _not_apart(
                f"it would have {amounts[0]:.0f} ml of gray and {amounts[1]:.0f} ml of white matter", of_two
            )
        gray, white = (float(np.vdot(share, depth) / share.sum()) for share in shares)
        if gray <= white + MOST_DEEPER_MM:
            return
        raise InputError(
            f"This image is not {self.weighting}-weighted: its gray matter would lie {gray - white:.0f} mm deeper in "
            "the brain than its white matter. Choose the weighting that it has, or 'other' for classes without a name."
        )

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


def _not_apart(found: str, of_two: bool) -> InputError:
    if of_two:
        return InputError(
            f"The image and the second image together do not tell gray from white matter ({found}): check their "
            "weightings, leave the second image out, or give another one that tells them apart."
        )
    return InputError(
        f"This image does not tell gray from white matter ({found}): take a T1 image that does, or add one as second "
        "image, ask for 2 classes, or set the weighting to 'other' for classes without a name."
    )


def _require_classes(values: np.ndarray, classes: int) -> None:
    if values.size < classes or np.unique(values[:1_000_000]).size < classes:
        raise InputError(
            f"The image has fewer than {classes} different values inside the mask, so it does not divide into as many "
            "classes."
        )


def _weights(grid: Geometry) -> tuple[float, float, float]:
    """Of a neighbor along each axis (z, y, x): 1 at the finest spacing, less the farther it is."""
    spacing = np.array(grid.spacing[::-1])
    weights = np.ones(3)
    weights[3 - len(spacing) :] = spacing.min() / spacing
    return float(weights[0]), float(weights[1]), float(weights[2])
