"""Intensity window."""

from typing import Annotated, Literal

import numpy as np

from ...core.image_filter import ImageFilter
from ...core.operation import operation
from ...core.parameters import Range
from ...core.progress import SILENT


@operation(
    "enhancement.window",
    title="Window (center, width)",
    gives="image",
    source="DICOM PS3.3 2024, C.11.2.1.3.2 (LINEAR_EXACT)",
)
class Window(ImageFilter):
    """Clamp the intensities to a window, which becomes 0 to 1 or keeps its intensities. All voxels are mapped."""

    center: Annotated[float, Range(-1e5, 1e5, "intensity"), "middle of the window (CT: HU)"] = 40.0
    width: Annotated[float, Range(0.001, 1e5, "intensity"), "from the lowest to the highest intensity"] = 400.0
    output: Annotated[Literal["zero_to_one", "clamp_only"], "whether the window is mapped to 0 to 1 or kept"] = (
        "zero_to_one"
    )

    mask_limits = False
    parallel = True

    def apply(self, values, region, place, learned, progress=SILENT):
        low, high = self.center - self.width / 2, self.center + self.width / 2
        clamped = np.clip(values, low, high)
        return clamped if self.output == "clamp_only" else (clamped - low) / self.width

    def __call__(self, image, progress=SILENT):  # type: ignore[override]
        return super().__call__(image, None, progress)
