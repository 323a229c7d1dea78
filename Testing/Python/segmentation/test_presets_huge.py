"""Presets for any image find the same whatever unit the image is in, or say that its values are too large."""

import functools

import numpy as np
import pytest
import SimpleITK as sitk

from MedProcLib.core.errors import InputError
from MedProcLib.segmentation.presets.presets import PRESETS, preset_named

IN_ANY_UNIT = [preset.name for preset in PRESETS if preset.group in ("Any image", "Ultrasound", "Microscopy")]


@functools.cache
def scene() -> np.ndarray:
    """A tube with a branch, a bright and a dark block, in noise: 24 x 40 x 40 voxels of 1 mm."""
    z, y, x = np.indices((24, 40, 40))
    values = np.random.default_rng(0).normal(100, 4, z.shape)
    values[(y - 20) ** 2 + (z - 12) ** 2 <= 9] = 200
    values[((x - 20) ** 2 + (z - 12) ** 2 <= 4) & (y > 20)] = 200
    values[2:6, 3:8, 3:8] = 200
    values[16:21, 30:36, 4:9] = 20
    return values


def found(name: str, scale: float, kind: type) -> np.ndarray:
    preset = preset_named(name)
    values = (scene() * scale).astype(kind)
    image = sitk.GetImageFromArray(values[12] if preset.group == "Microscopy" else values)
    seeds = sitk.Image(image.GetSize(), sitk.sitkUInt8)
    if preset.seeds:
        seeds[14 if name == "region_from_point" else 6, 20, 12] = 1  # the whole tube within its 30 mm
    if name == "grow_from_seeds":
        seeds[6, 36, 12] = 2
    made = preset.recipe().run(image=image, **({"seeds": seeds} if preset.seeds else {}))
    return sitk.GetArrayFromImage(made["labels"])


usual = functools.cache(lambda name: found(name, 1.0, np.float32))


@pytest.mark.filterwarnings("error::RuntimeWarning")
@pytest.mark.parametrize("scale, kind", [(1e30, np.float32), (1e-30, np.float32), (1e300, np.float64)])
@pytest.mark.parametrize("name", IN_ANY_UNIT)
def test_any_unit_gives_the_same(name, scale, kind):
    assert 0 < np.count_nonzero(usual(name)) < usual(name).size
    try:
        labels = found(name, scale, kind)
    except InputError as error:
        assert scale == 1e300 and error.args[0].endswith("too large to compute with: divide it first.")
        return
    assert np.array_equal(labels, usual(name))


def test_what_hangs_together_with_the_seed_is_found():
    truth = np.abs(scene() - 200) < 1e-9
    truth[2:6, 3:8, 3:8] = False  # a block apart
    for name in ("tree_from_point", "region_from_point"):
        labels = usual(name) > 0
        assert np.count_nonzero(labels ^ truth) < 0.1 * np.count_nonzero(truth), name
