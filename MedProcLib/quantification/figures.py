"""The figures that are measured: name, unit, code, definition, and how many voxels each needs to mean something."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from ..core.measurement import Code, Measurement


@dataclass(frozen=True)
class Figure:
    """One figure. minimum_voxels: below it the value is NaN (an empty cell in a table). dimensions: of the image."""

    name: str
    unit: str
    meaning: str
    minimum_voxels: int = 1
    code: Code | None = None
    parameters: Mapping[str, object] = field(default_factory=dict)
    dimensions: tuple[int, ...] = (2, 3)


def _ibsi(value: str, meaning: str) -> Code:
    return Code("IBSI", value, meaning)


_IN_PLANE = {"plane": "image slice (i, j)", "contour": "half-way between pixel centers", "source": "RECIST 1.1"}
_SURFACE = {"surface": "marching cubes on the mask at half height"}

# Of the values of an object's voxels that are numbers; the unit is the image's.
INTENSITY_FIGURES = (
    Figure("mean", "", "mean", 1, _ibsi("Q4LE", "Mean")),
    Figure("sd", "", "standard deviation", 2, Code("SCT", "386136009", "Standard Deviation"), {"divisor": "n"}),
    Figure("minimum", "", "smallest value", 1, _ibsi("1GSF", "Minimum")),
    Figure("p5", "", "5th percentile", 20, None, {"percent": 5, "interpolation": "linear"}),
    Figure("p25", "", "25th percentile", 4, None, {"percent": 25, "interpolation": "linear"}),
    Figure("median", "", "median", 1, _ibsi("Y12H", "Median")),
    Figure("p75", "", "75th percentile", 4, None, {"percent": 75, "interpolation": "linear"}),
    Figure("p95", "", "95th percentile", 20, None, {"percent": 95, "interpolation": "linear"}),
    Figure("maximum", "", "largest value", 1, _ibsi("84IY", "Maximum")),
)

FIGURES = (
    Figure("count", "voxels", "number of voxels"),
    Figure("area", "mm2", "number of pixels times pixel area", dimensions=(2,)),
    Figure(
        "voxel_volume",
        "mm3",
        "number of voxels times voxel volume",
        code=_ibsi("YEKZ", "Volume (voxel counting)"),
        dimensions=(3,),
    ),
    Figure(
        "mesh_volume",
        "mm3",
        "volume within the surface; a curved object's is somewhat smaller than its voxel volume",
        8,
        _ibsi("RNU0", "Volume (mesh)"),
        _SURFACE,
        (3,),
    ),
    Figure("surface_area", "mm2", "area of the surface", 8, _ibsi("C0JK", "Surface area (mesh)"), _SURFACE, (3,)),
    Figure(
        "long_diameter",
        "mm",
        "longest in-plane diameter; of a segment, of the component where it is longest",
        code=Code("SCT", "103339001", "Long Axis"),
        parameters=_IN_PLANE,
    ),
    Figure(
        "short_diameter",
        "mm",
        "longest chord perpendicular to the long diameter in the same slice",
        code=Code("SCT", "103340004", "Short Axis"),
        parameters=_IN_PLANE,
    ),
    Figure("centroid_l", "mm", "center of the voxels, towards the patient's left", parameters={"space": "LPS"}),
    Figure("centroid_p", "mm", "center of the voxels, towards the patient's back", parameters={"space": "LPS"}),
    Figure(
        "centroid_s",
        "mm",
        "center of the voxels, towards the patient's head",
        parameters={"space": "LPS"},
        dimensions=(3,),
    ),
    *INTENSITY_FIGURES,
)
_BY_NAME = {figure.name: figure for figure in FIGURES}
_INTENSITY_NAMES = {figure.name for figure in INTENSITY_FIGURES}


def measured(
    name: str, value: float, voxels: int, intensity_unit: str = "intensity", **parameters: object
) -> Measurement:
    """A figure's value as a Measurement; NaN when it rests on too few voxels."""
    figure = _BY_NAME[name]
    unit = intensity_unit if name in _INTENSITY_NAMES else figure.unit
    value = float(value) if voxels >= figure.minimum_voxels else math.nan
    return Measurement(name, value, unit, figure.code, {**figure.parameters, **parameters})
