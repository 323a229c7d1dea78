"""The figures of shape: name, unit, code, definition, and from how many voxels they can be relied on."""

from collections.abc import Mapping
from dataclasses import dataclass

from ...core.measurement import Code
from ..figure import Figure, ibsi

_MESH = {"surface": "marching cubes on the mask at half height", "volume": "within that surface"}
_HULL = {"points": "middles of the outer voxel faces", "hull": "convex"}
_CENTERS = {"points": "voxel centers", "length": "4 sqrt(eigenvalue of the covariance)"}
_BOX = {
    "points": "middles of the outer voxel faces",
    "orientation": "least volume with a facet of the hull in a face",
}
_CROFTON = {"area": "Crofton, shifts of one to three steps in up to 93 directions"}
_EVEN = {"surface": "signed distance interpolated between voxel centers"}
_IN_PLANE = {"plane": "image slice (i, j)", "outline": "of the object, between pixels"}
_3D = (3,)


@dataclass(frozen=True)
class ShapeFigure:
    """A figure and the number of voxels below which its voxels' steps are a large part of it (say a tenth)."""

    figure: Figure
    reliable_from: int


def _figure(
    name: str,
    unit: str,
    meaning: str,
    minimum: int,
    reliable_from: int,
    parameters: Mapping[str, object],
    code: Code | None = None,
    dimensions: tuple[int, ...] = _3D,
) -> ShapeFigure:
    return ShapeFigure(Figure(name, unit, meaning, minimum, code, parameters, dimensions), reliable_from)


SHAPE_FIGURES = (
    _figure("surface_area_crofton", "mm2", "area of the surface, unbiased by steps", 8, 64, _CROFTON),
    _figure("sphericity_crofton", "", "area of the ball of equal volume by the area", 8, 64, _CROFTON),
    _figure(
        "equivalent_diameter",
        "mm",
        "diameter of the ball (in 2D: disc) of equal size",
        1,
        27,
        {"volume": "number of voxels times voxel volume"},
        None,
        (2, 3),
    ),
    _figure("surface_to_volume_ratio", "1/mm", "area by volume", 8, 64, _MESH, ibsi("2PR5", "Surface to volume ratio")),
    _figure("compactness_1", "", "volume by area^1.5 and root of pi", 8, 64, _MESH, ibsi("SKGS", "Compactness 1")),
    _figure("compactness_2", "", "cube of the sphericity", 8, 64, _MESH, ibsi("BQWJ", "Compactness 2")),
    _figure("spherical_disproportion", "", "1 / sphericity", 8, 64, _MESH, ibsi("KRCK", "Spherical disproportion")),
    _figure("sphericity", "", "area of the ball of equal volume by the area", 8, 64, _MESH, ibsi("QCFX", "Sphericity")),
    _figure("asphericity", "", "spherical disproportion minus 1", 8, 64, _MESH, ibsi("25C7", "Asphericity")),
    _figure(
        "maximum_3d_diameter", "mm", "longest distance of two points", 1, 27, _HULL, ibsi("L0JK", "Maximum 3D diameter")
    ),
    _figure("minimum_feret_diameter", "mm", "smallest distance of two parallel planes around", 1, 27, _HULL),
    _figure("mean_feret_diameter", "mm", "that distance in the mean over all directions", 1, 27, _HULL),
    _figure(
        "convex_hull_density",
        "",
        "volume within the mesh by that of the convex hull",
        8,
        64,
        {**_MESH, **_HULL},
        ibsi("R3ER", "Volume density (convex hull)"),
    ),
    *(
        _figure(f"extent_{axis}", "mm", f"extent along the image's axis {axis}", 1, 27, _HULL, None, (2, 3))
        for axis in "ij"
    ),
    _figure("extent_k", "mm", "extent along the image's axis k", 1, 27, _HULL),
    *(
        _figure(f"extent_{axis}", "mm", f"extent along the patient's {name} axis", 1, 27, {**_HULL, "space": "LPS"})
        for axis, name in (("l", "left-right"), ("p", "front-back"), ("s", "foot-head"))
    ),
    _figure("oriented_box_length", "mm", "longest side of the smallest box", 1, 27, _BOX),
    _figure("oriented_box_width", "mm", "middle side of the smallest box", 1, 27, _BOX),
    _figure("oriented_box_height", "mm", "shortest side of the smallest box", 1, 27, _BOX),
    _figure("oriented_box_volume", "mm3", "volume of the smallest box", 1, 27, _BOX),
    _figure("major_axis_length", "mm", "first principal axis", 2, 27, _CENTERS, ibsi("TDIC", "Major axis length")),
    _figure("minor_axis_length", "mm", "second principal axis", 2, 27, _CENTERS, ibsi("P9VJ", "Minor axis length")),
    _figure("least_axis_length", "mm", "third principal axis", 2, 27, _CENTERS, ibsi("7J51", "Least axis length")),
    _figure("elongation", "", "second principal axis by the first", 8, 27, _CENTERS, ibsi("Q3CK", "Elongation")),
    _figure("flatness", "", "third principal axis by the first", 8, 27, _CENTERS, ibsi("N17B", "Flatness")),
    _figure("mean_thickness", "mm", "diameter of the largest ball inside that holds a point, mean", 8, 125, _EVEN),
    _figure("maximum_thickness", "mm", "diameter of the largest ball inside", 8, 125, _EVEN),
    _figure(
        "centerline_length",
        "mm",
        "length of the largest piece along the line through its middle, from surface to surface",
        2,
        64,
        _EVEN,
    ),
    _figure(
        "bidimensional_product",
        "mm2",
        "longest in-plane diameter times its longest perpendicular",
        1,
        9,
        {**_IN_PLANE, "source": "WHO handbook 1979"},
        None,
        (2, 3),
    ),
    _figure(
        "largest_short_diameter",
        "mm",
        "longest perpendicular to the longest diameter of its slice, largest of all slices",
        1,
        9,
        _IN_PLANE,
        None,
        (2, 3),
    ),
    _figure(
        "partial_volume",
        "mm3",
        "volume with border voxels counted by their share of the object, from the image",
        64,
        216,
        {"levels": "medians inside and around"},
    ),
)
