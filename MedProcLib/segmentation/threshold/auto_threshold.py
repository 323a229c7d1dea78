"""Thresholds found from the histogram."""

from typing import Annotated, Literal

import numpy as np

from ...core.errors import InputError
from ...core.image_filter import ImageFilter
from ...core.operation import operation
from ...core.parameters import Range
from ...core.progress import SILENT
from ..common.label_boxes import numbers_in
from .criteria import CRITERIA, otsu_classes
from .histogram import Histogram
from .threshold import require_some

METHOD = Literal[
    "otsu",
    "li",
    "yen",
    "triangle",
    "maximum_entropy",
    "kittler_illingworth",
    "huang",
    "renyi_entropy",
    "shanbhag",
    "intermodes",
    "isodata",
    "moments",
]


@operation(
    "segmentation.auto_threshold",
    title="Automatic threshold",
    gives="labels",
    source="Sezgin & Sankur, Survey over image thresholding techniques, J. Electronic Imaging 13(1), 2004; of each "
    "method: see segmentation/threshold/criteria.py",
)
class AutoThreshold(ImageFilter):
    """Mark what is brighter (or darker) than a threshold that is found from the histogram, as segment 1.

    Inside a mask only its voxels are counted. All methods work on one histogram, so that they can be compared at once.
    """

    method: Annotated[
        METHOD,
        "otsu, isodata: object and ground of like size; li: small objects, skewed values; yen, maximum_entropy, "
        "renyi_entropy, shanbhag: small bright objects in a broad ground; triangle: one peak with a long tail; "
        "kittler_illingworth: two normal tissues of unlike size or spread; huang: blurred borders; intermodes: two "
        "clear peaks; moments: keeps the mean intensity",
    ] = "otsu"
    side: Annotated[Literal["bright", "dark"], "mark what is above or below the threshold"] = "bright"
    scale: Annotated[
        Literal["linear", "square root"],
        "what the histogram counts; square root, from the ground's end: for objects of unlike brightness",
    ] = "linear"
    bins: Annotated[int, Range(16, 2048), "number of bins of the histogram"] = 256
    ignored_percent: Annotated[
        float, Range(0, 10, "%"), "share of the voxels at either end (metal, say) that must not widen the bins"
    ] = 0.0

    makes_labels = True
    parallel = True
    learns_from = ("bins", "ignored_percent", "scale", "side")

    def learn(self, values, region, grid, progress=SILENT):
        end = None
        if self.scale == "square root" and region.any():
            end = float(values[region].min() if self.side == "bright" else values[region].max())
        return Histogram.of(_scaled(values, end), region, self.bins, self.ignored_percent), end

    def apply(self, values, region, place, learned, progress=SILENT):
        histogram, end = learned
        value = histogram.value_above(CRITERIA[self.method](histogram.shares))
        # from the ground's end, objects are what is large whichever side they are on
        return _scaled(values, end) > value if self.side == "bright" or end is not None else values <= value


def _scaled(values: np.ndarray, end: float | None) -> np.ndarray:
    """Square root of the distance from the ground's end; the values themselves without one."""
    return values if end is None else np.sqrt(np.abs(values - end))


@operation(
    "segmentation.multi_otsu",
    title="Automatic threshold (several classes)",
    gives="labels",
    source="Otsu, IEEE SMC 9(1), 1979; Liao, Chen & Chung, A fast algorithm for multilevel thresholding, J. Inf. Sci. "
    "Eng. 17, 2001",
)
class MultiOtsu(ImageFilter):
    """Part the intensities into classes with the largest variance between them: segment 1 is the darkest."""

    classes: Annotated[int, Range(2, 5), "number of classes"] = 3
    keep: Annotated[str, "classes that become segments, such as '2, 3'; nothing for all"] = ""
    bins: Annotated[int, Range(16, 1024), "number of bins of the histogram"] = 256
    ignored_percent: Annotated[
        float, Range(0, 10, "%"), "share of the voxels at either end (metal, say) that must not widen the bins"
    ] = 0.0

    makes_labels = True
    parallel = True
    learns_from = ("bins", "ignored_percent")

    def learn(self, values, region, grid, progress=SILENT):
        return Histogram.of(values, region, self.bins, self.ignored_percent)

    def apply(self, values, region, place, learned, progress=SILENT):
        cuts = [learned.value_above(cut) for cut in otsu_classes(learned.shares, self.classes)]
        numbers = np.searchsorted(cuts, values.ravel(), side="left").reshape(values.shape) + 1
        return np.where(self._kept()[numbers], numbers, 0).astype(np.uint8)

    def _kept(self) -> np.ndarray:
        """Whether each class number is kept. Raises InputError."""
        kept = np.zeros(self.classes + 1, bool)
        for first, last in numbers_in(self.keep) or [(1, self.classes)]:
            if not 1 <= first <= last <= self.classes:
                raise InputError(f"There is no class {first}-{last}: the classes are 1 to {self.classes}.")
            kept[first : last + 1] = True
        return kept

    def __call__(self, image, mask=None, progress=SILENT):
        labels = super().__call__(image, mask, progress)
        require_some(labels, "The chosen classes hold no voxel: keep others.")
        return labels
