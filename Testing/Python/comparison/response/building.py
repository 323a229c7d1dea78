"""Cases in few words: a lesion is a row of sizes over time points six weeks apart, named T0, T1, ..."""

import datetime

from MedProcLib.comparison.response.context import Protocol
from MedProcLib.comparison.response.model import Assessment, Case, Kind, Lesion, Status, TimePoint

START = datetime.date(2024, 1, 1)
GONE, SMALL, UNSEEN, UNMEASURED = "gone", "small", "not evaluable", None
WORSE, MORE, MAYBE, HERE = "unequivocal", "increased", "equivocal", "present"
STATUS = {
    GONE: Status.ABSENT,
    SMALL: Status.TOO_SMALL,
    UNSEEN: Status.NOT_EVALUABLE,
    WORSE: Status.PRESENT,
    MORE: Status.PRESENT,
    MAYBE: Status.PRESENT,
    HERE: Status.PRESENT,
}


def seen(index, what, node=False, field=None):
    """An assessment from a size (mm), a word, keyword arguments, or a tuple (long, short); None for none."""
    if what is None:
        return None
    time = f"T{index}"
    if isinstance(what, dict):
        return Assessment(time, **what)
    if isinstance(what, str):
        words = {WORSE: {"unequivocal": True}, MORE: {"increased": True}, MAYBE: {"equivocal": True}}
        return Assessment(time, STATUS[what], **words.get(what, {}))
    if isinstance(what, tuple):
        return Assessment(time, long_mm=what[0], short_mm=what[1])
    return Assessment(time, **{field or ("short_mm" if node else "long_mm"): what})


def pieces(*sizes, index=1):
    """A lesion that split at a time point, its pieces of these longest diameters (mm)."""
    return {"pieces": [(f"piece {n}", Assessment(f"T{index}", long_mm=size)) for n, size in enumerate(sizes)]}


def lesion(id_, kind, sizes, organ="liver", node=False, field=None, **more):
    rows = (seen(i, s, node, field) for i, s in enumerate(sizes))
    return Lesion(id_, organ, kind, node, tuple(r for r in rows if r is not None), **more)


def target(id_, *sizes, **more):
    return lesion(id_, Kind.TARGET, sizes, **more)


def other(id_, *sizes, **more):
    return lesion(id_, Kind.NON_TARGET, sizes, **more)


def new(id_, *sizes, **more):
    return lesion(id_, Kind.NEW, sizes, **more)


def case_of(*lesions, days=None, protocol=None, times=None, count=None):
    """A case; `days` after the start of each time point, `times` more of them by index (TimePoint arguments)."""
    if days is None:
        known = [int(a.time[1:]) for n in lesions for a in n.assessments]
        days = [42 * i for i in range(count or max(known, default=0) + 1)]
    points = tuple(
        TimePoint(f"T{i}", START + datetime.timedelta(days=d), **(times or {}).get(i, {})) for i, d in enumerate(days)
    )
    return Case(points, lesions, protocol or Protocol())


def categories(responses):
    """Categories after baseline, as text."""
    return [str(r.category) for r in responses[1:]]
