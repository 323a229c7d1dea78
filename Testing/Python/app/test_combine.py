"""`combine`: raters into one label map, from the shell."""

import csv

import numpy as np
import pytest
import SimpleITK as sitk

from MedProcLib.core.files import read_image


@pytest.fixture
def raters(tmp_path) -> list[str]:
    """A ball of 10 voxels radius as three raters see it: too large, right, shifted by 4 voxels."""
    z, y, x = np.mgrid[:32, :32, :40]
    paths = []
    for number, (radius, shift) in enumerate(((12, 0), (10, 0), (10, 4)), 1):
        labels = ((x - 16 - shift) ** 2 + (y - 16) ** 2 + (z - 16) ** 2 < radius**2).astype(np.uint8)
        paths.append(str(tmp_path / f"rater{number}.nrrd"))
        sitk.WriteImage(sitk.GetImageFromArray(labels), paths[-1])
    return paths


def voxels(path):
    return sitk.GetArrayFromImage(read_image(path))


@pytest.mark.parametrize("name", ["majority_vote", "staple", "shape_average"])
def test_the_consensus_lies_between_the_raters(medproc, raters, tmp_path, name):
    out = tmp_path / "consensus.nrrd"
    code, said, err = medproc("combine", *raters, "--operation", name, "-o", out)
    assert code == 0 and "3 raters" in said, err
    found, sizes = voxels(out), [voxels(path).sum() for path in raters]
    assert found.max() == 1 and min(sizes) * 0.8 < found.sum() <= max(sizes)
    if name == "majority_vote":
        np.testing.assert_array_equal(found, sum(voxels(path) for path in raters) >= 2)


def test_labels_that_files_name_are_matched_by_name(medproc, tmp_path):
    """Of two raters one numbers lungs the other way round, and has a structure more."""
    paths = []
    for number, names in enumerate((("Left", "Right"), ("Right", "Left", "Heart"))):
        labels = np.zeros((8, 8, 12), np.uint8)
        labels[:, 2:6, 1:5], labels[:, 2:6, 7:11] = names.index("Left") + 1, names.index("Right") + 1
        labels[:3, 7:, :] = 3 * number
        image = sitk.GetImageFromArray(labels)
        for segment, name in enumerate(names):
            image[f"Segment{segment}_Name"], image[f"Segment{segment}_LabelValue"] = name, str(segment + 1)
        paths.append(str(tmp_path / f"rater{number}.seg.nrrd"))
        sitk.WriteImage(image, paths[-1])
    out = tmp_path / "c.nrrd"
    code, _, err = medproc("combine", *paths, "--operation", "majority_vote", "-o", out)
    assert code == 0 and "rater 2 are matched with those of the others by their names" in err
    found = voxels(out)
    assert (found[:, 2:6, 1:5] == 1).all() and (found[:, 2:6, 7:11] == 2).all()


def test_maps_and_performance(medproc, raters, tmp_path):
    performance, maps = tmp_path / "raters.csv", tmp_path / "maps"
    line = ("combine", *raters, "-o", tmp_path / "c.nrrd", "--performance", performance, "--maps", maps)
    assert medproc(*line)[0] == 0
    rows = list(csv.DictReader(performance.open()))
    assert [(row["rater"], row["label"]) for row in rows] == [("1", "1"), ("2", "1"), ("3", "1")]
    assert float(rows[0]["sensitivity"]) > float(rows[2]["sensitivity"])
    probability = voxels(maps / "probability.nrrd")
    assert 0 < probability.min() < 1 and probability.max() == 1


class TestRefused:
    def test_one_rater(self, refused, raters, tmp_path):
        assert "two raters" in refused("combine", raters[0], "-o", tmp_path / "c.nrrd")

    def test_an_operation_that_combines_nothing(self, refused, raters, tmp_path):
        said = refused("combine", *raters, "--operation", "components", "-o", tmp_path / "c.nrrd")
        assert "takes no raters" in said and "segmentation.staple" in said

    def test_performance_that_is_not_estimated(self, refused, raters, tmp_path):
        line = ("--operation", "majority_vote", "--performance", tmp_path / "p.csv", "-o", tmp_path / "c.nrrd")
        assert "needs staple" in refused("combine", *raters, *line)
        assert not (tmp_path / "c.nrrd").exists()

    def test_an_output_that_is_an_input(self, refused, raters):
        assert "is an input" in refused("combine", *raters, "-o", raters[0])

    def test_another_grid(self, refused, raters, tmp_path):
        sitk.WriteImage(sitk.Image(5, 5, 5, sitk.sitkUInt8), str(tmp_path / "small.nrrd"))
        assert "geometry" in refused("combine", *raters, tmp_path / "small.nrrd", "-o", tmp_path / "c.nrrd")
