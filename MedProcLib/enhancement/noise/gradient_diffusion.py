"""Edge-preserving smoothing by gradient diffusion."""

from typing import Annotated, Literal

import numpy as np

from ...core.image_filter import ImageFilter
from ...core.operation import operation
from ...core.parameters import Range
from ...core.progress import SILENT
from .diffusion import diffused, diffusion_margin, smallest_edge, time_steps


@operation(
    "enhancement.gradient_diffusion",
    title="Smooth (gradient diffusion)",
    gives="image",
    source="Perona & Malik, Scale-space and edge detection using anisotropic diffusion, IEEE PAMI 12(7), 1990",
)
class GradientDiffusion(ImageFilter):
    """Let brightness flow between neighbors, less the more they differ: noise evens out, edges stay.

    Mirrored at the image's border. The noise is measured once in the whole image.
    """

    scale_mm: Annotated[
        float, Range(0.1, 10, "mm"), "smooth as long as a Gaussian of this standard deviation takes to spread"
    ] = 1.0
    edge_sd: Annotated[
        float, Range(0.1, 100), "step between neighbors, in noise standard deviations, that begins to be kept"
    ] = 3.0
    conductance: Annotated[
        Literal["exponential", "rational"], "how the flow falls with the step: sharper edges, or wider regions"
    ] = "exponential"
    noise: Annotated[float, Range(0, 1e30, "intensity"), "standard deviation of the noise; 0 to measure it"] = 0.0

    farthest = 600
    learns_from = ("edge_sd", "noise")

    def margin(self, grid):
        return diffusion_margin(grid, self.scale_mm)

    def learn(self, values, region, grid, progress=SILENT):
        """The step between neighbors that begins to be kept; 0 for a constant image."""
        return smallest_edge(values, region, grid, self.noise, self.edge_sd)

    def apply(self, values, region, place, learned, progress=SILENT):
        if learned == 0:
            return values
        length, count = time_steps(place.whole, self.scale_mm)
        rates = [length / s**2 for s in place.spacing]
        exponential, scale = (
            self.conductance == "exponential",
            (-1 if self.conductance == "exponential" else 1) / learned**2,
        )

        def step(block: np.ndarray) -> np.ndarray:
            result = block[(slice(1, -1),) * block.ndim].copy()
            for axis, rate in enumerate(rates):
                inner = [slice(1, -1)] * block.ndim
                inner[axis] = slice(None)
                flow = np.diff(block[tuple(inner)], axis=axis)
                weight = flow * flow
                weight *= scale
                if exponential:
                    np.exp(weight, out=weight)
                    flow *= weight
                else:
                    weight += 1
                    flow /= weight
                flow *= rate
                flow = np.moveaxis(flow, axis, 0)
                moved = np.moveaxis(result, axis, 0)
                moved += flow[1:]
                moved -= flow[:-1]
            return result

        return diffused(values, place.wanted, count, step, progress)
