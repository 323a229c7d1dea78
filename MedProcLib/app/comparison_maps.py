"""The change maps of a comparison as images that lie over the earlier study of each pair, and as one table."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import SimpleITK as sitk

from ..comparison.halfway import matrix_of
from ..comparison.inverse import inverted
from ..comparison.result import ChangeMap, Comparison, PairComparison
from ..core.files import write_image
from ..core.geometry import Geometry, resample
from ..core.provenance import Provenance
from ..core.recipe import Recipe
from ..quantification.table import Table

COLUMNS = ["map", "first_study", "other_study", "region", "figure", "value", "unit", "missing"]
# a map's name in its file, where that says more than the name of the image
FILE_NAMES = {"score": "significant_change", "symmetric_percent_change": "relative_change"}


def write_change_maps(comparison: Comparison, folder: Path, numbers: dict[int, str]) -> dict[str, str]:
    """Write all maps of all pairs; returns {what it is: file name}.

    numbers: what is added to the names of a pair's files, by the pair's place in comparison.all_pairs.
    """
    names = {}
    for place, pair in enumerate(comparison.all_pairs):
        first, other = comparison.studies[pair.fixed], comparison.studies[pair.moving]
        for each in pair.maps:
            provenance = Provenance(
                Recipe.of(*each.before, each.operation), {"first": first.source, "other": other.source}
            )
            for name, image in each.images.items():
                file = f"{FILE_NAMES.get(name, name)}{numbers[place]}.nii.gz"
                write_image(over_first(image, pair, each.colors[name].center), folder / file, provenance.to_json())
                which = f", {first.name} to {other.name}" if len(comparison.all_pairs) > 1 else ""
                title = each.colors[name].title
                names[f"{title[0].lower()}{title[1:]}{which}"] = file
    return names


def over_first(image: sitk.Image, pair: PairComparison, outside: float) -> sitk.Image:
    """A map where the earlier study lies. Its voxels stay as they are where only the place of the grid changes (rigid
    registration); else they are interpolated on the pair's grid."""
    grid = Geometry.of(image)
    if pair.registration.to_first.IsLinear():
        matrix = matrix_of(pair.registration.to_first)
        direction = matrix[:3, :3] @ np.reshape(grid.direction, (3, 3))
        if np.allclose(direction.T @ direction, np.eye(3), atol=1e-6):
            origin = matrix[:3, :3] @ grid.origin + matrix[:3, 3]
            place = replace(grid, origin=tuple(origin.tolist()), direction=tuple(direction.ravel().tolist()))
            return place.stamp(sitk.Image(image))
    return resample(image, grid, inverted(pair.registration.to_first, grid), default_value=outside)


def change_maps_table(comparison: Comparison) -> Table:
    """One line per figure of each map: of the region both studies share, of tissues, and of the findings there."""
    return COLUMNS, [
        line for pair in comparison.all_pairs for each in pair.maps for line in _lines(comparison, pair, each)
    ]


def _lines(comparison: Comparison, pair: PairComparison, each: ChangeMap) -> Iterator[list[object]]:
    head = [each.operation.declaration.name, comparison.studies[pair.fixed].name, comparison.studies[pair.moving].name]
    if each.missing:
        yield [*head, None, None, None, None, each.missing]
    for row in each.rows:
        for figure in row.measurements:
            yield [*head, row.name, figure.name, figure.value, figure.unit, None]
