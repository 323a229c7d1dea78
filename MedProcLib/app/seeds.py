"""Seeds given on the command line: points as numbers, point lists of Slicer, or a label map."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import SimpleITK as sitk

from ..core.errors import InputError
from ..core.geometry import Geometry
from ..core.json_file import read_json
from ..segmentation.common.seeds import seeds_from_points
from .inputs import read_labels

POINT_LIST = (".mrk.json", ".json")


def read_seeds(points: Sequence[str], path: str | None, image: sitk.Image) -> sitk.Image | None:
    """Seeds on the image's grid, or None when none are given.

    points: 'L,P,S' or 'L,P,S=N' (LPS mm; N: the object, 1 without it); path: a label map on the image's grid, or a
    point list saved by Slicer (.mrk.json), whose lists are the objects 1, 2, ... Raises InputError.
    """
    if path is not None and points:
        raise InputError("Give seeds as points with --seed or as a file with --seeds, not both.")
    grid = Geometry.of(image)
    if points:
        places, values = zip(*(_point(text, grid.dimension) for text in points), strict=True)
        return seeds_from_points(grid, np.array(places), values)
    if path is None:
        return None
    if str(path).lower().endswith(POINT_LIST):
        found = read_point_lists(Path(path))
        return seeds_from_points(
            grid, np.array([place for place, _, _ in found])[:, : grid.dimension], *_values_and_names(found)
        )
    return read_labels(path, image)


def _values_and_names(found: list[tuple[tuple[float, float, float], int, str]]) -> tuple[list[int], list[str]]:
    return [value for _, value, _ in found], [name for _, _, name in found]


def _point(text: str, dimension: int) -> tuple[tuple[float, ...], int]:
    place, _, number = text.partition("=")
    if number and not number.isdigit():
        raise InputError(f"Seed '{text}' is not a point of an object: after = goes its number, such as -12.5,40,7.5=1.")
    return point_of(place, dimension, "Seed"), int(number or 1)


def point_of(text: str, dimension: int, what: str) -> tuple[float, ...]:
    """A point written 'L,P,S' (mm; 'L,P' in 2D). what: to call it in the error. Raises InputError."""
    try:
        numbers = tuple(float(word) for word in text.split(","))
    except ValueError:
        numbers = ()
    if len(numbers) != dimension or not np.isfinite(numbers).all():
        axes, example = ",".join("LPS"[:dimension]), ",".join(("-12.5", "40", "7.5")[:dimension])
        raise InputError(f"{what} '{text}' is not a point of this image: write {axes} in mm, such as {example}.")
    return numbers


def read_point_lists(path: Path) -> list[tuple[tuple[float, float, float], int, str]]:
    """(LPS position, number of its list, name) of the points placed in a markups file. Raises InputError."""
    data = read_json(path, "Markups file")
    try:
        found = []
        for number, markup in enumerate(data["markups"], 1):
            flip = -1.0 if markup.get("coordinateSystem", "LPS") in ("RAS", "0") else 1.0
            for point in markup["controlPoints"]:
                if point.get("positionStatus", "defined") == "defined":
                    x, y, z = (float(value) for value in point["position"])
                    found.append(((flip * x, flip * y, z), number, str(point.get("label", ""))))
    except (ValueError, KeyError, TypeError, AttributeError):
        raise InputError(f"{path} is not a point list saved by Slicer (.mrk.json); save it again.") from None
    if not found:
        raise InputError(f"{path} holds no placed point: place one in Slicer and save it again.")
    return found
