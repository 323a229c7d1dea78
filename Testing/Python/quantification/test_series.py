import math

import numpy as np
import pytest
import SimpleITK as sitk

from MedProcLib.core.errors import InputError
from MedProcLib.quantification.measure import Measure
from MedProcLib.quantification.series import measure_series
from MedProcLib.quantification.table import long_table, wide_table


@pytest.fixture
def series(ellipsoid, direction):
    """Three images whose values are 10, 20 and NaN inside one ellipsoid, and its label map."""
    labels, _ = ellipsoid((4, 5, 6), (1, 1.5, 2), direction)
    images = []
    for value in (10.0, 20.0, math.nan):
        images.append(sitk.Image(labels.GetSize(), sitk.sitkFloat64) + value)
        images[-1].CopyInformation(labels)
    return images, labels


WHOLE = Measure(components=False)


def test_a_4d_image_is_its_images(series):
    images, labels = series
    from_list = measure_series(images, labels, {1: "Tumor"}, WHOLE, times_s=(0, 30, 60))
    joined = sitk.JoinSeries(images)
    from_4d = measure_series(joined, sitk.JoinSeries([labels] * 3), {1: "Tumor"}, WHOLE, times_s=(0, 30, 60))
    assert [(row.time_point, row.time_s, row.name) for row in from_4d] == [(i, 30.0 * i, "Tumor") for i in range(3)]
    np.testing.assert_equal([row.value("mean") for row in from_list], [10, 20, math.nan])
    np.testing.assert_equal([row.value("mean") for row in from_4d], [10, 20, math.nan])
    for a, b in zip(from_list, from_4d, strict=True):
        np.testing.assert_allclose(a.long_axis, b.long_axis, atol=1e-9)


def test_tables_have_columns_of_time(series):
    rows = measure_series(*series, settings=WHOLE, times_s=(0, 1, 2))
    columns, lines = wide_table(rows)
    assert columns[:6] == ["segment", "name", "component", "time_point", "time_s", "count_voxels"]
    assert lines[1][3:5] == [1, 1.0]
    assert "time_s" not in wide_table(measure_series(*series, settings=WHOLE))[0]
    assert long_table(rows)[0][3:6] == ["time_point", "time_s", "figure"]


def test_a_label_map_of_each_image(series):
    images, labels = series
    empty = labels * 0
    rows = measure_series(images, [labels, empty, labels], settings=WHOLE)
    assert [row.time_point for row in rows] == [0, 2]
    with pytest.raises(InputError, match="in any image"):
        measure_series(images, [empty] * 3)


def test_numbers_that_do_not_fit_are_refused(series):
    images, labels = series
    with pytest.raises(InputError, match="2 label maps for 3 images"):
        measure_series(images, [labels, labels])
    with pytest.raises(InputError, match="1 times for 3 images"):
        measure_series(images, labels, times_s=[1])
    with pytest.raises(InputError, match="no image"):
        measure_series([], labels)
