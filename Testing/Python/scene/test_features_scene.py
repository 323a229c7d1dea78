"""Features and their robustness in a table: overlapping segments, and what is said of them."""

from dataclasses import replace

import numpy as np
import pytest
import SimpleITK as sitk
from samples import turned_grid

from MedProcLib.core.errors import InputError
from MedProcLib.quantification.radiomics.settings import Radiomics
from MedProcLib.scene.features_scene import add_features, segment_features, segment_robustness
from MedProcLib.scene.measurement_input import measurement_input
from MedProcLib.scene.provenance import provenance_of
from MedProcLib.scene.segmentations import SegmentInfo, add_segments, segmentation_from_labels
from MedProcLib.scene.tables import rows_of_table
from MedProcLib.scene.volumes import image_of_volume, volume_from_image

GRID = turned_grid((24, 20, 12))
QUICK = Radiomics(families="morphology, statistics")


def labels(*boxes):
    values = np.zeros(GRID.size[::-1], np.uint8)
    for number, box in enumerate(boxes, 1):
        values[box] = number
    return GRID.image_of(values)


@pytest.fixture
def nodes(scene):
    """A volume of noise and two segments in it that do not overlap."""
    values = np.random.default_rng(0).normal(100, 10, GRID.size[::-1]).astype(np.float32)
    volume = volume_from_image(GRID.image_of(values), "V")
    two = labels(np.s_[2:8, 2:8, 2:8], np.s_[2:9, 10:18, 2:12])
    return segmentation_from_labels(two, {1: SegmentInfo("A"), 2: SegmentInfo("B")}, "S", volume), volume


def array_of(volume):
    return sitk.GetArrayFromImage(image_of_volume(volume))


def table_of(nodes):
    given = measurement_input(*nodes)
    robustness = segment_robustness(given, QUICK, 3)
    return add_features(segment_features(given, QUICK), given, nodes[1], QUICK, robustness)


def test_segments_apart_have_an_icc(nodes):
    table = table_of(nodes)
    volume = next(row for row in rows_of_table(table) if row["tag"] == "morph_volume")
    assert volume["A low"] < volume["A high"] < volume["B low"] and volume["ICC"] > 0.9
    assert "ICC" not in table.GetDescription()
    assert provenance_of(table).inputs == {"labels": "S", "image": "V", "perturbations": "3"}


def test_segments_that_overlap_are_compared_too(nodes):
    add_segments(nodes[0], labels(np.s_[4:9, 4:9, 4:9]), {1: SegmentInfo("C")})
    table = table_of(nodes)
    volume = next(row for row in rows_of_table(table) if row["tag"] == "morph_volume")
    assert all(volume[f"{name} low"] < volume[f"{name} high"] for name in "ABC") and volume["ICC"] > 0.9
    assert "ICC" not in table.GetDescription()


def test_a_segment_that_no_perturbation_leaves_is_named(nodes):
    value = float(array_of(nodes[1])[3, 3, 3])
    narrow = replace(QUICK, resegmentation_range=f"[{value - 1e-5}, {value + 1e-5}]")
    with pytest.raises(InputError, match="No perturbation left anything of A: it is too small"):
        segment_robustness(measurement_input(*nodes), narrow, 3)
