"""What the frames of a PET series tell of the moment to which they were corrected for decay."""

import datetime
import math
from collections.abc import Sequence
from dataclasses import dataclass

from .decay import average_rate_time

# Seconds: times of one moment differ by no more than rounding.
SAME = 2.0
NO_DECAY_FACTOR = 1.0005


@dataclass(frozen=True)
class Frame:
    """When a slice was acquired. duration_s, reference_s (Frame Reference Time), decay_factor: as its header states."""

    acquired: datetime.datetime | None
    duration_s: float | None
    reference_s: float | None
    decay_factor: float | None


@dataclass(frozen=True)
class Moment:
    when: datetime.datetime
    source: str


def by_frame_reference(frames: Sequence[Frame], decay: float) -> Moment | None:
    """t_acq + T_ave - Frame Reference Time, if all frames agree on it.

    Some scanners count Frame Reference Time to the start of the frame: it is less than T_ave for the first one then.
    """
    known = [
        (frame.acquired, average_rate_time(decay, frame.duration_s), frame.reference_s)
        for frame in frames
        if frame.acquired is not None and frame.duration_s and frame.reference_s is not None
    ]
    if len(known) < len(frames) or not known or max(offset for _, _, offset in known) <= 0:
        return None
    to_start = any(offset < average / 2 for _, average, offset in known)
    moments = [
        acquired + datetime.timedelta(seconds=-offset if to_start else average - offset)
        for acquired, average, offset in known
    ]
    words = "t_acq - FRT" if to_start else "t_acq + T_ave - FRT"
    return _agreed(moments, f"{words}, Frame Reference Time (0054,1300)")


def by_decay_factor(frames: Sequence[Frame], decay: float) -> Moment | None:
    """t_acq + T_ave - ln(Decay Factor) / lambda, if all frames agree on it."""
    known = [
        (frame.acquired, average_rate_time(decay, frame.duration_s), frame.decay_factor)
        for frame in frames
        if frame.acquired is not None and frame.duration_s and frame.decay_factor
    ]
    if len(known) < len(frames) or not known or max(factor for _, _, factor in known) < NO_DECAY_FACTOR:
        return None
    moments = [
        acquired + datetime.timedelta(seconds=average - math.log(factor) / decay) for acquired, average, factor in known
    ]
    return _agreed(moments, "t_acq + T_ave - ln(DF) / lambda, Decay Factor (0054,1321)")


def hardly_corrected(frames: Sequence[Frame]) -> bool:
    """Whether all frames state a Decay Factor of 1: they were corrected to their own time, not to one long before."""
    return all(frame.decay_factor is not None and frame.decay_factor < NO_DECAY_FACTOR for frame in frames)


def refer_to_themselves(frames: Sequence[Frame], decay: float) -> bool:
    """Whether Frame Reference Time counts from the start of each frame, not from that of the scan."""
    return all(
        frame.acquired is not None
        and frame.duration_s
        and frame.reference_s is not None
        and abs(frame.reference_s - average_rate_time(decay, frame.duration_s)) <= SAME
        for frame in frames
    )


def _agreed(moments: list[datetime.datetime], source: str) -> Moment | None:
    if not moments or (max(moments) - min(moments)).total_seconds() > SAME:
        return None
    middle = min(moments) + (max(moments) - min(moments)) / 2
    return Moment(middle, source)
