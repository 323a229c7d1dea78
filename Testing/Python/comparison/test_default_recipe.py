"""What runs when nothing is chosen, from raw studies of a head to classes."""

import pytest

from MedProcLib.comparison.pipeline import compare
from MedProcLib.comparison.result import Change, Verdict
from MedProcLib.comparison.study import Study
from MedProcLib.segmentation.anatomy.brain_mask import BrainMask

from .conftest import grid_of, head, rigid

STABLE, NEW = ((-30.0, 20.0, -5.0), 6.0, 70.0), ((25.0, -30.0, 10.0), 7.0, 70.0)


def test_raw_studies_of_a_head(monkeypatch):
    """Brain mask, shading, lesions, registration, change and outlines as they come, N4 and all; each brain once."""
    seen, usual = [], BrainMask.__call__
    monkeypatch.setattr(
        BrainMask, "__call__", lambda self, image, *a, **k: seen.append(image) or usual(self, image, *a, **k)
    )
    move = rigid((8, -6, 10), (12, -5, 9))
    first, _ = head(grid_of((4, 4, 4)), None, [STABLE], seed=0)
    other, _ = head(grid_of((4, 4, 4), center=move[:3, 3]), move, [STABLE, NEW], seed=1)
    studies = [Study("first", first), Study("other", other)]
    result = compare(studies)
    (pair,) = result.pairs
    names = [step.operation.declaration.name for step in result.recipe.steps]
    assert names[:2] == ["segmentation.brain_mask", "enhancement.n4"]
    assert [image is study.image for image, study in zip(seen, studies, strict=True)] == [True, True]
    assert pair.registration.verdict is Verdict.GOOD
    (new,) = [f for f in pair.findings if f.change is Change.NEW]
    assert {f.change for f in pair.findings} == {Change.STABLE, Change.NEW}
    assert new.volumes_mm3[0] == 0 and new.volumes_mm3[1] == pytest.approx(1437, rel=0.25)
