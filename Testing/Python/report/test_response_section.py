"""The section on response criteria: figures in full, parts beside each other, and what is not sure of a criterion."""

import datetime

from MedProcLib.comparison.evaluation import Evaluated, Evaluation
from MedProcLib.comparison.response.criteria import assess, best
from MedProcLib.comparison.response.model import Assessment, Case, Kind, Lesion, TimePoint
from MedProcLib.report.response_section import response_section

DAYS = (datetime.date(2024, 1, 1), datetime.date(2024, 2, 12))
TIMES = tuple(TimePoint(f"T{n}", day) for n, day in enumerate(DAYS))


def page(name, *lesions):
    case = Case(TIMES, lesions)
    return response_section(Evaluated((Evaluation(name, case, tuple(assess(name, case)), best(name, case)),)))


def target(name, field, first, second, **more):
    return Lesion(
        name,
        "",
        Kind.TARGET,
        False,
        tuple(Assessment(f"T{n}", **field(v)) for n, v in ((0, first), (1, second))),
        **more,
    )


def diameters(sizes):
    return {"long_mm": sizes[0], "short_mm": sizes[1]}


def test_large_sums_are_written_in_full():
    html = page("volume_recist", target("L", lambda v: {"volume_mm3": v}, 33858, 15579))
    assert "<td class=number>33858 mm³</td>" in html and "e+04" not in html


def test_parts_that_enhance_and_that_do_not_stand_side_by_side():
    enhancing = target("E", diameters, (40, 25), (25, 20))
    other = target("F", diameters, (50, 50), (62.5, 50), enhancing=False)
    html = page("rano_2", enhancing, other)
    assert "<td class=number>500 mm²; 3125 mm²</td><td class=number>−50 %; +25 %</td>" in html
    assert "a review of the source gives" in html


def test_confirmation_that_was_not_asked_for_is_told():
    shrunk = target("L", diameters, (50, 30), (30, 20))
    assert "Confirmation at a later time point was not asked for." in page("recist_1_1", shrunk)
    assert "was not asked for" not in page("rano_2010", shrunk)


def test_only_the_change_of_size_stands_under_change():
    """Choi's attenuation falls too, which is another figure."""
    html = page("choi", target("L", lambda v: {"long_mm": v[0], "mean_hu": v[1]}, (50, 80), (48, 60)))
    assert "<td class=number>48 mm</td><td class=number>−4 %</td><td class=number>−4 %</td>" in html
