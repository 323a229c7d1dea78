import datetime

import pytest

from MedProcLib.comparison.response.best_response import best_response
from MedProcLib.comparison.response.context import Protocol
from MedProcLib.comparison.response.criteria import best
from MedProcLib.comparison.response.outcome import Category, Response
from MedProcLib.core.errors import InputError

from .building import GONE, HERE, MAYBE, START, UNSEEN, case_of, new, other, target

CONFIRM = Protocol(confirm=True)


def best_of(*names, days=None, protocol=CONFIRM):
    """Best response of a series of categories six weeks apart."""
    days = days or [42 * i for i in range(len(names) + 1)]
    case = case_of(days=days, protocol=protocol)
    series = [Category.BASELINE, *map(Category, names)]
    responses = [Response("recist_1_1", t.label, t.date, c) for t, c in zip(case.time_points, series, strict=True)]
    return best_response(responses, case)


# first, second, best with the minimum for SD met, and not met: table 3 of RECIST 1.1
TABLE_3 = [
    ("CR", "CR", "CR", "CR"),
    ("CR", "PD", "SD", "PD"),
    ("CR", "NE", "SD", "NE"),
    ("PR", "CR", "PR", "PR"),
    ("PR", "PR", "PR", "PR"),
    ("PR", "PD", "SD", "PD"),
    ("PR", "NE", "SD", "NE"),
    ("NE", "NE", "NE", "NE"),
]


@pytest.mark.parametrize(("first", "second", "met", "not_met"), TABLE_3)
def test_confirmation_by_table_3(first, second, met, not_met):
    assert best_of(first, second).category == met
    assert best_of(first, second, days=[0, 28, 70]).category == not_met


def test_confirmation_takes_four_weeks_and_passes_over_what_is_not_evaluable():
    assert best_of("CR", "CR", days=[0, 42, 69]).category == "SD"
    assert best_of("CR", "CR", days=[0, 42, 70]).category == "CR"
    assert best_of("PR", "NE", "PR").category == "PR"
    assert best_of("PR", "SD", "PR").category == "SD"
    assert best_of("PR", "CR", "CR").category == "CR"
    assert best_of("CR", "PR", "PR").category == "PR"


def test_without_confirmation_the_best_single_response_counts():
    for names, expected in ((("PR", "SD"), "PR"), (("SD", "CR"), "CR"), (("SD", "PD", "CR"), "SD"), (("PD",), "PD")):
        assert best_of(*names, protocol=Protocol()).category == expected


@pytest.mark.parametrize(("days", "expected"), [(41, "NE"), (42, "SD")])
def test_stable_disease_must_last(days, expected):
    assert best_of("SD", days=[0, days], protocol=Protocol()).category == expected


def test_other_criteria_keep_their_own_names():
    assert best_of("SMD").category == "SMD"
    assert best_of("iPR", "iSD").category == "iSD"
    assert best_of("non-CR/non-PD").category == "non-CR/non-PD"
    assert best_of("MR", "MR").category == "MR"
    assert best_of("PR", "MR").category == "MR"


def test_dates_and_duration_of_a_response():
    found = best("recist_1_1", case_of(target("L", 100, 70, 60, 50, 80)))
    assert found.category == "PR"
    assert found.response_date == START + datetime.timedelta(days=42)
    assert found.progression_date == START + datetime.timedelta(days=168)
    assert found.response_days == 126
    ongoing = best("recist_1_1", case_of(target("L", 100, 70, 60)))
    assert (ongoing.progression_date, ongoing.response_days) == (None, 42)


def test_response_begins_with_the_response_not_with_stable_disease():
    found = best("recist_1_1", case_of(target("L", 100, 90, 60, 60)))
    assert (found.response_date, found.response_days) == (START + datetime.timedelta(days=84), 42)


def test_duration_begins_with_the_partial_response_before_the_complete_one():
    found = best("recist_1_1", case_of(target("L", 100, 50, GONE)))
    assert found.category == "CR" and found.response_date == START + datetime.timedelta(days=42)


def test_progression_of_a_new_lesion_dates_back_to_when_it_was_equivocal():
    gone = new("Y", None, MAYBE, GONE, GONE)
    assert best(
        "recist_1_1", case_of(target("L", 50, 50, 50, 60), gone)
    ).progression_date == START + datetime.timedelta(126)
    found = best("recist_1_1", case_of(target("L", 50, 50, 50), new("X", None, MAYBE, HERE)))
    assert found.progression_date == START + datetime.timedelta(days=42)


def test_a_response_seen_with_the_equivocal_lesion_does_not_count_once_that_is_sure():
    case = case_of(target("L", 100, 100, 60, 60), new("X", None, None, MAYBE, HERE))
    found = best("recist_1_1", case)
    assert (found.category, found.progression_date) == ("SD", START + datetime.timedelta(days=84))


def test_nodule_growth_has_no_best_response():
    with pytest.raises(InputError, match="no best response"):
        best("nodule_growth", case_of(target("L", 50, 50)))


def test_nothing_evaluable():
    found = best("recist_1_1", case_of(target("L", 50, UNSEEN), other("X", HERE, UNSEEN)))
    assert (found.category, found.response_date, found.progression_date) == ("NE", None, None)
    assert best("recist_1_1", case_of(target("L", 50))).category == "NE"
