"""iRECIST: its table 2 row by row, its scenarios, and the clarifications."""

import pytest

from MedProcLib.comparison.response.criteria import assess, best

from .building import GONE, HERE, MAYBE, MORE, UNSEEN, WORSE, case_of, categories, new, other, target

LONG, LONGEST = target("L", 50, 50, 50, 50), target("L", 50, 50, 35, 35, 35)
REGAINED, LATE_GONE = target("L", 50, 60, 52, 58), target("L", 50, 50, 35, GONE)
FIVE_NEW = [new(name, None, 12, 12, organ=name) for name in "ABCDE"]
TWO_NEW = [new(name, None, 12, 12) for name in "XY"]
GONE_AND_BACK = new("X", None, HERE, GONE, HERE, HERE), new("Y", None, None, None, None, HERE)
THROUGHOUT = new("X", None, HERE, HERE, HERE)
ONE, STAY, LATE, SHRINK = (
    target("L", *sizes) for sizes in ((50, 50, 50), (50, 50, 35, 35), (50, 35, 35, 35), (50, 50, 35))
)
TABLE = [
    ("no progression", [target("L", 50, 50)], "iSD"),
    ("response", [target("L", 50, 35)], "iPR"),
    ("all gone", [target("L", 50, GONE)], "iCR"),
    ("gone but non-target there", [target("L", 50, GONE), other("X", HERE, HERE)], "iPR"),
    ("non-target only", [other("X", HERE, HERE)], "non-iCR/non-iUPD"),
    ("progression is unconfirmed", [target("L", 50, 60)], "iUPD"),
    ("confirmed by 5 mm more", [target("L", 50, 60, 65)], "iUPD iCPD"),
    ("4.9 mm more do not confirm", [target("L", 50, 60, 64.9)], "iUPD iUPD"),
    ("rises add up: 4 then 2 mm", [target("L", 50, 60, 64, 66)], "iUPD iUPD iCPD"),
    ("no change, then confirmed", [target("L", 50, 60, 60, 65)], "iUPD iUPD iCPD"),
    ("shrinks a little, then 5 mm from there", [target("L", 50, 66, 62, 67)], "iUPD iUPD iCPD"),
    ("bar is reset by stable disease", [target("L", 50, 60, 55, 60)], "iUPD iSD iUPD"),
    ("after the reset 5 mm more confirm", [target("L", 50, 60, 55, 60, 65)], "iUPD iSD iUPD iCPD"),
    ("pseudoprogression then response", [target("L", 50, 70, 30)], "iUPD iPR"),
    ("pseudoprogression then complete", [target("L", 50, 70, GONE)], "iUPD iCR"),
    ("after the reset from the new nadir", [target("L", 50, 70, 30, 36)], "iUPD iPR iUPD"),
    ("confirmed stays confirmed", [target("L", 50, 60, 70, 20)], "iUPD iCPD iCPD"),
    ("not evaluable between", [target("L", 50, 60, UNSEEN, 66)], "iUPD NE iCPD"),
    ("non-target worse", [target("L", 50, 50), other("X", HERE, WORSE)], "iUPD"),
    ("non-target no further", [ONE, other("X", HERE, WORSE, WORSE)], "iUPD iUPD"),
    ("non-target any increase", [ONE, other("X", HERE, WORSE, MORE)], "iUPD iCPD"),
    ("non-target back", [ONE, other("X", HERE, WORSE, HERE)], "iUPD iSD"),
    ("target, then non-target too", [target("L", 50, 60, 60), other("X", HERE, HERE, WORSE)], "iUPD iCPD"),
    ("non-target, then target too", [target("L", 50, 50, 60), other("X", HERE, WORSE, WORSE)], "iUPD iCPD"),
    ("new lesion", [target("L", 50, 50), new("X", None, HERE)], "iUPD"),
    ("new lesion unchanged", [ONE, new("X", None, HERE, HERE)], "iUPD iUPD"),
    ("another new lesion", [ONE, new("X", None, HERE, HERE), new("Y", None, None, HERE)], "iUPD iCPD"),
    ("new non-target grows", [ONE, new("X", None, 8, MORE)], "iUPD iCPD"),
    ("new target 4.9 mm more", [ONE, new("X", None, 12, 16.9)], "iUPD iUPD"),
    ("new target 5 mm more", [ONE, new("X", None, 12, 17)], "iUPD iCPD"),
    ("new targets together 5 mm more", [ONE, new("X", None, 12, 15), new("Y", None, 12, 14)], "iUPD iCPD"),
    ("new lesion gone", [ONE, new("X", None, HERE, GONE)], "iUPD iSD"),
    ("equivocal new lesion", [target("L", 50, 50), new("X", None, MAYBE)], "iSD"),
    ("target progression, then a new lesion", [target("L", 50, 60, 60), new("X", None, None, HERE)], "iUPD iCPD"),
    ("scenario B: new lesion, then the targets shrink", [SHRINK, new("X", None, HERE, HERE)], "iUPD iPR"),
    ("scenario F: response, new lesion, no change", [LATE, new("X", None, None, HERE, HERE)], "iPR iUPD iUPD"),
    ("accepted new lesion", [STAY, THROUGHOUT], "iUPD iPR iPR"),
    ("iCR not while a new lesion is there", [target("L", 50, 50, GONE), new("X", None, HERE, HERE)], "iUPD iPR"),
    ("further one", [STAY, THROUGHOUT, new("Y", None, None, None, HERE)], "iUPD iPR iUPD"),
    ("accepted new target grows 20 % and 5 mm", [STAY, new("X", None, 20, 20, 25)], "iUPD iPR iUPD"),
    ("accepted new target from its smallest", [LONGEST, new("X", None, 20, 20, 15, 20)], "iUPD iPR iPR iUPD"),
    ("new target 5 mm over its smallest since", [LONG, new("X", None, 14, 11, 16)], "iUPD iUPD iCPD"),
    ("third new one of an organ: not measured", [ONE, *TWO_NEW, new("Z", None, 12, 17)], "iUPD iUPD"),
    ("no iCR after a reset with a new lesion", [LATE_GONE, THROUGHOUT], "iUPD iPR iPR"),
    ("5 mm more, targets progress no longer", [REGAINED, THROUGHOUT], "iUPD iUPD iUPD"),
    ("accepted new lesion unequivocally worse", [STAY, new("X", None, HERE, HERE, WORSE)], "iUPD iPR iUPD"),
    ("only the second new lesion is there", [ONE, new("W", None, GONE, GONE), new("X", None, 12, 17)], "iUPD iCPD"),
    ("sixth new target is not measured", [ONE, *FIVE_NEW, new("Z", None, 12, 17, organ="skin")], "iUPD iUPD"),
    ("new, gone, back, then a further one", [target("L", *[50] * 5), *GONE_AND_BACK], "iUPD iSD iUPD iCPD"),
    ("20 % over the nadir is still far below baseline", [target("L", 100, 40, 50, 56)], "iPR iUPD iCPD"),
    ("a new node of 12 mm is not measured", [ONE, new("X", None, 12, 17, node=True)], "iUPD iUPD"),
    ("accepted new target grows less", [STAY, new("X", None, 20, 20, 24.9)], "iUPD iPR iPR"),
]  # fmt: skip


@pytest.mark.parametrize(("lesions", "expected"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE])
def test_decision_table(lesions, expected):
    responses = assess("irecist", case_of(*lesions))
    assert " ".join(categories(responses)) == expected


@pytest.mark.parametrize(
    ("days", "expected", "word"),
    [(25, "iUPD", "too early"), (26, "iCPD", ""), (28, "iCPD", ""), (58, "iCPD", ""), (59, "iCPD", "later than 8")],
)
def test_confirmation_needs_four_weeks_less_two_days(days, expected, word):
    responses = assess("irecist", case_of(target("L", 50, 60, 70), days=[0, 42, 42 + days]))
    assert responses[2].category == expected
    assert word in " ".join(responses[2].notes)


def test_too_early_growth_confirms_when_seen_again_in_time():
    case = case_of(target("L", 50, 60, 66, 66), days=[0, 42, 56, 77])
    assert categories(assess("irecist", case)) == ["iUPD", "iUPD", "iCPD"]


def test_nontarget_back_after_complete_response_is_unconfirmed_progression():
    case = case_of(target("L", 50, GONE, GONE), other("X", HERE, GONE, HERE))
    assert categories(assess("irecist", case)) == ["iCR", "iUPD"]


def test_the_reason_of_confirmation_is_said():
    steps = assess("irecist", case_of(target("L", 50, 60, 66)))[2].steps
    assert any("confirms the progression of T1 (2024-02-12): sum of the targets 6 mm more" in s for s in steps)


@pytest.mark.parametrize(
    ("sizes", "expected"),
    [
        ((50, GONE, GONE, 30, 36), "iCR"),
        ((50, 60, 30, GONE), "iCR"),
        ((50, 60, 33, 34, 60, 70), "iPR"),
        ((50, 60, 55, 33), "iPR"),
        ((50, 60, 52, 52, 66), "iSD"),
        ((50, 60, 70, 30), "iCPD"),
        ((50, 60, 61, 67), "iCPD"),
        ((50, 60, UNSEEN, UNSEEN), "iUPD"),
    ],
)
def test_best_response_by_the_eight_examples_of_table_3(sizes, expected):
    assert best("irecist", case_of(target("L", *sizes))).category == expected


def test_progression_is_dated_to_the_iupd_that_was_confirmed():
    found = best("irecist", case_of(target("L", 50, 60, 60, 66)))
    assert found.progression_date.isoformat() == "2024-02-12"
    found = best("irecist", case_of(target("L", 50, 60, UNSEEN, 66)))
    assert found.progression_date.isoformat() == "2024-02-12"
    found = best("irecist", case_of(target("L", 50, 60, 55, 61, 66)))
    assert found.progression_date.isoformat() == "2024-05-06"
