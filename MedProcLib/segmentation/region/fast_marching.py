"""Fronts that run from the seeds through flat tissue and are held up by edges."""

from typing import Annotated

import numpy as np

from ...core.operation import operation
from ...core.parameters import Range
from ...core.progress import SILENT
from .edges import edge_strength
from .marching import march
from .marked import marked, refuse_leaks, with_surroundings
from .settings import EDGE_SCALE, LARGEST_VOLUME, SURROUNDINGS

# The sigmoid falls from nearly 1 to nearly 0 over this many of its widths, which span the edge strengths up to twice
# the middle one.
WIDTHS = 6
# No edge holds a front up longer than this many mm of flat tissue, per mm.
SLOWEST = 1e4


@operation(
    "segmentation.fast_marching",
    title="Fast marching",
    gives="labels",
    source="Sethian, A fast marching level set method for monotonically advancing fronts, PNAS 93(4), 1996; Malladi, "
    "Sethian & Vemuri, Shape modeling with front propagation, IEEE PAMI 17(2), 1995",
)
class FastMarching:
    """Let a front run from each seed, fast in flat tissue, slow across edges, until it has gone the given distance.

    Its speed falls as a sigmoid of the edge strength, which counts in multiples of the gradient of flat tissue, as
    measured in the image: 1 far below the edge, one half at it. Fronts of different seeds stop where they meet.
    """

    distance_mm: Annotated[
        float,
        Range(0, 1000, "mm"),
        "way in flat tissue after which a front stops; 0: where it meets another one",
    ] = 20.0
    edge: Annotated[
        float,
        Range(1.2, 100),
        "gradient that halves the speed, in multiples of the median one; lower stops at weaker edges",
    ] = 4.0
    scale_mm: EDGE_SCALE = 1.0
    background_seed: SURROUNDINGS = 0
    maximum_volume_mm3: LARGEST_VOLUME = 0.0

    def __call__(self, image, seeds, mask=None, progress=SILENT):
        first, second, third = progress.parts(1, 2, 4)
        scene = marked(image, mask, seeds, self.distance_mm, self.background_seed)
        if not self.distance_mm or self.background_seed in scene.numbers:
            scene = with_surroundings(scene, self.background_seed, self.distance_mm, first)
        strength, _ = edge_strength(scene.values, scene.region, scene.grid, self.scale_mm, second)
        slowness = 1 + np.exp(np.minimum((strength - self.edge) * (WIDTHS / self.edge), np.log(SLOWEST)))
        cost = np.where(scene.region, slowness, np.inf).astype(np.float32)
        stop = self.distance_mm or np.inf
        _, labels = march(cost, scene.seeds, tuple(reversed(scene.grid.spacing)), stop, third)
        refuse_leaks(np.where(labels == scene.surroundings, 0, labels), scene.grid, self.maximum_volume_mm3)
        return scene.labels(labels)
