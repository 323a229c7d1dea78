"""Cases: what is refused, and what every criterion makes of any."""

import datetime
import math

import pytest

from MedProcLib.comparison.growth.measured import Measured
from MedProcLib.comparison.response.context import NeuroStatus, PetReference, Protocol
from MedProcLib.comparison.response.criteria import CRITERIA, assess
from MedProcLib.comparison.response.model import Assessment, Case, Lesion, TimePoint
from MedProcLib.core.errors import InputError

from .building import HERE, MAYBE, SMALL, case_of, new, other, pieces, target

RICH = case_of(
    target(
        "A <b>", {"long_mm": Measured(40, 38, 42), "short_mm": 30.5, "volume_mm3": 3e4}, SMALL, organ="Leber, rechts"
    ),
    target("N", (30, 20), (20, 9), node=True),
    target("P", {"sul_peak": 8, "tlg_ml": 100, "mean_hu": -5}, pieces(10, Measured(8, 7, 9))),
    other("X", HERE, {"status": "merged", "merged_into": "N"}),
    new("Y", None, MAYBE, in_radiation_field=True),
    protocol=Protocol(confirm=True, stable_days=56, radiotherapy_end=datetime.date(2023, 12, 1)),
    times={
        0: {"slice_thickness_mm": 5, "markers_elevated": True, "pet": PetReference(1.4, 0.2, 1, 0.1, True)},
        1: {"neuro": NeuroStatus(4, True, "worse", "stable")},
    },
)


DAY = datetime.date(2024, 1, 1)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Assessment("T0", long_mm=10, short_mm=11), "exchange"),
        (lambda: Assessment("T0", "merged"), "needs the id"),
        (lambda: Assessment("T0", merged_into="B"), "needs the id"),
        (lambda: Lesion("A", "", "target", assessments=(Assessment("T0"), Assessment("T0"))), "two assessments"),
        (lambda: Case((TimePoint("", DAY),)), "name of its own"),
        (lambda: Case((TimePoint("a", DAY), TimePoint("b", DAY))), rf"a \({DAY}\) and b \({DAY}\) are not"),
        (lambda: case_of(new("A", HERE)), "was seen at baseline"),
        (lambda: case_of(target("A", {"status": "merged", "merged_into": "A"})), "no other lesion"),
        (lambda: PetReference(liver_mean=-1), "liver_mean"),
        (lambda: TimePoint("T0", DAY, slice_thickness_mm=0), "above 0 mm"),
        (lambda: NeuroStatus(steroid_mg=float("nan")), "steroid"),
    ],
)
def test_what_does_not_fit_together_is_refused(make, message):
    with pytest.raises(InputError, match=message):
        make()


@pytest.mark.parametrize("name", CRITERIA)
def test_every_criterion_takes_any_case(name):
    empty = case_of(count=2)
    for case in (RICH, empty, case_of(target("L", 30)), case_of(new("Z", None, HERE))):
        responses = assess(name, case)
        assert [r.time for r in responses] == [t.label for t in case.time_points]
        assert responses[0].category == "baseline"
        for response in responses:
            assert response.criterion == name and all(isinstance(s, str) for s in response.steps)
            assert all(math.isfinite(figure.value) for figure in response.figures)


def test_every_criterion_has_a_title_and_a_source():
    for found in CRITERIA.values():
        assert found.title and found.source
