"""Growth of lung nodules: change of volume and volume doubling time, nodule by nodule."""

from ...core.measurement import Measurement
from ..growth.change import size_change
from ..growth.doubling import Growth, diameter_growth, volume_growth
from ..growth.measured import Measured, mean
from .model import Case, Kind, Lesion, Status
from .other_lesions import new_there
from .outcome import Category, Part, Response
from .recist import response_of
from .size_change import at_least
from .sizes import number

NAME = "nodule_growth"
GROWTH_PERCENT, FAST_DAYS, SLOW_DAYS = 25.0, 400.0, 600.0
DIAMETER_MM = 2.0
ORDER = (
    Category.NE,
    Category.NO_GROWTH,
    Category.SLOW_GROWTH,
    Category.INTERMEDIATE_GROWTH,
    Category.FAST_GROWTH,
    Category.NEW_NODULE,
)


def assess_nodules(case: Case) -> list[Response]:
    """Growth since baseline of each nodule (the targets); the category is that of the fastest.

    Growth is a rise in volume of at least 25 %, then by volume doubling time: under 400 d, 400 to 600 d, over 600 d.
    Sources: British Thoracic Society, Callister et al., Thorax 70(suppl. 2), 2015, doi:10.1136/thoraxjnl-2015-207168;
    NELSON, Xu et al., Lung Cancer 54, 2006, doi:10.1016/j.lungcan.2006.08.006. Without volumes, growth is a rise of
    the mean of the two diameters (of the longest alone where the other is not known), here not rounded to whole mm, of
    at least 2 mm (Fleischner Society, MacMahon et al., Radiology 284, 2017,
    doi:10.1148/radiol.2017161659) and the doubling time that of a sphere. The uncertainty of doubling times is large
    (Nietert et al., Chest 135, 2009, doi:10.1378/chest.08-2040): limits within the 95 % interval are noted.
    """
    first = case.time_points[0]
    steps = tuple(text for n in case.of(Kind.TARGET) if (text := _at(n, first.label)))
    responses = [Response(NAME, first.label, first.date, Category.BASELINE, {}, steps)]
    for index in range(1, len(case.time_points)):
        parts = {n.id: nodule_part(case, n, index) for n in case.of(Kind.TARGET)}
        for lesion in new_there(case, index)[0]:
            parts[lesion.id] = Part(Category.NEW_NODULE, (f"{lesion.id}: new nodule",))
        category = max((Category(p.category) for p in parts.values()), key=ORDER.index, default=Category.NE)
        responses.append(response_of(NAME, case, index, category, parts))
    return responses


def nodule_part(case: Case, lesion: Lesion, index: int) -> Part:
    """Growth of one nodule from baseline to a time point."""
    first, time, days = case.time_points[0], case.time_points[index], case.days(index)
    then, now = lesion.at(first.label), lesion.at(time.label)
    if now is not None and now.status is Status.ABSENT:
        return Part(Category.NO_GROWTH, (f"{lesion.id}: gone",))
    if then and now and then.volume_mm3 and now.volume_mm3:
        return _by_volume(lesion.id, then.volume_mm3, now.volume_mm3, days)
    if then and now and then.long_mm and now.long_mm:
        if then.short_mm and now.short_mm:  # Fleischner's diameter is the average of the long and the short one
            before, after = mean((then.long_mm, then.short_mm)), mean((now.long_mm, now.short_mm))
            return _by_diameter(lesion.id, before, after, days)
        return _by_diameter(lesion.id, then.long_mm, now.long_mm, days)
    return Part(Category.NE, (), (f"{lesion.id}: neither volume nor diameter at both {first} and {time}",))


def _by_volume(name: str, then: Measured, now: Measured, days: int) -> Part:
    if then.value <= 0 or now.value <= 0:
        return Part(Category.NE, (), (f"{name}: a volume of 0 has no growth rate",))
    growth, change = volume_growth(then, now, days), size_change(then, now)
    percent = 100 * (now.value / then.value - 1)
    grown = at_least(now.value, then.value * (1 + GROWTH_PERCENT / 100))
    step = f"{name}: {number(then.value)} to {number(now.value)} mm³ in {days} d, {percent:+z.1f} %"
    limits = change.percent.limits if change.percent else None
    doubts = []
    if limits and limits[0] < GROWTH_PERCENT < limits[1]:
        doubts.append(f"{name}: growth of {GROWTH_PERCENT:g} % cannot be told from measurement error")
    return _part(name, growth, grown, step, doubts, [Measurement(f"{name}_volume_change", percent, "%")])


def _by_diameter(name: str, then: Measured, now: Measured, days: int) -> Part:
    if then.value <= 0 or now.value <= 0:
        return Part(Category.NE, (), (f"{name}: a diameter of 0 has no growth rate",))
    growth, change = diameter_growth(then, now, days), size_change(then, now)
    difference = now.value - then.value
    step = f"{name}: {number(then.value)} to {number(now.value)} mm in {days} d, {difference:+z.1f} mm"
    limits = change.difference.limits
    doubts = []
    if limits and limits[0] < DIAMETER_MM < limits[1]:
        doubts.append(f"{name}: growth of {DIAMETER_MM:g} mm cannot be told from measurement error")
    figure = Measurement(f"{name}_diameter_change", difference, "mm")
    return _part(name, growth, at_least(difference, DIAMETER_MM), f"{step} (no volume)", doubts, [figure])


def _part(name: str, growth: Growth, grown: bool, step: str, doubts: list[str], figures: list[Measurement]) -> Part:
    if not grown:
        return Part(Category.NO_GROWTH, (f"{step}: no significant growth",), (), (), tuple(figures), tuple(doubts))
    figures.append(Measurement(f"{name}_doubling_time", growth.doubling_days, "d"))
    step = f"{step}, volume doubling time {growth.doubling_days:.0f} d"
    if growth.doubling_limits:
        fast, slow = growth.doubling_limits
        step += f" (95 % interval {fast:.0f} to {slow:.0f} d)" if slow < 1e6 else f" (95 % interval from {fast:.0f} d)"
        crossed = [f"{limit:g} d" for limit in (FAST_DAYS, SLOW_DAYS) if fast < limit < slow]
        if crossed:
            doubts.append(f"{name}: the doubling time's interval includes {' and '.join(crossed)}")
    return Part(_speed(growth.doubling_days), (step,), (), (), tuple(figures), tuple(doubts))


def _speed(days: float) -> Category:
    if not at_least(days, FAST_DAYS):
        return Category.FAST_GROWTH
    return Category.INTERMEDIATE_GROWTH if at_least(SLOW_DAYS, days) else Category.SLOW_GROWTH


def _at(lesion: Lesion, label: str) -> str:
    seen = lesion.at(label)
    if seen and seen.volume_mm3:
        return f"{lesion.id}: {number(seen.volume_mm3.value)} mm³"
    return f"{lesion.id}: {number(seen.long_mm.value)} mm" if seen and seen.long_mm else ""
