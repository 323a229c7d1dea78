import numpy as np
import pytest
import SimpleITK as sitk
from scipy import ndimage

from MedProcLib.quantification import clumps
from MedProcLib.quantification.clumps import clumps_of
from MedProcLib.quantification.measure import Measure
from MedProcLib.quantification.region import components_of, joined, segments_of


def scattered(shape, specks, seed=0, dtype=np.uint8) -> np.ndarray:
    """Balls of labels 1 to 5 all over."""
    rng = np.random.default_rng(seed)
    labels = np.zeros(shape, dtype)
    for place in rng.integers(0, shape, (specks, 3)):
        corner = [slice(max(0, p - 1), p + 2) for p in place]
        labels[tuple(corner)] = rng.integers(1, 6)
    return labels


@pytest.mark.parametrize(
    ("shape", "specks"), [((40, 53, 61), 12), ((1, 90, 90), 9), ((7, 5, 6), 3), ((64, 64, 64), 400)]
)
def test_boxes_hold_everything_once_and_what_two_hold_does_not_touch(shape, specks):
    labels = scattered(shape, specks)
    boxes = clumps_of(labels)
    owner = np.zeros(shape, int)
    for number, box in enumerate(boxes, 1):
        assert not owner[box].any()
        owner[box] = number
    assert np.all(owner[labels > 0] > 0)
    numbered, count = ndimage.label(labels > 0, np.ones((3, 3, 3)))
    owners = ndimage.labeled_comprehension(owner, numbered, np.arange(1, count + 1), lambda x: len(set(x)), int, 0)
    assert set(owners.tolist()) == {1}


def test_far_apart_things_have_boxes_of_their_own():
    labels = np.zeros((100, 100, 100), np.uint16)
    labels[2:5, 2:5, 2:5] = labels[90:95, 90:95, 90:95] = 3
    assert len(clumps_of(labels)) == 2
    assert clumps_of(labels * 0) == []
    segment = segments_of(labels)[1][0]
    assert segment.box_voxels == 27 + 125
    whole = joined(segment.regions(labels))
    np.testing.assert_array_equal(whole.mask, labels[whole.box] == 3)
    assert [part.count for part in components_of(segment.regions(labels))] == [125, 27]


def test_figures_do_not_depend_on_the_boxes(monkeypatch):
    array = scattered((40, 60, 50), 30).astype(np.int16)
    array[array == 2] = -7
    labels = sitk.GetImageFromArray(array)
    labels.SetSpacing((1.5, 1, 2))
    image = sitk.GetImageFromArray(np.random.default_rng(0).gamma(2, 1, array.shape))
    image.CopyInformation(labels)
    settings = Measure(slices=True, robust=True, distribution=True, pet=True, intensity_unit="SUV", size=True)
    apart = settings(image, labels)
    monkeypatch.setattr(clumps, "MOST_CLUMPS", 0)
    together = settings(image, labels)
    assert [(row.segment, row.component, row.slice) for row in apart] == [
        (row.segment, row.component, row.slice) for row in together
    ]
    for a, b in zip(apart, together, strict=True):
        np.testing.assert_allclose(
            [m.value for m in a.measurements], [m.value for m in b.measurements], rtol=1e-9, err_msg=str(a.segment)
        )
        assert a.slice_index == b.slice_index
        np.testing.assert_allclose(a.long_axis, b.long_axis)


def test_diameters_of_slices_are_those_of_each_slice_alone():
    array = scattered((30, 40, 40), 25)
    labels = sitk.GetImageFromArray(array)
    for row in Measure(components=False, slices=True)(labels, labels):
        if row.slice is not None:
            alone = np.where(array == row.segment, array, 0)[row.slice : row.slice + 1]
            expected = Measure(components=False)(*[sitk.GetImageFromArray(alone)] * 2)[0]
            assert row.value("long_diameter") == pytest.approx(expected.value("long_diameter"))
