import datetime

import pytest

from MedProcLib.comparison.response.context import NeuroStatus, Protocol
from MedProcLib.comparison.response.criteria import assess, best
from MedProcLib.comparison.response.outcome import Category
from MedProcLib.comparison.response.rano_2 import joined

from .building import GONE, HERE, MAYBE, START, UNSEEN, WORSE, case_of, categories, new, other, target

FLAIR = {"enhancing": False}


def run(*lesions, name="rano_2", end=None, neuro=(), **more):
    """Categories after baseline; end: days from baseline to the end of radiotherapy; neuro: status by time point."""
    protocol = Protocol(radiotherapy_end=None if end is None else START + datetime.timedelta(days=end))
    times = {i: {"neuro": NeuroStatus(**status)} for i, status in enumerate(neuro)}
    return assess(name, case_of(*lesions, protocol=protocol, times=times, **more))


def volume(*sizes, **more):
    return target("V", *sizes, field="volume_mm3", **more)


@pytest.mark.parametrize(
    ("second", "enhancing", "other"),
    [
        ((25, 20), "PR", "PR"),
        ((25.05, 20), "SD", "MR"),
        ((30, 25), "SD", "MR"),
        ((30.04, 25), "SD", "SD"),
        ((49.96, 25), "SD", "SD"),
        ((50, 25), "PD", "PD"),
        (GONE, "CR", "CR"),
    ],
)
def test_products_at_the_limits(second, enhancing, other):
    assert categories(run(target("L", (40, 25), second))) == [enhancing]
    assert categories(run(target("L", (40, 25), second, **FLAIR))) == [other]


@pytest.mark.parametrize(
    ("second", "enhancing", "other"),
    [
        (35, "PR", "PR"),
        (35.1, "SD", "MR"),
        (60, "SD", "MR"),
        (60.1, "SD", "SD"),
        (139.9, "SD", "SD"),
        (140, "PD", "PD"),
    ],
)
def test_volumes_at_the_limits(second, enhancing, other):
    assert categories(run(volume(100, second), name="rano_2_volume")) == [enhancing]
    assert categories(run(volume(100, second, **FLAIR), name="rano_2_volume")) == [other]


def test_the_table_of_tumors_that_enhance_in_part():
    """Cell by cell: PD with anything is PD; a response with what is stable at least stays; CR and SD need both."""
    rows = """CR CR CR|CR PR PR|CR MR PR|CR SD PR|PR PR PR|PR MR PR|PR SD PR|MR MR MR|MR SD MR|SD SD SD
    PD CR PD|PD PR PD|PD MR PD|PD SD PD|PD PD PD|PD NE PD|CR NE NE|SD NE NE"""
    for row in rows.replace("\n", "|").split("|"):
        one, two, expected = (Category(word) for word in row.split())
        assert joined(one, two) is expected, row
        assert joined(two, one) is expected, row
    assert joined(Category.PRELIMINARY_PD, Category.PR) is Category.PRELIMINARY_PD
    assert joined(Category.PRELIMINARY_PD, Category.PD) is Category.PD


def test_both_parts_are_assessed_apart():
    """Enhancing 1000 to 500 mm2 (PR) with T2/FLAIR 2500 to 3125 (+25 %): one sum of both would hardly have changed."""
    found = run(target("E", (40, 25), (25, 20)), target("F", (50, 50), (62.5, 50), **FLAIR))[1]
    assert found.category is Category.PD
    assert found.parts["enhancing target"] == "PR"
    assert found.parts["non-enhancing target"] == "PD"
    assert found.figure("enhancing_change_from_baseline") == pytest.approx(-50)
    assert found.figure("non_enhancing_change_from_baseline") == pytest.approx(25)
    assert found.steps[-1] == "enhancing PR with non-enhancing PD: overall PD"
    stable = run(target("E", (40, 25), (25, 20)), target("F", (50, 50), (50, 50), **FLAIR))[1]
    assert stable.category is Category.PR
    watched = run(target("E", (40, 25), GONE), other("F", HERE, WORSE, **FLAIR))[1]
    assert watched.category is Category.PD


def test_three_targets_of_one_kind_and_two_each_of_both():
    three = [target(f"E{i}", (20, 20), (20, 20)) for i in range(3)]
    assert not run(*three)[0].notes
    assert (
        run(*three, target("E3", (20, 20), (20, 20)))[0].notes[0].startswith("4 targets; the criterion takes at most 3")
    )
    two = [target(f"F{i}", (20, 20), (20, 20), **FLAIR) for i in range(2)]
    assert not run(*three[:2], *two)[0].notes
    assert run(*three, *two)[0].notes == ("3 targets; the criterion takes at most 2",)


def test_a_new_lesion_is_progression_once_it_can_be_measured():
    steady = target("L", (40, 25), (40, 25), (40, 25))
    found = run(steady, new("X", None, (12, 9.9), (12, 10)))
    assert categories(found) == ["SD", "PD"]
    assert "new lesion X, 12 x 9.9 mm, cannot be measured yet" in found[1].notes[0]
    assert categories(run(steady, new("X", None, HERE))) == ["PD", "PD"]
    assert categories(run(steady, new("X", None, MAYBE, GONE))) == ["SD", "SD"]
    leptomeningeal = {"long_mm": 8, "short_mm": 4, "unequivocal": True}
    assert categories(run(steady, new("X", None, leptomeningeal))) == ["PD", "PD"]
    enhances_now = run(target("F", (40, 25), (40, 25), **FLAIR), new("X", None, (12, 11)))
    assert categories(enhances_now) == ["PD"]


def test_progression_is_preliminary_within_twelve_weeks_of_radiotherapy():
    grown = target("L", (40, 25), (50, 25), (62.5, 25))
    for end, expected in ((None, "PD"), (42 - 84, "PD"), (42 - 83, "preliminary PD"), (0, "preliminary PD")):
        assert categories(run(grown, end=end))[0] == expected
    assert categories(run(grown, end=0)) == ["preliminary PD", "PD"]
    assert categories(run(grown, end=0, days=[0, 42, 69])) == ["preliminary PD", "preliminary PD"]
    for third in ((50, 25), (62.4, 25)):  # + 24.8 % over the preliminary scan, though + 56 % over baseline
        halts = run(target("L", (40, 25), (50, 25), third), end=0)
        assert categories(halts) == ["preliminary PD", "SD"]
        assert "may be pseudoprogression" in halts[2].notes[0]
    later = target("L", (40, 25), (50, 25), (50, 25), (62.5, 25))  # 126 d after radiotherapy
    assert categories(run(later, end=0)) == ["preliminary PD", "SD", "PD"]
    shrinks = target("L", (40, 25), (50, 25), (50, 25), (20, 20), (25, 20))  # + 25 % over 400, the least since
    assert categories(run(shrinks, end=0)) == ["preliminary PD", "SD", "PR", "PD"]
    fades = target("V", 100, 140, 195.9, field="volume_mm3"), target("V", 100, 140, 196, field="volume_mm3")
    assert [categories(run(v, end=0, name="rano_2_volume"))[1] for v in fades] == ["SD", "PD"]
    new_one = new("X", None, (12, 12), (12, 12))
    assert categories(run(target("L", *[(40, 25)] * 3), new_one, end=0)) == ["preliminary PD", "PD"]
    worse = [{}, {"clinical": "worse"}]
    assert categories(run(target("L", (40, 25), (40, 25)), end=0, neuro=worse)) == ["PD"]
    assert best("rano_2", case_of(grown, protocol=Protocol(radiotherapy_end=START))).progression_date == (
        START + datetime.timedelta(days=42)
    )


def test_the_scan_after_radiotherapy_is_the_baseline_of_a_new_tumor():
    steady = target("L", (40, 25), (40, 25))
    for end, said in ((-21, False), (-35, False), (-84, False), (-20, True), (-36, True), (-83, True), (10, True)):
        notes = run(steady, end=end)[0].notes
        assert bool(notes) is said, end
    assert notes[0].startswith("baseline is 10 d before the end of radiotherapy")


def test_t2_flair_counts_only_as_lesions_of_its_own():
    stable = [{}, {"t2_flair": "worse"}]
    assert categories(run(target("L", (40, 25), (25, 20)), neuro=stable)) == ["PR"]
    assert not any("T2/FLAIR" in text for text in run(target("L", (40, 25), (25, 20)))[1].missing)


def test_more_corticosteroids_are_neither_progression_nor_stable_disease():
    doses = [{"steroid_mg": 2}, {"steroid_mg": 4}, {"steroid_mg": 2}]
    found = run(target("L", (40, 25), (40, 25), (40, 25)), neuro=doses)
    assert categories(found) == ["NE", "SD"]
    assert any("neither response nor stable disease" in step for step in found[1].steps)
    assert categories(run(target("L", (40, 25), (50, 25)), neuro=doses)) == ["PD"]


def test_a_target_that_is_missing_is_not_evaluable():
    assert categories(run(target("E", (40, 25), UNSEEN), target("F", (50, 50), (50, 50), **FLAIR))) == ["NE"]
