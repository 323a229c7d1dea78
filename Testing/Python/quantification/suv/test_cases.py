"""Objects of SUV 0.20, 1.00 and 4.00 through files, over what headers vary; series that allow no safe SUV."""

import numpy as np
import pytest
import SimpleITK as sitk
from pet_cases import CASES, REFUSED, SLICES, write_object

from MedProcLib.quantification.suv.suv_image import suv_image


@pytest.mark.parametrize("name", CASES)
def test_an_object_of_known_uptake(tmp_path, name):
    write_object([CASES[name](i) for i in range(SLICES)], tmp_path)
    values = sitk.GetArrayFromImage(suv_image(sorted(tmp_path.iterdir())).image)
    regions = [values[..., :3], values[..., 3:6], values[..., 6:]]
    assert [region.min() for region in regions] == pytest.approx([0.2, 1.0, 4.0], rel=1e-5)
    assert [region.max() for region in regions] == pytest.approx([0.2, 1.0, 4.0], rel=1e-5)
    assert np.median(values) == pytest.approx(1.0, rel=1e-5)


@pytest.mark.parametrize("name", REFUSED)
def test_a_series_that_allows_no_safe_value(refusal, name):
    make, word = REFUSED[name]
    assert word in refusal(*[make(i) for i in range(SLICES)])
