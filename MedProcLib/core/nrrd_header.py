"""What the NRRD header says (teem.sourceforge.net/nrrd/format.html), checked before ITK reads the file."""

import re
from pathlib import Path

from .data_size import require_complete
from .errors import InputError

HEADER_LIMIT = 1 << 20
TYPE_BYTES = {
    **dict.fromkeys(("signed char", "int8", "int8_t", "uchar", "unsigned char", "uint8", "uint8_t"), 1),
    **dict.fromkeys(("short", "short int", "signed short", "signed short int", "int16", "int16_t"), 2),
    **dict.fromkeys(("ushort", "unsigned short", "unsigned short int", "uint16", "uint16_t"), 2),
    **dict.fromkeys(("int", "signed int", "int32", "int32_t", "uint", "unsigned int", "uint32", "uint32_t"), 4),
    **dict.fromkeys(("longlong", "long long", "long long int", "signed long long", "int64", "int64_t"), 8),
    **dict.fromkeys(("ulonglong", "unsigned long long", "unsigned long long int", "uint64", "uint64_t"), 8),
    "float": 4,
    "double": 8,
}


def check_nrrd_header(path: Path) -> tuple[str, ...]:
    """Notes on the header. Raises InputError for what cannot be used or would be misread."""
    fields, data_start = _fields(path)
    _require_spacing(path, fields)
    _require_mm(path, fields)
    _require_whole(path, fields, data_start)
    return () if "space" in fields or "space dimension" in fields else ("the header names no space: LPS is assumed",)


def _fields(path: Path) -> tuple[dict[str, str], int]:
    with path.open("rb") as file:
        start = file.read(HEADER_LIMIT)
    end = re.search(rb"\r?\n\r?\n", start)
    lines = (start[: end.start()] if end else start).decode("latin-1").splitlines()
    if not end and "data file" not in start.decode("latin-1").lower().replace("datafile", "data file"):
        raise InputError(f"{path} is truncated: its NRRD header has no end; copy it again from its source.")
    fields = {}
    for line in lines[1:]:
        name, separator, value = line.partition(": ")
        if separator and not line.startswith("#"):
            fields[{"datafile": "data file"}.get(name.lower(), name.lower())] = value.strip()
    return fields, end.end() if end else 0


def _require_spacing(path: Path, fields: dict[str, str]) -> None:
    stated = fields.get("space directions") or fields.get("spacings")
    if not stated:
        raise InputError(f"{path}: the NRRD header states no spacing; add 'space directions' from the scan protocol.")
    if "space directions" in fields:
        axes = [
            sum(float(value) ** 2 for value in vector.split(",")) ** 0.5 for vector in re.findall(r"\((.*?)\)", stated)
        ]
    else:
        axes = [float(value) for value in stated.split() if value.lower() != "nan"]
    if not axes or not all(0 < value < float("inf") for value in axes):
        raise InputError(
            f"{path}: the spacing in the NRRD header is {' x '.join(f'{v:.4g}' for v in axes) or stated}; "
            "all must be above 0: correct it from the scan protocol."
        )


def _require_mm(path: Path, fields: dict[str, str]) -> None:
    units = set(re.findall(r'"(.*?)"', fields.get("space units", ""))) - {"", "mm", "millimeter", "millimeters"}
    if units:
        raise InputError(f"{path}: the NRRD header gives lengths in '{sorted(units)[0]}'; convert the image to mm.")


def _require_whole(path: Path, fields: dict[str, str], data_start: int) -> None:
    """Only where the voxels' bytes can be told without reading them all; teem itself finds the rest."""
    bytes_each = TYPE_BYTES.get(fields.get("type", ""))
    skips = {fields.get(name, "0") for name in ("line skip", "lineskip", "byte skip", "byteskip")}
    if bytes_each is None or skips != {"0"} or fields.get("encoding") not in ("raw", "gzip", "gz"):
        return
    expected = bytes_each
    for size in fields.get("sizes", "").split():
        expected *= int(size)
    name = fields.get("data file")
    if name is None:
        require_complete(path, expected, data_start)
    elif "%" not in name and not name.upper().startswith("LIST"):
        data = path.parent / name
        if not data.exists():
            raise InputError(f"{path}: its voxel file {name} is missing; copy both files.")
        require_complete(data, expected)
