"""`profile`: values of an image along a line, as a table, and the width of their peak."""

import math
from argparse import Namespace
from pathlib import Path

import numpy as np

from ..core.errors import InputError
from ..core.geometry import require_scalar
from ..core.progress import Progress
from ..core.recorded import write_table
from ..core.table_file import kind_of_table, table_data
from ..quantification.profile.line_profile import LineProfile, full_width_at_half_maximum, line_profile
from .inputs import chosen_unit, read_noted, require_outputs, said_by
from .seeds import point_of, read_point_lists

Line = tuple[tuple[float, ...], tuple[float, ...]]


def run(arguments: Namespace, progress: Progress) -> None:
    kind = kind_of_table(arguments.output)
    require_outputs([arguments.output], arguments.image, arguments.line)
    found = read_noted(arguments.image, arguments.notes)
    require_scalar(found.image, arguments.image)
    dimension = found.image.GetDimension()
    if dimension > 3:
        raise InputError(f"{arguments.image} is a series of images: give one of them.")
    lines = _lines(arguments, dimension)
    unit = chosen_unit(arguments.unit, found)
    axes = [f"{axis}_mm" for axis in "lps"[:dimension]]
    rows: list[list] = []
    for number, (start, end) in lines.items():
        progress(0.5, f"Line {number}")
        profile = line_profile(found.image, start, end, arguments.step, arguments.across, arguments.interpolation)
        at = zip(profile.positions, profile.points, profile.values, strict=True)
        rows += [[number, position, *point, value, unit] for position, point, value in at]
        print(_said(number, profile))
    progress.check()
    provenance = said_by(arguments, "image", "line", "start", "end", "step", "across", "interpolation", "unit")
    columns = ["line", "position_mm", *axes, "value", "unit"]
    write_table(table_data(kind, columns, rows), arguments.output, provenance)
    print(f"Profile of {len(rows)} points: {arguments.output}")


def _said(number: int, profile: LineProfile) -> str:
    width = full_width_at_half_maximum(profile).value
    peak = "no width of its peak" if math.isnan(width) else f"peak {width:.2f} mm wide at half its height"
    low, high = np.nanmin(profile.values), np.nanmax(profile.values)
    return f"Line {number}: {profile.positions[-1]:.2f} mm, values {low:.6g} to {high:.6g}, {peak}"


def _lines(arguments: Namespace, dimension: int) -> dict[int, Line]:
    """Two ends (LPS, mm) by the number of the line."""
    if arguments.line is None:
        if arguments.start is None or arguments.end is None:
            raise InputError("Give the line's ends with --from and --to, or a file of Slicer's with --line.")
        return {1: (point_of(arguments.start, dimension, "Point"), point_of(arguments.end, dimension, "Point"))}
    if arguments.start is not None or arguments.end is not None:
        raise InputError("Give the line as a file with --line, or its ends with --from and --to, not both.")
    lists: dict[int, list[tuple[float, ...]]] = {}
    for place, number, _label in read_point_lists(Path(arguments.line)):
        lists.setdefault(number, []).append(tuple(place[:dimension]))
    for number, ends in lists.items():
        if len(ends) != 2:
            several = f"{len(ends)} point{'s' * (len(ends) != 1)}"
            raise InputError(f"{arguments.line}: line {number} has {several}; a profile needs its two ends.")
    return {number: (ends[0], ends[1]) for number, ends in lists.items()}
