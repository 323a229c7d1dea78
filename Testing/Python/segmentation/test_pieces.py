"""Keeping and removing pieces of label maps, against counted truth and peers."""

import numpy as np
import pytest
import SimpleITK as sitk

from MedProcLib.core.boxes import boxes_of
from MedProcLib.core.errors import InputError
from MedProcLib.core.geometry import Geometry
from MedProcLib.core.progress import SILENT
from MedProcLib.segmentation.cleanup.combine_labels import CombineLabels
from MedProcLib.segmentation.cleanup.keep_at_seeds import KeepAtSeeds
from MedProcLib.segmentation.cleanup.keep_by_shape import KeepByShape, _axes_and_compactness
from MedProcLib.segmentation.cleanup.keep_largest import KeepLargest
from MedProcLib.segmentation.cleanup.merge import Merge, parse_rules
from MedProcLib.segmentation.cleanup.remove_border import RemoveBorder
from MedProcLib.segmentation.common.label_boxes import chosen, numbers_in
from MedProcLib.segmentation.common.pieces import pieces_of

from .phantoms import UNEVEN, array, ball, label_map


def islands(kind=np.uint8):
    """Segment 2: pieces of 12, 6 and 1 voxels; segment 7: 9 (touching the 12) and 2."""
    values = np.zeros((3, 12, 12), kind)
    values[1, 1:4, 1:5] = 2
    values[1, 6:8, 1:4] = 2
    values[1, 10, 10] = 2
    values[1, 1:4, 5:8] = 7
    values[1, 6, 8:10] = 7
    return values


def sizes(values):
    return {int(v): int(n) for v, n in zip(*np.unique(values[values != 0], return_counts=True), strict=True)}


@pytest.mark.parametrize("kind", [np.uint8, np.int16, np.uint32, np.int64])
@pytest.mark.parametrize(
    "settings, left",
    [
        ({}, {2: 12, 7: 9}),
        ({"pieces": 2}, {2: 18, 7: 11}),
        ({"count": "of all together"}, {2: 12, 7: 9}),
        ({"segments": "2"}, {2: 12, 7: 11}),
        ({"segments": "7", "count": "of all together"}, {2: 19, 7: 9}),
    ],
)
def test_largest_pieces(settings, left, kind):
    result = array(KeepLargest(**settings)(label_map(islands(kind))))
    assert result.dtype == kind and sizes(result) == left


def test_touching_segments_count_as_one_only_together():
    values = np.zeros((1, 4, 12), np.uint8)
    values[0, 1, 0:3], values[0, 1, 3:6], values[0, 3, 7:11] = 1, 2, 1
    assert sizes(array(KeepLargest()(label_map(values)))) == {1: 4, 2: 3}
    assert sizes(array(KeepLargest(count="of all together")(label_map(values)))) == {1: 3, 2: 3}


def seeds_at(*places, values=None):
    seeds = np.zeros((3, 12, 12), np.uint8)
    for number, place in enumerate(places):
        seeds[place] = values[number] if values else 1
    return label_map(seeds)


def test_pieces_at_seeds():
    labels = label_map(islands())
    assert sizes(array(KeepAtSeeds()(labels, seeds_at((1, 7, 2))))) == {2: 6}
    assert sizes(array(KeepAtSeeds("remove")(labels, seeds_at((1, 7, 2), (1, 2, 6))))) == {2: 13, 7: 2}
    assert sizes(array(KeepAtSeeds(segments="2")(labels, seeds_at((1, 7, 2))))) == {2: 6, 7: 11}
    # beside the pieces: the nearest within reach, which a seed of another number does not take
    assert sizes(array(KeepAtSeeds()(labels, seeds_at((1, 8, 2))))) == {2: 6}
    with pytest.raises(InputError, match="reach"):
        KeepAtSeeds(reach_mm=0)(labels, seeds_at((1, 8, 2)))
    matched = KeepAtSeeds(same_number=True, reach_mm=9)(labels, seeds_at((1, 6, 2), values=[7]))
    assert sizes(array(matched)) == {7: 9} or sizes(array(matched)) == {7: 2}
    with pytest.raises(InputError, match="geometry"):
        KeepAtSeeds()(label_map(np.ones((3, 3, 3), np.uint8)), seeds_at((1, 8, 2)))


def test_pieces_at_the_border_are_those_of_scikit_image():
    clear_border = pytest.importorskip("skimage.segmentation").clear_border
    measure = pytest.importorskip("skimage.measure")
    blobs = np.random.default_rng(2).random((14, 20, 22)) > 0.75
    pieces = measure.label(blobs, connectivity=1)
    expected = clear_border(pieces) > 0
    np.testing.assert_array_equal(array(RemoveBorder()(label_map(blobs.astype(np.uint8)))) > 0, expected)


def test_borders_by_side_and_of_a_mask():
    values = np.zeros((5, 12, 12), np.uint8)
    values[0, 5, 5] = values[2, 0, 5] = values[2, 5, 5] = values[2, 5, 8:10] = 1
    labels = label_map(values)
    assert sizes(array(RemoveBorder()(labels))) == {1: 3}
    assert sizes(array(RemoveBorder("in the slices")(labels))) == {1: 4}
    assert sizes(array(RemoveBorder("first and last slice")(labels))) == {1: 4}
    mask = np.zeros_like(values)
    mask[:, :, :9] = 1
    assert sizes(array(RemoveBorder()(labels, label_map(mask)))) == {1: 1}
    # a single slice has no border across
    assert sizes(array(RemoveBorder()(label_map(values[2:3])))) == {1: 3}


@pytest.mark.parametrize("kind", [np.uint8, np.int16, np.int64])
def test_boxes_whatever_the_values(kind):
    values = np.zeros((4, 5, 6), kind)
    values[1, 2, 3] = 100
    values[1:3, 0, 5] = np.iinfo(kind).max
    if kind != np.uint8:
        values[3, 4, 0] = -5
    found = boxes_of(values)
    assert found[100] == (slice(1, 2), slice(2, 3), slice(3, 4))
    assert found[np.iinfo(kind).max] == (slice(1, 3), slice(0, 1), slice(5, 6))
    assert list(found) == sorted(found) and (kind == np.uint8 or found[-5] == (slice(3, 4), slice(4, 5), slice(0, 1)))


def test_segments_as_text():
    assert numbers_in(" 1, 4-6 ") == [(1, 1), (4, 6)]
    boxes = {1: (), 2: (), 5: ()}
    assert list(chosen(boxes, "4-9, 1")) == [1, 5] and chosen(boxes, " ") == boxes
    for text in ("a", "1;2", "-3"):
        with pytest.raises(InputError, match="not a segment"):
            numbers_in(text)
    with pytest.raises(InputError, match="there are: 1, 2, 5"):
        chosen(boxes, "7")


def test_renumbering_applies_all_rules_at_once():
    labels = label_map(islands(np.int16))
    assert sizes(array(Merge("2 -> 7; 7 -> 2")(labels))) == {7: 19, 2: 11}
    assert sizes(array(Merge("2, 7 -> 1")(labels))) == {1: 30}
    assert sizes(array(Merge("7 -> 0; * -> 300")(label_map(islands())))) == {300: 19}
    assert parse_rules("2, 4-5 -> 1; * -> 0") == [([(2, 2), (4, 5)], 1), (None, 0)]
    for text in ("2 = 1", "2 -> 70000", "-> 1"):
        with pytest.raises(InputError):
            Merge(text)(labels)


def test_set_operations():
    labels = label_map(islands())
    half = np.zeros((3, 12, 12), np.uint8)
    half[:, :3] = 1
    mask = label_map(half)
    run = lambda *a, m=None, **k: sizes(array(CombineLabels(*a, **k)(labels, m)))  # noqa: E731
    assert run("add", "2", "7", 5) == {5: 30}
    assert run("subtract", "2", "", 2, m=mask) == {2: 11, 7: 11}
    assert run("intersect", "2", "", 9, m=mask) == {9: 8, 7: 11}
    assert run("copy", "2", "", 3) == {3: 19, 7: 11}
    assert run("remove", "2") == {7: 11}
    assert run("invert", "2", "", 4) == {4: 3 * 144 - 19 - 11, 7: 11}
    assert run("invert", "2", "", 4, m=mask) == {4: 3 * 36 - 8 - 6, 7: 11}
    assert run("invert", "2", "", 4, over_others=True) == {4: 3 * 144 - 19}
    assert run("add", "2", "", 2, m=mask) == {2: 3 * 36 - 6 + 11, 7: 11}
    with pytest.raises(InputError, match="mask"):
        CombineLabels("subtract", "2")(labels)


def shapes():
    """1: a ball of 8 mm radius; 2: a rod 40 mm long and 6 mm thick; 3: a plate 24 x 24 x 6 mm; 4: a voxel."""
    shape = (40, 80, 100)
    z, y, x = (a * s for a, s in zip(np.ogrid[:40, :80, :100], reversed(UNEVEN), strict=True))
    values = ball(shape, UNEVEN, (12, 20, 40), 8).astype(np.uint8)
    values[(np.hypot(y - 60, z - 20) < 3) & (abs(x - 40) <= 20)] = 2
    values[(abs(x - 60) < 12) & (abs(y - 20) < 12) & (abs(z - 60) < 2.1)] = 3
    values[2, 70, 90] = 4
    return label_map(values, UNEVEN)


@pytest.mark.parametrize(
    "limits, kept",
    [
        ({"minimum_axis_ratio": 0.0}, [1, 2, 3, 4]),
        ({"minimum_axis_ratio": 0.9}, [1]),
        ({"minimum_axis_ratio": 0.35}, [1, 4]),
        ({"minimum_axis_ratio": 0.0, "minimum_compactness": 0.6}, [1, 4]),
        ({"minimum_axis_ratio": 0.0, "minimum_thickness_mm": 4.5}, [1, 2, 3]),
        ({"minimum_axis_ratio": 0.0, "minimum_thickness_mm": 15}, [1]),
        ({"minimum_axis_ratio": 0.0, "maximum_length_mm": 30}, [1, 3, 4]),
        ({"minimum_axis_ratio": 0.9, "segments": "2-3"}, [1, 4]),
    ],
)
def test_pieces_by_shape(limits, kept):
    assert sorted(sizes(array(KeepByShape(**limits)(shapes())))) == kept


def test_principal_axes_are_those_of_simple_itk():
    labels = sitk.Cast(shapes(), sitk.sitkUInt8)
    peer = sitk.LabelShapeStatisticsImageFilter()
    peer.Execute(labels)
    pieces = pieces_of(labels, "corner")
    axes, _ = _axes_and_compactness(pieces, Geometry.of(labels), SILENT)
    voxel = (np.array(UNEVEN) ** 2 / 12).max()
    for number in (1, 2, 3):
        moments = np.array(peer.GetPrincipalMoments(number))
        ours = (axes[np.flatnonzero(pieces.segments == number)[0]] / 4) ** 2
        np.testing.assert_allclose(ours, moments, atol=1.01 * voxel)


def test_ten_thousand_single_voxels_of_one_and_of_many_segments():
    values = np.zeros((40, 100, 100), np.uint16)
    values[::2, ::5, ::4] = np.arange(1, 20 * 20 * 25 + 1).reshape(20, 20, 25)
    assert np.count_nonzero(array(KeepLargest()(label_map(values)))) == 10000
    assert np.count_nonzero(array(KeepLargest(pieces=3)(label_map((values > 0).astype(np.uint8))))) == 3
