"""What a doubtful alignment leaves open of the change of a finding, until a reader has decided."""

from collections.abc import Iterable

from ..result import Verdict
from .model import Observation, Status, TimePoint

DECIDED = (Status.ACCEPTED, Status.EDITED)


def doubt_of(points: Iterable[TimePoint], observations: Iterable[Observation]) -> str:
    """Why it is not certain that a finding changed, or did not, between time points; '' where nothing is in doubt.

    With a doubtful alignment neither is it certain that both studies show one lesion, nor that outlines which were
    made by comparing them are right. A reader who accepted or edited all that is seen of the finding (observations)
    has answered both.
    """
    doubtful = [p for p in points if p.alignment is not None and p.alignment.verdict is Verdict.DOUBTFUL]
    if not doubtful or all(o.status in DECIDED for o in observations):
        return ""
    return f"the alignment of {' and '.join(map(named, doubtful))} is doubtful: look at it, then accept the finding"


def named(point: TimePoint) -> str:
    """A time point in a sentence."""
    return point.name or (point.date.isoformat() if point.date else point.id)
