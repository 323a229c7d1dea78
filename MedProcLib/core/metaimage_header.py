"""What the MetaImage header says (itk.org/Wiki/MetaIO), checked before ITK reads the file."""

from pathlib import Path

from .data_size import require_complete, require_complete_zlib
from .errors import InputError

HEADER_LIMIT = 1 << 20
TYPE_BYTES = {
    "MET_CHAR": 1,
    "MET_UCHAR": 1,
    "MET_SHORT": 2,
    "MET_USHORT": 2,
    "MET_INT": 4,
    "MET_UINT": 4,
    "MET_LONG": 4,
    "MET_ULONG": 4,
    "MET_LONG_LONG": 8,
    "MET_ULONG_LONG": 8,
    "MET_FLOAT": 4,
    "MET_DOUBLE": 8,
}


def check_metaimage_header(path: Path) -> tuple[str, ...]:
    """Notes on the header. Raises InputError for what cannot be used or would be misread."""
    fields, data_start = _fields(path)
    stated = fields.get("elementspacing") or fields.get("elementsize")
    if not stated:
        raise InputError(f"{path}: the MetaImage header states no ElementSpacing; add it from the scan protocol.")
    if not all(0 < value < float("inf") for value in _numbers(path, stated)):
        raise InputError(
            f"{path}: the spacing in the MetaImage header is {' x '.join(stated.split())}; all must be above 0: "
            "correct it from the scan protocol."
        )
    _require_whole(path, fields, data_start)
    # PLUS keeps tracked frames so (PlusToolkit, sequence file format); volumes made of them have one frame at most
    frames = {name[: len("seq_frame0000")] for name in fields if name.startswith("seq_frame")}
    if len(frames) < 2:
        return ()
    return (
        f"a sequence of {len(frames)} frames, not a volume: what is said across its third axis means nothing; "
        "FILE#NUMBER takes one of them",
    )


def _fields(path: Path) -> tuple[dict[str, str], int]:
    with path.open("rb") as file:
        start = file.read(HEADER_LIMIT)
    fields: dict[str, str] = {}
    position = 0
    while "elementdatafile" not in fields:
        end = start.find(b"\n", position)
        if end < 0:
            raise InputError(f"{path} is truncated: its MetaImage header has no end; copy it again from its source.")
        name, _, value = start[position:end].decode("latin-1").partition("=")
        fields[name.strip().lower()] = value.strip()
        position = end + 1
    return fields, position


def _numbers(path: Path, text: str) -> list[float]:
    try:
        return [float(value) for value in text.split()]
    except ValueError:
        raise InputError(f"{path}: '{text}' in the MetaImage header is not a list of numbers.") from None


def _require_whole(path: Path, fields: dict[str, str], data_start: int) -> None:
    """Only for one file of voxels in binary; ITK itself finds what is missing in the rest."""
    bytes_each = TYPE_BYTES.get(fields.get("elementtype", ""))
    name = fields["elementdatafile"]
    if bytes_each is None or not _is_true(fields, "binarydata") or "%" in name or name.startswith("LIST"):
        return
    data = path if name == "LOCAL" else path.parent / name
    if not data.exists():
        raise InputError(f"{path}: its voxel file {name} is missing; copy both files.")
    expected = bytes_each * int(fields.get("elementnumberofchannels", 1))
    for size in _numbers(path, fields.get("dimsize", "")):
        expected *= int(size)
    skip = data_start if name == "LOCAL" else max(0, int(fields.get("headersize", 0)))
    if _is_true(fields, "compresseddata"):
        require_complete_zlib(data, expected, skip)
    else:
        require_complete(data, expected, skip)


def _is_true(fields: dict[str, str], name: str) -> bool:
    return fields.get(name, "").lower().startswith(("t", "1"))
