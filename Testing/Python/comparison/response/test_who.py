import pytest

from MedProcLib.comparison.response.criteria import assess, best

from .building import GONE, HERE, SMALL, UNSEEN, WORSE, case_of, categories, new, other, target

TABLE = [
    ("unchanged", [target("L", (40, 25), (40, 25))], "SD"),
    ("product falls by exactly 50 %", [target("L", (40, 25), (25, 20))], "PR"),
    ("by 49.9 %", [target("L", (40, 25), (25.05, 20))], "SD"),
    ("one diameter alone: 30 % of it is not enough", [target("L", (40, 25), (28, 25))], "SD"),
    ("product rises by exactly 25 %", [target("L", (40, 25), (50, 25))], "PD"),
    ("by 24.9 %", [target("L", (40, 25), (49.96, 25))], "SD"),
    ("one grows while the sum halves", [target("A", (100, 50), (50, 40)), target("B", (10, 10), (12.5, 10))], "PD"),
    ("over its own smallest, not baseline", [target("L", (40, 25), (20, 20), (25, 20))], "PR PD"),
    ("all gone", [target("L", (40, 25), GONE)], "CR"),
    ("too small is not gone", [target("L", (40, 25), SMALL)], "PR"),
    ("a normal node is not gone", [target("N", (20, 15), (9, 8), node=True)], "PR"),
    ("new lesion", [target("L", (40, 25), GONE), new("X", None, HERE)], "PD"),
    ("not measured lesion worse", [target("L", (40, 25), (20, 20)), other("X", HERE, WORSE)], "PD"),
    ("gone but another there", [target("L", (40, 25), GONE), other("X", HERE, HERE)], "PR"),
    ("missing", [target("L", (40, 25), UNSEEN)], "NE"),
    ("one diameter missing", [target("L", (40, 25), 30)], "NE"),
    ("missing, another grown", [target("L", (40, 25), UNSEEN), target("M", (20, 20), (25, 20))], "PD"),
]  # fmt: skip


@pytest.mark.parametrize(("lesions", "expected"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE])
def test_decision_table(lesions, expected):
    assert " ".join(categories(assess("who", case_of(*lesions)))) == expected


def test_responses_must_be_confirmed():
    sizes = ((40, 25), (25, 20))
    assert best("who", case_of(target("L", *sizes))).category == "SD"
    assert best("who", case_of(target("L", *sizes, (25, 20)))).category == "PR"
    early = case_of(target("L", *sizes, (25, 20)), days=[0, 42, 69])
    assert best("who", early).category == "SD"


def test_the_lesion_that_progressed_is_named():
    steps = assess("who", case_of(target("A", (100, 50), (50, 40)), target("B", (10, 10), (12.5, 10))))[1].steps
    assert "B from 100 to 125 mm²: progression of one lesion" in steps
