"""Charts of measurements as plot nodes: what they show, and that one replaces the other."""

import math
from dataclasses import replace

import numpy as np
import pytest
import slicer
from samples import turned_grid

from MedProcLib.core.errors import InputError
from MedProcLib.scene.measurement_charts import (
    add_chart,
    bars,
    boxes,
    curves,
    histogram,
    profile,
    scatter,
    segment_values,
    volume_histogram,
)
from MedProcLib.scene.measurement_input import measurement_input
from MedProcLib.scene.plots import show_chart
from MedProcLib.scene.segmentations import SegmentInfo, segmentation_from_labels
from MedProcLib.scene.tables import rows_of_table
from MedProcLib.scene.volumes import volume_from_image

GRID = turned_grid((10, 10, 10), (1.0, 1.0, 1.0))


@pytest.fixture
def colored(scene):
    """Segments of 100 voxels in two colors: 'Ramp' holds 0 to 99, 'Flat' 50 and a NaN."""
    array = np.zeros((10, 10, 10), np.float32)
    array[1], array[2] = np.arange(100).reshape(10, 10), 50
    array[2, 0, 0] = np.nan
    labels = np.zeros((10, 10, 10), np.uint8)
    labels[1], labels[2] = 1, 2
    volume = volume_from_image(GRID.image_of(array), "V")

    def of(first, second):
        names = {1: SegmentInfo("Ramp", first), 2: SegmentInfo("Flat", second)}
        return segment_values(measurement_input(segmentation_from_labels(GRID.image_of(labels), names, "S"), volume))

    return of


@pytest.fixture
def values(colored):
    return colored((1, 0, 0), (0, 0, 1))


def test_values_are_those_of_the_segments(values):
    assert [(one.name, one.values.size) for one in values] == [("Ramp", 100), ("Flat", 99)]
    np.testing.assert_array_equal(np.sort(values[0].values), np.arange(100))


def test_segments_of_one_color_are_told_apart(values, colored):
    def drawn(one):
        chart = add_chart(boxes(one, ""))
        return [chart.GetNthPlotSeriesNode(number).GetColor() for number in range(2)]

    one, other = drawn(colored((0, 1, 0), (0, 1, 0)))
    assert math.dist(one, other) > 0.3
    assert drawn(values) == [(1, 0, 0), (0, 0, 1)]


def test_histograms(values):
    chart = histogram(values, "HU")
    assert sum(chart.series[0].y) == pytest.approx(100) and max(chart.series[1].y) == 100
    assert np.ptp(chart.series[0].y) < 1e-9  # of whole numbers each bin holds as many: no comb
    far = [values[0], replace(values[1], values=np.r_[values[1].values, [50] * 2000, 9000])]
    assert max(histogram(far, "HU").series[1].x) < 100 and "0.1 %" in histogram(far, "HU").x_title
    volume = volume_histogram(values, "HU")
    x, y = np.array(volume.series[0].x), np.array(volume.series[0].y)
    assert y[0] == 100 and np.interp(49.5, x, y) == pytest.approx(50, abs=1)
    assert (max(volume.series[1].x), min(volume.series[1].x)) == (50, 50)
    assert set(np.round(volume.series[1].y, 6)) == {0.0, 100.0}


def test_boxes_reach_the_percentiles(values):
    ramp = boxes(values, "").series[0]
    assert min(ramp.y) == pytest.approx(np.percentile(np.arange(100), 5))
    assert max(ramp.y) == pytest.approx(np.percentile(np.arange(100), 95))
    assert (min(ramp.x), max(ramp.x)) == (0.7, 1.3)
    chart = add_chart(boxes(values, ""))
    assert not chart.GetXAxisRangeAuto() and chart.GetXAxisRange()[:2] == pytest.approx((0.5, 8.5))


def test_nodes_and_replacement(values, scene):
    first = add_chart(histogram(values, "HU"), None, "S")
    assert first.GetName() == "S: histogram" and first.GetXAxisTitle() == "value [HU]"
    series = first.GetNthPlotSeriesNode(0)
    assert series.GetColor() == pytest.approx((1, 0, 0)) and series.GetMarkerStyle() == 0
    count = scene.GetNumberOfNodes()
    second = add_chart(histogram(values, "HU"), None, "S")
    assert scene.GetNumberOfNodes() == count and second.GetName() == "S: histogram"
    add_chart(boxes(values, "HU"), None, "S")
    assert scene.GetNumberOfNodesByClass("vtkMRMLPlotChartNode") == 2
    other = add_chart(histogram(values[:1], "HU"), None, "T")  # of other segments: the same node, with their name
    assert other is second and other.GetName() == other.GetTitle() == "T: histogram"
    assert other.GetNumberOfPlotSeriesNodes() == 1 and other.GetNthPlotSeriesNode(0).GetName() == series.GetName()
    show_chart(second)
    many = add_chart(histogram([replace(values[0], name=str(number)) for number in range(16)], "HU"), None, "S")
    assert many is second and not many.GetLegendVisibility()  # which would hide the chart
    assert add_chart(histogram(values, "HU"), None, "S").GetLegendVisibility()


def test_bars_and_points_of_a_table(scene):
    chart = add_chart(bars(["A", "B", "C"], [1.0, np.nan, 3.0], "volume", "mm3"))
    series = [chart.GetNthPlotSeriesNode(number) for number in range(chart.GetNumberOfPlotSeriesNodes())]
    points = {one.GetName(): [tuple(row.values())[:2] for row in rows_of_table(one.GetTableNode())] for one in series}
    # Slicer draws bars by their x; both lie around 1.5, each 1 wide, as the second of each, out of sight, is so far
    assert all(one.IsXColumnRequired() for one in series)
    assert points == {"A": [(1.5, 1.0), (-1.0, 0.0)], "C": [(1.5, 3.0), (-1.0, 0.0)]}
    assert chart.GetXAxisRange()[:2] == (0.5, 8.5)
    many = add_chart(bars([str(number) for number in range(16)], range(16), "volume", "mm3"))
    assert many is chart and many.GetXAxisRangeAuto() and many.GetNumberOfPlotSeriesNodes() == 1
    rows = rows_of_table(many.GetNthPlotSeriesNode(0).GetTableNode())
    assert [(row["label"], row["volume"]) for row in rows[:2]] == [("0", 0.0), ("1", 1.0)]
    points = add_chart(scatter(["A", "B"], [1, 2], [3, np.nan], ("long", "mean"), ("mm", "HU")))
    assert (points.GetXAxisTitle(), points.GetYAxisTitle()) == ("long [mm]", "mean [HU]")
    assert points.GetNthPlotSeriesNode(0).GetTableNode().GetNumberOfRows() == 1
    with pytest.raises(InputError, match="no value"):
        bars(["A"], [np.nan], "volume", "mm3")


def test_profile_along_a_line(scene):
    array = np.zeros((10, 10, 10), np.float32)
    array[5, 5, 3:7] = 10
    image = GRID.image_of(array)
    ends = GRID.points(np.array([[0, 5, 5], [9, 5, 5]]))
    chart, width_mm = profile(image, ends, "L", "HU")
    assert max(chart.series[0].y) == 10 and chart.series[0].x[-1] == pytest.approx(9)
    assert width_mm == pytest.approx(4, abs=0.01)  # half height is half-way between the voxels
    with pytest.raises(InputError, match="one point"):
        profile(image, ends[:1], "L", "HU")


def test_curves_are_sorted(scene):
    chart = curves("Over time", {"A": [(2, 20), (1, 10), (3, np.nan)], "B": []}, ("time", "mean"), ("s", "HU"))
    assert [list(one.x) for one in chart.series] == [[1, 2]]
    node = add_chart(chart)
    assert slicer.mrmlScene.IsNodePresent(node) and node.GetXAxisTitle() == "time [s]"
