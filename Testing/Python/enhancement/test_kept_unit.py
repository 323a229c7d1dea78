"""Steps after which values are said to be in the unit that they had: tissue and air keep their HU."""

import numpy as np
import pytest
import SimpleITK as sitk

from MedProcLib.core.recipe import Recipe
from MedProcLib.core.registry import create_operation
from MedProcLib.enhancement.kept_unit import KEEP_UNIT, keeps_unit


@pytest.mark.parametrize("name", [name for name in KEEP_UNIT if "." in name])
def test_tissue_and_air_keep_their_values(name):
    _z, y, x = np.mgrid[:12, :48, :48] - 23.5
    body = x**2 + y**2 < 18**2
    values = np.where(body, 40.0, -1000.0) + np.random.default_rng(0).normal(0, 3, body.shape)
    step = create_operation(name)
    assert keeps_unit(Recipe.of(step))
    made = sitk.GetArrayFromImage(step(sitk.GetImageFromArray(values.astype(np.float32))))
    deep, beyond = x**2 + y**2 < 10**2, x**2 + y**2 > 26**2
    assert np.median(made[deep]) == pytest.approx(40, abs=2)
    assert np.median(made[beyond]) == pytest.approx(-1000, abs=2)


def test_one_step_that_does_not_keep_it_is_enough():
    kept, lost = create_operation("enhancement.gaussian"), create_operation("enhancement.clahe")
    assert keeps_unit(Recipe.of(kept)) and not keeps_unit(Recipe.of(kept, lost))
