"""Low-, high- and band-pass filters."""

from typing import Annotated, Literal

import numpy as np

from ...core.errors import InputError
from ...core.image_filter import ImageFilter
from ...core.operation import operation
from ...core.parameters import Range
from ...core.progress import SILENT
from .cosine import filtered_by_frequency


@operation(
    "enhancement.frequency_filter",
    title="Low-, high- or band-pass",
    gives="image",
    source="Gonzalez & Woods, Digital Image Processing, 4th ed., 2018, ch. 4 (both shapes pass half the amplitude at "
    "the cut-off); mirrored by the cosine transform: Strang, SIAM Review 41(1), 1999",
)
class FrequencyFilter(ImageFilter):
    """Keep only details of some sizes, given as wavelengths: a line and the gap beside it together.

    Low-pass removes what is shorter, high-pass what is longer, band-pass both, band-stop what lies between. It works on
    the whole image at once, mirrored at its borders.
    """

    kind: Annotated[Literal["low_pass", "high_pass", "band_pass", "band_stop"], "what is kept"] = "low_pass"
    shape: Annotated[Literal["butterworth", "gaussian"], "how the filter falls off at a cut-off"] = "gaussian"
    shortest_mm: Annotated[float, Range(0.1, 1000, "mm"), "short cut-off wavelength (not for high-pass)"] = 3.0
    longest_mm: Annotated[float, Range(0.1, 5000, "mm"), "long cut-off wavelength (not for low-pass)"] = 50.0
    order: Annotated[int, Range(1, 12), "steepness of the Butterworth shape"] = 2
    keep_mean: Annotated[bool, "add the image's mean to the result where the filter removes it"] = False

    why_global = "Cosine transform of the whole image"

    def margin(self, grid):
        return None

    def learn(self, values, region, grid, progress=SILENT):
        if self.kind.startswith("band") and not self.shortest_mm < self.longest_mm:
            raise InputError(
                f"The shortest wavelength ({self.shortest_mm:g} mm) must be below the longest ({self.longest_mm:g} mm)."
            )
        # of the whole image, since that is what is filtered
        return float(values.mean(dtype=float))

    def apply(self, values, region, place, learned, progress=SILENT):
        # the mean would otherwise cost float32 digits of the details
        values -= learned
        values = filtered_by_frequency(values, place.spacing, self._response, progress)
        if self.keep_mean or self.kind in ("low_pass", "band_stop"):
            values += learned
        return values

    def _response(self, frequency: np.ndarray) -> np.ndarray:
        if self.kind == "low_pass":
            return self._low_pass(frequency * self.shortest_mm)
        if self.kind == "high_pass":
            return 1 - self._low_pass(frequency * self.longest_mm)
        band = self._low_pass(frequency * self.shortest_mm) * (1 - self._low_pass(frequency * self.longest_mm))
        return band if self.kind == "band_pass" else 1 - band

    def _low_pass(self, relative: np.ndarray) -> np.ndarray:
        """relative: frequency as a multiple of the cut-off."""
        if self.shape == "gaussian":
            return np.exp2(-(relative**2))
        return 1 / (1 + np.minimum(relative, 1e12) ** (2 * self.order))
