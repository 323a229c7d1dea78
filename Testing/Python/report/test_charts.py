"""Charts: values are where the axes say, and odd numbers do no harm."""

import itertools
import re

import pytest

from MedProcLib.report.charts import Bar, Curve, Phase, bars_chart, curves_chart, lanes_chart
from MedProcLib.report.plot import LEFT, RIGHT, WIDTH, Plot, round_values

TIMES = [(0.0, "2020-01-01"), (100.0, "2020-04-10"), (400.0, "2021-02-04")]


def axis(svg: str) -> dict[float, float]:
    """Value: height of its line in pixels."""
    lines = re.findall(r'y="([\d.]+)" text-anchor="end" class="axis">([−\d.e+]+)<', svg)
    return {float(value.replace("−", "-")): float(y) - 4 for y, value in lines}


def dots(svg: str) -> list[tuple[float, float]]:
    return [(float(x), float(y)) for x, y in re.findall(r'<circle cx="([-\d.]+)" cy="([-\d.]+)"', svg)]


def test_points_lie_where_the_axes_say():
    svg = curves_chart(
        [Curve("A", "#000", [(t, v, None, None) for (t, _), v in zip(TIMES, (0, 50, 100), strict=False)])],
        TIMES,
        "ml",
        "",
    )
    rows, places = axis(svg), dots(svg)
    assert [y for _, y in places] == pytest.approx([rows[0], (rows[0] + rows[100]) / 2, rows[100]], abs=0.2)
    width = WIDTH - LEFT - RIGHT
    assert [x for x, _ in places] == pytest.approx([LEFT, LEFT + width / 4, LEFT + width], abs=0.2)


def test_the_square_root_scale_says_so_on_its_axis():
    svg = curves_chart([Curve("A", "#000", [(0, 25, None, None), (400, 100, None, None)])], TIMES, "ml", "", root=True)
    rows = axis(svg)
    low, high = rows[0], rows[100]
    assert dots(svg)[0][1] == pytest.approx((low + high) / 2, abs=0.2)


def test_intervals_are_drawn_and_what_is_too_high_is_cut_off():
    svg = curves_chart([Curve("A", "#123456", [(0, 50, 20, 80), (400, 9000, 5000, 1e5)])], TIMES, "%", "", most=300)
    rows = axis(svg)
    assert max(rows) == 300 and dots(svg)[1][1] == pytest.approx(rows[300], abs=0.2)
    (interval, _) = re.findall(r'y1="([\d.]+)" x2="[\d.]+" y2="([\d.]+)" stroke="#123456"', svg)
    scale = (rows[0] - rows[300]) / 300
    assert [float(v) for v in interval] == pytest.approx([rows[0] - 20 * scale, rows[0] - 80 * scale], abs=0.2)


def test_no_change_has_a_line_of_its_own():
    svg = curves_chart([Curve("A", "#123456", [(0, 0, None, None), (400, -60, None, None)])], TIMES, "%", "")
    (level,) = re.findall(rf'<line x1="{LEFT}.0" y1="([\d.]+)" x2="{WIDTH - RIGHT}.0" [^>]*stroke="#5b6675"', svg)
    assert float(level) == pytest.approx(axis(svg)[0], abs=0.2)


def test_a_bar_of_no_change_is_seen_on_its_line():
    svg = bars_chart([Bar("F001", 50, "#111111"), Bar("F002", 0.0, "#222222"), Bar("F003", -0.2, "#333333")], "%", "")
    level = axis(svg)[0]
    bars = re.findall(r'<rect x="[\d.]+" y="([\d.]+)" width="[\d.]+" height="([\d.]+)" fill="#[23]', svg)
    for top, tall in bars:
        assert float(tall) >= 4 and float(top) + 1.5 < level < float(top) + float(tall) - 1.5
    assert len(bars) == 2


def test_values_stand_above_their_points_and_below_in_a_dip():
    points = [(0, 80, 70, 90), (100, 30, 20, 40), (400, 60, 50, 70)]
    svg = curves_chart([Curve("", "#000", points)], TIMES, "ml", "", values=True)
    heights = [float(y) for y in re.findall(r'y="([\d.]+)" text-anchor="\w+" class="value"', svg)]
    at = dots(svg)
    assert heights[0] < at[0][1] and heights[1] > at[1][1] + 10 and heights[2] < at[2][1]
    many = [(float(n), 5 + n, None, None) for n in range(25)]
    svg = curves_chart([Curve("", "#000", many)], [(0.0, "a"), (24.0, "b")], "ml", "", values=True)
    across = [float(x) for x in re.findall(r'x="([\d.]+)" y="[\d.]+" text-anchor="\w+" class="value"', svg)]
    assert 10 < len(across) < 25 and min(b - a for a, b in itertools.pairwise(across)) >= 34 and ">29<" in svg


def test_labels_do_not_cover_each_other():
    curves = [Curve(f"F{n:03d}", "#000", [(0, 5, None, None), (400, 5 + n / 100, None, None)]) for n in range(12)]
    svg = curves_chart(curves, TIMES, "ml", "")
    places = sorted(float(y) for y in re.findall(r'y="([\d.]+)" class="axis">F\d+', svg))
    assert len(places) == 12 and min(b - a for a, b in itertools.pairwise(places)) >= 12.9
    many = [(float(n), f"2020-01-{n + 1:02d}") for n in range(20)]
    shown = re.findall(r'x="([\d.]+)" y="\d+" text-anchor="middle" class="axis">2020', curves_chart([], many, "ml", ""))
    assert len(shown) > 3 and min(float(b) - float(a) for a, b in itertools.pairwise(shown)) >= 72


def test_bars_start_at_zero_and_are_as_long_as_their_value():
    svg = bars_chart([Bar("a", 100, "#111"), Bar("b", -50, "#222", -60, -40), Bar("c", 900, "#333")], "%", "")
    rows = axis(svg)
    bars = [
        (float(y), float(h))
        for y, h in re.findall(r'<rect x="[\d.]+" y="([\d.]+)" width="[\d.]+" height="([\d.]+)"', svg)
    ]
    unit = (rows[-100] - rows[100]) / 200
    assert bars[0][1] == pytest.approx(100 * unit, abs=0.2) and bars[0][0] + bars[0][1] == pytest.approx(
        rows[0], abs=0.2
    )
    assert bars[1] == pytest.approx((rows[0], 50 * unit), abs=0.2)
    assert bars[2][1] == pytest.approx(200 * unit, abs=0.2) and ">+900<" in svg
    # of many bars the values of those that are cut off stand upright in them
    many = bars_chart([Bar(f"F{n:03d}", 251 + n, "#333") for n in range(25)], "%", "")
    upright = [float(x) for x in re.findall(r'rotate\(-90 ([\d.]+) \d+\)" text-anchor="end" class="lane">\+2', many)]
    assert "rotate(-90" not in svg and len(upright) == 25
    assert min(b - a for a, b in itertools.pairwise(upright)) > 12


def test_phases_follow_each_other_and_the_last_one_is_seen():
    phases = [Phase(0, 100, "SD", "#aaa"), Phase(100, 400, "PR", "#bbb"), Phase(400, 400, "PD", "#ccc")]
    boxes = re.findall(r'<rect x="([\d.]+)" y="\d+" width="([\d.]+)"', lanes_chart([("RECIST", phases)], TIMES, ""))
    ends = [(float(x), float(x) + float(w)) for x, w in boxes]
    assert all(a[1] == pytest.approx(b[0], abs=0.2) for a, b in itertools.pairwise(ends))
    assert ends[-1][1] - ends[-1][0] > 30 and ends[-1][1] <= WIDTH


@pytest.mark.parametrize("values", [(0, 0), (1e-9, 2e-9), (1e12, 3e12), (5, 5), (-100, 300)])
def test_odd_values_give_usable_axes(values):
    ticks = round_values(min(values), max(values))
    assert ticks[0] <= min(values) and ticks[-1] >= max(values) and 2 <= len(ticks) <= 9
    svg = curves_chart([Curve("", "#000", [(0, v, None, None) for v in values])], [(0.0, "now")], "ml", "")
    assert "nan" not in svg and "inf" not in svg


def test_a_plot_of_one_time_and_one_value_has_a_place_for_it():
    assert Plot((3, 3), (2, 2)).at(3, 2)[0] == LEFT
