"""The parts that are judged, not summed: non-target lesions, tumor markers and new lesions."""

from collections.abc import Sequence

from ...core.listing import listed
from .model import Assessment, Case, Kind, Lesion, Status, TimePoint
from .outcome import Category, Part
from .sizes import number

YES, NO, EQUIVOCAL = "yes", "no", "equivocal"
NORMAL_NODE_MM = 10.0
LOOK_AGAIN_PERCENT = 73.0
MOST_ASKED = 5  # lesions that someone should look at, a line each


def non_target_part(case: Case, index: int) -> Part | None:
    """Category of the non-target lesions at a time point; None without any (and without elevated markers).

    RECIST 1.1: CR when all are gone, nodes below 10 mm short axis and tumor markers normal; PD on unequivocal
    progression; NE when some were not evaluated; otherwise non-CR/non-PD.
    """
    time, lesions = case.time_points[index], case.of(Kind.NON_TARGET)
    marker_step, marker_missing = _markers(case, index)
    if not lesions:
        if not (marker_step or marker_missing):
            return None
        return Part(Category.NON_CR_NON_PD, tuple(filter(None, [marker_step])), marker_missing)
    worse = [n.id for n in lesions if (seen := n.at(time.label)) and seen.unequivocal]
    if worse:
        return Part(Category.PD, (f"non-target {listed(worse)}: unequivocal progression",))
    missing = tuple(f"non-target {n.id} {why} at {time}" for n in lesions if (why := _not_seen(n.at(time.label))))
    doubts = _doubts(case, lesions, index)
    if missing:
        return Part(Category.NE, ("not all non-targets evaluated",), missing, doubts=doubts)
    left = [n.id for n in lesions if not is_normal(n, n.at(time.label))]
    if left:
        step = f"non-target {listed(left)}: still there, none is marked as unequivocal progression"
        return Part(Category.NON_CR_NON_PD, (step,), doubts=doubts)
    if marker_step or marker_missing:
        return Part(Category.NON_CR_NON_PD, tuple(filter(None, [marker_step])), marker_missing)
    return Part(Category.CR, ("all non-targets gone, nodes of normal size: complete response",))


def _doubts(case: Case, lesions: Sequence[Lesion], index: int) -> tuple[str, ...]:
    """What someone should look at of lesions that are judged by eye: those that grew most, the others in one line."""
    grown = [(found, lesion.id) for lesion in lesions if (found := _grown(case, lesion, index)) is not None]
    asked = sorted(sorted(grown, reverse=True)[:MOST_ASKED], key=grown.index)
    lines = [f"{found[1]}: a reader decides if it is unequivocal progression" for found, _ in asked]
    others = [name for found, name in grown if (found, name) not in asked]
    more = f"{len(others)} more non-targets grew by {LOOK_AGAIN_PERCENT:.0f} % or more: {listed(others)}"
    return (*lines, more) if others else tuple(lines)


def _grown(case: Case, lesion: Lesion, index: int) -> tuple[float, str] | None:
    """By how many percent a lesion which is judged by eye has grown, and that in words, if someone should look at it.

    By 73 % in volume, RECIST 1.1's example (4.3.4) of what may be unequivocal: 20 % in diameter. Not asked of what has
    others merged into it.
    """
    seen = [
        (a.volume_mm3.value, t) for t in case.time_points[: index + 1] if (a := lesion.at(t.label)) and a.volume_mm3
    ]
    time = case.time_points[index].label
    now = lesion.at(time)
    joined = any((a := other.at(time)) and a.merged_into == lesion.id for other in case.lesions)
    if now is None or now.volume_mm3 is None or joined:
        return None
    least, when = min(seen, key=lambda one: one[0])
    percent = 100 * (now.volume_mm3.value / least - 1) if least > 0 else 0.0
    if percent < LOOK_AGAIN_PERCENT:
        return None
    sizes = f"from {number(least)} mm³ on {when} to {number(now.volume_mm3.value)} mm³"
    return percent, f"non-target {lesion.id} grew by {percent:.0f} %, {sizes}"


def new_part(case: Case, index: int) -> Part:
    """Whether there are new lesions: yes, no, or equivocal only.

    A new lesion counts until it is read as absent; a node counts from 10 mm short axis. An equivocal one does not
    count until it is confirmed; progression then dates back to where it was first seen (RECIST 1.1, 4.3.5).
    """
    time = case.time_points[index]
    sure, unsure = new_there(case, index)
    notes = [
        f"new lesion {lesion.id} was confirmed on {confirmed}: progression dates back to {time}"
        for lesion in unsure
        if (confirmed := confirmed_at(case, lesion, index))
    ]
    missing = tuple(
        f"new lesion {n.id} {why} at {time}: counted as last seen" for n in sure if (why := _not_seen(n.at(time.label)))
    )
    if sure:
        return Part(YES, (f"new lesions: {_named(sure)}",), missing, tuple(notes))
    if unsure:
        return Part(EQUIVOCAL, (f"equivocal new lesions, not counted: {_named(unsure)}",), (), tuple(notes))
    return Part(NO)


def new_there(case: Case, index: int) -> tuple[list[Lesion], list[Lesion]]:
    """The new lesions that are there at a time point: the unequivocal and the equivocal ones."""
    sure: list[Lesion] = []
    unsure: list[Lesion] = []
    for lesion in case.of(Kind.NEW):
        seen = last_seen(case, lesion, index)
        if seen is not None and not is_normal(lesion, seen):
            (unsure if seen.equivocal else sure).append(lesion)
    return sure, unsure


def last_seen(case: Case, lesion: Lesion, index: int) -> Assessment | None:
    """The last evaluable assessment of a lesion up to a time point."""
    for time in reversed(case.time_points[: index + 1]):
        seen = lesion.at(time.label)
        if seen is not None and seen.status is not Status.NOT_EVALUABLE:
            return seen
    return None


def is_normal(lesion: Lesion, seen: Assessment | None) -> bool:
    """Gone, or a node whose short axis is below 10 mm or too small to measure: that of each piece."""
    if seen is None:
        return False
    if seen.pieces:
        return all(is_normal(lesion, piece) for _, piece in seen.pieces)
    if seen.status in (Status.ABSENT, Status.MERGED):
        return True
    if lesion.node and seen.short_mm is None and seen.status is Status.TOO_SMALL:
        return True
    return lesion.node and seen.short_mm is not None and seen.short_mm.value < NORMAL_NODE_MM - 1e-9


def confirmed_at(case: Case, lesion: Lesion, index: int) -> TimePoint | None:
    """The first later time point where an equivocal lesion is seen for sure."""
    for time in case.time_points[index + 1 :]:
        seen = lesion.at(time.label)
        if seen and seen.status is not Status.NOT_EVALUABLE and not seen.equivocal and not is_normal(lesion, seen):
            return time
    return None


def _markers(case: Case, index: int) -> tuple[str, tuple[str, ...]]:
    """A step when tumor markers stand against CR, and what is missing when they are not known but were elevated."""
    time = case.time_points[index]
    if time.markers_elevated:
        return "tumor markers above normal: no complete response", ()
    if time.markers_elevated is None and case.time_points[0].markers_elevated:
        return "", (f"tumor markers, elevated at baseline, not given at {time}: no complete response",)
    return "", ()


def _not_seen(seen: Assessment | None) -> str:
    if seen is None:
        return "not assessed"
    return "not evaluable" if seen.status is Status.NOT_EVALUABLE else ""


def _named(lesions: list[Lesion]) -> str:
    return ", ".join(f"{n.id} ({n.organ})" if n.organ else n.id for n in lesions)
