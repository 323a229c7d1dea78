"""Measured again after an edit: what did not change is not measured, and all is as if it were measured anew."""

import numpy as np
import SimpleITK as sitk

from MedProcLib.quantification.known_rows import KnownRows
from MedProcLib.quantification.measure import Measure, measure


def test_only_what_changed_is_measured_again():
    image = sitk.GetImageFromArray(np.random.default_rng(0).normal(100, 20, (20, 30, 40)))
    labels = np.zeros((20, 30, 40), np.uint8)
    labels[2:6, 3:8, 4:9] = 1
    labels[10:14, 3:8, 4:9] = labels[10:14, 20:25, 30:35] = 2
    labels[2:6, 20:25, 20:26] = 3
    known, settings = KnownRows(), Measure(intervals=True, slices=True)

    def again(settings=settings):
        now = sitk.GetImageFromArray(labels)
        rows = measure(image, now, settings=settings, known=known)
        assert rows == measure(image, now, settings=settings)
        return {(row.segment, row.component, row.slice): row.measurements for row in rows}

    before = again()
    labels[3, 4, 5] = 0  # without any event: what is in the voxels counts
    after = again()
    kept = {which[0] for which in before if after.get(which) is before[which]}
    assert kept == {2, 3} and after[1, None, None] != before[1, None, None]
    labels[labels > 0] += 1  # a segment before them all
    labels[0, 0, 0] = 1
    moved = again()
    assert all(moved[value + 1, *which] is figures for (value, *which), figures in after.items())
    labels[labels == 3] = 0  # gone, and back under another number
    assert not any(which[0] == 3 for which in again())
    labels[10:14, 3:8, 4:9] = labels[10:14, 20:25, 30:35] = 9
    assert again()[9, None, None] == after[2, None, None]
    again(Measure())  # other settings, other figures
