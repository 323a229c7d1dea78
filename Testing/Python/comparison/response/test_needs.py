"""What a criterion is said to ask for is what its rules look at: each field changes some case of it, others none."""

import datetime
import itertools
from dataclasses import fields, replace
from functools import partial

import pytest

from MedProcLib.comparison.response import needs
from MedProcLib.comparison.response.context import Context, Protocol, Trend
from MedProcLib.comparison.response.criteria import CRITERIA, assess, best
from MedProcLib.comparison.response.model import Assessment, Case, Kind, Lesion, Status, TimePoint
from MedProcLib.comparison.response.needs import NEEDS, asked_for, value_of, with_value
from MedProcLib.core.errors import InputError

DAYS = (0, 30, 70, 130)
LABELS = tuple(f"T{n}" for n in range(len(DAYS)))
START = datetime.date(2024, 1, 1)
CONTEXT = {
    needs.SLICES: (None, 12.0),
    needs.MARKERS: (False, True),
    needs.STEROIDS: (None, 0.0, 4.0, 8.0),
    needs.REPLACEMENT: (False, True),
    needs.STATE: (None, Trend.STABLE, Trend.WORSE),
    needs.T2_FLAIR: (None, Trend.STABLE, Trend.WORSE),
    needs.LIVER: (None, 1.0, 3.0),
    needs.LIVER_SD: (None, 0.2),
    needs.BLOOD: (None, 1.0),
    needs.BLOOD_SD: (None, 0.3),
    needs.DISEASED: (False, True),
}
PROTOCOL = {
    "confirm": (False, True),
    "confirmation_days": (28, 90),
    "stable_days": (42, 10, 400),
    "continue_response": (True, False),
    "radiotherapy_end": (None, START - datetime.timedelta(days=5), START + datetime.timedelta(days=1)),
}
BRAIN = ("rano_2010", "rano_lgg_2011", "mrano", "mrano_volume", "rano_2", "rano_2_volume")
# sizes of a target in mm at each time point, and those of a lesion that is new at the second one
COURSES = (
    ((20, 20.5, 20, 20.5), None),
    ((20, 12, 12, 26), None),
    ((20, 20, 21, 26), (12, 14, 16)),
    ((20, 0, 0, 12), None),
    ((20, 11, 15, 15), (6, 6, 6)),
    ((20, 20, 12, 12), (12, 12, 12)),
    ((20, 24, 26, 30), (12, 14, 16)),
    ((20, 13.5, 14.5, 14.5), None),
    ((20, 17, 18, 18), None),
)


def seen(time, size, **flags):
    if size == 0:
        return Assessment(time, Status.ABSENT)
    uptake = {"sul_peak": size / 4, "tlg_ml": size * 2.0, "mean_hu": 40 + size}
    return Assessment(time, long_mm=size, short_mm=size * 0.8, volume_mm3=size**3 / 2, **uptake, **flags)


def lesion(name, kind, course, **flags):
    pairs = [(time, size) for time, size in zip(LABELS, course, strict=True) if size is not None]
    return Lesion(name, "brain", kind, assessments=tuple(seen(*pair) for pair in pairs), **flags)


def context_of(**values):
    context = Context()
    for field, value in values.items():
        context = with_value(context, field.replace("__", "."), value)
    return context


def cases():
    contexts = (
        Context(),
        context_of(neuro__steroid_mg=4.0, pet__liver_mean=1.0, pet__liver_sd=0.2),
        context_of(markers_elevated=True, pet__liver_diseased=True, pet__blood_mean=2.0, pet__blood_sd=0.1),
    )
    for (course, new), context in itertools.product(COURSES, contexts):
        later = with_value(context, needs.LIVER, 2.0) if value_of(context, needs.LIVER) else context
        points = tuple(
            TimePoint(label, START + datetime.timedelta(days=days), **vars(later if days else context))
            for label, days in zip(LABELS, DAYS, strict=True)
        )
        rest = lesion("F002", Kind.NON_TARGET, [0 if size == 0 else 8 for size in course])
        extra = [lesion("F003", Kind.NEW, (None, *new))] if new else []
        yield Case(points, (lesion("F001", Kind.TARGET, course), rest, *extra))


CASES = list(cases())


@pytest.fixture(scope="module")
def plain():
    return {name: [assess(name, case) for case in CASES] for name in CRITERIA}


def ended(name, case):
    """The responses, and the best of them."""
    return assess(name, case), best(name, case) if name != "nodule_growth" else None


def looked_at(name, plain, ways):
    """Whether one of the cases comes out differently in one of the ways of changing it."""
    changed = ((way(case), case, before) for case, before in zip(CASES, plain[name], strict=True) for way in ways)
    return any(made != case and assess(name, made) != before for made, case, before in changed)


def with_context(case, places, values):
    """The case with other values (by field) at these time points."""
    points = list(case.time_points)
    for place in places:
        point = points[place]
        context = Context(*(getattr(point, f.name) for f in fields(Context)))
        for field, value in values.items():
            context = with_value(context, field, value)
        points[place] = replace(point, **vars(context))
    return replace(case, time_points=tuple(points))


def in_turn(choices, wanted):
    """The values of these fields, all changed together, as often as one of them has values."""
    rounds = max((len(choices[field]) for field in wanted), default=0)
    return [{field: choices[field][n % len(choices[field])] for field in wanted} for n in range(rounds)]


@pytest.mark.parametrize("name", CRITERIA)
def test_of_examinations(name, plain):
    for first, places in ((True, [[0]]), (False, [[2], [1, 2, 3]])):

        def changes(values, places=places):
            return looked_at(name, plain, [partial(with_context, places=p, values=v) for p in places for v in values])

        asked = set(NEEDS[name].at(first))
        for field in asked:
            assert changes([{field: value} for value in CONTEXT[field]]), (field, first)
        # the tables of brain tumors would look at markers, but these have none
        others = set(CONTEXT) - asked - ({needs.MARKERS} if name in BRAIN else set())
        assert not changes(in_turn(CONTEXT, others)), (others, first)


@pytest.mark.parametrize("name", CRITERIA)
def test_of_the_trial(name):
    def changes(trials):
        """Whether one of the cases ends differently in one of these trials, with or without confirmation."""
        for confirm, case in itertools.product((False, True), CASES):
            protocols = dict.fromkeys(replace(Protocol(), **{"confirm": confirm, **trial}) for trial in trials)
            first, *others = (replace(case, protocol=protocol) for protocol in protocols)
            if others:
                before = ended(name, first)
                if any(ended(name, other) != before for other in others):
                    return True
        return False

    asked = set(NEEDS[name].protocol)
    for field in asked:
        assert changes([{field: value} for value in PROTOCOL[field]]), field
    others = set(PROTOCOL) - asked
    assert not others or not changes([{}, *in_turn(PROTOCOL, others)]), others


def flagged(lesion, kinds, **flags):
    return replace(lesion, **flags) if lesion.kind in kinds else lesion


def marked(lesion, kinds, flag, times):
    assessments = (replace(a, **{flag: a.time in times}) for a in lesion.assessments)
    return flagged(lesion, kinds, assessments=tuple(assessments))


def worse(lesion):
    """Progression of the non-targets, which growing further may confirm."""
    return marked(lesion, [Kind.NON_TARGET], "unequivocal", LABELS[1:2])


def with_lesions(case, change, trial):
    return replace(case, lesions=tuple(map(change, case.lesions)), protocol=trial)


def ways_of(flag, kinds):
    """What lesions of these kinds are before, and how each may be changed by the flag."""
    if flag == "in_radiation_field":
        return (lambda n: n), [lambda n: flagged(n, kinds, in_radiation_field=True)]
    if flag == "equivocal":
        return (lambda n: n), [lambda n: marked(n, kinds, flag, LABELS)]
    if flag == "unequivocal":
        return (lambda n: n), [lambda n, t=t: marked(n, kinds, flag, t) for t in (LABELS[1:2], LABELS[3:])]
    if flag == "increased":
        return worse, [lambda n, t=t: marked(worse(n), kinds, flag, t) for t in (LABELS[2:3], LABELS[3:])]
    other = [] if Kind.NON_TARGET in kinds else [Kind.NON_TARGET]  # so that both kinds of tumor are there
    before = partial(flagged, kinds=other, enhancing=False)
    return before, [partial(flagged, kinds=[*other, *kinds], enhancing=False)]


@pytest.mark.parametrize("name", CRITERIA)
def test_of_lesions(name):
    def changes(flag, kinds):
        before, ways = ways_of(flag, kinds)
        for trial, case in itertools.product((Protocol(), Protocol(radiotherapy_end=START)), CASES):
            base = with_lesions(case, before, trial)
            changed = [made for way in ways if (made := with_lesions(case, way, trial)) != base]
            if changed:
                known = assess(name, base)
                if any(assess(name, made) != known for made in changed):
                    return True
        return False

    flags = {"in_radiation_field": (), "equivocal": (), "unequivocal": (), "increased": (), "enhancing": ()}
    flags |= dict((*NEEDS[name].lesions, *NEEDS[name].marks))
    assert len(flags) == 5
    for flag, asked in flags.items():
        for kind in asked:
            assert changes(flag, [kind]), (flag, kind)
        others = [kind for kind in Kind if kind not in asked]
        assert not changes(flag, others), (flag, others)


def test_what_is_missing_leads_to_its_field():
    """Every line of what is missing, of any criterion, is of a field that it asks for, or of a lesion."""
    meant = set()
    for name, case in itertools.product(CRITERIA, CASES):
        for response in assess(name, case):
            for line in (line for line in response.missing if "not given" in line):
                field = asked_for(line)
                first = response.time == LABELS[0]
                assert field in NEEDS[name].at(first) or field in ("F001", "F002", "F003"), (name, line)
                meant.add(field)
    assert meant >= {needs.STEROIDS, needs.STATE, needs.T2_FLAIR, needs.LIVER}
    assert asked_for("Time point 'T2' has no date; response criteria need one.") == needs.DATE
    assert asked_for("something else") == ""


def test_values_are_read_and_written_by_field():
    context = with_value(with_value(Context(), needs.STEROIDS, 4.0), needs.SLICES, 5.0)
    assert (value_of(context, needs.STEROIDS), value_of(context, needs.STATE), context.pet) == (4.0, None, None)
    assert with_value(with_value(context, needs.STEROIDS, None), needs.SLICES, None) == Context()
    with pytest.raises(InputError, match="at least 0 mg"):
        with_value(context, needs.STEROIDS, -1.0)
