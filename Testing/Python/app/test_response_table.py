"""The table of response: figures of a tumor's parts stand side by side."""

import datetime

from MedProcLib.app.response_table import COLUMNS, response_table
from MedProcLib.comparison.evaluation import Evaluation
from MedProcLib.comparison.response.criteria import assess, best
from MedProcLib.comparison.response.model import Assessment, Case, Kind, Lesion, TimePoint

TIMES = tuple(TimePoint(f"T{n}", datetime.date(2024, 1 + n, 1)) for n in range(2))


def lines(name, *lesions):
    case = Case(TIMES, lesions)
    _columns, found = response_table([Evaluation(name, case, tuple(assess(name, case)), best(name, case))])
    return [dict(zip(COLUMNS, line, strict=True)) for line in found]


def target(name, *sizes, **more):
    seen = (Assessment(f"T{n}", long_mm=long, short_mm=short) for n, (long, short) in enumerate(sizes))
    return Lesion(name, "", Kind.TARGET, False, tuple(seen), **more)


def test_parts_of_a_tumor_that_are_judged_apart():
    enhancing, other = target("E", (40, 25), (25, 20)), target("F", (50, 50), (62.5, 50), enhancing=False)
    (alone,) = lines("rano_2", enhancing)[1:]
    assert (alone["target"], alone["sum"], alone["sum_unit"]) == ("PR", 500, "mm2")
    assert alone["change_from_baseline_percent"] == -50
    (both,) = lines("rano_2", enhancing, other)[1:]
    assert (both["category"], both["target"], both["sum"], both["sum_unit"]) == ("PD", "PR; PD", "500; 3125", "mm2")
    assert both["change_from_baseline_percent"] == "-50; 25"
