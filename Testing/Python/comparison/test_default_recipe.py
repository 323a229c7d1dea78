"""What runs when nothing is chosen, from raw studies of a head to classes."""

import pytest

from MedProcLib.comparison.defaults import default_recipe
from MedProcLib.comparison.pipeline import compare
from MedProcLib.comparison.result import Change, Verdict
from MedProcLib.comparison.study import Study

from .conftest import grid_of, head, rigid

STABLE, NEW = ((-30.0, 20.0, -5.0), 6.0, 70.0), ((25.0, -30.0, 10.0), 7.0, 70.0)


def test_raw_studies_of_a_head():
    """Brain mask, shading, lesions, registration, change and outlines as they come, N4 and all."""
    move = rigid((8, -6, 10), (12, -5, 9))
    first, _ = head(grid_of((4, 4, 4)), None, [STABLE], seed=0)
    other, _ = head(grid_of((4, 4, 4), center=move[:3, 3]), move, [STABLE, NEW], seed=1)
    studies = [Study("first", first), Study("other", other)]
    recipe = default_recipe(studies)
    assert [step.operation.declaration.name for step in recipe.steps][:2] == [
        "segmentation.brain_mask",
        "enhancement.n4",
    ]
    (pair,) = compare(studies, recipe).pairs
    assert pair.registration.verdict is Verdict.GOOD
    (new,) = [f for f in pair.findings if f.change is Change.NEW]
    assert {f.change for f in pair.findings} == {Change.STABLE, Change.NEW}
    assert new.volumes_mm3[0] == 0 and new.volumes_mm3[1] == pytest.approx(1437, rel=0.25)
