"""Suppression of shallow maxima and minima."""

from typing import Annotated, Literal

from ...core.noise import fine_noise_sd
from ...core.operation import operation
from ...core.parameters import Range
from ...core.progress import SILENT
from .connected import Connected, ConnectedFilter, reconstructed

# of the noise's standard deviation: few of its peaks are higher
NOISE_HEIGHT = 4.0


@operation(
    "enhancement.h_extrema",
    title="Suppress shallow peaks (h-maxima)",
    gives="image",
    source="Soille, Morphological image analysis, 2nd edition, 2003, section 6.3.4; Vincent, IEEE TIP 2(2), 1993",
)
class HExtrema(ConnectedFilter):
    """Cut peaks (maxima) or fill dips (minima) by a height; those that are no higher are gone, edges stay in place.

    Connected in 3D it is global by nature: its preview takes as long as the whole image.
    """

    kind: Annotated[Literal["maxima", "minima"], "cut peaks, or fill dips"] = "maxima"
    height: Annotated[
        float, Range(0, 1e6, "intensity"), "how much peaks are cut; 0: four standard deviations of the measured noise"
    ] = 0.0
    connected: Connected = "3D"

    learns_in_foreground = True

    learns_from = ("height",)

    def learn(self, values, region, grid, progress=SILENT):
        return self.height or NOISE_HEIGHT * fine_noise_sd(values, grid.spacing[::-1], region)

    def apply(self, values, region, place, learned, progress=SILENT):
        rising = self.kind == "maxima"

        def cut(part, share):
            return reconstructed(part - learned if rising else part + learned, part, rising, share)

        return self.by_parts(values, place.grid, cut, progress)
