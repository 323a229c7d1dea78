import pytest

from MedProcLib.comparison.growth.measured import Measured
from MedProcLib.comparison.response.criteria import assess

from .building import GONE, HERE, UNSEEN, case_of, categories, new, other, target

VOLUMES = [
    ("volume_recist", 34.31, "SD"), ("volume_recist", 34.3, "PR"), ("volume_recist", 172.79, "SD"),
    ("volume_recist", 172.8, "PD"), ("volume_recist", GONE, "CR"), ("volume_recist", UNSEEN, "NE"),
    ("volume_65_73", 35.01, "SD"), ("volume_65_73", 35, "PR"), ("volume_65_73", 172.99, "SD"),
    ("volume_65_73", 173, "PD"), ("volume_35_55", 65.01, "SD"), ("volume_35_55", 65, "PR"),
    ("volume_35_55", 154.99, "SD"), ("volume_35_55", 155, "PD"),
]  # fmt: skip
OVER_THE_NADIR = [("volume_recist", 86.39, 86.4), ("volume_65_73", 86.49, 86.5), ("volume_35_55", 77.49, 77.5)]


@pytest.mark.parametrize(("name", "second", "expected"), VOLUMES)
def test_volumetric_thresholds(name, second, expected):
    assert categories(assess(name, case_of(target("L", 100, second, field="volume_mm3")))) == [expected]


@pytest.mark.parametrize(("name", "below", "at"), OVER_THE_NADIR)
def test_volumes_progress_over_the_nadir(name, below, at):
    for third, expected in ((below, False), (at, True)):
        found = categories(assess(name, case_of(target("L", 100, 50, third, field="volume_mm3"))))
        assert (found[-1] == "PD") is expected


@pytest.mark.parametrize("diameter", [35.0001, 35, 34.9999, 59.9999, 60, 60.0001])
def test_spheres_get_the_category_of_their_diameters(diameter):
    by_volume = case_of(target("L", 50**3, diameter**3, field="volume_mm3"))
    expected = categories(assess("recist_1_1", case_of(target("L", 50, diameter))))
    assert categories(assess("volume_recist", by_volume)) == expected


def test_volumes_follow_the_tables_of_recist():
    lesion = target("L", 100, GONE, field="volume_mm3")
    assert categories(assess("volume_recist", case_of(lesion, other("X", HERE, HERE)))) == ["PR"]
    assert categories(assess("volume_recist", case_of(lesion, new("X", None, HERE)))) == ["PD"]


def nodules(*lesions, days=400):
    return assess("nodule_growth", case_of(*lesions, days=[0, days]))


def nodule(*volumes, name="N"):
    return target(name, *volumes, field="volume_mm3", organ="lung")


GROWTH = [
    ("unchanged", [nodule(100, 100)], 90, "no significant growth"),
    ("24.9 % more", [nodule(100, 124.9)], 90, "no significant growth"),
    ("25 % more in 90 d: 280 d", [nodule(100, 125)], 90, "doubling in under 400 d"),
    ("25 % more in 365 d: 1134 d", [nodule(100, 125)], 365, "doubling in over 600 d"),
    ("doubled in 399 d", [nodule(100, 200)], 399, "doubling in under 400 d"),
    ("doubled in 400 d", [nodule(100, 200)], 400, "doubling in 400 to 600 d"),
    ("doubled in 600 d", [nodule(100, 200)], 600, "doubling in 400 to 600 d"),
    ("doubled in 601 d", [nodule(100, 200)], 601, "doubling in over 600 d"),
    ("smaller", [nodule(100, 50)], 90, "no significant growth"),
    ("gone", [nodule(100, GONE)], 90, "no significant growth"),
    ("not measured", [nodule(100, None), nodule(100, 100, name="M")], 90, "no significant growth"),
    ("none measured", [nodule(100, UNSEEN)], 90, "NE"),
    ("volume 0", [nodule(0, 100)], 90, "NE"),
    ("volume 0 now", [nodule(100, 0)], 90, "NE"),
    ("diameter 0", [target("N", 0, 5)], 90, "NE"),
    ("the fastest counts", [nodule(100, 130), nodule(100, 250, name="M")], 400, "doubling in under 400 d"),
    ("new nodule", [nodule(100, 100), new("X", None, HERE)], 90, "new nodule"),
    ("by diameter: 1.9 mm", [target("N", 8, 9.9)], 90, "no significant growth"),
    ("by diameter: 2 mm", [target("N", 8, 10)], 365, "doubling in under 400 d"),
    ("diameter of twice the volume in 399 d", [target("N", 8, 8 * 2 ** (1 / 3))], 399, "doubling in under 400 d"),
    ("in 400 d", [target("N", 8, 8 * 2 ** (1 / 3))], 400, "doubling in 400 to 600 d"),
    ("in 600 d", [target("N", 8, 8 * 2 ** (1 / 3))], 600, "doubling in 400 to 600 d"),
    ("in 601 d", [target("N", 8, 8 * 2 ** (1 / 3))], 601, "doubling in over 600 d"),
]  # fmt: skip


@pytest.mark.parametrize(("lesions", "days", "expected"), [r[1:] for r in GROWTH], ids=[r[0] for r in GROWTH])
def test_nodule_growth(lesions, days, expected):
    assert categories(nodules(*lesions, days=days)) == [expected]


def test_doubling_time_is_shown_with_its_interval():
    response = nodules(nodule(Measured(100, 85, 118), Measured(150, 127, 177)), days=200)[1]
    assert "N: 100 to 150 mm³ in 200 d, +50.0 %, volume doubling time 342 d (95 % interval" in response.steps[0]
    assert any("interval includes 400 d" in d for d in response.doubts)
    assert response.figure("N_doubling_time") == pytest.approx(341.9, abs=0.1)


def test_growth_within_measurement_error_is_noted():
    response = nodules(nodule(Measured(100, 80, 125), Measured(130, 104, 163)), days=90)[1]
    assert any("growth of 25 % cannot be told" in d for d in response.doubts)
    assert not nodules(nodule(Measured(100, 99, 101), Measured(130, 129, 131)), days=90)[1].doubts


def test_diameters_stand_in_for_volumes_with_their_own_error():
    for half, doubtful in ((1.5, True), (0.1, False)):
        first, second = (Measured(v, v - half, v + half) for v in (8, 10.5))
        response = nodules(target("N", first, second), days=90)[1]
        assert "+2.5 mm (no volume)" in response.steps[0]
        assert any("growth of 2 mm cannot be told" in d for d in response.doubts) is doubtful


def test_growth_by_diameters_is_that_of_their_mean():
    grown = [nodules(target("N", (8, 6), after), days=90)[1].steps[0] for after in ((10, 7), (10, 8))]
    assert "7 to 8.5 mm in 90 d, +1.5 mm (no volume): no significant growth" in grown[0]
    assert "7 to 9 mm in 90 d, +2.0 mm (no volume), volume doubling time" in grown[1]
