"""Where in the patient a row of a table of measurements is."""

import math
from typing import Any

import numpy as np

from MedProcLib.core.errors import InputError
from MedProcLib.scene.measurement_scene import VOLUME_ROLE
from MedProcLib.scene.volumes import geometry_of_volume


def place_of_row(row: dict[str, Any], table) -> list[float] | None:
    """LPS position (mm) of a row of a table node: its center, on its slice when it is of one; None when not known.

    Of two segments, where they are nearest. Without a measured center, the middle of the volume on the slice of the
    diameters.
    """
    for what in ("centroid", "nearest"):
        place = [row.get(f"{what}_{axis}_mm", math.nan) for axis in "lps"]
        if all(map(math.isfinite, place)):
            return [float(value) for value in place]
    volume = table.GetNodeReference(VOLUME_ROLE) if table is not None else None
    try:
        grid = geometry_of_volume(volume) if volume is not None else None
    except InputError:  # its voxels are gone
        grid = None
    if grid is None:
        return None
    center = [row.get(f"centroid_{axis}_mm", math.nan) for axis in "lp"]
    if grid.size[2] == 1 and all(map(math.isfinite, center)):  # of a picture without a depth
        return [float(value) for value in (*center, grid.origin[2])]
    index = next((row[key] for key in ("slice", "diameter_slice") if _is_number(row.get(key))), None)
    if index is None:
        return None
    middle = (np.array(grid.size) - 1) / 2
    return grid.points(np.array([[middle[0], middle[1], float(index)]]))[0].tolist()


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and math.isfinite(value)
