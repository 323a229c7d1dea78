"""Tables that say what the labels of a label map are, as other programs write them.

- ITK-SNAP, label descriptions: IDX R G B A VIS MSH "LABEL" (itksnap.org, "Label description file")
- 3D Slicer (.ctbl) and FreeSurfer (color LUT): INDEX NAME R G B A; blanks in Slicer's names are written as _
- BIDS (dseg.tsv): columns index, name, color; 3D Slicer (.csv): LabelValue, Name, Color_R, Color_G, Color_B
"""

import csv
import re
from collections.abc import Mapping
from pathlib import Path

from .errors import InputError
from .seg_nrrd import FileSegment

LARGEST_TABLE = 1 << 22  # bytes
DESCRIPTION = re.compile(r'(\d+)\s+(\d+)\s+(\d+)\s+(\d+)\s+[\d.eE+-]+\s+\d+\s+\d+\s+"(.*)"')
LOOKUP = re.compile(r"(\d+)\s+(\S+)\s+(\d+)\s+(\d+)\s+(\d+)(?:\s+\d+)?")
NUMBER = re.compile(r"[-+.\d]+(e[-+]?\d+)?", re.IGNORECASE)
SLICERS = re.compile(r"#\s*Color table file", re.IGNORECASE)
LABEL_COLUMNS = ("labelvalue", "index")
COLOR_COLUMNS = ("color_r", "color_g", "color_b")


def segments_in_table(path: str | Path) -> dict[int, FileSegment]:
    """Named segments by label value, without the background (0); none in a file of another kind.

    Raises InputError for one that cannot be read.
    """
    try:
        with Path(path).open("rb") as file:
            start = file.read(LARGEST_TABLE)
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}.") from None
    try:
        text = start.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = start.decode("latin-1")
    lines = [line.strip(" \r") for line in text.split("\n")]
    blanks = bool(lines) and SLICERS.match(lines[0]) is not None
    lines = [line for line in lines if line and not line.startswith("#")]
    found = _of_columns(lines) or _of_descriptions(lines) or _of_lookup(lines, blanks)
    return {label: segment for label, segment in found.items() if label != 0 and segment.name}


def _of_columns(lines: list[str]) -> dict[int, FileSegment]:
    if not lines:
        return {}
    rows = csv.DictReader(lines, delimiter="\t" if "\t" in lines[0] else ",")
    columns = [str(name).strip().casefold() for name in rows.fieldnames or ()]
    label = next((name for name in LABEL_COLUMNS if name in columns), None)
    if label is None or "name" not in columns:
        return {}
    rows.fieldnames = columns
    found = {}
    try:
        for row in rows:
            value = (row[label] or "").strip()
            if value.isdecimal():
                found[int(value)] = FileSegment(_one_line(row["name"] or ""), _color_of_row(row))
    except csv.Error:  # somebody else's
        return {}
    return found


def _color_of_row(row: Mapping[str, str]) -> tuple[float, float, float] | None:
    written = (row.get("color") or "").strip()
    if re.fullmatch(r"#[0-9a-fA-F]{6}", written):
        return _color(*(str(int(written[n : n + 2], 16)) for n in (1, 3, 5)))
    parts = [(row.get(name) or "").strip() for name in COLOR_COLUMNS]
    return _color(*parts) if all(part.isdecimal() for part in parts) else None


def _of_descriptions(lines: list[str]) -> dict[int, FileSegment]:
    matches = filter(None, map(DESCRIPTION.fullmatch, lines))
    return {int(m[1]): FileSegment(_one_line(m[5]), _color(*m.group(2, 3, 4))) for m in matches}


def _of_lookup(lines: list[str], blanks: bool) -> dict[int, FileSegment]:
    """blanks: whether a _ in a name stands for one."""
    matches = [match for match in map(LOOKUP.fullmatch, lines) if match]
    if all(NUMBER.fullmatch(match[2]) for match in matches):  # a table of numbers, as of motion
        return {}
    return {
        int(m[1]): FileSegment(m[2].replace("_", " ").strip() if blanks else m[2], _color(*m.group(3, 4, 5)))
        for m in matches
    }


def _color(red: str, green: str, blue: str) -> tuple[float, float, float]:
    """From 0..255 to 0..1."""
    return min(int(red) / 255, 1.0), min(int(green) / 255, 1.0), min(int(blue) / 255, 1.0)


def _one_line(name: str) -> str:
    return " ".join(name.split())
