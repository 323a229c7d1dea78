"""Cases: what is refused, and JSON there and back."""

import copy
import datetime
import json

import numpy as np
import pytest

from MedProcLib.comparison.growth.measured import Measured
from MedProcLib.comparison.response.case_json import case_from_dict, case_to_dict, response_to_dict
from MedProcLib.comparison.response.context import NeuroStatus, PetReference, Protocol
from MedProcLib.comparison.response.criteria import CRITERIA, assess
from MedProcLib.comparison.response.model import Assessment, Case, Lesion, TimePoint
from MedProcLib.core.errors import InputError

from .building import GONE, HERE, MAYBE, SMALL, case_of, new, other, target

RICH = case_of(
    target(
        "A <b>", {"long_mm": Measured(40, 38, 42), "short_mm": 30.5, "volume_mm3": 3e4}, SMALL, organ="Leber, rechts"
    ),
    target("N", (30, 20), (20, 9), node=True),
    target("P", {"sul_peak": 8, "tlg_ml": 100, "mean_hu": -5}, {"fragments_mm": (10, Measured(8, 7, 9))}),
    other("X", HERE, {"status": "merged", "merged_into": "N"}),
    new("Y", None, MAYBE, in_radiation_field=True),
    protocol=Protocol(confirm=True, stable_days=56, radiotherapy_end=datetime.date(2023, 12, 1)),
    times={
        0: {"slice_thickness_mm": 5, "markers_elevated": True, "pet": PetReference(1.4, 0.2, 1, 0.1, True)},
        1: {"neuro": NeuroStatus(4, True, "worse", "stable")},
    },
)


def test_json_there_and_back():
    text = json.dumps(case_to_dict(RICH))
    assert case_from_dict(json.loads(text)) == RICH
    plain = case_to_dict(case_of(target("L", 30, GONE)))
    assert plain["lesions"][0]["assessments"][0] == {"time": "T0", "long_mm": 30}
    assert case_from_dict(plain) == case_of(target("L", 30, GONE))


def test_numbers_of_numpy_become_plain():
    case = case_of(
        target("L", np.float32(30.5), np.int64(20)), times={0: {"pet": PetReference(np.float32(1.5), np.float32(0.25))}}
    )
    assert case_from_dict(json.loads(json.dumps(case_to_dict(case)))) == case


def edited(path, value):
    data = copy.deepcopy(case_to_dict(RICH))
    place = data
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    return data


BAD = [
    (["response_case"], 2, "response case"),
    (["lesion"], [], "unknown entry 'lesion'"),
    (["lesions"], {}, "case.lesions must be a list"),
    (["lesions", 0, "kind"], "targets", "case.lesions[0].kind must be one of target, non-target, new"),
    (["lesions", 0, "node"], 1, "case.lesions[0].node must be true or false"),
    (["lesions", 0, "organ"], None, "case.lesions[0].organ must be text"),
    (["lesions", 0, "assessments", 0, "long_mm"], "40", "long_mm must be a number"),
    (["lesions", 0, "assessments", 0, "long_mm"], {"value": 40, "low": 41, "high": 42}, "does not enclose"),
    (["lesions", 0, "assessments", 0, "long_mm"], {"value": 40, "low": 39}, "both limits"),
    (["lesions", 0, "assessments", 0, "long_mm"], float("nan"), "finite"),
    (["lesions", 0, "assessments", 0, "long_mm"], -1, "negative"),
    (["lesions", 0, "assessments", 0, "time"], "T9", "no time point"),
    (["lesions", 0, "id"], "N", "lesions have the id 'N'"),
    (["time_points", 1, "date"], "2024-13-01", "must be a date"),
    (["time_points", 1, "date"], "2023-01-01", "in order of date"),
    (["time_points", 0], {"label": "T0"}, "case.time_points[0] has no 'date'"),
    (["time_points"], [], "at least a baseline"),
    (["protocol", "stable_days"], 1.5, "whole number"),
    (["protocol", "stable_days"], -1, "negative"),
    (["protocol", "confirm"], "yes", "true or false"),
]


@pytest.mark.parametrize(("path", "value", "message"), BAD, ids=[b[2] for b in BAD])
def test_bad_json_is_refused_with_where_and_why(path, value, message):
    with pytest.raises(InputError) as error:
        case_from_dict(edited(path, value))
    assert message in str(error.value)


@pytest.mark.parametrize("data", [None, [], 3, "case", {}])
def test_what_is_no_case_is_refused(data):
    with pytest.raises(InputError):
        case_from_dict(data)


DAY = datetime.date(2024, 1, 1)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Assessment("T0", long_mm=10, short_mm=11), "exchange"),
        (lambda: Assessment("T0", "merged"), "needs the id"),
        (lambda: Assessment("T0", merged_into="B"), "needs the id"),
        (lambda: Lesion("A", "", "target", assessments=(Assessment("T0"), Assessment("T0"))), "two assessments"),
        (lambda: Case((TimePoint("", DAY),)), "name of its own"),
        (lambda: Case((TimePoint("a", DAY), TimePoint("b", DAY))), "in order of date"),
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
def test_every_criterion_takes_any_case_and_gives_plain_data(name):
    empty = case_of(count=2)
    for case in (RICH, empty, case_of(target("L", 30)), case_of(new("Z", None, HERE))):
        responses = assess(name, case)
        assert [r.time for r in responses] == [t.label for t in case.time_points]
        assert responses[0].category == "baseline"
        for response in responses:
            data = json.loads(json.dumps(response_to_dict(response), allow_nan=False))
            assert data["criterion"] == name and all(isinstance(s, str) for s in data["steps"])


def test_every_criterion_has_a_title_and_a_source():
    for found in CRITERIA.values():
        assert found.title and found.source
