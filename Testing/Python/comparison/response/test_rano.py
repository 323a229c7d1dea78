import datetime

import pytest

from MedProcLib.comparison.response.context import NeuroStatus, Protocol
from MedProcLib.comparison.response.criteria import assess, best

from .building import GONE, HERE, START, UNSEEN, WORSE, case_of, categories, new, other, target

CALM = {"steroid_mg": 0, "clinical": "stable", "t2_flair": "stable"}


def neuro(*changes):
    """Status at each time point: no steroids, stable, but for what is said."""
    return {i: {"neuro": NeuroStatus(**(CALM | change))} for i, change in enumerate(changes)}


def run(name, lesions, *changes, **more):
    count = max(int(a.time[1:]) for n in lesions for a in n.assessments) + 1
    changes = changes or ({},) * count
    return assess(name, case_of(*lesions, times=neuro(*changes), **more))


REPLACED = {"steroid_mg": 1, "physiologic_steroids": True}
UP_AND_DOWN = ({"steroid_mg": 2}, {"steroid_mg": 4}, {"steroid_mg": 2})
HALVED, GROWN = target("L", (40, 25), (25, 20)), target("L", (40, 25), (50, 25))
TABLE = [
    ("stable", [target("L", (40, 25), (40, 25))], (), "SD"),
    ("exactly half", [HALVED], (), "PR"),
    ("49.9 %", [target("L", (40, 25), (25.05, 20))], (), "SD"),
    ("exactly 25 % more", [GROWN], (), "PD"),
    ("24.9 % more", [target("L", (40, 25), (49.96, 25))], (), "SD"),
    ("over the nadir", [target("L", (40, 25), (25, 20), (25, 25))], (), "PR PD"),
    ("gone", [target("L", (40, 25), GONE)], (), "CR"),
    ("gone on steroids as at baseline", [target("L", (40, 25), GONE)], ({"steroid_mg": 4}, {"steroid_mg": 4}), "PR"),
    ("gone on replacement steroids", [target("L", (40, 25), GONE)], ({}, REPLACED), "CR"),
    ("half on more steroids", [HALVED], ({"steroid_mg": 2}, {"steroid_mg": 4}), "NE"),
    ("stable on more steroids", [target("L", (40, 25), (40, 25))], ({"steroid_mg": 2}, {"steroid_mg": 4}), "NE"),
    ("stable on replacement steroids", [target("L", (40, 25), (40, 25))], ({}, REPLACED), "SD"),
    ("gone on more steroids", [target("L", (40, 25), GONE)], ({"steroid_mg": 2}, {"steroid_mg": 4}), "NE"),
    ("half on fewer steroids", [HALVED], ({"steroid_mg": 4}, {"steroid_mg": 2}), "PR"),
    ("grown on fewer steroids than at the nadir", [GROWN], ({"steroid_mg": 4}, {"steroid_mg": 2}), "SD"),
    ("fewer than at the nadir, as at baseline", [target("L", (40, 25), (25, 20), (25, 25))], UP_AND_DOWN, "NE SD"),
    ("grown on more steroids", [GROWN], ({"steroid_mg": 4}, {"steroid_mg": 8}), "PD"),
    ("half but T2/FLAIR worse", [HALVED], ({}, {"t2_flair": "worse"}), "PD"),
    ("T2/FLAIR worse on fewer steroids", [HALVED], ({"steroid_mg": 4}, {"steroid_mg": 2, "t2_flair": "worse"}), "SD"),
    ("half but clinically worse", [HALVED], ({}, {"clinical": "worse"}), "PD"),
    ("half and improved", [HALVED], ({}, {"clinical": "improved", "t2_flair": "improved"}), "PR"),
    ("new lesion", [HALVED, new("X", None, HERE)], (), "PD"),
    ("lesion not measured worse", [HALVED, other("X", HERE, WORSE)], (), "PD"),
    ("gone, lesion not measured there", [target("L", (40, 25), GONE), other("X", HERE, HERE)], (), "PR"),
    ("only lesions not measured: gone is stable at best", [other("X", HERE, GONE)], (), "SD"),
    ("missing", [target("L", (40, 25), UNSEEN)], (), "NE"),
    ("missing but clinically worse", [target("L", (40, 25), UNSEEN)], ({}, {"clinical": "worse"}), "PD"),
]  # fmt: skip


@pytest.mark.parametrize(("lesions", "changes", "expected"), [r[1:] for r in TABLE], ids=[r[0] for r in TABLE])
def test_decision_table_of_2010(lesions, changes, expected):
    assert " ".join(categories(run("rano_2010", lesions, *changes))) == expected


def test_growth_within_twelve_weeks_of_radiotherapy_does_not_count_in_2010():
    for days, expected in ((83, "SD"), (84, "PD")):
        protocol = Protocol(radiotherapy_end=START + datetime.timedelta(days=42 - days))
        assert categories(run("rano_2010", [GROWN], protocol=protocol)) == [expected]
    before = Protocol(radiotherapy_end=START + datetime.timedelta(days=50))
    assert categories(run("rano_2010", [GROWN], protocol=before)) == ["PD"]
    protocol = Protocol(radiotherapy_end=START)
    inside, outside = (new("X", None, HERE, in_radiation_field=field) for field in (True, False))
    assert categories(run("rano_2010", [HALVED, inside], protocol=protocol)) == ["PR"]
    assert categories(run("rano_2010", [HALVED, outside], protocol=protocol)) == ["PD"]


def test_within_twelve_weeks_only_new_enhancement_outside_the_field_is_progression_in_2010():
    """Table 2 of Wen 2010: clinical decline alone is none then; from 12 weeks on it is."""
    worse, grown = {"clinical": "worse"}, other("X", HERE, WORSE)
    outside, inside = (new("N", None, HERE, in_radiation_field=field) for field in (False, True))
    rows = (
        ([HALVED], {}, "PR", "PR"),
        ([HALVED], worse, "SD", "PD"),
        ([HALVED, grown], {}, "SD", "PD"),
        ([HALVED, inside], {}, "PR", "PD"),
        ([HALVED, outside], worse, "PD", "PD"),
        ([GROWN], worse, "SD", "PD"),
    )
    for lesions, change, early, late in rows:
        for days, expected in ((83, early), (84, late)):
            protocol = Protocol(radiotherapy_end=START + datetime.timedelta(days=42 - days))
            assert categories(run("rano_2010", lesions, {}, change, protocol=protocol)) == [expected]
    protocol = Protocol(radiotherapy_end=START)
    alone = run("rano_2010", [HALVED], {}, worse, protocol=protocol)[1]
    assert "clinical deterioration alone within 12 weeks" in alone.notes[0]
    assert categories(run("rano_2", [HALVED], {}, worse, protocol=protocol)) == ["PD"]


def test_low_grade_has_a_minor_response():
    for second, expected in (((30, 25), "MR"), ((30.04, 25), "SD"), ((25, 20), "PR")):
        assert categories(run("rano_lgg_2011", [target("L", (40, 25), second)])) == [expected]


def test_volumes_have_their_own_thresholds():
    for name in ("mrano_volume", "rano_2_volume"):
        for second, expected in ((35, "PR"), (35.1, "SD"), (139.9, "SD")):
            assert categories(run(name, [target("L", 100, second, field="volume_mm3")])) == [expected]
    assert categories(run("rano_2_volume", [target("L", 100, 140, field="volume_mm3")])) == ["PD"]
    for sizes, expected in (((140, 195.9), "SD"), ((140, 196), "PD"), ((60, 83.9), "SD"), ((60, 84), "preliminary PD")):
        found = run("mrano_volume", [target("L", 100, *sizes, field="volume_mm3")])
        assert categories(found)[-1] == expected  # over the scan to confirm, and over the nadir


def test_modified_rano_confirms_progression_four_weeks_later():
    grows = [target("L", (40, 25), (50, 25), (62.5, 25))]
    assert categories(run("mrano", grows)) == ["preliminary PD", "PD"]
    assert categories(run("mrano", grows, days=[0, 42, 69])) == ["preliminary PD", "preliminary PD"]
    assert categories(run("mrano", grows, days=[0, 42, 70])) == ["preliminary PD", "PD"]
    goes_on = [target("L", (40, 25), (50, 25), (62.5, 25), (60, 25))]
    assert categories(run("mrano", goes_on)) == ["preliminary PD", "PD", "PD"]
    fades = run("mrano", [target("L", (40, 25), (50, 25), (40, 25))])
    assert categories(fades) == ["preliminary PD", "SD"]
    assert "not confirmed" in fades[2].notes[0]
    assert categories(run("mrano", [GROWN], {}, {"clinical": "worse"})) == ["PD"]


def test_modified_rano_measures_growth_from_the_scan_that_was_not_confirmed():
    """1000, 1250, then 1550 mm2: +55 % over the nadir, but +24 % over the preliminary scan, which is the bar then."""
    halts = [target("L", (40, 25), (50, 25), (62, 25), (62.4, 25), (62.5, 25), (78.2, 25))]
    found = run("mrano", halts)
    assert categories(found) == ["preliminary PD", "SD", "SD", "preliminary PD", "PD"]
    assert "may be pseudoprogression" in found[2].notes[0]
    assert "not counted" in found[3].notes[0]


def test_modified_rano_adds_new_lesions_to_the_sum_once_they_can_be_measured():
    rows = (
        ((20, 9.9), (10, 10), "SD", "SD"),  # 900 + 100: no rise
        ((20, 9.9), (30, 7), "SD", "SD"),
        ((20, 9.9), (30, 14), "SD", "preliminary PD"),  # 900 + 420
        ((20, 17.5), (33.15, 20), "preliminary PD", "PD"),  # 900 + 350, then 900 + 663: +25 % twice
        ((20, 17.5), (33.1, 20), "preliminary PD", "SD"),  # 900 + 662: +24.96 %
    )
    for first, second, *expected in rows:
        found = run("mrano", [target("L", (40, 25), (36, 25), (36, 25)), new("X", None, first, second)])
        assert categories(found) == expected
    small = run("mrano", [target("L", (40, 25), (36, 25)), new("X", None, (9.9, 9.9))])[1]
    assert "new lesion X, 9.9 x 9.9 mm, cannot be measured yet" in small.notes[0]
    nothing = [other("E", HERE, HERE, HERE), new("X", None, (10, 10), (13, 10))]
    assert categories(run("mrano", nothing)) == ["preliminary PD", "PD"]
    gone = [other("E", HERE, GONE, GONE), new("X", None, (10, 10), GONE)]
    assert categories(run("mrano", gone)) == ["preliminary PD", "SD"]


def test_confirmed_progression_is_dated_back():
    grows = case_of(target("L", (40, 25), (50, 25), (62.5, 25)))
    assert best("mrano", grows).progression_date.isoformat() == "2024-02-12"


def test_responses_must_be_seen_again_and_missing_context_is_named():
    once, twice = case_of(HALVED), case_of(target("L", (40, 25), (25, 20), (25, 20)))
    assert (best("rano_2010", once).category, best("rano_2010", twice).category) == ("SD", "PR")
    missing = " ".join(assess("rano_2010", once)[1].missing)
    for what in ("clinical state", "corticosteroid dose", "T2/FLAIR"):
        assert what in missing


def test_a_response_that_is_lost_again_is_stable_disease():
    assert categories(run("rano_2010", [target("L", (40, 25), (25, 20), (26, 20))])) == ["PR", "SD"]


def test_both_diameters_of_a_target_must_be_ten_millimeters():
    notes = assess("rano_2010", case_of(target("L", (20, 9.9), (20, 9.9))))[0].notes
    assert notes == ("target L: perpendicular diameter 9.9 mm below 10 mm",)
    assert not assess("rano_2010", case_of(target("L", (10, 10), (20, 9.9))))[0].notes


def test_a_new_lesion_that_is_added_is_no_target_of_baseline():
    """Modified RANO: baseline says nothing of it, and without any lesion there is no disease before it comes."""
    grows = [target("L", (40, 25), (40, 25)), new("X", None, (12, 11))]
    assert run("mrano", grows)[0].notes == ()
    assert "X" not in " ".join(run("mrano", grows)[0].steps)
    assert categories(run("mrano", [new("X", None, None, (12, 12))])) == ["no disease", "preliminary PD"]
