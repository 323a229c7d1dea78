import math

import numpy as np
import pytest
import SimpleITK as sitk

from MedProcLib.core.errors import InputError
from MedProcLib.core.geometry import Geometry
from MedProcLib.core.units import ucum
from MedProcLib.quantification.diameter import diameters_by_slice, in_plane_diameter
from MedProcLib.quantification.shape.figures import SHAPE_FIGURES
from MedProcLib.quantification.shape.measurements import COMPUTED, shape_measurements

IDENTITY = tuple(np.eye(3).ravel())


def measured(mask, spacing=(1.0, 1.0, 1.0), direction=IDENTITY, **options) -> dict:
    grid = Geometry(mask.shape[::-1], spacing, (1.0, 2.0, 3.0)[: mask.ndim], direction)
    return {m.name: m for m in shape_measurements(mask, grid, **options)}


def digital_phantom() -> np.ndarray:
    """Mask of the IBSI digital phantom (arXiv 1612.07003): 5 x 4 x 4 voxels of 2 mm without six of them."""
    mask = np.ones((4, 4, 5), bool)
    for x, y, z in [(0, 2, 1), (3, 0, 2), (4, 0, 2), (2, 2, 2), (3, 0, 3), (4, 0, 3)]:
        mask[z, y, x] = False
    return mask


def test_ibsi_digital_phantom():
    found = measured(digital_phantom(), (2.0, 2.0, 2.0))
    # reference values and tolerances of IBSI (arXiv 1612.07003)
    for name, value, tolerance in [
        ("surface_to_volume_ratio", 0.698, 0.004),
        ("compactness_1", 0.0411, 0.0003),
        ("compactness_2", 0.599, 0.004),
        ("spherical_disproportion", 1.19, 0.01),
        ("sphericity", 0.843, 0.005),
        ("asphericity", 0.186, 0.001),
        ("maximum_3d_diameter", 13.1, 0.1),
        ("major_axis_length", 11.4, 0.1),
        ("minor_axis_length", 9.31, 0.07),
        ("least_axis_length", 8.54, 0.07),
        ("elongation", 0.816, 0.005),
        ("flatness", 0.749, 0.005),
        ("convex_hull_density", 0.961, 0.006),
    ]:
        assert found[name].value == pytest.approx(value, abs=tolerance), name
        assert found[name].code.scheme == "IBSI"


def test_every_figure_is_computed_and_has_a_known_unit():
    assert set(COMPUTED) == {shape.figure.name for shape in SHAPE_FIGURES}
    for shape in SHAPE_FIGURES:
        ucum(shape.figure.unit)
        assert shape.reliable_from >= shape.figure.minimum_voxels


def test_a_ball(ellipsoid, direction):
    labels, _ = ellipsoid((10, 10, 10), (0.8, 0.8, 1.6), direction)
    mask = sitk.GetArrayFromImage(labels) > 0
    found = {m.name: m.value for m in shape_measurements(mask, Geometry.of(labels))}
    assert found["surface_area_crofton"] == pytest.approx(400 * math.pi, rel=0.02)
    assert found["sphericity_crofton"] == pytest.approx(1, abs=0.02)
    for name in ("equivalent_diameter", "maximum_3d_diameter", "minimum_feret_diameter", "mean_feret_diameter"):
        assert found[name] == pytest.approx(20, abs=1.6), name
    for name in ("extent_l", "extent_p", "extent_s", "oriented_box_height", "maximum_thickness"):
        assert found[name] == pytest.approx(20, abs=2), name


def test_extents_follow_the_patient_and_the_image():
    turned = tuple(np.array([[0.0, 0, 1], [1, 0, 0], [0, -1, 0]]).ravel())
    found = measured(np.ones((4, 5, 6), bool), (1.0, 2.0, 3.0), turned)
    assert [found[f"extent_{axis}"].value for axis in "ijk"] == pytest.approx([6, 10, 12])
    assert [found[f"extent_{axis}"].value for axis in "lps"] == pytest.approx([12, 6, 10])
    assert np.abs(found["minimum_feret_diameter"].parameters["direction_lps"]) == pytest.approx([0, 1, 0], abs=1e-6)


def test_only_what_is_wanted_and_a_margin_changes_nothing():
    mask = digital_phantom()
    wanted = ("sphericity", "centerline_length", "oriented_box_volume", "bidimensional_product")
    found, padded = measured(mask, wanted=wanted), measured(np.pad(mask, 3), wanted=wanted)
    assert list(found) == [shape.figure.name for shape in SHAPE_FIGURES if shape.figure.name in wanted]
    assert {n: m.value for n, m in found.items()} == pytest.approx({n: m.value for n, m in padded.items()})
    assert padded["bidimensional_product"].parameters["slice"] == found["bidimensional_product"].parameters["slice"] + 3


def test_product_and_largest_short_diameter():
    mask = np.zeros((2, 20, 20), bool)
    mask[0, 10, 1:19] = True
    mask[1, 5:15, 5:15] = True
    found = measured(mask)
    longest = in_plane_diameter(mask, (1, 1))
    assert found["bidimensional_product"].value == pytest.approx(longest.long_mm * longest.short_mm)
    assert found["largest_short_diameter"].value == max(d.short_mm for d in diameters_by_slice(mask, (1, 1)))
    assert found["largest_short_diameter"].parameters["slice"] == 1


@pytest.mark.parametrize("shape", [(1, 1, 1), (1, 1, 7), (1, 6, 6), (3, 1, 1)])
def test_too_few_voxels_are_said(shape):
    found = measured(np.ones(shape, bool), (0.7, 0.7, 3.0))
    voxels = math.prod(shape)
    for definition in SHAPE_FIGURES:
        figure = definition.figure
        if figure.name == "partial_volume":
            continue
        measurement = found[figure.name]
        assert ("reason" in measurement.parameters) == (voxels < figure.minimum_voxels)
        if voxels < figure.minimum_voxels:
            assert math.isnan(measurement.value)
        elif voxels < definition.reliable_from:
            assert measurement.parameters["reliable_from"] == definition.reliable_from
            assert math.isfinite(measurement.value) or figure.name in ("elongation", "flatness")


def test_a_2d_image_has_what_a_plane_has():
    found = measured(np.ones((4, 6), bool), (0.5, 1.0), (1.0, 0.0, 0.0, 1.0))
    assert found["extent_i"].value == pytest.approx(3)
    assert found["equivalent_diameter"].value == pytest.approx(2 * math.sqrt(12 / math.pi))
    assert set(found) == {
        "equivalent_diameter",
        "extent_i",
        "extent_j",
        "bidimensional_product",
        "largest_short_diameter",
    }


def test_partial_volume_needs_the_image():
    mask = np.zeros((20, 20, 20), bool)
    mask[5:15, 5:15, 5:15] = True
    assert "partial_volume" not in measured(mask)
    found = measured(mask, values=100.0 * mask, wanted=["partial_volume"])["partial_volume"]
    assert found.value == pytest.approx(1000)
    found = measured(mask, values=np.zeros(mask.shape), wanted=["partial_volume"])["partial_volume"]
    assert math.isnan(found.value) and "contrast" in found.parameters["reason"]


def test_bad_input_is_refused():
    mask = np.ones((2, 3, 4), bool)
    grid = Geometry((4, 3, 2), (1.0, 1.0, 1.0), (0.0, 0.0, 0.0), IDENTITY)
    with pytest.raises(InputError, match="does not fit"):
        shape_measurements(mask.transpose(), grid)
    with pytest.raises(InputError, match="empty"):
        shape_measurements(np.zeros_like(mask), grid)
    with pytest.raises(InputError, match="roundness"):
        shape_measurements(mask, grid, wanted=["roundness"])
    with pytest.raises(InputError, match="crop both alike"):
        shape_measurements(mask, grid, values=np.zeros((2, 3, 5)))
