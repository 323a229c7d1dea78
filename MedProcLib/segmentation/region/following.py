"""Growing from seeds that a reader draws one after the other: what a new stroke reaches is computed again, no more."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import SimpleITK as sitk

from ...core.errors import InputError
from ...core.image_filter import Box, grid_of_box
from ...core.plane import box_of_polygon
from ...core.progress import SILENT, Progress
from ...core.voxels import gaussian
from .beyond import Beyond
from .edges import edge_strength
from .likelihood import Intensities, Likelihood
from .marching import Fronts
from .marked import Marked, marked, tell_reach, with_surroundings

# A border at which the likelihood changes from 0 to 1 over a mm counts as an edge of this many times the gradient of
# flat tissue.
LIKENESS_EDGE = 20.0
# A slice that takes more than this share of the box along every axis, and more voxels, is an oblique one.
THIN, FEW = 0.1, 2


@dataclass(frozen=True)
class _Ground:
    """What seeds grow on in a box. hardness: cost of a mm by edges alone."""

    scene: Marked
    beyond: Beyond
    hardness: np.ndarray
    intensities: Intensities | None


@dataclass(frozen=True)
class _Grown:
    """What was found last. mask, seeds: as they were given; usual: ranges of values like those at the seeds of
    objects; chances: with which the costs were made."""

    mask: sitk.Image | None
    seeds: sitk.Image
    ground: _Ground
    usual: list[tuple[float, float]] | None
    chances: np.ndarray | None
    fronts: Fronts


class Following:
    """Grows like the operation that it is made from (GrowFromSeeds), again and again in one image.

    A stroke changes a little what intensities at the seeds are like, and with it the cost of every way; it may also
    widen the part of the image that is worked on. So the first answer after a stroke is of fronts that go on over the
    costs as they were; `exact` is False then, and the next call with the same seeds gives what the operation gives.
    For one thread at a time.
    """

    def __init__(self, settings: Any) -> None:
        self._settings = settings
        self._grown: _Grown | None = None
        self.exact = True

    def __call__(
        self, image: sitk.Image, seeds: sitk.Image, mask: sitk.Image | None = None, progress: Progress = SILENT
    ) -> sitk.Image:
        """Label map on the image's grid. Images are told apart as objects, not by their voxels.

        Raises InputError, Cancelled; then the next call goes on from what was there before.
        """
        settings, grown = self._settings, self._grown
        if grown is not None and (grown.ground.scene.image is not image or grown.mask is not mask):
            grown = None
        refine = grown is not None and grown.seeds is seeds and not self.exact
        first, second, third = progress.parts(1, 2, 4)
        before = grown.ground.scene if grown is not None else None
        scene = marked(image, mask, seeds, settings.reach_mm, settings.background_seed, before, keep_box=not refine)
        ground = grown.ground if grown is not None and grown.ground.scene.box == scene.box else None
        if ground is None:
            ground, grown = self._new_ground(scene, second), None
        spacing = tuple(reversed(scene.grid.spacing))
        now = usual = self._usual(ground, scene)
        if grown is not None and not refine:
            usual = grown.usual
        marks = self._with_surroundings(ground, scene, usual, first)
        chances = None
        if ground.intensities is not None:
            chances = ground.intensities.chances(marks.seeds, marks.numbers, spacing)
        if grown is None or refine:
            fronts, exact = Fronts(self._cost(ground, chances), spacing), True
            _time, labels = fronts.run(marks.seeds, third)
        else:
            fronts = grown.fronts
            exact = scene.has_own_box and now == usual and _same(chances, grown.chances)
            chances = grown.chances
            _time, labels = fronts.follow(marks.seeds, third)
        self._grown = _Grown(mask, seeds, replace(ground, scene=scene), usual, chances, fronts)
        self.exact = exact
        found = marks.labels(labels)
        if exact:
            tell_reach(marks, found, settings.reach_mm, progress)
        return found

    def look(
        self,
        image: sitk.Image,
        seeds: sitk.Image,
        mask: sitk.Image | None,
        planes: Sequence[np.ndarray],
        progress: Progress = SILENT,
    ) -> list[sitk.Image | None]:
        """About what the next call would give in the voxels around flat polygons (n, 3; LPS, mm), far sooner.

        None for a polygon outside the part that is worked on; for all of them where one is oblique in the image (of
        views that are shown together some would be left behind), or where nothing was found before that it could go on
        from. Raises InputError, Cancelled.
        """
        settings, grown = self._settings, self._grown
        nothing: list[sitk.Image | None] = [None] * len(planes)
        if grown is None or grown.ground.scene.image is not image or grown.mask is not mask:
            return nothing
        before = grown.ground.scene
        parts = [_around(before, corners) for corners in planes]
        scene = marked(image, mask, seeds, settings.reach_mm, settings.background_seed, before, keep_box=True)
        if scene.box != before.box or not any(parts) or any(part and not _is_layer(before, part) for part in parts):
            return nothing
        marks = self._with_surroundings(grown.ground, scene, grown.usual, progress.part(0, 0.3))
        found = grown.fronts.look(marks.seeds, [part for part in parts if part is not None], progress.part(0.3, 1))
        if found is None:
            return nothing
        labels = iter(found)
        return [None if part is None else _wanted(marks, part, next(labels)) for part in parts]

    def _new_ground(self, scene: Marked, progress: Progress) -> _Ground:
        settings = self._settings
        strength, _ = edge_strength(scene.values, scene.region, scene.grid, settings.scale_mm, progress)
        intensities = None
        if settings.likeness:
            largest = max(float(np.abs(scene.values).max()), 1e-300)
            smooth = gaussian(scene.values / largest, scene.grid, [settings.scale_mm] * scene.grid.dimension)
            intensities = Intensities.of(smooth, scene.region)
        hardness = strength**2 + np.float32(settings.locality)
        return _Ground(scene, Beyond(scene.grid, settings.reach_mm), hardness, intensities)

    def _usual(self, ground: _Ground, scene: Marked) -> list[tuple[float, float]] | None:
        if ground.intensities is None:
            return None
        objects = tuple(number for number in scene.numbers if number != self._settings.background_seed)
        return ground.intensities.usual(scene.seeds, objects, tuple(reversed(scene.grid.spacing)))

    def _with_surroundings(
        self, ground: _Ground, scene: Marked, usual: list[tuple[float, float]] | None, progress: Progress
    ) -> Marked:
        settings = self._settings
        alike = None
        if ground.intensities is not None and usual is not None and settings.reach_mm:
            alike = ground.intensities.within(usual)
        return with_surroundings(
            scene, settings.background_seed, settings.reach_mm, progress, beyond=ground.beyond, alike=alike
        )

    def _cost(self, ground: _Ground, chances: np.ndarray | None) -> np.ndarray:
        """Cost of a mm (z, y, x), infinite outside the region."""
        cost = ground.hardness
        if ground.intensities is not None and chances is not None:
            unlike = Likelihood(ground.intensities.bins, chances).squared_gradient(ground.scene.grid)
            cost = cost + (LIKENESS_EDGE * self._settings.likeness) ** 2 * unlike
        return np.where(ground.scene.region, cost, np.float32(np.inf))


def _around(scene: Marked, corners: np.ndarray) -> Box | None:
    """The voxels around a polygon, in the scene's box; None when there are none."""
    try:
        return box_of_polygon(scene.grid, corners)
    except InputError:
        return None


def _is_layer(scene: Marked, box: Box) -> bool:
    """Whether a part of the scene's box is thin along an axis."""
    sides = zip(box, scene.seeds.shape, strict=True)
    return any(side.stop - side.start <= max(FEW, THIN * n) for side, n in sides if n > 1)


def _wanted(scene: Marked, part: Box, labels: np.ndarray) -> sitk.Image:
    """Label map of the objects in a part of the scene's box."""
    wanted = np.where(scene.region[part] & (labels != scene.surroundings), labels, 0)
    return grid_of_box(scene.grid, part).image_of(wanted.astype(np.uint8 if wanted.max() < 256 else np.uint16))


def _same(first: np.ndarray | None, other: np.ndarray | None) -> bool:
    if first is None or other is None:
        return first is other
    return np.array_equal(first, other)
