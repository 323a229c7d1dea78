"""Random walker: the seed that a walk from each voxel most likely meets first."""

from typing import Annotated

import numpy as np

from ...core.errors import InputError
from ...core.operation import operation
from ...core.parameters import Range
from ...core.progress import SILENT, Progress
from ...core.statistics import MAD_TO_SD
from ...core.voxels import gaussian
from ..common.connected_to import connected_to
from .blocks import block_factors, block_seeds, blocks_of, interpolated
from .likelihood import Intensities, Likelihood
from .marked import Marked, marked, tell_reach, with_balls, with_surroundings
from .settings import LIKENESS, REACH, SURROUNDINGS
from .walk import walk

# Larger boxes are walked on a coarser grid: memory and time are bounded.
MOST_VOXELS = 1_000_000
# Likelihood of a step across any edge, against one in flat tissue: below it the equations lose their digits.
LEAST = 1e-6
# Difference of likelihood between neighbors that makes a step e times less likely.
LIKELIHOOD_STEP = 0.15


@operation(
    "segmentation.random_walker",
    title="Random walker",
    gives=("labels", "maps"),
    source="Grady, Random walks for image segmentation, IEEE PAMI 28(11), 2006; Bai & Sapiro, ICCV 2007 (borders of "
    "likelihood)",
)
class RandomWalker:
    """Give each voxel to the seed that a random walk from it most likely meets first; walks avoid to cross edges.

    Weak or interrupted edges still hold, as the walk sees all ways at once; so do borders where intensities like those
    at one seed give way to such as at another. The maps are the probabilities. Mark each object and its surroundings
    with numbers of their own, by strokes rather than points; of one object alone, what is beyond the reach counts as
    surroundings. A box of more than a million voxels is worked on in coarser ones.
    """

    edge: Annotated[
        float,
        Range(0.5, 50, "SD"),
        "difference of neighbors that makes a step e times less likely, in SD of all of them; lower: edges hold more",
    ] = 2.0
    likeness: LIKENESS = 1.0
    point_radius_mm: Annotated[
        float, Range(0, 50, "mm"), "seeds that are single voxels count as balls of this radius: walks miss a point"
    ] = 3.0
    smoothing_mm: Annotated[float, Range(0, 20, "mm"), "SD of the Gaussian that quiets noise first; 0 for none"] = 1.0
    background_seed: SURROUNDINGS = 0
    reach_mm: REACH = 30.0

    def __call__(self, image, seeds, mask=None, progress=SILENT):
        first, second, third = progress.parts(1, 1, 8)
        scene = marked(image, mask, seeds, self.reach_mm, self.background_seed)
        values = scene.values / np.float64(max(float(np.abs(scene.values).max()), 1e-300))
        if self.smoothing_mm:
            values = gaussian(values, scene.grid, [self.smoothing_mm] * scene.grid.dimension, second)
        alike = None
        if self.likeness:
            intensities = Intensities.of(values, scene.region)
            objects = tuple(number for number in scene.numbers if number != self.background_seed)
            alike = intensities.within(intensities.usual(scene.seeds, objects, tuple(reversed(scene.grid.spacing))))
        drawn = with_surroundings(scene, self.background_seed, self.reach_mm, first, alike=alike)
        scene = with_balls(drawn, self.point_radius_mm)
        chances = _chances(self, scene, values, third)
        reached = connected_to(scene.seeds > 0, scene.region, "face")
        likeliest = np.argmax(chances, axis=0)
        labels = np.where(reached, np.array(scene.numbers, np.int32)[likeliest], 0)
        labels = np.where(scene.seeds > 0, scene.seeds, labels)
        maps = {
            f"probability of {number}": scene.whole(np.where(reached, chance, 0).astype(np.float32))
            for number, chance in zip(scene.numbers, chances, strict=True)
            if number != scene.surroundings
        }
        found = scene.labels(labels)
        tell_reach(drawn, found, self.reach_mm, progress)
        return found, maps


def _chances(settings: RandomWalker, scene: Marked, values: np.ndarray, progress: Progress) -> np.ndarray:
    """Probability of each number (first axis) at each voxel of the box."""
    spacing = tuple(reversed(scene.grid.spacing))
    factors = block_factors(values.shape, spacing, MOST_VOXELS)
    region, seeds = scene.region, scene.seeds
    if max(factors) > 1:
        progress(0.0, f"Working on voxels joined {' x '.join(map(str, reversed(factors)))}")
        values = blocks_of(values, factors, np.nan)
        values = np.nanmean(values, axis=-1)
        region = np.asarray(blocks_of(region, factors, False).any(axis=-1))
        seeds = _seeds_of_blocks(seeds, scene.numbers, factors)
    sides = tuple(side * factor for side, factor in zip(spacing, factors, strict=True))
    links = step_chances(values, region, sides, settings.edge)
    if settings.likeness:
        intensities = Intensities.of(values, region)
        likelihood = Likelihood(intensities.bins, intensities.chances(seeds, scene.numbers, sides))
        for axis, link in enumerate(links):
            unlike = likelihood.squared_steps(axis) * (settings.likeness / LIKELIHOOD_STEP) ** 2
            links[axis] = np.maximum(link * np.exp(-np.minimum(unlike, 80)), np.float32(LEAST) * (link > 0))
    # the last number's is what is left
    shares = progress.parts(*[1.0] * (len(scene.numbers) - 1))
    chances = [
        walk(links, sides, seeds, number, share) for number, share in zip(scene.numbers[:-1], shares, strict=True)
    ]
    chances.append(np.clip(1 - np.sum(chances, axis=0), 0, 1))
    if max(factors) == 1:
        return np.stack(chances)
    whole = tuple(slice(0, n) for n in scene.region.shape)
    result = np.empty((len(chances), *scene.region.shape), np.float32)
    for number, chance in enumerate(chances):
        result[number] = interpolated(chance, factors, whole)
    return result


def _seeds_of_blocks(seeds: np.ndarray, numbers: tuple[int, ...], factors: tuple[int, ...]) -> np.ndarray:
    """A seed of each block, of every number at least one. Raises InputError where seeds lie too near together."""
    coarse, mixed = block_seeds(seeds, factors)
    if mixed.any():
        for number in numbers:
            if not (coarse == number).any():
                coarse[blocks_of(seeds == number, factors, False).any(axis=-1)] = number
        lost = [number for number in numbers if not (coarse == number).any()]
        if lost:
            raise InputError(
                f"The seeds of number {lost[0]} lie too near to others for a box this large: mark more of the object, "
                "or choose a smaller reach or region."
            )
    return coarse


def step_chances(values: np.ndarray, region: np.ndarray, spacing: tuple[float, ...], edge: float) -> list[np.ndarray]:
    """How likely the step between neighbors along each axis is (shorter by one along it), 0 outside the region.

    edge: the difference that divides it by e, in robust SD of the differences along the axis. Steps along an axis of
    wide voxels are less likely, as the square of the width.
    """
    links = []
    for axis, side in enumerate(spacing):
        low, high = (slice(None),) * axis + (slice(None, -1),), (slice(None),) * axis + (slice(1, None),)
        both = region[low] & region[high]
        step = np.abs(np.diff(values, axis=axis))
        positive = step[both & (step > 0)]
        scale = MAD_TO_SD * float(np.median(positive)) if positive.size else 1.0
        chance = np.exp(-np.minimum((step / (edge * scale)) ** 2, 700)) + LEAST
        links.append(np.where(both, chance * (min(spacing) / side) ** 2, 0).astype(np.float32))
    return links
