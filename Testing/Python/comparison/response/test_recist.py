import pytest

from MedProcLib.comparison.growth.measured import Measured
from MedProcLib.comparison.response.context import Protocol
from MedProcLib.comparison.response.criteria import assess
from MedProcLib.comparison.response.model import Assessment, Kind
from MedProcLib.comparison.response.outcome import Part
from MedProcLib.comparison.response.overall import overall
from MedProcLib.core.errors import InputError

from .building import (
    GONE,
    HERE,
    MAYBE,
    SMALL,
    UNMEASURED,
    UNSEEN,
    WORSE,
    case_of,
    categories,
    new,
    other,
    pieces,
    target,
)

IN_A, IN_B = ({"status": "merged", "merged_into": name} for name in "AB")
EACH = Protocol(continue_response=False)


def split_node(*short):
    """A node that fell into pieces at T1, of these short axes (mm), the first one the largest."""
    parts = [(f"piece {n}", Assessment("T1", short_mm=size)) for n, size in enumerate(short)]
    return {"short_mm": short[0], "pieces": parts}


# name, lesions, categories after baseline
TABLE = [
    ("unchanged", [target("L1", 50, 50)], "SD"),
    ("fall of 29.9 %", [target("L1", 100, 70.1)], "SD"),
    ("fall of exactly 30 %", [target("L1", 100, 70)], "PR"),
    ("fall of 30 % that floats round the wrong way", [target("L1", 0.1 * 3 * 100, 21)], "PR"),
    ("fall of 30.1 %", [target("L1", 100, 69.9)], "PR"),
    ("rise of 19.9 % from baseline", [target("L1", 100, 119.9)], "SD"),
    ("rise of exactly 20 %", [target("L1", 100, 120)], "PD"),
    ("rise of 20 % in decimals", [target("L1", 33.3, 39.96)], "PD"),
    ("rise of 25 % but of 4.9 mm", [target("L1", 19.6, 24.5)], "SD"),
    ("rise of 20 % and exactly 5 mm", [target("L1", 25, 30)], "PD"),
    ("rise of 5 mm but of 19.9 %", [target("L1", 25.2, 30.2)], "SD"),
    ("rise of 100 % and 4.9 mm", [target("L1", 10, 5, 9.9)], "PR PR"),
    ("nadir is not baseline", [target("L1", 100, 60, 72)], "PR PD"),
    ("19.9 % over nadir", [target("L1", 100, 60, 71.9)], "PR PR"),
    ("nadir is the smallest, not the last", [target("L1", 100, 60, 65, 72)], "PR PR PD"),
    ("nadir includes baseline", [target("L1", 50, 55, 60)], "SD PD"),
    ("each step below 20 %, together above", [target("L1", 50, 58, 66)], "SD PD"),
    ("progression goes before response", [target("L1", 100, 40, 60)], "PR PD"),
    ("gone", [target("L1", 30, GONE)], "CR"),
    ("size 0 is gone", [target("L1", 30, 0)], "CR"),
    ("back after CR", [target("L1", 30, GONE, 10)], "CR PD"),
    ("back too small to measure after CR", [target("L1", 30, GONE, SMALL)], "CR PD"),
    ("back with 3 mm after a CR that came later", [target("L1", 60, 40, GONE, 3)], "PR CR PD"),
    ("gone but overall PR, back with 4.9 mm", [target("L1", 30, GONE, 4.9), other("X", *[HERE] * 3)], "PR PR"),
    ("gone but overall PR, back with 5 mm", [target("L1", 30, GONE, 5), other("X", *[HERE] * 3)], "PR PD"),
    ("one of two back, sum below 20 %", [target("L1", 60, 40, 40), target("L2", 12, GONE, 3)], "PR PR"),
    ("one of two back, sum above", [target("L1", 60, 20, 20), target("L2", 12, GONE, 6)], "PR PD"),
    ("too small to measure is 5 mm", [target("L1", 20, SMALL), target("L2", 10, 16)], "PR"),
    ("too small to measure is not gone", [target("L1", 20, SMALL)], "PR"),
    ("too small with a measure keeps it", [target("L1", 10, {"status": "too small to measure", "long_mm": 8})], "SD"),
    ("two too small from 11 mm", [target("L1", 11, SMALL), target("L2", 11, 10.4)], "PR"),
    ("node at 10 mm is no CR", [target("N1", 20, 10, node=True)], "PR"),
    ("node at 9.9 mm is CR", [target("N1", 20, 9.9, node=True)], "CR"),
    ("node at 9.9 mm and a lesion gone", [target("N1", 20, 9.9, node=True), target("L1", 30, GONE)], "CR"),
    ("node at 10 mm and a lesion gone", [target("N1", 20, 10, node=True), target("L1", 30, GONE)], "PR"),
    ("normal node that grows but stays normal", [target("N1", 20, 4, 9.5, node=True)], "CR CR"),
    ("normal node back to 10 mm after CR", [target("N1", 20, 9, 10, node=True)], "CR PD"),
    ("normal node counts in the sum", [target("N1", 20, 4, 9, node=True), target("L1", 10, 10, 10)], "PR PD"),
    ("node 9 to 11 mm beside a lesion", [target("N1", 20, 9, 11, node=True), target("L1", 20, 10, 10)], "PR PR"),
    ("node too small to measure is normal", [target("N1", 20, SMALL, node=True)], "CR"),
    ("CR and non-target node too small", [target("L1", 30, GONE), other("N2", 12, SMALL, node=True)], "CR"),
    ("node by short axis only", [target("N1", (30, 20), (60, 20), node=True)], "SD"),
    ("new lesion", [target("L1", 50, 50), new("X", None, HERE)], "PD"),
    ("new lesion with CR of the targets", [target("L1", 50, GONE), new("X", None, HERE)], "PD"),
    ("equivocal new lesion", [target("L1", 50, 50), new("X", None, MAYBE)], "SD"),
    ("equivocal new lesion with CR", [target("L1", 50, GONE), new("X", None, MAYBE)], "CR"),
    ("equivocal, then sure", [target("L1", 50, 50, 50), new("X", None, MAYBE, HERE)], "SD PD"),
    ("new node below 10 mm", [target("L1", 50, 50), new("X", None, 9.9, node=True)], "SD"),
    ("new node of 10 mm", [target("L1", 50, 50), new("X", None, 10, node=True)], "PD"),
    ("new lesion counts until absent", [target("L1", 50, 50, 50, 50), new("X", None, HERE, None, GONE)], "PD PD SD"),
    ("missing target", [target("L1", 50, 50), target("L2", 20, UNMEASURED)], "NE"),
    ("target not evaluable", [target("L1", 50, 20), target("L2", 20, UNSEEN)], "NE"),
    ("one of three missing: 50, now 80 mm", [target("A", 20, 40), target("B", 20, 40), target("C", 10, UNSEEN)], "PD"),
    ("missing target, rise just short", [target("A", 30, 59.9), target("C", 20, UNSEEN)], "NE"),
    ("missing target, rise just enough", [target("A", 30, 60), target("C", 20, UNSEEN)], "PD"),
    ("missing target and a new lesion", [target("A", 30, UNSEEN), new("X", None, HERE)], "PD"),
    ("missing target and worse non-target", [target("A", 30, UNSEEN), other("X", HERE, WORSE)], "PD"),
    ("incomplete sum is no nadir", [target("A", 30, 10, 35), target("B", 30, UNSEEN, 30)], "NE SD"),
    ("baseline without size", [target("A", UNMEASURED, 30)], "NE"),
    ("baseline without size and new", [target("A", UNMEASURED, 30), new("X", None, HERE)], "PD"),
    ("CR and non-target gone", [target("L1", 30, GONE), other("X", HERE, GONE)], "CR"),
    ("CR and non-target there", [target("L1", 30, GONE), other("X", HERE, HERE)], "PR"),
    ("CR and non-target not evaluated", [target("L1", 30, GONE), other("X", HERE, UNSEEN)], "PR"),
    ("CR and non-target node 9.9 mm", [target("L1", 30, GONE), other("X", 12, 9.9, node=True)], "CR"),
    ("CR and non-target node 10 mm", [target("L1", 30, GONE), other("X", 12, 10, node=True)], "PR"),
    ("PR and non-target there", [target("L1", 30, 20), other("X", HERE, HERE)], "PR"),
    ("PR and non-target not assessed", [target("L1", 30, 20), other("X", HERE, None)], "PR"),
    ("PR and non-target worse", [target("L1", 30, 20), other("X", HERE, WORSE)], "PD"),
    ("SD and non-target gone", [target("L1", 30, 30), other("X", HERE, GONE)], "SD"),
    ("SD and non-target not evaluated", [target("L1", 30, 30), other("X", HERE, UNSEEN)], "SD"),
    ("missing target, non-target gone", [target("L1", 30, UNSEEN), other("X", HERE, GONE)], "NE"),
    ("PD and non-target gone", [target("L1", 30, 40), other("X", HERE, GONE)], "PD"),
    ("non-target only: gone", [other("X", HERE, GONE)], "CR"),
    ("non-target only: there", [other("X", HERE, HERE)], "non-CR/non-PD"),
    ("non-target only: not evaluated", [other("X", HERE, HERE), other("Y", HERE, UNSEEN)], "NE"),
    ("non-target only: worse", [other("X", HERE, WORSE), other("Y", HERE, UNSEEN)], "PD"),
    ("non-target only: new", [other("X", HERE, GONE), new("Y", None, HERE)], "PD"),
    ("non-target back after CR", [other("X", HERE, GONE, HERE)], "CR PD"),
    ("no disease, then new", [new("Y", None, None, HERE)], "no disease PD"),
    ("split lesion: the pieces add up", [target("L1", 40, pieces(20, 15))], "SD"),
    ("split lesion: response", [target("L1", 40, pieces(18, 10))], "PR"),
    ("split node: not all of normal size", [target("N", (30, 25), split_node(9, 11), node=True)], "SD"),
    ("split node: of normal size", [target("N", (30, 25), split_node(9, 9.9), node=True)], "CR"),
    ("split non-target node", [target("L1", 30, GONE), other("X", 12, split_node(9, 11), node=True)], "PR"),
    ("merged lesions: measured once", [target("A", 20, 42), target("B", 20, IN_A)], "SD"),
    ("merged lesions: gone together", [target("A", 20, GONE), target("B", 20, IN_A)], "CR"),
    ("merged into a non-target", [target("A", 20, IN_B), other("B", HERE, HERE)], "NE"),
]  # fmt: skip


@pytest.mark.parametrize(("lesions", "expected"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE])
def test_decision_table(lesions, expected):
    count = max(int(a.time[1:]) for n in lesions for a in n.assessments) + 1
    steps = assess("recist_1_1", case_of(*lesions, count=max(count, 2)))
    assert " ".join(categories(steps)) == expected


def test_the_table_is_large():
    assert len(TABLE) >= 60


def test_overall_follows_the_published_tables_cell_by_cell():
    rows = """CR CR no CR|CR non-CR/non-PD no PR|CR NE no PR|PR non-CR/non-PD no PR|PR NE no PR|PR CR no PR
    SD non-CR/non-PD no SD|SD NE no SD|SD CR no SD|NE non-CR/non-PD no NE|NE CR no NE|NE NE no NE
    PD CR no PD|PD NE yes PD|CR PD no PD|NE PD no PD|CR CR yes PD|NE NE yes PD|SD CR yes PD"""
    for row in rows.replace("\n", "|").split("|"):
        target_, non_target, new_, expected = row.split()
        assert overall(Part(target_), Part(non_target), Part(new_)) == expected, row


def test_a_partial_response_lasts_until_progression_if_the_protocol_says_so():
    """The example of EORTC's clarification: 100, 70, 70, 80, 80 are PR throughout."""
    sizes = (100, 70, 70, 80, 80)
    assert categories(assess("recist_1_1", case_of(target("L", *sizes)))) == ["PR"] * 4
    assert categories(assess("recist_1_1", case_of(target("L", *sizes), protocol=EACH))) == ["PR", "PR", "SD", "SD"]
    unconfirmed = case_of(target("L", 100, 70, 80, 80), protocol=Protocol(confirm=True))
    assert categories(assess("recist_1_1", unconfirmed)) == ["PR", "SD", "SD"]
    twice = case_of(target("L", 100, 70, 80, 70, 80), protocol=Protocol(confirm=True))
    assert categories(assess("recist_1_1", twice)) == ["PR", "SD", "PR", "SD"]
    confirmed = case_of(target("L", 100, 70, 70, 80), protocol=Protocol(confirm=True))
    assert categories(assess("recist_1_1", confirmed)) == ["PR", "PR", "PR"]


def test_markers_must_normalize_for_a_complete_response():
    for elevated, expected in ((True, "PR"), (False, "CR"), (None, "PR")):
        times = {0: {"markers_elevated": True}, 1: {"markers_elevated": elevated}}
        response = assess("recist_1_1", case_of(target("L", 30, GONE), times=times))[1]
        assert response.category == expected
    assert "tumor markers" in response.missing[0]


def test_the_arithmetic_is_shown():
    response = assess("recist_1_1", case_of(target("A", 40, 30, 36), target("B", 20, 12, 16)))[2]
    assert response.steps[0] == "sum T2 (2024-03-25): A 36 + B 16 = 52 mm"
    assert response.steps[1] == "nadir 42 mm on T1 (2024-02-12), now 52 mm: +23.8 %, +10 mm: progression"
    assert response.steps[-1] == "overall PD (target PD)"
    node = assess("recist_1_1", case_of(target("N", (30, 20), (30, 21), node=True)))[1]
    assert node.steps[0] == "sum T1 (2024-02-12): N 21 (short axis) = 21 mm"
    assert response.figure("sum_of_diameters") == 52
    assert response.figure("change_from_baseline") == pytest.approx(-100 * 8 / 60)
    assert response.codes["target"].value == "112043"


def test_a_percentage_near_a_threshold_shows_on_which_side_it_is():
    steps = assess("recist_1_1", case_of(target("A", 100, 119.99)))[1].steps
    assert any("+19.99 %" in s for s in steps)
    steps = assess("recist_1_1", case_of(target("A", 100, 70.001)))[1].steps
    assert any("-29.999 %" in s for s in steps)


def test_what_is_missing_is_named():
    response = assess("recist_1_1", case_of(target("L3", 30, None), target("L1", 30, 30)))[1]
    assert response.missing == ("target L3 not measured at T1 (2024-02-12)", "sum not evaluable")


def test_targets_the_criterion_would_not_take_are_named_at_baseline():
    many = [target(f"L{i}", 20) for i in range(6)] + [target("S", 9, organ="lung"), target("N", 14, node=True)]
    notes = " | ".join(assess("recist_1_1", case_of(*many, times={0: {"slice_thickness_mm": 8}}))[0].notes)
    for text in (
        "8 targets",
        "6 targets in liver",
        "S: longest diameter 9 mm below 16 mm",
        "N: short axis 14 mm",
        "8 mm",
    ):
        assert text in notes


def test_a_single_thick_slice_needs_twice_its_thickness():
    thick = {0: {"slice_thickness_mm": 8}}
    assert "below 16 mm" in assess("recist_1_1", case_of(target("L", 15.9), times=thick))[0].notes[0]
    assert not assess("recist_1_1", case_of(target("L", 16), times=thick))[0].notes
    bones = [target("L", 20, organ="left 4th rib"), target("M", 20, organ="Bones"), target("N", 20, organ="tribe")]
    assert [note for note in assess("recist_1_1", case_of(*bones))[0].notes if note.startswith("bone lesion L, M:")]
    assert not assess("recist_1_1", case_of(target("L", 10), times={0: {"slice_thickness_mm": 5}}))[0].notes


def test_an_interval_over_a_threshold_is_noted_and_the_category_stays():
    wide = {"long_mm": {"value": 62, "low": 58, "high": 66}}
    narrow = {"long_mm": {"value": 62, "low": 61.9, "high": 62.1}}
    for size, doubtful in ((wide, True), (narrow, False)):
        first = {"long_mm": {"value": 50, "low": 49.9, "high": 50.1}}
        response = assess("recist_1_1", case_of(target("L", _measured(first), _measured(size))))[1]
        assert response.category == "PD"
        assert any("progression cannot be told from measurement error" in d for d in response.doubts) is doubtful
    assert not assess("recist_1_1", case_of(target("L", 50, 62)))[1].doubts


def test_a_doubtful_partial_response_names_the_threshold():
    first = _measured({"long_mm": {"value": 100, "low": 98, "high": 102}})
    second = _measured({"long_mm": {"value": 71, "low": 67, "high": 75}})
    (doubt,) = assess("recist_1_1", case_of(target("L", first, second)))[1].doubts
    assert doubt.startswith("partial response cannot be told") and "threshold 70 mm" in doubt


def test_a_doubtful_progression_of_a_small_sum_names_the_absolute_threshold():
    sizes = (_measured({"long_mm": {"value": v, "low": v - 1, "high": v + 1}}) for v in (10, 15.5))
    (doubt,) = assess("recist_1_1", case_of(target("L", *sizes)))[1].doubts
    assert doubt == (
        "progression cannot be told from measurement error: the sum is 15.5 mm (95 % interval 14.5 to 16.5), "
        "the threshold 15 mm"
    )


def test_a_non_target_that_grew_much_is_asked_about_until_a_reader_says():
    sizes = [{"volume_mm3": v} for v in (1000, 800, 1383, 1385)]
    responses = assess("recist_1_1", case_of(other("X", *sizes)))
    asked = "non-target X grew by 73 %, from 800 mm³ on T1 (2024-02-12) to 1385 mm³: a reader decides"
    assert [len(r.doubts) for r in responses[1:]] == [0, 0, 1] and asked in responses[3].doubts[0]
    said = assess("recist_1_1", case_of(other("X", *sizes[:3], sizes[3] | {"unequivocal": True})))
    assert not said[3].doubts and said[3].category == "PD"
    joined = case_of(other("X", *sizes), other("Y", HERE, HERE, HERE, {"status": "merged", "merged_into": "X"}))
    assert not assess("recist_1_1", joined)[3].doubts


def test_of_many_non_targets_those_that_grew_most_have_a_line():
    grown = [other(f"F{n:03d}", {"volume_mm3": 100}, {"volume_mm3": 200 + n}) for n in range(1, 19)]
    response = assess("recist_1_1", case_of(*grown))[1]
    assert [line[:16] for line in response.doubts[:5]] == [f"non-target F{n:03d} " for n in range(14, 19)]
    names = ", ".join(f"F{n:03d}" for n in range(1, 11))
    assert response.doubts[5:] == (f"13 more non-targets grew by 73 % or more: {names} and 3 more",)
    assert f"non-target {names} and 8 more: still there" in response.steps[0]


def _measured(data):
    return {key: Measured(**value) for key, value in data.items()}


def test_confirmed_equivocal_lesion_is_dated_back():
    responses = assess("recist_1_1", case_of(target("L", 50, 50, 50), new("X", None, MAYBE, HERE)))
    assert "progression dates back to T1" in responses[1].notes[0]


def test_unknown_criterion():
    with pytest.raises(InputError, match="there are: recist_1_1"):
        assess("recist", case_of(target("L", 30, 30)))


def test_with_targets_changes_kinds_but_not_new_lesions():
    case = case_of(target("A", 30, 30), other("B", 20, 20), new("C", None, HERE)).with_targets(["B"])
    assert [n.kind for n in case.lesions] == [Kind.NON_TARGET, Kind.TARGET, Kind.NEW]
    for ids in (["Z"], ["C"]):
        with pytest.raises(InputError):
            case.with_targets(ids)
