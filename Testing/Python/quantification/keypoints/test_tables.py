"""The operations: points and descriptors as tables."""

import numpy as np
import pytest
import SimpleITK as sitk

from MedProcLib.core.errors import InputError
from MedProcLib.core.geometry import Geometry
from MedProcLib.quantification.classification.findings import findings_of
from MedProcLib.quantification.classification.table import table_of
from MedProcLib.quantification.keypoints.hu_moments import hu_moments
from MedProcLib.quantification.keypoints.key_point_table import KeyPointTable
from MedProcLib.quantification.keypoints.plane_descriptors import PlaneDescriptors
from MedProcLib.quantification.table_text import measurements_csv

GRID = Geometry((40, 36, 10), (1.0, 1.0, 3.0), (5.0, 6.0, 7.0), (0.0, 1.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 1.0))
OFFSETS = np.array([[6.0, 0.0, 2.0], [-7.0, -2.0, -3.0]])


def test_key_points_as_rows(blobs):
    centers = GRID.center + OFFSETS
    image = blobs(GRID, [(centers[0], 4, 2.0), (centers[1], 4, -1.0)])
    rows = KeyPointTable(most=2)(image)
    assert [row.name for row in rows] == ["Key point 1", "Key point 2"]
    for row, center, sign in zip(rows, centers, (1, -1), strict=True):
        place = [row.value(f"centroid_{axis}") for axis in "lps"]
        assert np.linalg.norm(place - center) < 1 and np.sign(row.value("strength")) == sign
        assert 1.5 < row.value("scale") < 5


@pytest.mark.parametrize("detector", ["harris", "shi_tomasi"])
def test_corners_as_rows(detector):
    box = np.zeros((10, 36, 40))
    box[3:7, 8:28, 10:30] = 1
    rows = KeyPointTable(detector=detector, least_contrast=0.3)(GRID.image_of(box))
    assert len(rows) >= 4 and rows[0].value("strength") == 1
    with pytest.raises(InputError, match="No key point"):
        KeyPointTable()(sitk.GetImageFromArray(np.add.outer(np.zeros(40), np.arange(40.0))))


def test_descriptors_of_segments():
    random = np.random.default_rng(0)
    labels = np.zeros((10, 36, 40), np.int16)
    labels[2, 4:10, 4:10] = 3
    labels[3, 4:20, 4:12] = 3
    labels[7:9, 20:32, 20:32] = 500
    image = GRID.image_of(random.normal(100, 10, labels.shape))
    rows = PlaneDescriptors(zernike_order=4)(image, GRID.image_of(labels))
    assert [(row.segment, row.slice) for row in rows] == [(3, 3), (500, 7)]
    assert rows[0].value("hu_1") == pytest.approx(hu_moments((labels[3] == 3).astype(float))[0])
    for name, count in (("binary_pattern", 10), ("gradient_direction", 9)):
        assert sum(rows[1].value(f"{name}_{n}") for n in range(count)) == pytest.approx(1)
    names = {m.name for m in rows[0].measurements}
    assert {"zernike_0_0", "zernike_4_2"} <= names and "zernike_5_1" not in names
    table = table_of(measurements_csv(rows))
    table.columns["kind"] = ["a", "b"]
    assert len(findings_of(table, "kind").features) == 7 + 9 + 10 + 9


def test_a_plane_image_and_an_empty_map():
    image = sitk.GetImageFromArray(np.random.default_rng(1).random((30, 30)))
    labels = np.zeros((30, 30), np.uint8)
    labels[5:25, 5:25] = 1
    (row,) = PlaneDescriptors()(image, sitk.GetImageFromArray(labels))
    assert row.slice is None and row.value("hu_1") == pytest.approx(1 / 6, rel=0.01)
    with pytest.raises(InputError, match="empty"):
        PlaneDescriptors()(image, sitk.GetImageFromArray(np.zeros((30, 30), np.uint8)))
