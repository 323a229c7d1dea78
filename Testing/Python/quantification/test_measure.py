import math
import threading

import numpy as np
import pytest
import SimpleITK as sitk
from scipy.ndimage import label
from skimage.measure import regionprops

from MedProcLib.core.errors import Cancelled, InputError
from MedProcLib.core.geometry import Geometry
from MedProcLib.core.progress import Progress
from MedProcLib.core.recipe import Recipe
from MedProcLib.quantification.figures import FIGURES
from MedProcLib.quantification.measure import Measure, measure


def labels_of(array: np.ndarray, spacing=(1.0, 1.0, 1.0)) -> sitk.Image:
    labels = sitk.GetImageFromArray(array)
    labels.SetSpacing(spacing)
    return labels


def test_ellipsoid_does_not_depend_on_orientation(ellipsoid, flat, direction):
    radii, spacing = (12, 8, 15), (0.8, 0.8, 1.5)
    labels, center = ellipsoid(radii, spacing, direction)
    row = measure(flat(labels), labels)[0]
    volume = 4 / 3 * np.pi * np.prod(radii)
    assert row.value("voxel_volume") == pytest.approx(volume, rel=0.02)
    assert row.value("mesh_volume") == pytest.approx(volume, rel=0.03)
    assert row.value("long_diameter") == pytest.approx(24, abs=0.8)
    assert row.value("short_diameter") == pytest.approx(16, abs=0.8)
    centroid = [row.value(f"centroid_{axis}") for axis in "lps"]
    np.testing.assert_allclose(centroid, center, atol=0.01)
    ends = np.array([*row.long_axis, *row.short_axis])
    assert np.linalg.norm(ends[1] - ends[0]) == pytest.approx(row.value("long_diameter"))
    assert np.linalg.norm(ends[3] - ends[2]) == pytest.approx(row.value("short_diameter"))
    indices = Geometry.of(labels).indices(ends)
    np.testing.assert_allclose(indices[:, 2], row.slice_index, atol=1e-6)


def test_figures_are_the_same_to_rounding_in_every_direction(ellipsoid, flat, direction):
    straight, turned = (ellipsoid((9, 6, 7), (0.9, 1.1, 2), d)[0] for d in (None, direction))
    for a, b in zip(measure(flat(straight), straight), measure(flat(turned), turned), strict=True):
        for name in ("voxel_volume", "mesh_volume", "surface_area", "long_diameter", "short_diameter"):
            assert a.value(name) == pytest.approx(b.value(name), rel=1e-12)


def test_sums_and_numbers_of_components():
    array = np.zeros((12, 12, 12), np.uint8)
    array[1:3, 1:3, 1:3] = 4
    array[5:9, 5:9, 5:9] = 4
    array[3, 3, 3] = 4  # touches the first by a corner: one component
    labels = labels_of(array, (1, 1, 2))
    whole, large, small = measure(labels, labels)
    assert [row.component for row in (whole, large, small)] == [None, 1, 2]
    assert [row.value("count") for row in (whole, large, small)] == [73, 64, 9]
    for name in ("voxel_volume", "mesh_volume", "surface_area"):
        assert whole.value(name) == pytest.approx(large.value(name) + small.value(name))
    assert whole.long_axis == large.long_axis
    assert [row.name for row in measure(labels, labels, {4: "Lesion"})] == ["Lesion"] * 3
    assert len(Measure(components=False)(labels, labels)) == 1


def test_a_thousand_components_agree_with_regionprops():
    rng = np.random.default_rng(0)
    array = np.zeros((60, 60, 60), np.uint16)
    for z, y, x in np.ndindex(10, 10, 10):
        a, b, c = rng.integers(1, 5, 3)
        array[6 * z : 6 * z + a, 6 * y : 6 * y + b, 6 * x : 6 * x + c] = 1
    values = rng.normal(size=array.shape)
    rows = measure(sitk.GetImageFromArray(values), sitk.GetImageFromArray(array))
    assert len(rows) == 1001
    peers = regionprops(label(array, np.ones((3, 3, 3)))[0], values)
    ours = sorted(
        (*(row.value(f"centroid_{a}") for a in "spl"), row.value("count"), row.value("mean")) for row in rows[1:]
    )
    theirs = sorted((*peer.centroid, float(peer.num_pixels), peer.intensity_mean) for peer in peers)
    np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-9)


def test_intensities():
    array = np.ones((5, 5, 5), np.uint8)
    values = np.arange(125, dtype=np.int16).reshape(5, 5, 5) - 60
    row = measure(sitk.GetImageFromArray(values), labels_of(array))[0]
    assert row.value("mean") == pytest.approx(2)
    assert row.value("sd") == pytest.approx(values.std())
    for name, percent in {"minimum": 0, "p5": 5, "p25": 25, "median": 50, "p75": 75, "p95": 95, "maximum": 100}.items():
        assert row.value(name) == pytest.approx(np.percentile(values, percent))


def test_values_that_are_no_numbers_are_left_out_and_counted():
    values = np.arange(64, dtype=np.float32).reshape(4, 4, 4)
    values[0, 0, :2] = np.nan, np.inf
    row = measure(sitk.GetImageFromArray(values), labels_of(np.ones((4, 4, 4), np.uint8)))[0]
    assert row.value("count") == 64
    assert row.value("mean") == pytest.approx(np.arange(2, 64).mean())
    mean = next(m for m in row.measurements if m.name == "mean")
    assert mean.parameters["voxels_without_number"] == 2


def test_all_nan_gives_empty_figures_and_the_shape_all_the_same():
    values = np.full((4, 4, 4), np.nan)
    row = measure(sitk.GetImageFromArray(values), labels_of(np.ones((4, 4, 4), np.uint8)))[0]
    assert math.isnan(row.value("mean")) and math.isnan(row.value("maximum"))
    assert row.value("voxel_volume") == 64


def test_huge_values():
    values = np.array([1e300, 3e300] * 4).reshape(2, 2, 2)
    row = measure(sitk.GetImageFromArray(values), labels_of(np.ones((2, 2, 2), np.uint8)))[0]
    assert row.value("mean") == pytest.approx(2e300)
    assert row.value("sd") == pytest.approx(1e300)


def test_one_voxel_has_the_figures_that_one_voxel_can_have():
    array = np.zeros((5, 5, 5), np.uint8)
    array[2, 3, 1] = 1
    row = measure(labels_of(array, (0.5, 0.5, 3)), labels_of(array, (0.5, 0.5, 3)))[0]
    assert row.value("voxel_volume") == pytest.approx(0.75)
    assert row.value("long_diameter") == pytest.approx(0.5)
    needs = {figure.name: figure.minimum_voxels for figure in FIGURES}
    for measurement in row.measurements:
        assert math.isnan(measurement.value) == (needs[measurement.name] > 1), measurement.name


def test_label_at_the_border_is_closed_there():
    box, inner = np.ones((3, 4, 5), np.uint8), np.zeros((7, 8, 9), np.uint8)
    inner[2:5, 2:6, 2:7] = 1
    at_border, inside = (measure(labels_of(a), labels_of(a))[0] for a in (box, inner))
    for name in ("mesh_volume", "surface_area", "long_diameter"):
        assert at_border.value(name) == pytest.approx(inside.value(name))


def test_2d_image_has_an_area():
    array = np.zeros((20, 30), np.uint8)
    array[5:10, 3:15] = 2
    labels = sitk.GetImageFromArray(array)
    labels.SetSpacing((0.5, 2))
    row = measure(labels, labels)[0]
    assert row.value("area") == pytest.approx(60)
    assert {m.name for m in row.measurements}.isdisjoint({"voxel_volume", "mesh_volume", "centroid_s"})
    assert len(row.long_axis[0]) == 2


def test_single_slice():
    array = np.ones((1, 6, 8), np.uint8)
    row = measure(labels_of(array, (1, 1, 5)), labels_of(array, (1, 1, 5)))[0]
    assert row.value("voxel_volume") == 240
    assert 150 < row.value("mesh_volume") < 240


@pytest.mark.parametrize("values", [(-3, 7), (1, 2_000_000_000)])
def test_any_label_value(values):
    array = np.zeros((4, 4, 4), np.int64 if max(values) > 2**30 else np.int16)
    array[0, 0, 0], array[3, 3, :2] = values
    rows = Measure(components=False)(sitk.GetImageFromArray(array), sitk.GetImageFromArray(array))
    assert [(row.segment, row.value("count")) for row in rows] == [(values[0], 1), (values[1], 2)]
    assert [row.value("mean") for row in rows] == list(values)


def test_units_and_codes():
    labels = labels_of(np.ones((3, 3, 3), np.uint8))
    row = Measure(intensity_unit="HU")(labels, labels)[0]
    by_name = {m.name: m for m in row.measurements}
    assert by_name["mean"].column == "mean_HU" and by_name["mean"].ucum == "[hnsf'U]"
    assert by_name["mesh_volume"].code.value == "RNU0" and by_name["voxel_volume"].code.value == "YEKZ"
    assert by_name["long_diameter"].code.value == "103339001"


def test_empty_segmentation_says_so():
    labels = labels_of(np.zeros((3, 3, 3), np.uint8))
    with pytest.raises(InputError, match="empty"):
        measure(labels, labels)


def test_labels_of_another_grid_are_refused(ellipsoid, flat):
    labels, _ = ellipsoid((5, 5, 5))
    image = flat(labels)
    image.SetOrigin((0, 0, 1))
    with pytest.raises(InputError, match="geometry"):
        measure(image, labels)


def test_can_be_cancelled():
    cancel = threading.Event()
    seen = []

    def report(fraction, message):
        seen.append(message)
        if "segment 2" in message:
            cancel.set()

    array = np.repeat(np.arange(1, 9, dtype=np.uint8), 8).reshape(4, 4, 4)
    with pytest.raises(Cancelled):
        measure(labels_of(array), labels_of(array), progress=Progress(report, cancel))
    assert not any("segment 3" in message for message in seen)


def test_is_a_step_of_a_recipe():
    labels = labels_of(np.ones((3, 3, 3), np.uint8))
    rows = Recipe.from_dict({"recipe": 1, "steps": [{"operation": "quantification.measure"}]}).run(
        image=labels, labels=labels
    )["table"]
    assert rows[0].value("count") == 27


def test_noise_is_refused_before_each_of_its_voxels_has_a_row():
    values = np.zeros((56, 56, 56), np.uint8)
    values[::2, ::2, ::2] = 1
    labels = sitk.GetImageFromArray(values)
    with pytest.raises(InputError, match="Segment 1 has 21952 components, more than 20000"):
        Measure(diameters=False, intensity=False)(labels, labels)
    assert len(Measure(components=False, diameters=False, intensity=False)(labels, labels)) == 1
