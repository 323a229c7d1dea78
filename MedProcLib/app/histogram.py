"""`histogram`: how the values of each segment are spread, and how much of its volume reaches each value."""

from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import SimpleITK as sitk

from ..core.errors import InputError
from ..core.geometry import Geometry, require_scalar
from ..core.progress import Progress
from ..core.recorded import write_table
from ..core.table_file import kind_of_table, table_data
from ..quantification.profile.histogram import Histogram, histograms
from ..quantification.region import segments_of
from ..quantification.volume import as_volume
from .inputs import chosen_unit, read_measured, read_segments, require_outputs, said_by
from .segment_names import note_on_names, segment_names


def run(arguments: Namespace, progress: Progress) -> None:
    kind = kind_of_table(arguments.output)
    require_outputs([arguments.output], arguments.image, arguments.segmentation)
    found = read_measured(arguments.image, arguments.notes)
    image = found.image
    require_scalar(image, arguments.image)
    if image.GetDimension() > 3:
        raise InputError(f"{arguments.image} is a series of images: give one of them.")
    progress(0.3, "Reading the values")
    regions = _regions(arguments, image, found.slices)
    for key in [key for key, values in regions.items() if not np.isfinite(values).any()]:
        arguments.notes.append(f"{key[1]}: holds no number, so it has no histogram")
        del regions[key]
    if not regions:
        raise InputError(f"{arguments.image}: no segment holds a number, so there is no histogram.")
    unit = chosen_unit(arguments.unit, found)
    progress(0.6, "Counting")
    counted = histograms(list(regions.values()), unit, arguments.bins, arguments.width, arguments.limits)
    size = "area_mm2" if image.GetDimension() == 2 else "volume_mm3"
    columns = ["segment", "name", "low", "high", "unit", "count_voxels", size, "share_percent"]
    columns += ["at_or_above_percent", f"at_or_above_{size.rpartition('_')[2]}"]
    voxel = Geometry.of(image).voxel_volume
    rows = [
        row
        for (key, values), one in zip(regions.items(), counted, strict=True)
        for row in _rows(key, values, one, voxel)
    ]
    for (_, name), values, one in zip(regions, regions.values(), counted, strict=True):
        if one.left_out:
            arguments.notes.append(f"{name}: {one.left_out} of {values.size} voxels hold no number and are left out")
        beyond = values.size - one.left_out - int(one.counts.sum())
        if beyond:
            arguments.notes.append(f"{name}: {beyond} of {values.size} values lie beyond the limits")
    progress.check()
    provenance = said_by(arguments, "image", "segmentation", "names", "bins", "width", "limits", "unit")
    write_table(table_data(kind, columns, rows), arguments.output, provenance)
    bins = len(counted[0].counts)
    segments = f"{len(regions)} segment{'s' * (len(regions) != 1)}"
    several = segments if arguments.segmentation else "the image"
    print(f"Histogram of {several}, {bins} bin{'s' * (bins != 1)}: {arguments.output}")


def _regions(arguments: Namespace, image: sitk.Image, slices: Sequence[Path]) -> dict[tuple[int, str], np.ndarray]:
    """Values by label and name; those of the whole image as label 0."""
    values = as_volume(image)
    if arguments.segmentation is None:
        return {(0, Path(arguments.image).name): values}
    maps = read_segments(arguments.segmentation, image, slices)  # which the arrays below are views of
    found = [(labels, segment) for labels, some in map(segments_of, map(as_volume, maps)) for segment in some]
    if not found:
        raise InputError(f"{arguments.segmentation} is empty: no voxel has a label.")
    names = segment_names(arguments.segmentation, arguments.names, arguments.notes)
    arguments.notes += note_on_names(names, arguments.names, {segment.value for _labels, segment in found})
    regions = {}
    for labels, segment in sorted(found, key=lambda each: each[1].value):
        name = names.get(segment.value, f"Segment {segment.value}")
        parts = [values[part.box][part.mask] for part in segment.regions(labels)]
        regions[segment.value, name] = np.concatenate(parts)
    return regions


def _rows(key: tuple[int, str], values: np.ndarray, found: Histogram, voxel: float) -> list[list]:
    number = values.size - found.left_out
    bins = zip(found.edges, found.edges[1:], found.counts, found.reached, strict=False)
    return [
        [*key, low, high, found.unit, count, count * voxel, 100 * count / number, above, above / 100 * number * voxel]
        for low, high, count, above in bins
    ]
