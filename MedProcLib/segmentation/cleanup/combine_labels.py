"""Set operations on segments of one label map."""

from typing import Annotated, Literal

import numpy as np
import SimpleITK as sitk

from ...core.errors import InputError
from ...core.geometry import Geometry, require_same_grid
from ...core.operation import operation
from ...core.parameters import Range
from ...core.progress import SILENT
from ..common.label_boxes import numbers_in


@operation(
    "segmentation.combine_labels",
    title="Combine segments",
    gives="labels",
    source="Set operations (union, difference, intersection, complement, symmetric difference)",
)
class CombineLabels:
    """Add, subtract, intersect or invert segments; the second operand is other segments, or the mask.

    As the segments of a label map share no voxel, the mask is what makes subtract and intersect worthwhile. Add: first
    and second become the result. Subtract, intersect: the first is replaced by what the second leaves of it. Exclusive:
    what is in one only. Invert: all that is not in the first becomes the result and the first goes. Copy: the first
    becomes the result. Other segments stay; `over_others` lets the result take their voxels.
    """

    action: Annotated[
        Literal["add", "subtract", "intersect", "exclusive", "invert", "copy", "remove"], "what is done"
    ] = "add"
    first: Annotated[str, "segments worked on, such as '1, 4-6'; empty for all"] = ""
    second: Annotated[str, "segments they are combined with; empty for the mask"] = ""
    result: Annotated[int, Range(1, 65535), "number that the result gets"] = 1
    over_others: Annotated[bool, "the result also takes voxels of segments that are neither first nor second"] = False
    renumbers = True

    def __call__(self, labels, mask=None, progress=SILENT):
        values = sitk.GetArrayViewFromImage(labels)
        first = _where(values, self.first) if self.first.strip() else values != 0
        progress(0.3, "Combining")
        second, taken = self._second(values, labels, mask)
        progress(0.6, "Combining")
        made = {
            "add": lambda: first | second,
            "subtract": lambda: first & ~second,
            "intersect": lambda: first & second,
            "exclusive": lambda: first ^ second,
            "invert": lambda: ~first if mask is None else ~first & second,
            "copy": lambda: first,
            "remove": lambda: np.zeros_like(first),
        }[self.action]()
        operands = first | taken
        if not self.over_others:
            made &= operands | (values == 0)
        changed = values.astype(np.promote_types(values.dtype, np.min_scalar_type(self.result)))
        changed[operands if self.action != "invert" else first] = 0
        changed[made] = self.result
        return Geometry.of(labels).image_of(changed)

    def _second(self, values: np.ndarray, labels: sitk.Image, mask: sitk.Image | None) -> tuple[np.ndarray, np.ndarray]:
        """The second operand, and which voxels of it are segments that the result replaces."""
        nothing = np.zeros(values.shape, bool)
        if mask is not None:
            require_same_grid(labels, mask, "the label map and the mask")
        if self.action in ("copy", "remove"):
            return nothing, nothing
        if self.action == "invert" or not self.second.strip():
            if mask is None and self.action != "invert":
                raise InputError(f"Say with what to {self.action}: name the second segments, or give a mask.")
            return (nothing if mask is None else sitk.GetArrayViewFromImage(mask) != 0), nothing
        second = _where(values, self.second)
        return second, second if self.action in ("add", "exclusive") else nothing


def _where(values: np.ndarray, segments: str) -> np.ndarray:
    """Where the segments that a text names are. Raises InputError for a text that names none."""
    found = np.zeros(values.shape, bool)
    for low, high in numbers_in(segments):
        found |= (values >= max(low, 1)) & (values <= high)
    return found
