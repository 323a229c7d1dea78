"""Which labels of two label maps lie upon each other."""

import numpy as np
import pytest
import SimpleITK as sitk

from MedProcLib.core.label_pairs import label_pairs


@pytest.mark.parametrize("shape", [(4, 30, 40), (30, 40), (1, 5, 5)])
@pytest.mark.parametrize("most", [2, 400])
def test_they_are_those_of_the_voxels(shape, most):
    rng = np.random.default_rng(most)
    labels, others = ((rng.integers(0, most, shape) * 160).astype(kind) for kind in (np.uint16, np.uint32))
    others[others == 160] = 2**31 + 5
    found = label_pairs(sitk.GetImageFromArray(labels), sitk.GetImageFromArray(others))
    there = labels != 0
    assert found == set(zip(labels[there].tolist(), others[there].tolist(), strict=True))


def test_of_background_alone_there_are_none():
    nothing = sitk.Image(5, 4, 3, sitk.sitkUInt8)
    assert label_pairs(nothing, nothing + 1) == set()
