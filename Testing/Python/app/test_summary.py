"""What `compare` prints of the alignment: good, doubtful, failed, or not checked where none was made."""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

from MedProcLib.app.summary import summary
from MedProcLib.comparison.evaluation import Evaluated
from MedProcLib.comparison.pipeline import compare
from MedProcLib.comparison.result import Verdict
from MedProcLib.comparison.study import Study
from MedProcLib.core.recipe import Recipe
from MedProcLib.core.registry import create_operation


def study(name: str, sides: dict[tuple[int, int, int], int]) -> Study:
    """Cubes (first voxel: side) of 1 mm in noise."""
    values = np.random.default_rng(len(name)).normal(100, 5, (24, 30, 36)).astype(np.float32)
    mask = np.zeros(values.shape, np.uint8)
    for (z, y, x), side in sides.items():
        mask[z : z + side, y : y + side, x : x + side] = 1
    return Study(name, sitk.GetImageFromArray(values + 100 * mask), labels=sitk.GetImageFromArray(mask))


@pytest.fixture(scope="module")
def compared():
    studies = [study("before", {(5, 5, 5): 4}), study("later", {(4, 4, 4): 8, (16, 20, 25): 5})]
    return compare(studies, Recipe.of(create_operation("comparison.match_findings")))


def printed(comparison) -> str:
    return summary(comparison, Evaluated(note="No criterion."), {"report": Path("report.html")})


def test_studies_taken_as_they_lie_were_not_checked(compared):
    text = printed(compared)
    assert re.search(r"Registration: not checked\n    The recipe has no registration", text)
    assert "good" not in text
    assert re.search(r" 1 grown +0\.064 -> +0\.512 ml", text) and re.search(r" 1 new +0\.000 -> +0\.125 ml", text)
    assert text.endswith("Written:\n  report  report.html")


@pytest.mark.parametrize(
    "verdict, words",
    [
        (Verdict.DOUBTFUL, "Registration: doubtful: look at the check pictures in the report first"),
        (Verdict.FAILED, "Registration: failed: nothing was compared"),
    ],
)
def test_a_doubtful_or_failed_one_says_what_to_do(compared, verdict, words):
    (pair,) = compared.pairs
    judged = replace(pair, registration=replace(pair.registration, verdict=verdict, reasons=("Edges do not match.",)))
    text = printed(replace(compared, pairs=(judged,)))
    assert f"{words}\n    Edges do not match." in text and "not checked" not in text
