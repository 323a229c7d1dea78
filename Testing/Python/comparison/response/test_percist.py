import pytest

from MedProcLib.comparison.growth.measured import Measured
from MedProcLib.comparison.response.context import PetReference
from MedProcLib.comparison.response.criteria import assess
from MedProcLib.comparison.response.percist import measurable_threshold

from .building import GONE, HERE, MAYBE, UNSEEN, WORSE, case_of, categories, new, other, target

LIVER = {"pet": PetReference(1.4, 0.2, 1.1, 0.1)}


def hot(id_, *peaks, **more):
    return target(id_, *peaks, field="sul_peak", **more)


def with_tlg(id_, *pairs, **more):
    return target(id_, *({"sul_peak": sul, "tlg_ml": tlg} for sul, tlg in pairs), **more)


def run(*lesions, liver=LIVER, **more):
    count = max(int(a.time[1:]) for n in lesions for a in n.assessments) + 1
    return assess("percist_1_0", case_of(*lesions, times=dict.fromkeys(range(count), liver), **more))


TABLE = [
    ("unchanged", [hot("L", 8, 8)], "SMD"),
    ("fall of exactly 30 %", [hot("L", 8, 5.6)], "PMR"),
    ("fall of 29.9 %", [hot("L", 8, 5.608)], "SMD"),
    ("fall of 31 % but of 0.79", [hot("L", 2.55, 1.76)], "SMD"),
    ("fall of 32 % and 0.8", [hot("L", 2.5, 1.7)], "PMR"),
    ("rise of exactly 30 % is not more", [hot("L", 8, 10.4)], "SMD"),
    ("rise of more than 30 %", [hot("L", 8, 10.41)], "PMD"),
    ("rise of 31 % but of 0.8 at most", [hot("L", 2.55, 3.35)], "SMD"),
    ("another lesion is the hottest now", [hot("A", 8, 3), hot("B", 6, 5.5)], "PMR"),
    ("a fall, but another rises by 50 %", [hot("A", 8, 4), hot("B", 2, 3)], "SMD"),
    ("a fall, another rises by 40 % but by 0.8", [hot("A", 8, 4), hot("B", 2, 2.8)], "PMR"),
    ("a fall, a non-target rises by 50 %", [hot("A", 8, 4), other("B", {"sul_peak": 2}, {"sul_peak": 3})], "SMD"),
    ("another lesion rises over the hottest", [hot("A", 8, 3), hot("B", 6, 10.5)], "PMD"),
    ("from baseline, not nadir", [hot("L", 8, 4, 6)], "PMR SMD"),
    ("all at background", [hot("A", 8, GONE), hot("B", 6, GONE)], "CMR"),
    ("at background but as hot as the liver", [hot("A", 8, {"status": "absent", "sul_peak": 1.4})], "PMR"),
    ("below the liver but told from the background", [hot("A", 8, 1.3)], "PMR"),
    ("new lesion", [hot("L", 8, 4), new("X", None, HERE)], "PMD"),
    ("equivocal new lesion", [hot("L", 8, 4), new("X", None, MAYBE)], "PMR"),
    ("unequivocal progression of another", [hot("L", 8, 4), other("X", {"sul_peak": 3}, WORSE)], "PMD"),
    ("glycolysis up by 75 % is not more", [with_tlg("L", (8, 100), (8, 175))], "SMD"),
    ("glycolysis up by more than 75 %", [with_tlg("L", (8, 100), (8, 176))], "PMD"),
    ("glycolysis up while SUL falls", [with_tlg("L", (8, 100), (7.9, 176))], "SMD"),
    ("one not measured", [hot("A", 8, 4), hot("B", 7, UNSEEN)], "NE"),
    ("one not measured, another risen", [hot("A", 8, 11), hot("B", 7, UNSEEN)], "PMD"),
    ("hottest of baseline not known", [hot("A", 8, 8), hot("B", None, 7)], "NE"),
    ("hottest of baseline not known, yet a fall", [hot("A", 8, 5), hot("B", None, 4)], "PMR"),
    ("hottest of baseline not known, rise of the other", [hot("A", 8, 12), hot("B", None, 4)], "NE"),
    ("non-target not measured", [hot("A", 8, 5), other("B", HERE, HERE)], "PMR"),
    ("non-target is the hottest now", [hot("A", 8, 5), other("B", {"sul_peak": 6}, {"sul_peak": 12})], "PMD"),
    ("non-target not at background", [hot("A", 8, GONE), other("B", HERE, HERE)], "NE"),
    ("too cool at baseline", [hot("L", 2.4, 1.0)], "NE"),
    ("too cool at baseline, new lesion", [hot("L", 2.4, 1.0), new("X", None, HERE)], "PMD"),
]  # fmt: skip


@pytest.mark.parametrize(("lesions", "expected"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE])
def test_decision_table(lesions, expected):
    assert " ".join(categories(run(*lesions))) == expected


def test_threshold_of_a_measurable_lesion():
    time = case_of(hot("L", 8), times={0: LIVER}).time_points[0]
    assert measurable_threshold(time)[0] == pytest.approx(1.5 * 1.4 + 2 * 0.2)
    diseased = {"pet": PetReference(1.4, 0.2, 1.1, 0.1, liver_diseased=True)}
    time = case_of(hot("L", 8), times={0: diseased}).time_points[0]
    assert measurable_threshold(time)[0] == pytest.approx(2 * 1.1 + 2 * 0.1)
    assert "liver or blood pool" in run(hot("L", 8), liver={})[0].missing[0]


def test_glycolysis_is_that_of_the_five_hottest():
    five = [with_tlg(f"L{i}", (8, 100), (8, 100), organ=f"organ {i}") for i in range(5)]
    cool = with_tlg("cool", (3, 100), (3, 5000), organ="")
    assert categories(run(*five, cool)) == ["SMD"]
    assert categories(run(*five[:4], cool)) == ["PMD"]


@pytest.mark.parametrize(("organ", "expected"), [("liver", "SMD"), ("lung", "PMD"), ("", "PMD")])
def test_glycolysis_is_of_at_most_two_lesions_of_an_organ(organ, expected):
    two = [with_tlg(f"L{i}", (8, 100), (8, 100), organ="liver") for i in range(2)]
    assert categories(run(*two, with_tlg("cool", (3, 100), (3, 5000), organ=organ))) == [expected]


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (PetReference(1.5, 0.2), PetReference(1.8, 0.2), "PMR"),  # 0.3 SUL, 16.7 % of the larger
        (PetReference(1.5, 0.2), PetReference(1.81, 0.2), "NE"),
        (PetReference(1.0, 0.2), PetReference(1.25, 0.2), "PMR"),  # 20 % of the larger, 25 % of the smaller
        (PetReference(1.0, 0.2), PetReference(1.26, 0.2), "NE"),
        (PetReference(1.4, 0.2), PetReference(1.11, 0.2), "NE"),  # a fall of 0.29 is one of 20.7 %
        (PetReference(1.4, 0.2), PetReference(), "PMR"),
        (PetReference(1.4, 0.2, 1.1, 0.1), PetReference(2.8, 0.2, 1.2, 0.1, liver_diseased=True), "PMR"),
        (PetReference(1.4, 0.2, 1.1, 0.1), PetReference(1.4, 0.2, 1.5, 0.1, liver_diseased=True), "NE"),
    ],
)
def test_scans_of_another_background_cannot_be_compared(before, after, expected):
    """O et al. 2016: at most 20 % of the larger liver SUL and at most 0.3 SUL; else only what is seen counts."""
    times = {0: {"pet": before}, 1: {"pet": after}}
    for lesion, category in ((hot("L", 8, 4), expected), (hot("L", 8, GONE), "CMR")):
        found = assess("percist_1_0", case_of(lesion, times=times))[1]
        assert found.category == category
        unknown = after.blood_mean is None if after.liver_diseased else after.liver_mean is None
        assert any("not compared with baseline" in each for each in found.missing) is (unknown and category != "CMR")
    new_one = case_of(hot("L", 8, 4), new("X", None, HERE), times=times)
    assert categories(assess("percist_1_0", new_one)) == ["PMD"]


def test_arithmetic_and_measurement_error():
    response = run(hot("L", Measured(8, 7.6, 8.4), Measured(5.5, 5.0, 6.0)))[1]
    assert "baseline 8.00: -31.2 %, -2.50 SUL" in response.steps
    assert "within a month" in run(hot("L", 8, 12))[1].notes[0]
    back = run(hot("L", 8, GONE, 4, 3))
    assert categories(back) == ["CMR", "PMR", "PMR"]
    assert [[n for n in r.notes if "back after" in n] for r in back[1:]] == [
        [],
        ["L back after complete metabolic response: a reader decides if it is progression"],
        [],
    ]
    assert response.doubts == ("partial metabolic response cannot be told from measurement error",)
    assert response.figures[0].ucum == "{SUVlbm}g/ml"
