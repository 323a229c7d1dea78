"""Files are written whole or not at all: under a hidden name in the target's folder first, then renamed."""

import os
import shutil
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from .errors import InputError

HIDDEN = ".medproc-"  # how the names of unfinished files begin

# Held while finished files take their names, so that an exit in the middle waits for the last of them.
_renaming = threading.RLock()
_unfinished: set[Path] = set()
_finished = 0  # files and folders that have taken their names in this process
# Of each thread: what waits until all that is written together is whole.
_together = threading.local()


@contextmanager
def whole_file(target: str | Path) -> Iterator[Path]:
    """A path to write to, beside the target and with its ending; it becomes the target when the block ends well.

    Raises InputError when the folder is missing or cannot be written to, or the disk is full.
    """
    target = Path(target)
    temporary = target.with_name(f"{HIDDEN}{uuid.uuid4().hex[:8]}-{target.name}")
    _require_folder(target)
    _unfinished.add(temporary)

    def finish() -> None:
        os.replace(temporary, target)
        _unfinished.discard(temporary)
        _count(target)

    waits = False
    try:
        yield temporary
        waits = _finish_or_wait(finish, temporary)
    except OSError as error:
        raise InputError(f"{target} cannot be written: {error.strerror or error}.") from error
    finally:
        if not waits:
            _discard(temporary)


@contextmanager
def whole_folder(target: str | Path) -> Iterator[Path]:
    """A hidden folder inside the target; its files move into the target together when the block ends well.

    The target folder is made if it is missing (and removed again if the block fails); other files in it stay.
    Raises InputError like whole_file.
    """
    target = Path(target)
    made = [folder for folder in (target, *target.parents) if not folder.exists()]
    temporary = target / f"{HIDDEN}{uuid.uuid4().hex[:8]}"
    _unfinished.update((temporary, *made))

    def finish() -> None:
        for file in sorted(temporary.iterdir()):
            os.replace(file, target / file.name)
        temporary.rmdir()
        _unfinished.difference_update((temporary, *made))
        _count(target)

    done = False
    try:
        temporary.mkdir(parents=True)
        yield temporary
        _require_no_folder_in_the_way(temporary, target)
        _finish_or_wait(finish, temporary, *made)
        done = True
    except OSError as error:
        raise InputError(f"Folder {target} cannot be written to: {error.strerror or error}.") from error
    finally:
        if not done:
            for path in (temporary, *made):
                _discard(path)


@contextmanager
def written_together() -> Iterator[None]:
    """Files and folders written inside take their names when the block ends well, all of them; else none is left.

    What is inside another such block waits for that one. Raises InputError like whole_file.
    """
    if getattr(_together, "waiting", None) is not None:
        yield
        return
    waiting: list[tuple[Callable[[], None], tuple[Path, ...]]] = []
    _together.waiting = waiting
    done = False
    try:
        yield
        with _renaming:
            for finish, _ in waiting:
                finish()
            done = True
    except OSError as error:
        raise InputError(f"The results cannot be written: {error.strerror or error}.") from error
    finally:
        _together.waiting = None
        if not done:
            for _, made in waiting:
                for path in made:
                    _discard(path)


def _finish_or_wait(finish: Callable[[], None], *made: Path) -> bool:
    """Let a finished file take its name, or wait for others that are written together with it: True."""
    waiting = getattr(_together, "waiting", None)
    if waiting is not None:
        waiting.append((finish, made))
        return True
    with _renaming:
        finish()
    return False


def _count(target: Path) -> None:
    """What is inside an unfinished folder does not count: it goes with the folder."""
    global _finished
    _finished += not any(part.startswith(HIDDEN) for part in target.parts)


def write_text(text: str, target: str | Path) -> None:
    """Write UTF-8 text whole or not at all. Raises InputError."""
    write_bytes(text.encode("utf-8"), target)


def write_bytes(data: bytes, target: str | Path) -> None:
    """Write a file whole or not at all. Raises InputError."""
    with whole_file(target) as temporary:
        temporary.write_bytes(data)


def require_writable(target: str | Path) -> None:
    """Raise InputError unless a file can be made at this path; asked before a long computation."""
    target = Path(target)
    if target.is_dir():
        raise InputError(f"{target} is a folder; name a file to write.")
    _require_folder(target)
    probe = target.with_name(f"{HIDDEN}{uuid.uuid4().hex[:8]}")
    try:
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise InputError(f"{target} cannot be written: {error.strerror or error}.") from error


def require_writable_folder(target: str | Path) -> None:
    """Raise InputError unless whole_folder could write there; asked before a long computation."""
    target = Path(target)
    if target.exists() and not target.is_dir():
        raise InputError(f"{target} is a file; name a folder to write to.")
    existing = next((folder for folder in (target, *target.absolute().parents) if folder.exists()), Path("."))
    if not existing.is_dir():
        raise InputError(f"Folder {target} cannot be made: {existing} is a file.")
    try:
        require_writable(existing / f"{HIDDEN}{uuid.uuid4().hex[:8]}")
    except InputError as error:
        cause = error.__cause__
        reason = (cause.strerror if isinstance(cause, OSError) else None) or error
        raise InputError(f"Folder {target} cannot be written to: {reason}.") from error


def discard_unfinished() -> bool:
    """Remove what is half-written, before the process ends without its `finally` blocks. Waits for renames.

    True if anything was written whole before.
    """
    with _renaming:
        # deepest first: a folder that was made for the result goes after what is in it
        for path in sorted(_unfinished, key=lambda path: len(path.parts), reverse=True):
            _discard(path)
        return _finished > 0


def _require_folder(target: Path) -> None:
    if not target.parent.is_dir():
        raise InputError(f"{target} cannot be written: there is no folder {target.parent}; make it first.")


def _require_no_folder_in_the_way(temporary: Path, target: Path) -> None:
    for file in temporary.iterdir():
        if (target / file.name).is_dir():
            raise InputError(f"{target / file.name} is a folder; move it away, a file of that name is written.")


def _discard(path: Path) -> None:
    _unfinished.discard(path)
    with suppress(OSError):  # never made, or a folder into which someone else's files have come: it stays
        if not path.name.startswith(HIDDEN):
            path.rmdir()
        elif path.is_dir():
            # under another name, where a thread that still writes does not find it
            gone = path.with_name(f"{HIDDEN}{uuid.uuid4().hex[:8]}")
            path.rename(gone)
            shutil.rmtree(gone, ignore_errors=True)
        else:
            path.unlink()
