"""Landmarks on the command line of `register`."""

import json
import re

import numpy as np
import pytest
import SimpleITK as sitk

from MedProcLib.core.files import read_image_file
from MedProcLib.core.geometry import Geometry

PLACES = np.array([[-30.0, 0, 0], [20, 25, -10], [5, -30, 20], [10, 10, 30]])
SHIFT = np.array([12.0, -5, 3])


def point_list(path, places, names, system="LPS"):
    """A file as Slicer writes it, in its own coordinates."""
    flip = np.array([-1, -1, 1]) if system == "RAS" else 1
    points = [{"label": n, "position": (p * flip).tolist()} for n, p in zip(names, places, strict=True)]
    path.write_text(json.dumps({"markups": [{"coordinateSystem": system, "controlPoints": points}]}))
    return path


def test_landmarks_alone_give_the_transform_and_their_errors(medproc, image, image_file, tmp_path):
    moved = sitk.Image(image)
    moved.SetOrigin(np.add(image.GetOrigin(), SHIFT))
    sitk.WriteImage(moved, str(tmp_path / "moved.nrrd"))
    fixed = point_list(tmp_path / "f.mrk.json", PLACES, "abcd")
    moving = point_list(tmp_path / "m.mrk.json", (PLACES + SHIFT)[::-1], "dcba", "RAS")
    code, out, err = medproc(
        "register", image_file, tmp_path / "moved.nrrd", "-o", tmp_path / "t.tfm",
        "--landmarks-fixed", fixed, "--landmarks-moving", moving, "--landmarks-for", "alone",
    )  # fmt: skip
    assert code == 0, err
    assert "Registration (rigid, good)" in out
    assert "landmark error mean: " in out
    assert "landmark error d: " in out
    transform = sitk.ReadTransform(str(tmp_path / "t.tfm"))
    for corner in Geometry.of(image).corners():
        assert np.allclose(transform.TransformPoint(corner), corner + SHIFT, atol=1e-6)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--landmarks-fixed", "f.mrk.json"), "Give landmarks of both images"),
        (("--landmarks-for", "alone"), "needs --landmarks-fixed"),
        (
            ("--landmarks-fixed", "f.mrk.json", "--landmarks-moving", "two.mrk.json"),
            "4 landmarks .* and 2 in",
        ),
    ],
)
def test_landmarks_that_cannot_be_used_are_said(refused, image_file, tmp_path, options, message):
    point_list(tmp_path / "f.mrk.json", PLACES, "abcd")
    point_list(tmp_path / "two.mrk.json", PLACES[:2], "ab")
    options = [tmp_path / word if word.endswith(".json") else word for word in options]
    said = refused("register", image_file, image_file, "-o", tmp_path / "t.tfm", *options)
    assert re.search(message, said)


def test_beyond_the_moving_image_there_is_its_darkest_value_and_ct_stays_ct(medproc, image, image_file, tmp_path):
    ct = sitk.Cast(image, sitk.sitkInt16) - 1000
    ct.SetOrigin(np.add(image.GetOrigin(), SHIFT))
    ct.SetMetaData("MedProcModality", "CT")
    moving, out = tmp_path / "ct.nrrd", tmp_path / "out.nrrd"
    sitk.WriteImage(ct, str(moving))
    fixed = point_list(tmp_path / "f.mrk.json", PLACES, "abcd")
    marked = point_list(tmp_path / "m.mrk.json", PLACES, "abcd")
    code, _, err = medproc(
        "register", image_file, moving, "-o", tmp_path / "t.tfm", "--resampled", out,
        "--landmarks-fixed", fixed, "--landmarks-moving", marked, "--landmarks-for", "alone",
    )  # fmt: skip
    assert code == 0, err
    found = read_image_file(out)
    assert sitk.GetArrayViewFromImage(found.image)[:, :, 0].max() == sitk.GetArrayViewFromImage(ct).min() < -500
    assert (found.modality, found.quantity) == ("CT", "[hnsf'U]")


def test_of_one_frame_of_reference_what_the_files_say_is_told(medproc, image, dicom_series, tmp_path):
    body = sitk.Resample(image, image, sitk.TranslationTransform(3, (-4.0, 3.0, 0.0)))
    first, other = dicom_series(tmp_path / "a", image, "1.2.9"), dicom_series(tmp_path / "b", body, "1.2.9")
    code, _, err = medproc("register", first, other, "-o", tmp_path / "t.tfm")
    assert code == 0, err
    assert "moves the body by 5.0 mm (median) from there: use it only if the patient moved" in err
    code, _, err = medproc("register", first, first, "-o", tmp_path / "t.tfm")
    assert code == 0, err
    assert "frame of reference" not in err


def test_where_nothing_fits_it_is_said_what_else_may(refused, tmp_path):
    pair = [tmp_path / f"{seed}.nrrd" for seed in (5, 6)]
    for seed, path in enumerate(pair):
        noise = np.random.default_rng(seed).normal(100, 30, (8, 8, 8))
        sitk.WriteImage(sitk.GetImageFromArray(noise), str(path))
    said = refused("register", *pair, "-o", tmp_path / "t.tfm")
    assert "CT with MR or PET (metric: mutual_information)?" in said
    assert "Three landmarks in each" in said
