"""Anatomy in CT on a torso of known parts; what it reaches on real images the benchmark prints."""

import functools

import numpy as np
import pytest
import SimpleITK as sitk

from MedProcLib.core.errors import InputError
from MedProcLib.segmentation.anatomy.ct_lungs import CtLungs
from MedProcLib.segmentation.presets.presets import preset_named

from .torso import abdomen, torso, truth


def overlap(found, known):
    return 2 * np.count_nonzero(found & known) / (np.count_nonzero(found) + np.count_nonzero(known))


@functools.cache
def labels_of(preset: str) -> np.ndarray:
    return sitk.GetArrayFromImage(preset_named(preset).recipe().run(image=torso())["labels"])


@pytest.mark.parametrize(
    "preset, value, part, least",
    [
        ("ct_lungs", 1, "lung_right", 0.98),
        ("ct_lungs", 2, "lung_left", 0.98),
        ("ct_body", 1, "body", 0.98),
        ("ct_without_table", 1, "body", 0.98),
        ("ct_without_table", 2, "table", 0.75),
        ("ct_bones", 1, "bone", 0.88),
        ("ct_airways", 1, "airway", 0.83),
    ],
)
def test_parts_of_a_torso(preset, value, part, least):
    known = np.broadcast_to(truth(torso())[part], labels_of(preset).shape)
    assert overlap(labels_of(preset) == value, known) > least


def test_lungs_do_not_touch_the_airway_or_each_other_wrongly():
    lungs, known = labels_of("ct_lungs"), truth(torso())
    right, left = (np.broadcast_to(known[part], lungs.shape) for part in ("lung_right", "lung_left"))
    assert np.count_nonzero(lungs[right] == 2) < 0.001 * right.sum()
    assert np.count_nonzero(lungs[left] == 1) < 0.001 * left.sum()


def test_the_liver_is_found_by_itself():
    image = abdomen()
    found = sitk.GetArrayFromImage(preset_named("ct_liver").recipe().run(image=image)["labels"]) == 1
    assert overlap(found, np.broadcast_to(truth(image)["liver"], found.shape)) > 0.85


def test_a_leg_has_no_lungs_and_that_is_said():
    _z, y, x = np.mgrid[:30, :60, :60]
    leg = np.where((x - 30) ** 2 + (y - 30) ** 2 < 400, 50, -1000).astype(np.int16)
    image = sitk.GetImageFromArray(leg)
    image.SetSpacing((3.0, 3.0, 3.0))
    with pytest.raises(InputError, match="lung"):
        CtLungs()(image)
