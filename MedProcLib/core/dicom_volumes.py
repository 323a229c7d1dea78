"""Series that hold several images of the same places (b-values, echoes, time points): told apart by their tags."""

from collections import Counter
from collections.abc import Sequence
from itertools import combinations
from typing import Any

import pydicom

from .dicom_diffusion import B_VALUE_TAGS, b_value
from .errors import InputError
from .listing import listed

# What tells the volumes of a series apart, the most telling first: tag, what it is called, unit.
TELLING = (
    ("DiffusionBValue", "b", "s/mm²"),  # shown even where it does not tell them all apart (directions)
    ("EchoTime", "TE", "ms"),
    ("InversionTime", "TI", "ms"),
    ("FlipAngle", "flip angle", "°"),
    ("TemporalPositionIdentifier", "time point", ""),
    ("TriggerTime", "trigger time", "ms"),
    ("FrameReferenceTime", "time", "ms"),
    ("ImageType", "type", ""),
    ("AcquisitionNumber", "acquisition", ""),
    ("AcquisitionTime", "acquired at", ""),
)
VOLUME_TAGS = [*B_VALUE_TAGS, *(tag for tag, _, _ in TELLING[1:]), "InstanceNumber"]
MOST_TAGS = 2  # that are taken together
MOST_LISTED = 30  # volumes that a message names

# Where the frames of an enhanced image say how they lie: functional group, and what it is called there. In the patient,
# or in the volume that an ultrasound probe swept, which lies anywhere (PS3.3 C.7.6.16.2, C.8.24.6).
POSITION = (("PlanePositionSequence", "ImagePositionPatient"), ("PlanePositionVolumeSequence", "ImagePositionVolume"))
ORIENTATION = (
    ("PlaneOrientationSequence", "ImageOrientationPatient"),
    ("PlaneOrientationVolumeSequence", "ImageOrientationVolume"),
)
# Where an enhanced image says so of its frames: tag, functional group, and what it is called there (PS3.3 C.8.13.5).
OF_FRAMES = (
    *(("ImagePositionPatient", *place) for place in POSITION),
    *(("ImageOrientationPatient", *axes) for axes in ORIENTATION),
    ("DiffusionBValue", "MRDiffusionSequence", "DiffusionBValue"),
    ("EchoTime", "MREchoSequence", "EffectiveEchoTime"),
    ("FlipAngle", "MRTimingAndRelatedParametersSequence", "FlipAngle"),
    ("TemporalPositionIdentifier", "FrameContentSequence", "TemporalPositionIndex"),
    ("ImageType", "MRImageFrameTypeSequence", "FrameType"),
    ("AcquisitionNumber", "FrameContentSequence", "FrameAcquisitionNumber"),
)

# What lies at a place (a file, the number of a frame), and its header.
Slices = list[tuple[Any, Any]]


def volumes_of(series: Slices) -> list[tuple[str, Slices]]:
    """The volumes of a series, each with what tells it from the others; the series itself, '' said, where it is one.

    Each holds one image of every place. Where no tag tells them apart, the images of a place are counted in the order
    of their instance numbers. A series with more images of some places than of others is left as it is.
    """
    places = [_place(header) for _, header in series]
    counts = Counter(places)
    (several, *uneven) = set(counts.values())
    if None in counts or uneven or several == 1:
        return [("", series)]
    for number in range(1, MOST_TAGS + 1):
        for tags in combinations(TELLING, number):
            found = _told_apart(series, places, tags, several)
            if found:
                return found
    return _counted(series, places, several)


def frame_headers(header: Any) -> list[Any]:
    """The tags of each frame of an enhanced image, as those of a slice; none for other images."""
    shared: Any = next(iter(header.get("SharedFunctionalGroupsSequence") or ()), {})
    found = []
    for number, group in enumerate(header.get("PerFrameFunctionalGroupsSequence") or (), 1):
        frame = pydicom.Dataset()
        frame.InstanceNumber = number
        for tag, macro, name in OF_FRAMES:
            groups = group if macro in group else shared
            value = groups[macro].value[0].get(name) if macro in groups and groups[macro].value else None
            if value is not None:
                setattr(frame, tag, value)
        found.append(frame)
    return found


def chosen_volume(volumes: list[tuple[str, Slices]], number: int | None, path: str) -> tuple[Slices, tuple[str, ...]]:
    """The volume of a number, and notes that say which it is, where there are several.

    path: what to put '#NUMBER' after. Raises InputError, to go on after what holds them, where none is chosen.
    """
    if len(volumes) == 1 and number in (None, 1):
        return volumes[0][1], ()
    if number is None or not 1 <= number <= len(volumes):
        named = [f"#{i} {said or 'all of it'}" for i, (said, _) in enumerate(volumes, 1)]
        holds = f"{len(volumes)} volume{'s' * (len(volumes) != 1)} of the same places"
        raise InputError(f"holds {holds}; choose one as '{path}#VOLUME': {listed(named, MOST_LISTED, ';')}.")
    said, slices = volumes[number - 1]
    return slices, (f"volume {number} of {len(volumes)}: {said}",)


def _place(header: Any) -> tuple[float, ...] | None:
    try:
        position = [round(float(v), 2) for v in header.ImagePositionPatient]
        return (*position, *(round(float(v), 3) for v in header.ImageOrientationPatient))
    except (AttributeError, TypeError, ValueError):
        return None


def _told_apart(
    series: Slices, places: Sequence[Any], tags: Sequence[tuple[str, str, str]], several: int
) -> list[tuple[str, Slices]]:
    groups: dict[tuple[Any, ...], list[int]] = {}
    for at, (_, header) in enumerate(series):
        groups.setdefault(tuple(_value(header, tag) for tag, _, _ in tags), []).append(at)
    whole = len(series) // several
    if len(groups) != several or any(len({places[at] for at in group}) != whole for group in groups.values()):
        return []
    volumes = [[series[at] for at in groups[values]] for values in sorted(groups, key=_order)]
    shown = [tag for tag in TELLING if tag in tags or (tag == TELLING[0] and _differs(volumes, tag[0]))]
    return [(_said(volume, shown), volume) for volume in volumes]


def _differs(volumes: list[Slices], tag: str) -> bool:
    """Whether a tag is one for all slices of each volume, and not one for all volumes."""
    found = [{_value(header, tag) for _, header in volume} for volume in volumes]
    return all(len(one) == 1 for one in found) and len(set().union(*found)) > 1


def _said(volume: Slices, tags: Sequence[tuple[str, str, str]]) -> str:
    header = volume[0][1]
    return ", ".join(f"{name} {_shown(_value(header, tag), unit)}" for tag, name, unit in tags)


def _counted(series: Slices, places: Sequence[Any], several: int) -> list[tuple[str, Slices]]:
    order = sorted(range(len(series)), key=lambda at: int(_number(series[at][1].get("InstanceNumber")) or 0))
    seen: Counter[Any] = Counter()
    volumes: list[tuple[str, Slices]] = [(f"image {k} of each place", []) for k in range(1, several + 1)]
    for at in order:
        volumes[seen[places[at]]][1].append(series[at])
        seen[places[at]] += 1
    if _differs([slices for _, slices in volumes], TELLING[0][0]):
        return [(f"{_said(slices, TELLING[:1])}, {said}", slices) for said, slices in volumes]
    return volumes


def _value(header: Any, tag: str) -> Any:
    value = b_value(header) if tag == "DiffusionBValue" else header.get(tag)
    number = _number(value)
    if number is not None:
        return number
    return "\\".join(map(str, value)) if isinstance(value, pydicom.multival.MultiValue) else str(value or "")


def _number(value: Any) -> float | None:
    try:
        return float(value)
    except (TypeError, ValueError):
        return None


def _shown(value: Any, unit: str) -> str:
    return f"{value:.10g} {unit}".strip() if isinstance(value, float) else str(value or "not stated")


def _order(values: tuple[Any, ...]) -> list[tuple[bool, float, str]]:
    """Numbers first, in their order, then texts."""
    return [(isinstance(v, str), 0.0 if isinstance(v, str) else v, str(v)) for v in values]
