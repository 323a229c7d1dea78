"""Measure segments over the images of a time series."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import SimpleITK as sitk

from ..core.errors import InputError
from ..core.progress import SILENT, Progress
from .measure import Measure, measure
from .row import Row

Images = sitk.Image | Sequence[sitk.Image]


def measure_series(
    images: Images,
    labels: Images,
    names: Mapping[int, str] | None = None,
    settings: Any = Measure(),  # noqa: B008 (immutable)
    times_s: Sequence[float] | None = None,
    progress: Progress = SILENT,
) -> list[Row]:
    """Rows as of `measure`, of each image in turn, with its time_point (from 0) and time_s.

    images: a 4D image, whose fourth axis is time, or 3D (2D) images in order; labels: one label map for all of them, a
    4D one or as many as images. Where an image's own label map is empty there are no rows for it.
    times_s: when each was taken, in s; the spacing of a fourth axis has no unit, so it is not taken for a time.
    Raises InputError for other numbers of images, label maps and times, times that do not increase, when no label map
    holds a segment, and as `measure` does; Cancelled.
    """
    frames, maps = images_of_series(images), images_of_series(labels)
    if len(maps) not in (1, len(frames)):
        raise InputError(f"There are {len(maps)} label maps for {len(frames)} images: give one for all, or one each.")
    if times_s is not None and len(times_s) != len(frames):
        raise InputError(f"There are {len(times_s)} times for {len(frames)} images: give one for each.")
    if times_s is not None and not (np.isfinite(times_s).all() and (np.diff(times_s) > 0).all()):
        raise InputError(
            "Times are numbers of seconds, each later than the one before: give them in the images' order."
        )
    rows: list[Row] = []
    for point, (frame, share) in enumerate(zip(frames, progress.parts(*[1.0] * len(frames)), strict=True)):
        shown = maps[point if len(maps) > 1 else 0]
        if len(maps) > 1 and not np.any(sitk.GetArrayViewFromImage(shown)):
            continue
        told = share.labelled(f"Image {point + 1} of {len(frames)}")
        time_s = None if times_s is None else float(times_s[point])
        rows += [replace(row, time_point=point, time_s=time_s) for row in measure(frame, shown, names, settings, told)]
    if not rows:
        raise InputError("The segmentation is empty: no voxel has a label in any image. Segment something first.")
    return rows


def images_of_series(images: Images) -> list[sitk.Image]:
    """The images of a sequence, or those along the fourth axis of a 4D image. Raises InputError when there are none."""
    if not isinstance(images, sitk.Image):
        frames = list(images)
    elif images.GetDimension() < 4:
        frames = [images]
    else:
        size = images.GetSize()
        frames = [sitk.Extract(images, (*size[:3], 0), (0, 0, 0, point)) for point in range(size[3])]
    if not frames:
        raise InputError("The series holds no image.")
    return frames
