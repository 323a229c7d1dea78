"""Notes on how much of two studies was searched for change, and on change of more than lesions make."""

import re

import numpy as np
import SimpleITK as sitk

from MedProcLib.comparison.change import DetectChange
from MedProcLib.comparison.consensus import ConsensusLabels
from MedProcLib.comparison.findings import MatchFindings
from MedProcLib.comparison.pipeline import compare
from MedProcLib.comparison.study import Study
from MedProcLib.core.recipe import Recipe

from .conftest import grid_of, head

RECIPE = Recipe.of(DetectChange(contrast="any"), ConsensusLabels(), MatchFindings(outline_mm=0))


def test_what_one_study_lacks_and_change_of_whole_organs_are_told():
    image, mask = head(grid_of((6, 6, 6)))
    ball = ((10.0, -10.0, -10.0), 25.0, 70.0)
    later, later_mask = head(grid_of((6, 6, 6)), None, [ball], seed=1)
    top = later.GetSize()[2] * 6 // 10
    there = sitk.GetArrayViewFromImage(mask) != 0
    expected = round(100 * np.count_nonzero(there[:top]) / np.count_nonzero(there))
    result = compare([Study("a", image, mask=mask), Study("b", later[:, :, :top], mask=later_mask[:, :, :top])], RECIPE)
    (shown,) = [n for n in result.notes if n.startswith("Change was looked for")]
    assert abs(int(re.search(r"'b' shows (\d+) % of what 'a' does", shown)[1]) - expected) <= 2
    (changed,) = [n for n in result.notes if "more than lesions make" in n]
    true = 100 * 4 / 3 * np.pi * 25**3 / (np.count_nonzero(there[:top]) * 216)
    assert 0.8 < int(changed.split()[0]) / true < 1.25
    small = compare([Study("a", image, mask=mask), Study("b", image, mask=mask)], RECIPE)
    assert not any("looked for" in n or "lesions make" in n for n in small.notes)
