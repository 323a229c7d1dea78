"""What activity concentration is divided by for uptake: the injected activity, decayed as the voxels are."""

import datetime
import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from pydicom.dataset import Dataset

from ...core.errors import InputError
from .clock import DAY, HALF_DAY, acquisition_start, in_zone_of, parse_datetime, series_start
from .corrections import decay_correction
from .decay import frame_decay
from .header import number, private_text, text, texts
from .injection import LAST_HALF_LIVES, injection_time
from .record import Record, range_of
from .reference_time import SMALL, reference_time
from .settings import SuvSettings
from .tracer import Tracer, radiopharmaceutical_of, read_tracer
from .vendors import GE, GE_SCAN_START, SIEMENS, SIEMENS_DECAY_CORRECTION
from .witnesses import Frame, Moment

MIDNIGHT = datetime.time()
# Beyond these a value was left uninitialized: a scan takes less than a day, ten half-lives are a factor of 1024.
LONGEST_MS, LARGEST_FACTOR = 86_400_000.0, 1024.0


def per_injected_activity(
    headers: Sequence[Dataset], weight_kg: float, settings: SuvSettings, record: Record
) -> np.ndarray:
    """(n,) 1/Bq: Bq/ml of each slice times this is the share of the injected activity in a ml.

    Decay Correction ADMIN: 1/D_inj. START: 1/(D_inj exp(-lambda (t_ref - t_inj))). NONE, of each slice on its own:
    lambda T / (1 - exp(-lambda T)) exp(lambda (t_acq - t_inj)) / D_inj (IBSI-SUV manual, Vacha et al., 2026).
    Raises InputError.
    """
    first = headers[0]
    item = radiopharmaceutical_of(first, settings)
    correction = "START" if settings.reference is not None else decay_correction(first, record)
    tracer = read_tracer(item, weight_kg, settings, record)
    if correction == "ADMIN":
        record.step("Activity D", f"{tracer.dose_bq:.9g} Bq", "D_inj, to which time the voxels were corrected")
        return np.full(len(headers), 1 / tracer.dose_bq)
    frames = _across_midnight([_frame(header) for header in headers])
    starts = [frame.acquired for frame in frames if frame.acquired is not None]
    if correction == "NONE":
        return _uncorrected(first, item, frames, settings, tracer, record)
    references = _references(headers, frames, settings, tracer, record)
    injection = injection_time(first, item, settings, min(starts, default=references[0]), tracer.decay_per_s, record)
    for reference in sorted(set(references)):
        _check_uptake(injection, reference, frames, texts(first, "SeriesType"), tracer)
    uptakes = np.array([(reference - injection).total_seconds() for reference in references])
    record.step("Decay from injection to reference", f"{range_of(uptakes)} s", "t_ref - t_inj")
    doses = tracer.dose_bq * np.exp(-tracer.decay_per_s * uptakes)
    record.step("Activity D", f"{range_of(doses)} Bq", "D_inj exp(-lambda (t_ref - t_inj))")
    return 1 / doses


def _frame(header: Dataset) -> Frame:
    duration, reference = number(header, "ActualFrameDuration"), number(header, "FrameReferenceTime")
    factor = number(header, "DecayFactor")
    return Frame(
        acquisition_start(header),
        duration / 1000 if duration is not None and 0 < duration <= LONGEST_MS else None,
        reference / 1000 if reference is not None and 0 <= reference <= LONGEST_MS else None,
        factor if factor is not None and 1 <= factor <= LARGEST_FACTOR else None,
    )


def _across_midnight(frames: list[Frame]) -> list[Frame]:
    """Slices half a day before others of their series are of the day after: their date was not moved on at midnight."""
    last = max((frame.acquired for frame in frames if frame.acquired is not None), default=None)
    return [
        replace(frame, acquired=frame.acquired + DAY)
        if frame.acquired is not None and last is not None and last - frame.acquired > HALF_DAY
        else frame
        for frame in frames
    ]


def _references(
    headers: Sequence[Dataset], frames: Sequence[Frame], settings: SuvSettings, tracer: Tracer, record: Record
) -> list[datetime.datetime]:
    if settings.reference is not None:
        record.step("Reference time t_ref", f"{settings.reference:%H:%M:%S}", "given")
        return [settings.reference] * len(frames)
    series = [moment for moment in map(series_start, headers) if moment is not None]
    return reference_time(frames, min(series, default=None), _stated(headers[0]), tracer.decay_per_s, record)


def _stated(header: Dataset) -> list[Moment]:
    """Moments of decay correction that are stated as such."""
    name = "Decay Correction DateTime (0018,9701)"
    found = [(in_zone_of(header, text(header, "DecayCorrectionDateTime"), name, "--reference-time"), name)]
    for (group, creator), element, name in (
        (GE, GE_SCAN_START, "GE scan start"),
        (SIEMENS, SIEMENS_DECAY_CORRECTION, "Siemens decay correction"),
    ):
        value, tag = private_text(header, group, creator, element)
        parsed = parse_datetime(value)
        found.append((parsed[0] if parsed else None, f"{name} {tag}"))
    return [Moment(when, source) for when, source in found if when is not None]


def _uncorrected(
    first: Dataset, item: Dataset, frames: Sequence[Frame], settings: SuvSettings, tracer: Tracer, record: Record
) -> np.ndarray:
    """Of slices whose decay was not corrected for: each from its own time."""
    starts = [frame.acquired for frame in frames if frame.acquired is not None]
    durations = [frame.duration_s for frame in frames if frame.duration_s]
    if len(starts) < len(frames) or len(durations) < len(frames):
        what = "Acquisition Time (0008,0032)" if len(starts) < len(frames) else "Actual Frame Duration (0018,1242)"
        raise InputError(f"{what} is missing in slices that were not corrected for decay; export the series again.")
    decay = tracer.decay_per_s
    offsets = [frame.reference_s for frame in frames if frame.reference_s is not None]
    if offsets and len(set(starts)) == 1 and decay * (max(offsets) - min(offsets)) > SMALL:
        record.warn("bed positions share one Acquisition Time: decay between them is not known")
    injection = injection_time(first, item, settings, min(starts), decay, record)
    waits = np.array([(start - injection).total_seconds() for start in starts])
    for start in (min(starts), max(starts)):
        _check_uptake(injection, start, frames, texts(first, "SeriesType"), tracer)
    record.step("Start of slices after injection", f"{range_of(waits)} s", "t_acq - t_inj")
    record.step("Duration of slices T", f"{range_of(np.array(durations))} s", "(0018,1242)")
    corrections = np.array([frame_decay(decay, duration) for duration in durations]) * np.exp(decay * waits)
    words = "lambda T / (1 - exp(-lambda T)) exp(lambda (t_acq - t_inj))"
    record.step("Correction of decay", range_of(corrections), words)
    return corrections / tracer.dose_bq


def _check_uptake(
    injection: datetime.datetime,
    scan: datetime.datetime,
    frames: Sequence[Frame],
    series_type: Sequence[str],
    tracer: Tracer,
) -> None:
    """Raise InputError for an injection that is after the scan, or so long before that nothing is left."""
    uptake = (scan - injection).total_seconds()
    if injection.time() == scan.time() == MIDNIGHT:
        raise InputError(
            "All times are 00:00:00 (removed at de-identification?): give --injection-time, --reference-time."
        )
    ends = [frame.acquired + datetime.timedelta(seconds=frame.duration_s or 0) for frame in frames if frame.acquired]
    in_dynamic = "DYNAMIC" in series_type and injection <= max(ends, default=scan)
    if uptake < 0 and not in_dynamic:
        raise InputError(
            f"The injection, {injection}, is after the time to which the voxels belong, {scan}: give the right time, "
            "e.g. --injection-time 10:15:00, or --reference-time 2025-01-12T11:15:00."
        )
    half_lives = uptake * tracer.decay_per_s / math.log(2)
    if half_lives > LAST_HALF_LIVES:
        raise InputError(
            f"The injection, {injection}, is {half_lives:.1f} half-lives before the scan, {scan}; nothing would be "
            "left to see: give the right time, e.g. --injection-time 10:15:00."
        )
