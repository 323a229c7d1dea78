"""Which images of a folder: its series, and the volumes of a series."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from .dicom_header import MALFORMED, date_of, frames_of, read_header
from .dicom_mosaic import is_mosaic
from .dicom_volumes import chosen_volume, volumes_of
from .errors import InputError
from .itk_message import one_line

# Series that lie beside the images in an export and are not images of the patient themselves.
NOT_IMAGES = {"SEG", "RTSTRUCT", "RTPLAN", "SR", "PR", "KO", "REG", "RWV", "DOC"}
# Fewer slices are a localizer or a sample, beside a series that has more.
FEWEST_SLICES = 3

# Files of images, and their headers.
Series = list[tuple[Path, Any]]


def series_of(folder: Path) -> list[Series]:
    """(path, header) of the images per series, in the order of series number."""
    found: dict[str, Series] = {}
    os.listdir(folder)  # os.walk says nothing of a folder that may not be read
    for root, _, names in os.walk(folder):
        for name in sorted(names):
            path = Path(root) / name
            header = read_header(path) if path.is_file() else None
            if header is not None and "Rows" in header and header.get("Modality") not in NOT_IMAGES:
                found.setdefault(str(header.get("SeriesInstanceUID", "")), []).append((path, header))
    return sorted(found.values(), key=lambda series: (str(series[0][1].get("SeriesNumber") or "").zfill(12), series[0]))


def chosen_series(folder: Path, series: list[Series], number: int | None) -> tuple[Series, tuple[str, ...]]:
    """The series of a number, else the only one that is a volume, and notes. Raises InputError for several."""
    if number is not None:
        if not 1 <= number <= len(series):
            raise InputError(f"Folder {folder} holds {len(series)} series; there is no number {number}.")
        return series[number - 1], ()
    if len(series) == 1:
        return series[0], ()
    volumes = [one for one in series if _slices(one) >= FEWEST_SLICES or is_mosaic(one[0][1])]
    if len(volumes) == 1:
        others = len(series) - 1
        return volumes[0], (f"the folder holds {others} more series of fewer than {FEWEST_SLICES} slices: left out",)
    listed = "; ".join(f"#{i} {title_of(one)}, {_counted(one)}" for i, one in enumerate(series, 1))
    raise InputError(f"Folder {folder} holds {len(series)} series; choose one as '{folder}#NUMBER': {listed}.")


def volume_of_series(
    folder: Path, series: Series, notes: tuple[str, ...], number: int, volume: int | None
) -> tuple[Series, tuple[str, ...]]:
    """The slices of one of the volumes of a series, and notes that say which."""
    try:
        chosen, which = chosen_volume(volumes_of(series), volume, f"{folder}#{number}")
    except InputError as error:
        raise InputError(f"{folder} ({title_of(series)}) {error}") from None
    return chosen, (*notes, *which)


def title_of(series: Sequence[tuple[Path, Any]]) -> str:
    """What a series is called: modality, description, date."""
    header = series[0][1]
    date = date_of(header)
    words = (header.get("Modality"), header.get("SeriesDescription"), date.isoformat() if date else "")
    return " ".join(str(word) for word in words if word) or "series without description"


def _slices(series: Series) -> int:
    count = 0
    for path, header in series:
        try:
            count += frames_of(header)
        except MALFORMED as error:
            raise InputError(f"{path} has a damaged header ({one_line(error)}); export it again.") from None
    return count


def _counted(series: Series) -> str:
    count, what = (len(series), "mosaic") if is_mosaic(series[0][1]) else (_slices(series), "slice")
    return f"{count} {what}{'s' * (count != 1)}"
