"""The figures of size, place and intensity that are measured, in their groups."""

from ..core.measurement import Code
from .figure import Figure, ibsi, of_values

_IN_PLANE = {"plane": "image slice (i, j)", "outline": "of the object, between pixels", "source": "RECIST 1.1"}
_SURFACE = {"surface": "marching cubes on the mask at half height"}
_LPS = {"space": "LPS"}

SIZE_FIGURES = (
    Figure("count", "voxels", "number of voxels"),
    Figure("area", "mm2", "number of pixels times pixel area", 1, Code("SCT", "42798000", "Area"), dimensions=(2,)),
    Figure(
        "voxel_volume",
        "mm3",
        "number of voxels times voxel volume",
        code=ibsi("YEKZ", "Volume (voxel counting)"),
        dimensions=(3,),
    ),
    Figure(
        "mesh_volume",
        "mm3",
        "volume within the surface; a curved object's is somewhat smaller than its voxel volume",
        8,
        ibsi("RNU0", "Volume (mesh)"),
        _SURFACE,
        (3,),
    ),
    Figure("surface_area", "mm2", "area of the surface", 8, ibsi("C0JK", "Surface area (mesh)"), _SURFACE, (3,)),
)
DIAMETER_FIGURES = (
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
)
PLACE_FIGURES = (
    Figure("centroid_l", "mm", "center of the voxels, towards the patient's left", parameters=_LPS),
    Figure("centroid_p", "mm", "center of the voxels, towards the patient's back", parameters=_LPS),
    Figure("centroid_s", "mm", "center of the voxels, towards the patient's head", parameters=_LPS, dimensions=(3,)),
)
SLICE_POSITION = Figure(
    "slice_position",
    "mm",
    "place of the slice along its normal, which is the third axis of the image; in axial slices S of LPS",
    parameters=_LPS,
    dimensions=(3,),
)


def _percentile(percent: int, minimum_voxels: int, code: Code | None = None) -> Figure:
    ending = {1: "st", 2: "nd", 3: "rd"}.get(percent % 10, "th")
    defined = {"percent": percent, "interpolation": "linear"}
    return of_values(f"p{percent}", f"{percent}{ending} percentile", minimum_voxels, code, defined)


# Of the values of an object's voxels that are numbers.
INTENSITY_FIGURES = (
    of_values("mean", "mean", 1, ibsi("Q4LE", "Mean")),
    of_values("sd", "standard deviation", 2, Code("SCT", "386136009", "Standard Deviation"), {"divisor": "n"}),
    of_values("minimum", "smallest value", 1, ibsi("1GSF", "Minimum")),
    _percentile(5, 20),
    _percentile(25, 4),
    of_values("median", "median", 1, ibsi("Y12H", "Median")),
    _percentile(75, 4),
    _percentile(95, 20),
    of_values("maximum", "largest value", 1, ibsi("84IY", "Maximum")),
)
_MIDDLE = {"from": "10th percentile", "to": "90th percentile", "ends": "included"}
ROBUST_FIGURES = (
    _percentile(10, 10, ibsi("QG58", "10th percentile")),
    _percentile(90, 10, ibsi("8DWT", "90th percentile")),
    of_values("interquartile_range", "75th minus 25th percentile", 4, ibsi("SALO", "Interquartile range")),
    of_values("robust_mean", "mean of the values between two percentiles", 10, None, _MIDDLE),
    of_values("robust_sd", "standard deviation by the median absolute deviation", 4, None, {"factor": 1.4826}),
    of_values("median_absolute_deviation", "median distance of the values to their median", 2),
    of_values(
        "mean_absolute_deviation",
        "mean distance of the values to their mean",
        2,
        ibsi("4FUA", "Mean absolute deviation"),
    ),
    of_values(
        "robust_mean_absolute_deviation",
        "mean distance of the values between two percentiles to their mean",
        10,
        ibsi("1128", "Robust mean absolute deviation"),
        _MIDDLE,
    ),
    Figure(
        "quartile_dispersion",
        "",
        "interquartile range by the sum of both quartiles",
        4,
        ibsi("9S40", "Quartile coefficient of dispersion"),
    ),
)
DISTRIBUTION_FIGURES = (
    of_values("range", "largest minus smallest value", 2, ibsi("2OJQ", "Range")),
    Figure("skewness", "", "third standardized moment; 0 when all values are equal", 3, ibsi("KE2A", "Skewness")),
    Figure(
        "kurtosis",
        "",
        "fourth standardized moment minus 3; 0 when all values are equal",
        4,
        ibsi("IPH6", "(Excess) kurtosis"),
    ),
    Figure("entropy", "bit", "entropy of the histogram", 2, ibsi("TLU2", "Discretised intensity entropy")),
    Figure("uniformity", "", "sum of squared shares of the bins", 2, ibsi("BJ5W", "Discretised intensity uniformity")),
    Figure(
        "coefficient_of_variation",
        "",
        "standard deviation by mean",
        2,
        ibsi("7TET", "Coefficient of variation"),
    ),
    of_values("root_mean_square", "root of the mean square", 1, ibsi("5ZWQ", "Root mean square intensity")),
    of_values("energy", "sum of squares", 1, ibsi("N8CA", "Energy"), power=2),
)
VALUE_GROUPS = {"intensity": INTENSITY_FIGURES, "robust": ROBUST_FIGURES, "distribution": DISTRIBUTION_FIGURES}
FIGURES = (
    *SIZE_FIGURES,
    *DIAMETER_FIGURES,
    *PLACE_FIGURES,
    SLICE_POSITION,
    *INTENSITY_FIGURES,
    *ROBUST_FIGURES,
    *DISTRIBUTION_FIGURES,
)
BY_NAME = {figure.name: figure for figure in FIGURES}
