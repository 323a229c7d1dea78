"""To which moment the voxels of a PET series with Decay Correction START were corrected for decay.

DICOM says: Series Time. Reconstructions made later and de-identification change that, so what else the headers tell is
weighed: the moment a vendor states; the frames' own times, back from which Frame Reference Time leads to it; and the
Decay Factor, which is the correction that was made (DICOM PS3.3 C.8.9; QIBA Profile FDG-PET/CT, SUV computation;
IBSI-SUV manual, 2026).
"""

import datetime
import math
from collections.abc import Sequence

from ...core.errors import InputError
from .clock import shown
from .injection import LAST_HALF_LIVES
from .record import Record
from .witnesses import SAME, Frame, Moment, by_decay_factor, by_frame_reference, hardly_corrected, refer_to_themselves

# Change of SUV beyond which it matters which moment is taken, the reader is told, and nothing safe can be said.
SMALL, WORTH_TELLING, CONTRADICTION = 0.005, 0.01, 0.05
A_DAY = 86400.0


def reference_time(
    frames: Sequence[Frame],
    series: datetime.datetime | None,
    stated: Sequence[Moment],
    decay_per_s: float,
    record: Record,
) -> list[datetime.datetime]:
    """The moment for each frame, as a rule one for all.

    series: Series Date and Time; stated: by vendors, the most trustworthy first. Raises InputError.
    """
    starts = [frame.acquired for frame in frames if frame.acquired is not None]
    first = min(starts) if starts else None
    by_frames = by_frame_reference(frames, decay_per_s)
    by_factor = by_decay_factor(frames, decay_per_s)
    witnesses = [moment for moment in (by_frames, by_factor) if moment is not None]
    chosen = next((one for one in stated if _fits(one, first, decay_per_s, record)), None)
    if chosen is None and series is not None and (first is None or _precedes(series, first, A_DAY)):
        chosen = _series_or_better(
            Moment(series, "Series Time (0008,0031)"), by_frames, by_factor, frames, decay_per_s, record
        )
    elif chosen is None and first is not None:
        if by_frames is None and by_factor is None and refer_to_themselves(frames, decay_per_s):
            return _own_starts(frames, record)
        chosen = _without_series(series, first, by_frames, by_factor, record)
    if chosen is None:
        raise InputError(
            "To which time the voxels were corrected for decay is not stated (Series Time, Acquisition Time): give it, "
            "e.g. --reference-time 2025-01-12T11:15:00."
        )
    if first is None:
        record.warn("no Acquisition Time is stated: whether Series Time is that of the scan cannot be checked")
    if by_frames is None and by_factor is None and starts and refer_to_themselves(frames, decay_per_s):
        witnesses = [Moment(max(starts), "Frame Reference Time (0054,1300) of the last bed position")]
    elif by_frames is None and by_factor is None and starts and hardly_corrected(frames):
        witnesses = [Moment(max(starts), "Decay Factor (0054,1321), 1 in all slices,")]
    for witness in witnesses:
        change = _effect(chosen, witness, decay_per_s)
        if change > WORTH_TELLING:
            record.warn(
                f"{witness.source} points to {witness.when:%H:%M:%S} as reference time, which would change SUV by "
                f"{100 * change:.1f} %"
            )
    record.step("Reference time t_ref", shown(chosen.when, first or chosen.when), chosen.source)
    return [chosen.when] * len(frames)


def _fits(moment: Moment, first: datetime.datetime | None, decay: float, record: Record) -> bool:
    """Whether a stated moment can be: not after the first slice, nor a day before, or as long as activity lasts."""
    if first is None or _precedes(moment.when, first, max(A_DAY, LAST_HALF_LIVES * math.log(2) / decay)):
        return True
    record.warn(
        f"{moment.source} is {shown(moment.when, first)}, which does not fit the scan at {first:%H:%M:%S}: left out"
    )
    return False


def _precedes(moment: datetime.datetime, first: datetime.datetime, longest_s: float) -> bool:
    return -SAME <= _seconds(first, moment) < longest_s


def _series_or_better(
    series: Moment,
    by_frames: Moment | None,
    by_factor: Moment | None,
    frames: Sequence[Frame],
    decay: float,
    record: Record,
) -> Moment:
    """Series Time, unless the frames agree on another moment and the decay factor does not speak for Series Time."""
    if by_frames is None or _effect(series, by_frames, decay) <= SMALL:
        return series
    if by_factor is not None:
        choice = min((series, by_frames), key=lambda one: abs(_seconds(one.when, by_factor.when)))
    elif len({frame.acquired for frame in frames}) > 1 or hardly_corrected(frames):
        choice = by_frames
    elif _effect(series, by_frames, decay) <= CONTRADICTION:
        return series
    else:
        raise InputError(
            f"Series Time, {series.when:%H:%M:%S}, and Frame Reference Time, which leads back to "
            f"{by_frames.when:%H:%M:%S}, contradict each other: give the time to which the voxels were corrected for "
            "decay, e.g. --reference-time 2025-01-12T11:15:00."
        )
    if choice is not series:
        record.warn(
            f"Series Time is {series.when:%H:%M:%S}, but the frames were corrected for decay to "
            f"{choice.when:%H:%M:%S}, which was taken"
        )
    return choice


def _without_series(
    series: datetime.datetime | None,
    first: datetime.datetime,
    by_frames: Moment | None,
    by_factor: Moment | None,
    record: Record,
) -> Moment:
    if series is not None:
        record.warn(
            f"Series Time, {shown(series, first)}, does not fit the acquisition at {first:%H:%M:%S} (the series was "
            "made later?): another reference time was taken"
        )
    if by_frames is not None and by_factor is not None and abs(_seconds(by_frames.when, by_factor.when)) > SAME:
        return by_factor
    return by_frames or by_factor or Moment(first, "first Acquisition Time (0008,0032)")


def _own_starts(frames: Sequence[Frame], record: Record) -> list[datetime.datetime]:
    moments = [frame.acquired for frame in frames if frame.acquired is not None]
    record.warn(
        "Series Time does not fit the acquisition, and Frame Reference Time counts from each bed position's start: "
        "each was taken as corrected for decay to its own start"
    )
    said = f"{min(moments):%H:%M:%S.%f} to {max(moments):%H:%M:%S.%f}"
    record.step("Reference time t_ref", said, "Acquisition Time (0008,0032), of each slice")
    return moments


def _effect(one: Moment, other: Moment, decay: float) -> float:
    return math.expm1(min(decay * abs(_seconds(one.when, other.when)), 100.0))


def _seconds(later: datetime.datetime, earlier: datetime.datetime) -> float:
    return (later - earlier).total_seconds()
