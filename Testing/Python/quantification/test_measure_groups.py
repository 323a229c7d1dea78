"""The groups of figures against numpy and scipy on the same voxels."""

import math

import numpy as np
import pytest
import SimpleITK as sitk
from scipy import stats

from MedProcLib.core.errors import InputError
from MedProcLib.quantification.intensity import intensity_measurements
from MedProcLib.quantification.measure import Measure, measure
from MedProcLib.quantification.uncertainty.diameter import diameter_intervals
from MedProcLib.quantification.uncertainty.mean import mean_intensity_interval
from MedProcLib.quantification.uncertainty.volume import volume_interval

GROUPS = ("intensity", "robust", "distribution")


def peers(values: np.ndarray) -> dict[str, float]:
    """What numpy and scipy say of the finite values."""
    v = np.asarray(values, np.float64)
    v = v[np.isfinite(v)]
    p = {n: np.percentile(v, n) for n in (5, 10, 25, 50, 75, 90, 95)}
    middle = v[(v >= p[10]) & (v <= p[90])]
    counts = np.histogram(v, 64)[0]
    return {
        **{f"p{n}": value for n, value in p.items() if n != 50},
        "mean": v.mean(),
        "sd": v.std(),
        "minimum": v.min(),
        "median": p[50],
        "maximum": v.max(),
        "interquartile_range": stats.iqr(v),
        "robust_mean": middle.mean(),
        "robust_sd": 1.4826 * stats.median_abs_deviation(v),
        "median_absolute_deviation": stats.median_abs_deviation(v),
        "mean_absolute_deviation": np.abs(v - v.mean()).mean(),
        "robust_mean_absolute_deviation": np.abs(middle - middle.mean()).mean(),
        "quartile_dispersion": (p[75] - p[25]) / (p[75] + p[25]),
        "range": np.ptp(v),
        "skewness": stats.skew(v),
        "kurtosis": stats.kurtosis(v),
        "entropy": stats.entropy(counts, base=2),
        "uniformity": ((counts / v.size) ** 2).sum(),
        "coefficient_of_variation": stats.variation(v),
        "root_mean_square": np.sqrt((v**2).mean()),
        "energy": (v**2).sum(),
    }


@pytest.mark.parametrize(
    "values",
    [
        np.random.default_rng(0).gamma(2, 30, 200_001).astype(np.float32),
        np.random.default_rng(1).normal(-40, 300, 5000).astype(np.int16),
        np.random.default_rng(2).integers(0, 256, 70_000).astype(np.uint8),
        np.random.default_rng(3).normal(1e6, 1, 1000),
        np.random.default_rng(4).normal(0, 1, 1000) * 1e-70 + 3e-70,
        np.r_[np.nan, np.random.default_rng(5).normal(5, 2, 99), np.inf, -np.inf],
        np.array([1.0, 2.0, 4.0, 4.0] * 6),
    ],
    ids=["float32", "int16", "uint8", "far from 0", "tiny", "not finite", "few"],
)
def test_every_figure_is_that_of_numpy_and_scipy(values):
    before = values.copy()
    found = {m.name: m for m in intensity_measurements(values, "HU", GROUPS)}
    expected = peers(values)
    assert set(found) == set(expected)
    for name, value in expected.items():
        assert found[name].value == pytest.approx(value, rel=1e-6, abs=1e-300), name
    np.testing.assert_array_equal(values, before)
    lost = int(np.sum(~np.isfinite(values)))
    assert found["energy"].parameters.get("voxels_without_number", 0) == lost
    assert (found["energy"].unit, found["mean"].unit, found["skewness"].unit) == ("HU2", "HU", "")


def test_huge_values_stay_finite_where_they_can():
    values = np.random.default_rng(0).normal(1, 0.3, 1000)
    found = {m.name: m.value for m in intensity_measurements(values * 1e300, "intensity", GROUPS)}
    for name, value in peers(values).items():
        scale = {"energy": math.inf}.get(name, 1.0 if name in UNITLESS else 1e300)
        assert found[name] == pytest.approx(value * scale, rel=1e-6), name


UNITLESS = {"quartile_dispersion", "skewness", "kurtosis", "entropy", "uniformity", "coefficient_of_variation"}


def test_constant_values():
    found = {m.name: m.value for m in intensity_measurements(np.full(1000, 0.1, np.float32), "intensity", GROUPS)}
    zero = {"sd", "range", "skewness", "kurtosis", "entropy", "interquartile_range", "robust_sd"}
    assert all(found[name] == 0 for name in zero)
    assert found["uniformity"] == 1 and found["mean"] == np.float32(0.1)
    zeros = {m.name: m.value for m in intensity_measurements(np.zeros(100), "intensity", GROUPS)}
    assert math.isnan(zeros["coefficient_of_variation"]) and math.isnan(zeros["quartile_dispersion"])


def test_the_statistics_of_the_digital_phantom_of_ibsi(ibsi_phantom):
    """Consensus values (arXiv 1612.07003), to the three digits they are given in."""
    values, inside = ibsi_phantom
    found = {m.name: m.value for m in intensity_measurements(values[inside], "intensity", GROUPS, bins=6)}
    for name, value in {
        "mean": 2.15,
        "skewness": 1.08,
        "kurtosis": -0.355,
        "median": 1,
        "minimum": 1,
        "p10": 1,
        "p90": 4,
        "maximum": 6,
        "interquartile_range": 3,
        "range": 5,
        "mean_absolute_deviation": 1.55,
        "robust_mean_absolute_deviation": 1.11,
        "coefficient_of_variation": 0.812,
        "quartile_dispersion": 0.6,
        "energy": 567,
        "root_mean_square": 2.77,
        "entropy": 1.27,
        "uniformity": 0.512,
    }.items():
        assert found[name] == pytest.approx(value, rel=5e-3), name


def test_groups_are_chosen_and_bins_are_said():
    labels = sitk.GetImageFromArray(np.ones((3, 4, 5), np.uint8))
    row = Measure(size=False, diameters=False, intensity=False, distribution=True, histogram_bins=8)(labels, labels)[0]
    assert {m.name for m in row.measurements} == {
        *("range", "skewness", "kurtosis", "entropy", "uniformity", "root_mean_square", "energy"),
        "coefficient_of_variation",
    }
    assert next(m for m in row.measurements if m.name == "entropy").parameters["bins"] == 8
    assert row.long_axis is None and row.slice_index is None


def test_small_components_have_no_row_but_belong_to_the_segment():
    array = np.zeros((6, 20, 20), np.uint8)
    array[1:4, 2:9, 2:9] = 1
    array[1, 15, 15] = array[4, 15:17, 2] = 1
    labels = sitk.GetImageFromArray(array)
    labels.SetSpacing((0.5, 0.5, 2))
    rows = Measure(smallest_component_mm3=1.0)(labels, labels)
    assert [(row.component, row.value("count")) for row in rows] == [(None, 150), (1, 147), (2, 2)]


def test_slices_of_a_turned_volume(ellipsoid, direction):
    spacing = (0.8, 1.2, 2.0)
    labels, _ = ellipsoid((9, 7, 8), spacing, direction)
    inside = sitk.GetArrayViewFromImage(labels) > 0
    values = np.random.default_rng(0).normal(size=inside.shape)
    image = sitk.GetImageFromArray(values)
    image.CopyInformation(labels)
    whole, *slices = Measure(components=False, slices=True, robust=True)(image, labels)
    assert whole.is_whole and not any(row.is_whole for row in slices)
    assert [row.slice for row in slices] == list(np.flatnonzero(inside.any(axis=(1, 2))))
    assert sum(row.value("area") for row in slices) * 2.0 == pytest.approx(whole.value("voxel_volume"))
    assert max(row.value("long_diameter") for row in slices) == whole.value("long_diameter")
    for row in slices:
        here = values[row.slice][inside[row.slice]]
        assert row.value("mean") == pytest.approx(here.mean())
        assert row.value("area") == pytest.approx(here.size * 0.96)
        corner = labels.TransformIndexToPhysicalPoint((0, 0, int(row.slice)))
        assert row.value("slice_position") == pytest.approx(np.dot(corner, np.asarray(direction)[:, 2]))
        with pytest.raises(KeyError):
            row.value("mesh_volume")
    positions = [row.value("slice_position") for row in slices]
    np.testing.assert_allclose(np.diff(positions), 2.0)


@pytest.mark.parametrize(
    ("group", "unit", "wanted"), [("ct", "intensity", "HU"), ("lung", "SUV", "HU"), ("pet", "Bq/ml", "SUV or SUL")]
)
def test_figures_of_a_modality_are_refused_in_another_unit(group, unit, wanted):
    labels = sitk.GetImageFromArray(np.ones((3, 3, 3), np.uint8))
    told = "it is not known what these are" if unit == "intensity" else f"these are in {unit}"
    with pytest.raises(InputError, match=f"'{group}' need values in {wanted}, and {told}"):
        Measure(**{group: True, "intensity_unit": unit})(labels, labels)


def test_a_map_has_its_unit():
    labels = sitk.GetImageFromArray(np.ones((3, 3, 3), np.uint8))
    row = measure(labels, labels, settings=Measure(intensity_unit="10-6 mm2/s", distribution=True))[0]
    by_name = {m.name: m for m in row.measurements}
    assert by_name["mean"].column == "mean_10-6_mm2/s" and by_name["mean"].ucum == "10*-6.mm2/s"
    assert by_name["energy"].ucum == "10*-12.mm4/s2"


def test_shape_of_a_turned_ellipsoid_in_voxels_of_any_sides(ellipsoid, flat, direction):
    labels, _ = ellipsoid((12, 8, 16), (0.8, 1.0, 1.6), direction)
    row = Measure(shape=True, components=False)(flat(labels), labels)[0]
    assert row.value("maximum_3d_diameter") == pytest.approx(32, rel=0.05)
    # 4 times the standard deviation along an axis of half length a is 4 a / sqrt(5)
    assert row.value("major_axis_length") == pytest.approx(64 / 5**0.5, rel=0.01)
    assert row.value("least_axis_length") == pytest.approx(32 / 5**0.5, rel=0.01)
    assert row.value("extent_k") == pytest.approx(32, abs=1.7)
    axes = np.abs(direction) @ np.diag([1.0, 1, 1])
    if np.isclose(axes.max(axis=1), 1).all():
        by_axis = [row.value(f"extent_{axis}") for axis in "ijk"]
        expected = [by_axis[int(np.argmax(side))] for side in axes]
        assert [row.value(f"extent_{axis}") for axis in "lps"] == pytest.approx(expected)


def test_shape_in_2d_and_of_a_segment_in_pieces(flat):
    array = np.zeros((40, 90), np.uint8)
    array[2:12, 3:23] = array[30:35, 70:80] = 1
    labels = sitk.GetImageFromArray(array)
    labels.SetSpacing((0.5, 0.5))
    row = Measure(shape=True)(flat(labels), labels)[0]
    assert row.value("extent_i") == pytest.approx(77 * 0.5) and row.value("extent_j") == pytest.approx(33 * 0.5)
    assert row.value("equivalent_diameter") == pytest.approx(2 * math.sqrt(250 * 0.25 / math.pi))


def test_intervals_are_those_of_the_segment_in_its_image(ellipsoid, direction):
    spacing = (0.8, 1.0, 1.6)
    labels, _ = ellipsoid((12, 8, 16), spacing, direction)
    inside = sitk.GetArrayFromImage(labels) > 0
    values = np.random.default_rng(0).normal(10 + 40 * inside, 4)
    image = sitk.GetImageFromArray(values)
    image.CopyInformation(labels)
    row = Measure(intervals=True, components=False, intensity_unit="HU")(image, labels)[0]
    low, high, _ = volume_interval(inside, spacing)
    assert (row.value("voxel_volume_low"), row.value("voxel_volume_high")) == pytest.approx((low, high))
    assert low <= row.value("voxel_volume") <= high > low
    for name, expected in zip(("long", "short"), diameter_intervals(inside, spacing), strict=True):
        ends = [row.value(f"{name}_diameter_{end}") for end in ("low", "high", "estimate")]
        assert ends == pytest.approx(expected)
    low, high, _ = mean_intensity_interval(inside, values, spacing)
    assert (row.value("mean_low"), row.value("mean_high")) == pytest.approx((low, high), rel=0.01)
    assert row.value("mean_low") < 50 < row.value("mean_high")
    by_name = {m.name: m for m in row.measurements}
    assert by_name["mean_low"].unit == "HU" and by_name["long_diameter_estimate"].unit == "mm"
    wide = Measure(intervals=True, components=False, border_sd_mm=0.5)(image, labels)[0]
    assert wide.value("voxel_volume_high") > row.value("voxel_volume_high")
    assert "voxel_volume_low" not in {
        m.name for m in Measure(intervals=True)(image[:, :, 9], labels[:, :, 9])[0].measurements
    }


def test_intervals_of_a_segment_in_pieces_are_those_of_the_longest(ellipsoid, flat):
    array = np.zeros((12, 40, 60), np.uint8)
    array[2:9, 3:20, 3:30] = 1
    array[3:6, 30:36, 50:55] = 1
    labels = sitk.GetImageFromArray(array)
    whole, large, _ = Measure(intervals=True)(flat(labels), labels)
    for end in ("low", "high", "estimate"):
        assert whole.value(f"long_diameter_{end}") == large.value(f"long_diameter_{end}")
