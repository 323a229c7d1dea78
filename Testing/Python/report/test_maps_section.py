"""Change maps in the report: a picture with a legend, figures, and why one is missing."""

import dataclasses
import re

import numpy as np
import SimpleITK as sitk

from MedProcLib.comparison.maps.color_maps import map_colors
from MedProcLib.comparison.maps.difference import DifferenceMap
from MedProcLib.comparison.maps.relative import RelativeChangeMap
from MedProcLib.comparison.result import Change, ChangeMap
from MedProcLib.core.measurement import Measurement
from MedProcLib.quantification.row import Row
from MedProcLib.report.layers import Layers
from MedProcLib.report.maps_section import legend, map_picture, maps_section, strongest
from MedProcLib.report.report import report_html
from MedProcLib.report.view import views


def mapped(comparison, place=(12, 20, 30)):
    """The comparison with a difference of 40 in a cube of 5 voxels at a place (z, y, x), and a map not made."""
    pair = comparison.pairs[0]
    values = np.zeros(tuple(reversed(pair.grid.size)), np.float32)
    values[tuple(slice(p - 2, p + 3) for p in place)] = 40
    image = pair.grid.image_of(values)
    colors = dataclasses.replace(map_colors("difference", image, "HU"), low=-50, high=50, threshold=20)
    row = Row(0, "Region", None, (Measurement("mean_difference", -12.5, "HU"),))
    made = ChangeMap(DifferenceMap(), {"difference": image}, {"difference": colors}, (row,))
    missing = ChangeMap(RelativeChangeMap(), missing="The images have <negative> values.")
    return dataclasses.replace(comparison, pairs=(dataclasses.replace(pair, maps=(made, missing)),))


def test_change_is_in_color_where_it_is(comparison, direction):
    pair = mapped(comparison([Change.NEW], direction=direction)).pairs[0]
    layers, (made, _) = Layers(pair), pair.maps
    image, colors = made.images["difference"], made.colors["difference"]
    point = strongest(image, colors)
    index = pair.grid.indices(point)[0]
    np.testing.assert_allclose(index[::-1], (12, 20, 30), atol=1e-6)
    for view in views(pair.grid):
        picture = np.asarray(map_picture(layers, view, image, colors, point, 200).convert("RGB")).astype(int)
        red = picture[..., 0] - picture[..., 2] > 60
        assert red.any()
        # where the cube is seen in this view
        grid = layers.whole_slice(view, point, 200)
        x, y = grid.indices(pair.grid.points(np.array([(30, 20, 12)])))[0][:2]
        rows, columns = np.nonzero(red)
        assert abs(columns.mean() - x) < 4 and abs(rows.mean() - y) < 4
    nothing = dataclasses.replace(colors, threshold=1000.0)
    picture = np.asarray(map_picture(layers, views(pair.grid)[0], image, nothing, point, 100).convert("RGB")).astype(
        int
    )
    assert np.ptp(picture, axis=2).max() < 12
    np.testing.assert_allclose(strongest(image, nothing), pair.grid.center)


def test_legend_leaves_small_changes_white():
    colors = dataclasses.replace(map_colors("jacobian_determinant"), threshold=0.25)
    fills = re.findall(r'<rect x="[\d.]+" y="0"[^>]+fill="rgb\((\d+),(\d+),(\d+)\)"', legend(colors))
    white = [fill == ("255", "255", "255") for fill in fills]
    middles = np.linspace(0.5, 1.5, len(fills) + 1)[:-1] + 0.5 / len(fills)
    assert white == (np.abs(middles - 1) < 0.25).tolist()
    assert int(fills[0][2]) > int(fills[0][0]) and int(fills[-1][0]) > int(fills[-1][2])  # blue to red
    assert ">0.5<" in legend(colors) and ">1.5<" in legend(colors) and ">0.75<" in legend(colors)


def test_report_shows_maps_and_what_is_missing(comparison):
    made = mapped(comparison([Change.NEW, Change.STABLE]))
    html = report_html(made)
    assert "Change maps" in html and "Difference map" in html and "−12.5" in html and "mean difference (HU)" in html
    assert "Not made: The images have &lt;negative&gt; values." in html
    pair = made.pairs[0]
    assert maps_section(Layers(dataclasses.replace(pair, maps=())), *made.studies[:2]) == ""
    assert sitk.GetArrayViewFromImage(pair.maps[0].images["difference"]).max() == 40
