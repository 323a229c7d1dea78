import numpy as np
import pytest

from MedProcLib.comparison.maps.color_maps import COOL_WARM, FIXED, map_colors
from MedProcLib.core.errors import InputError

from .phantoms import depth, grid_at, noisy

GRID = grid_at()


@pytest.mark.parametrize("name", [*FIXED, "change_of_grey_matter"])
def test_ranges_surround_their_center_and_colors_are_neutral_there(name):
    look = map_colors(name)
    assert look.low < look.center < look.high and 0 < look.threshold < look.high - look.center
    low, middle, high = look.colors(np.array([look.low - 1, look.center, look.high + 1])).tolist()
    assert low == [59, 76, 192] and middle == [221, 221, 221] and high == [180, 4, 38]
    assert look.is_shown([look.center, look.center - look.threshold, look.high]).tolist() == [False, True, True]


def test_the_colors_are_those_of_morelands_interpolation():
    """Computed anew in his polar form of CIELAB, where the white point's hue turns away from the unsaturated middle."""
    ends = [_msh(np.array(color)) for color in (COOL_WARM[0][1], COOL_WARM[-1][1])]
    middle = np.array([88.0, 0, 0])
    for share, rgb in COOL_WARM:
        one = ends[0] if share < 0.5 else ends[1]
        part = abs(share - 0.5) * 2
        gray = np.array([88.0, 0, _turned(one, 88.0)])
        found = _rgb(part * one + (1 - part) * (gray if part else middle))
        np.testing.assert_allclose(found, rgb, atol=2)


def _turned(color, m):
    magnitude, saturation, hue = color
    if magnitude >= m:
        return hue
    spin = saturation * np.sqrt(m**2 - magnitude**2) / (magnitude * np.sin(saturation))
    return hue + spin if hue > -np.pi / 3 else hue - spin


TO_XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
WHITE = TO_XYZ.sum(axis=1)


def _msh(rgb):
    c = rgb / 255
    xyz = TO_XYZ @ np.where(c > 0.04045, ((c + 0.055) / 1.055) ** 2.4, c / 12.92)
    x, y, z = np.where(xyz / WHITE > 0.008856, np.cbrt(xyz / WHITE), 7.787 * xyz / WHITE + 16 / 116)
    lab = np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])
    m = np.linalg.norm(lab)
    return np.array([m, np.arccos(lab[0] / m), np.arctan2(lab[2], lab[1])])


def _rgb(msh):
    m, s, h = msh
    lightness, a, b = m * np.cos(s), m * np.sin(s) * np.cos(h), m * np.sin(s) * np.sin(h)
    y = (lightness + 16) / 116
    f = np.array([y + a / 500, y, y - b / 200])
    xyz = WHITE * np.where(f > 0.2069, f**3, (f - 16 / 116) / 7.787)
    c = np.linalg.inv(TO_XYZ) @ xyz
    return 255 * np.clip(np.where(c > 0.0031308, 1.055 * np.abs(c) ** (1 / 2.4) - 0.055, 12.92 * c), 0, 1)


def test_a_difference_has_the_range_of_its_own_values():
    change = np.where(depth(GRID, 8) > 0, 60.0, 0)
    look = map_colors("difference", noisy(GRID, change, 4, 0), "HU")
    assert (look.unit, look.low, look.center) == ("HU", -look.high, 0)
    assert look.high == pytest.approx(62, abs=5) and look.threshold == pytest.approx(8, rel=0.15)
    nothing = map_colors("difference", GRID.image_of(np.zeros(change.shape)), "HU")
    assert nothing.high == 1
    assert look.colors(np.array([np.nan])).tolist() == [[221, 221, 221]]


def test_an_unknown_map_is_refused_with_the_known_names():
    with pytest.raises(InputError, match="log_jacobian"):
        map_colors("temperature")
    with pytest.raises(InputError, match="image"):
        map_colors("difference")
