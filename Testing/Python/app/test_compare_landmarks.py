"""Landmarks on the command line of `compare`."""

import json
import re

import numpy as np
import pytest
import SimpleITK as sitk

from MedProcLib.comparison.findings import MatchFindings
from MedProcLib.comparison.register import Register
from MedProcLib.core.recipe import Recipe

from .bodies import body
from .test_register import PLACES, SHIFT, point_list


@pytest.fixture
def studies(tmp_path):
    """Arguments of two studies of a body, the second moved by SHIFT, in voxels of 4 mm."""
    (tmp_path / "recipe.json").write_text(Recipe.of(Register(), MatchFindings(outline_mm=0)).to_json())
    made = body([((-20, 10, 0), 9), ((20, 15, 5), 8)], (4.0, 4.0, 4.0), (-55.0, -63.0, -43.0), (28, 32, 22))
    for name, move in (("first", np.zeros(3)), ("second", SHIFT)):
        for image, what in zip(made, (name, f"{name}_labels"), strict=True):
            image.SetOrigin(np.add((-55.0, -63.0, -43.0), move).tolist())
            sitk.WriteImage(image, str(tmp_path / f"{what}.nrrd"))
    return (
        "compare", tmp_path / "first.nrrd", tmp_path / "second.nrrd", "--recipe", tmp_path / "recipe.json",
        "--segmentations", tmp_path / "first_labels.nrrd", tmp_path / "second_labels.nrrd", "-o", tmp_path / "out",
    )  # fmt: skip


def test_how_far_off_landmarks_end_is_told(studies, medproc, tmp_path):
    fixed = point_list(tmp_path / "f.mrk.json", PLACES, "abcd")
    moving = point_list(tmp_path / "m.mrk.json", (PLACES + SHIFT + (0, 0, 1.5))[::-1], "dcba", "RAS")
    code, _, err = medproc(*studies, "--landmarks", fixed, moving)
    assert code == 0, err
    figures = json.loads((tmp_path / "out" / "patient.json").read_text())
    (told,) = [f["value"] for f in figures_named(figures, "landmark_error_mean")]
    assert told == pytest.approx(1.5, abs=0.3)


def figures_named(data, name):
    """All figures of that name in nested JSON."""
    if isinstance(data, dict):
        found = [data] if data.get("name") == name else []
        return found + [each for value in data.values() for each in figures_named(value, name)]
    return [each for value in data for each in figures_named(value, name)] if isinstance(data, list) else []


@pytest.mark.parametrize(("lists", "said"), [(("f", "m"), "4 landmarks .* and 3 in"), (("f",), "has 1 value for 2")])
def test_lists_that_do_not_go_together_are_refused(studies, refused, tmp_path, lists, said):
    point_list(tmp_path / "f.mrk.json", PLACES, "abcd")
    point_list(tmp_path / "m.mrk.json", PLACES[:3], "xyz")
    message = refused(*studies, "--landmarks", *(tmp_path / f"{name}.mrk.json" for name in lists))
    assert re.search(said, message), message
    assert not (tmp_path / "out").exists()
