import pytest

from MedProcLib.comparison.response.charts import best_responses, spider, swimmer, waterfall
from MedProcLib.report.cohort_page import cohort_html

from .building import GONE, HERE, UNSEEN, case_of, new, other, target

CASES = {
    "falls": case_of(target("L", 100, 60, 40)),
    "grows": case_of(target("L", 100, 110, 150)),
    "regrows": case_of(target("L", 100, 60, 80, 20)),
    "unknown": case_of(target("L", 100, UNSEEN)),
}


def test_waterfall_is_sorted_and_ends_at_progression():
    bars = waterfall("recist_1_1", CASES)
    assert [(b.patient, round(b.percent), b.best) for b in bars] == [
        ("grows", 10, "SD"),
        ("regrows", -40, "PR"),
        ("falls", -60, "PR"),
    ]


def test_spider_begins_with_zero():
    curves = {
        patient: [round(change) for _, change in points] for patient, points in spider("recist_1_1", CASES).items()
    }
    assert curves == {"falls": [0, -40, -60], "grows": [0, 10, 50], "regrows": [0, -40, -20, -80]}
    assert [days for days, _ in spider("recist_1_1", CASES)["falls"]] == [0, 42, 84]


def test_of_parts_that_are_judged_apart_the_larger_change_is_drawn():
    """Enhancing -50 % and -75 %, the other one +4 % and +21 %; unknown where a part is not measured."""
    both = case_of(
        target("E", (40, 25), (25, 20), (25, 10), (25, 10)),
        target("F", (50, 50), (52, 50), (55, 55), UNSEEN, enhancing=False),
    )
    (curve,) = spider("rano_2", {"p": both}).values()
    assert [(days, round(change)) for days, change in curve] == [(0, 0), (42, 4), (84, 21)]
    (bar,) = waterfall("rano_2", {"p": both})
    assert round(bar.percent) == 4
    page = cohort_html("rano_2", {"p": both})
    assert "<h1>Response of one patient: RANO 2.0, products</h1>" in page and "counts once it is confirmed" in page
    assert "the larger change counts" in page and "the larger change counts" not in cohort_html("recist_1_1", CASES)


def test_without_a_sum_of_targets_the_best_response_is_known_all_the_same():
    cases = {"watched": case_of(other("N", HERE, HERE)), "falls": CASES["falls"]}
    assert best_responses("recist_1_1", cases) == {"watched": "non-CR/non-PD", "falls": "PR"}
    assert best_responses("nodule_growth", cases) == {}
    page = cohort_html("recist_1_1", cases)
    assert "1 patient has none" in page and "<td>non-CR/non-PD</td>" in page


def test_swimmer_joins_equal_phases():
    lane = swimmer("recist_1_1", CASES)["falls"]
    assert [(p.start, p.end, p.category) for p in lane] == [(0, 42, "baseline"), (42, 84, "PR")]
    lane = swimmer("recist_1_1", {"p": case_of(target("L", 50, GONE, GONE), new("X", None, None, HERE))})["p"]
    assert [(p.start, p.end, p.category) for p in lane] == [(0, 42, "baseline"), (42, 84, "CR"), (84, 84, "PD")]


@pytest.mark.parametrize("name", ["percist_1_0", "choi", "rano_2010", "volume_recist"])
def test_charts_of_other_criteria_are_empty_without_their_sizes(name):
    cases = {"p": case_of(target("L", UNSEEN, UNSEEN))}
    assert waterfall(name, cases) == [] and spider(name, cases) == {}
