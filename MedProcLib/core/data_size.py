"""Whether a file holds all the voxels its header announces."""

import gzip
import zlib
from pathlib import Path

from .errors import InputError

CHUNK = 1 << 22


def require_complete(path: Path, expected: int, skip: int = 0) -> None:
    """Raise InputError when the file, unpacked if it is gzip after `skip` bytes, has fewer bytes than expected."""
    size = path.stat().st_size
    with path.open("rb") as file:
        file.seek(skip)
        packed = file.read(2) == b"\x1f\x8b"
    if not packed:
        _require(path, size - skip, expected)
    elif not _trailer_agrees(path, expected):
        _require(path, _unpacked_bytes(path, expected, skip), expected)


def require_complete_zlib(path: Path, expected: int, skip: int) -> None:
    """The same for a bare zlib stream, as MetaImage has it."""
    unpacker, found = zlib.decompressobj(), 0
    with path.open("rb") as file:
        file.seek(skip)
        try:
            while found < expected and (chunk := file.read(CHUNK)):
                found += len(unpacker.decompress(chunk))
        except zlib.error as error:
            raise InputError(f"{path} is damaged ({error}); copy it again from its source.") from None
    _require(path, found, expected)


def _trailer_agrees(path: Path, expected: int) -> bool:
    """Whether gzip's last four bytes (size modulo 2**32) are those of a whole file: saves unpacking it twice."""
    with path.open("rb") as file:
        file.seek(-4, 2)
        return int.from_bytes(file.read(4), "little") == expected % 2**32


def _unpacked_bytes(path: Path, expected: int, skip: int) -> int:
    found = 0
    with path.open("rb") as file:
        file.seek(skip)
        try:
            with gzip.open(file) as unpacked:
                while found < expected and (chunk := unpacked.read1(CHUNK)):
                    found += len(chunk)
        except EOFError:
            return found
        except (gzip.BadGzipFile, zlib.error) as error:
            raise InputError(f"{path} is damaged ({error}); copy it again from its source.") from None
    return found


def _require(path: Path, found: int, expected: int) -> None:
    if found < expected:
        raise InputError(
            f"{path} is truncated: it holds {found:,} of {expected:,} bytes; copy it again from its source."
        )
