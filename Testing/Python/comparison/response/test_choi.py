import pytest

from MedProcLib.comparison.growth.measured import Measured
from MedProcLib.comparison.response.criteria import assess

from .building import GONE, HERE, UNSEEN, WORSE, case_of, categories, new, other, target


def lesion(*pairs, name="L"):
    """A target from (mm, HU) at each time point, or a word."""
    rows = (p if isinstance(p, str) else {"long_mm": p[0], "mean_hu": p[1]} for p in pairs)
    return target(name, *rows)


NODULE = {"long_mm": 100, "mean_hu": 80, "unequivocal": True}
TABLE = [
    ("unchanged", [lesion((100, 80), (100, 80))], "SD", "SD"),
    ("smaller by exactly 10 %", [lesion((100, 80), (90, 80))], "PR", "SD"),
    ("smaller by 9.9 %", [lesion((100, 80), (90.1, 80))], "SD", "SD"),
    ("attenuation lower by exactly 15 %", [lesion((100, 80), (100, 68))], "PR", "SD"),
    ("attenuation lower by 14.9 %", [lesion((100, 80), (100, 68.1))], "SD", "SD"),
    ("both lower", [lesion((100, 80), (90, 68))], "PR", "PR"),
    ("larger by exactly 10 %", [lesion((100, 80), (110, 80))], "PD", "PD"),
    ("larger by 9.9 %", [lesion((100, 80), (109.9, 80))], "SD", "SD"),
    ("larger but attenuation responds", [lesion((100, 80), (120, 60))], "PR", "SD"),
    ("nodule within the tumor", [target("L", {"long_mm": 100, "mean_hu": 80}, NODULE)], "PD", "PD"),
    ("new lesion", [lesion((100, 80), (80, 60)), new("X", None, HERE)], "PD", "PD"),
    ("gone", [lesion((100, 80), GONE)], "CR", "CR"),
    ("gone, another there", [lesion((100, 80), GONE), other("X", HERE, HERE)], "PR", "PR"),
    ("another worse", [lesion((100, 80), (80, 60)), other("X", HERE, WORSE)], "PD", "PD"),
    ("missing", [lesion((100, 80), UNSEEN)], "NE", "NE"),
    ("mean over the lesions", [lesion((100, 80), (100, 60)), lesion((50, 40), (50, 42), name="M")], "PR", "SD"),
    ("over the nadir", [lesion((100, 80), (80, 80), (88, 80))], "PR PD", "SD PD"),
]  # fmt: skip


@pytest.mark.parametrize(("lesions", "choi", "modified"), [r[1:] for r in TABLE], ids=[r[0] for r in TABLE])
def test_decision_table(lesions, choi, modified):
    case = case_of(*lesions)
    assert " ".join(categories(assess("choi", case))) == choi
    assert " ".join(categories(assess("modified_choi", case))) == modified


def test_attenuation_that_cannot_be_used_is_named():
    response = assess("choi", case_of(target("L", 100, 100)))[1]
    assert (response.category, response.missing[0][:16]) == ("SD", "mean attenuation")
    unseen = assess("choi", case_of(lesion((100, 80)), count=2))[1]
    assert any("mean attenuation of target L" in m for m in unseen.missing)
    fat = assess("choi", case_of(lesion((100, -60), (100, -90))))[1]
    assert fat.category == "SD" and "no meaning" in fat.missing[0]


def test_arithmetic_and_measurement_error():
    response = assess("choi", case_of(lesion((100, Measured(80, 75, 85)), (100, Measured(67, 62, 72)))))[1]
    assert "attenuation 80 HU at baseline, now 67 HU: -16.2 % (response from -15 %)" in response.steps
    assert "attenuation cannot be told" in response.doubts[0]
    assert response.figure("attenuation_change_from_baseline") == pytest.approx(-16.25)
