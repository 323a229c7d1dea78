import base64
import io
from dataclasses import replace

import numpy as np
import pytest
import SimpleITK as sitk
from PIL import Image

from MedProcLib.comparison.result import Change
from MedProcLib.report.colors import GAINED, LOOKS, LOST, SAME, difference_colors
from MedProcLib.report.layers import Layers
from MedProcLib.report.overview import DARKEST, MIDDLE, overview_pictures
from MedProcLib.report.picture import annotate, compact, data_uri, gray, outline, window_of


def test_window_maps_to_black_and_white():
    rgb = gray(np.array([[-5.0, 0, 50, 100, 900, np.nan]]), (0, 100))
    assert rgb[0, :, 0].tolist() == [0, 0, 128, 255, 255, 0]


@pytest.mark.parametrize(
    "values", [np.zeros((4, 4)), np.full((4, 4), np.nan), np.full((4, 4), 7), np.array([0.0, 1e300]), np.zeros((0, 4))]
)
def test_window_of_odd_images_is_usable(values):
    low, high = window_of(values.astype(float))
    assert np.isfinite([low, high]).all() and low < high
    assert gray(np.atleast_2d(values.astype(float)), (low, high)).dtype == np.uint8


def test_outline_leaves_the_inside_and_colors_its_border():
    rgb = np.full((40, 40, 3), 90, np.uint8)
    inside = np.zeros((40, 40))
    inside[15:25, 12:28] = 1
    outline(rgb, inside, (255, 0, 0), width=2)
    assert (rgb[15:25, 12:28] == 90).all()
    assert rgb[20, 11].tolist() == [255, 0, 0] and rgb[14, 20].tolist() == [255, 0, 0]
    assert (rgb[:8] == 90).all() and (rgb[:, 34:] == 90).all()


def test_difference_is_blue_where_darker_and_orange_where_brighter():
    lost, same, gained, none = difference_colors(np.array([-2.0, 0.0, 1.0, np.nan]))
    assert lost.tolist() == list(LOST) and same.tolist() == list(SAME) and gained.tolist() == list(GAINED)
    assert none.tolist() == list(SAME)


def test_every_class_has_its_own_color_and_sign():
    assert set(LOOKS) == set(Change)
    assert len({look.rgb for look in LOOKS.values()}) == len({look.sign for look in LOOKS.values()}) == len(Change)


@pytest.mark.parametrize(
    "simulated",
    [
        # Vienot, Brettel, Mollon 1999: protanopia and deuteranopia on linear RGB
        np.array([[0.11238, 0.88762, 0], [0.11238, 0.88762, 0], [0.00401, -0.00401, 1]]),
        np.array([[0.29275, 0.70725, 0], [0.29275, 0.70725, 0], [-0.02234, 0.02234, 1]]),
    ],
)
def test_gain_and_loss_differ_for_colorblind_readers(simulated):
    def seen(change):
        linear = (np.array(LOOKS[change].rgb) / 255) ** 2.2
        return 255 * np.clip(simulated @ linear, 0, 1) ** (1 / 2.2)

    for gain in (Change.NEW, Change.GROWN):
        for loss in (Change.SHRUNK, Change.GONE, Change.STABLE):
            assert np.linalg.norm(seen(gain) - seen(loss)) > 60


def test_scale_bar_is_as_long_as_it_says():
    picture = np.asarray(annotate(np.full((200, 400, 3), 60, np.uint8), pixel_mm=0.25))
    row = picture[200 - 9, :, 0] == 255
    assert row.sum() * 0.25 == pytest.approx(20, abs=0.6)  # 2 cm fit 30 % of 100 mm; 5 cm do not


def test_png_round_trip():
    image = Image.fromarray(gray(np.linspace(0, 1, 400).reshape(20, 20), (0, 1)))
    for picture, off in ((image, 0), (compact(image), 4)):
        head, _, content = data_uri(picture).partition(",")
        assert head == "data:image/png;base64"
        read = np.asarray(Image.open(io.BytesIO(base64.b64decode(content))).convert("RGB")).astype(int)
        assert np.abs(read - np.asarray(image)).max() <= off


def test_tissue_is_seen_at_a_glance_beside_fluid_that_is_much_brighter(comparison):
    pair = comparison(changes=(Change.STABLE,)).pairs[0]
    values = sitk.GetArrayFromImage(pair.moving_image)
    values[20:28, 20:28, 20:28] = 1500
    pair = replace(pair, moving_image=pair.grid.image_of(values))
    for _, picture in overview_pictures(Layers(pair)):
        middle = np.asarray(picture)[120:300, 120:300, 0]
        assert np.median(middle) == pytest.approx(MIDDLE + DARKEST, rel=0.2)
