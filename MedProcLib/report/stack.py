"""All studies brought to one picture: gray values and outlines of any time point in the space of the first study."""

from functools import cached_property

import numpy as np
import SimpleITK as sitk
from scipy import ndimage

from ..comparison.defaults import is_quantitative
from ..comparison.inverse import inverted
from ..comparison.tracks.model import Track
from ..core.geometry import Geometry, resample
from .colors import LOOKS, Rgb
from .picture import Window, outline, window_of
from .timeline import Timeline

SAMPLE_MM = 4.0  # of the grid on which windows are chosen
BASELINE: Rgb = (178, 184, 192)  # of findings at their first time point, where no class is known


class Stack:
    """The studies of a timeline, each resampled once, from its own voxels, to a picture's grid.

    The window is shared by studies whose values have a unit (HU, SUV); of the others each has its own, over the same
    region.
    """

    def __init__(self, timeline: Timeline) -> None:
        assert timeline.comparison.followed is not None
        self.timeline = timeline
        self.images = [timeline.study(n).image for n in range(len(timeline.studies))]
        self.labels = timeline.comparison.followed.label_maps
        pairs = [timeline.pair(n) for n in range(len(timeline.studies))]
        still = sitk.Transform(3, sitk.sitkIdentity)
        self.transforms = [pair.registration.transform if pair else still for pair in pairs]
        self.owners = [self._owners(n) for n in range(len(self.images))]

    @property
    def grid(self) -> Geometry:
        return Geometry.of(self.images[0])

    def values(self, grid: Geometry, n: int) -> np.ndarray:
        """Gray values (height, width) of a time point on a picture's grid in the first study's space."""
        image = sitk.Cast(self.images[n], sitk.sitkFloat32)
        return _plane(resample(image, grid, self.transforms[n], default_value=float("nan")))

    @cached_property
    def windows(self) -> list[Window]:
        samples = [self._samples(n) for n in range(len(self.images))]
        return [window_of(*samples)] * len(samples) if self._have_unit else [window_of(values) for values in samples]

    def windows_of(self, pictures: list[np.ndarray]) -> list[Window]:
        """Windows for gray values of one place at each time point: of values that have a unit what is there, as tissue
        beside air and bone would be all of one gray; else as `windows`."""
        return [window_of(*pictures)] * len(pictures) if self._have_unit else self.windows

    @cached_property
    def _have_unit(self) -> bool:
        return all(is_quantitative(self.timeline.study(n)) for n in range(len(self.images)))

    def draw(self, rgb: np.ndarray, grid: Geometry, n: int, width: float) -> None:
        """Outline the findings of a time point in the color of their class since the time point before."""
        labels = resample(self.labels[n], grid, self.transforms[n], sitk.sitkNearestNeighbor)
        for label in np.unique(sitk.GetArrayViewFromImage(labels)).tolist():
            track = self.owners[n].get(label)
            if track is not None:
                change = self.timeline.change_at(track, n)
                outline(rgb, self._share_inside(grid, n, label), LOOKS[change].rgb if change else BASELINE, width)

    def _share_inside(self, grid: Geometry, n: int, label: int) -> np.ndarray:
        """Share (0..1) of a label at each pixel, so that its border runs between voxels."""
        box = self._boxes[n][label - 1]
        sides = [slice(max(s.start - 1, 0), s.stop + 1) for s in reversed(box)]
        mask = sitk.Cast(sitk.Equal(self.labels[n][sides], label), sitk.sitkFloat32)
        return _plane(resample(mask, grid, self.transforms[n]))

    @cached_property
    def _boxes(self) -> list:
        return [ndimage.find_objects(sitk.GetArrayViewFromImage(labels).astype(np.int32)) for labels in self.labels]

    def _owners(self, n: int) -> dict[int, Track]:
        """The track of each label of a time point, of tracks that count."""
        return {
            label: track
            for track in self.timeline.tracks
            if (observation := self.timeline.at(track, n))
            for label in observation.labels
        }

    def _samples(self, n: int) -> np.ndarray:
        """Values of a study on a coarse grid, inside the region that the last pair was searched in."""
        coarse, inside = self._region
        image = sitk.Cast(self.images[n], sitk.sitkFloat32)
        values = sitk.GetArrayFromImage(resample(image, coarse, self.transforms[n], default_value=float("nan")))
        return values[inside] if np.isfinite(values[inside]).any() else values

    @cached_property
    def _region(self) -> tuple[Geometry, np.ndarray]:
        size = np.maximum(1, np.round(np.array(self.grid.size) * self.grid.spacing / SAMPLE_MM).astype(int))
        spacing = np.array(self.grid.size) * self.grid.spacing / size
        coarse = Geometry(tuple(int(n) for n in size), tuple(spacing.tolist()), self.grid.origin, self.grid.direction)
        pair = self.timeline.pair(len(self.images) - 1)
        assert pair is not None
        to_half = inverted(pair.registration.to_first, pair.grid)
        region = resample(pair.region, coarse, to_half, sitk.sitkNearestNeighbor)
        return coarse, sitk.GetArrayFromImage(region) > 0


def _plane(image: sitk.Image) -> np.ndarray:
    return sitk.GetArrayFromImage(image)[0]
