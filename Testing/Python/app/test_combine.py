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


def rater_files(folder, *raters):
    """Files of raters who give values names. The letter before each says where it lies: left, right, or between."""
    paths = []
    for number, names in enumerate(raters):
        labels = np.zeros((8, 8, 12), np.uint8)
        for value, name in names.items():
            place = {"L": slice(1, 5), "R": slice(7, 11)}.get(name[0], slice(5, 7))
            labels[:, 2:6, place] = value
        image = sitk.GetImageFromArray(labels)
        for segment, (value, name) in enumerate(names.items()):
            image[f"Segment{segment}_Name"], image[f"Segment{segment}_LabelValue"] = name[1:], str(value)
        paths.append(str(folder / f"rater{number}.seg.nrrd"))
        sitk.WriteImage(image, paths[-1])
    return paths


@pytest.mark.parametrize(
    ("raters", "found", "said"),
    [
        (({1: "LLung left", 2: "RRight"}, {1: "Rright", 2: "Lleft_lung", 3: "HHeart"}), (1, 2), "names 'Heart', as"),
        (
            ({1: "Llesion"}, {1: "LSegment_1"}, {2: "LTumor"}),
            (1, 0),
            "one segment, taken for the same: 'lesion', 'Tumor'",
        ),
        (
            ({1: "LLeft", 2: "RRight"}, {1: "RRight", 2: "LLeft"}, {1: "LSegment_1", 2: "RSegment_2"}),
            (1, 2),
            "Rater 3 does",
        ),
        (({1: "LLeft", 2: "RRight"}, {1: "LLinks", 2: "RRechts"}), (0, 0), "is empty: nowhere do enough raters agree"),
    ],
)
def test_segments_are_matched_by_what_they_are(medproc, tmp_path, raters, found, said):
    out = tmp_path / "c.nrrd"
    line = ("combine", *rater_files(tmp_path, *raters), "--operation", "majority_vote", "-o", out)
    code, _, err = medproc(*line)
    assert code == 0 and said in err
    values = voxels(out)
    assert (values[:, 2:6, 1:5] == found[0]).all() and (values[:, 2:6, 7:11] == found[1]).all()


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
