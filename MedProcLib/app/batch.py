"""`batch`: one command for every line of a list, such as all patients of a cohort, and their tables as one."""

import argparse
import contextlib
import csv
import io
import logging
import re
from argparse import Namespace
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..core.atomic import require_writable, write_text
from ..core.csv_text import csv_text
from ..core.errors import Cancelled, InputError
from ..core.progress import Progress
from ..quantification.classification.table import Table, read_table
from .command import A_BUG
from .inputs import require_ending
from .parser import make_parser, points_joined

NAME = re.compile(r"\{([^{}]+)\}")
MOST_SHOWN = 20  # failures that the last message lists


@dataclass
class Line:
    """A line of the list: its number in the file, its cells, and the command that they fill in."""

    number: int
    cells: Mapping[str, str]
    parsed: Namespace
    failed: str = ""

    @property
    def title(self) -> str:
        return f"line {self.number} ({next(iter(self.cells.values()))})"

    @property
    def output(self) -> Path:
        return Path(self.parsed.output)


def run(arguments: Namespace, progress: Progress) -> None:
    if arguments.together is not None:
        require_ending(arguments.together, ".csv", what="table")
        require_writable(arguments.together)
    lines = _lines(arguments)
    waiting = [line for line in lines if not (arguments.missing and line.output.exists())]
    if len(waiting) < len(lines):
        print(f"{len(lines) - len(waiting)} of {len(lines)} lines are done already")
    for done, (line, share) in enumerate(zip(waiting, progress.parts(*[1.0] * len(waiting)), strict=True), 1):
        print(f"[{done}/{len(waiting)}] {line.title}", flush=True)
        with _folder_of(line):
            _do(line, share)
        for said in (*line.parsed.notes, *filter(None, [line.failed])):
            print(f"  {'could not be done' if said is line.failed else 'note'}: {said}")
    failed = [line for line in lines if line.failed]
    if arguments.together is not None and len(failed) < len(lines):
        write_text(_together([line for line in lines if not line.failed]), arguments.together)
        count = len(lines) - len(failed)
        print(f"Tables of {count} line{'s' * (count != 1)}: {arguments.together}")
    if failed:
        said = " ".join(f"{line.title}: {line.failed}" for line in failed[:MOST_SHOWN])
        more = f" And {len(failed) - MOST_SHOWN} more." if len(failed) > MOST_SHOWN else ""
        others = ", the others are" if len(failed) < len(lines) else ""
        raise InputError(f"{len(failed)} of {len(lines)} lines could not be done{others}. {said}{more}")


@contextlib.contextmanager
def _folder_of(line: Line) -> Iterator[None]:
    """Make the folder that a line writes to, which may have a cell in its name; what stays empty goes again."""
    folder = line.output.parent
    made = [each for each in (folder, *folder.parents) if not each.exists()]
    with contextlib.suppress(OSError):  # the command says that it cannot write there
        folder.mkdir(parents=True, exist_ok=True)
    try:
        yield
    finally:
        with contextlib.suppress(OSError):
            for each in made:
                each.rmdir()


def _do(line: Line, progress: Progress) -> None:
    """Run the command of a line; what went wrong is kept with it, so that the others go on."""
    from .commands import COMMANDS

    command = next(command for command in COMMANDS if command.name == line.parsed.command)
    try:
        command.run(line.parsed, progress.noting(line.parsed.notes))
    except InputError as error:
        line.failed = " ".join(str(error).split())
    except Cancelled:
        raise
    except Exception as error:  # a bug, whatever it raises: the other lines are not its fault
        logging.getLogger("medproc").exception(A_BUG, line.title)
        line.failed = f"a bug ({type(error).__name__}; see above)."


def _lines(arguments: Namespace) -> list[Line]:
    """All commands, filled in and parsed. Raises InputError, before anything runs, for what any line lacks."""
    from .commands import COMMANDS

    words = arguments.words
    if not words or words[0] == arguments.command:
        raise InputError("After the list goes the command to run for each line, such as: measure {image} {mask} -o ...")
    table = read_table(arguments.list)
    _require_names(words, table)
    parser = make_parser(COMMANDS)
    lines = []
    for at in range(table.count):
        cells = {name: column[at] for name, column in table.columns.items()}
        number = at + 2  # the header is the first
        filled = [NAME.sub(lambda match: _cell(cells, match[1], number), word) for word in words]  # noqa: B023
        lines.append(Line(number, cells, _parsed(parser, filled, number)))
    _require_own_outputs(lines, arguments)
    return lines


def _require_names(words: Sequence[str], table: Table) -> None:
    asked = [name for word in words for name in NAME.findall(word)]
    if not asked:
        raise InputError(f"The command is the same for each line: put in cells as {{COLUMN}}: {_columns(table)}.")
    unknown = next((name for name in asked if name not in table.columns), None)
    if unknown is not None:
        raise InputError(f"The list has no column '{unknown}'; it has: {_columns(table)}.")


def _columns(table: Table) -> str:
    return ", ".join(f"{{{name}}}" for name in table.columns)


def _cell(cells: Mapping[str, str], name: str, number: int) -> str:
    if not cells[name]:
        raise InputError(f"Line {number} of the list has no '{name}': fill it in, or leave the line out.")
    return cells[name]


def _parsed(parser: argparse.ArgumentParser, words: Sequence[str], number: int) -> Namespace:
    said = io.StringIO()
    try:
        with contextlib.redirect_stderr(said):
            parsed = parser.parse_args(points_joined(words))
    except SystemExit:
        raise InputError(f"Line {number}: {said.getvalue().strip() or 'that is help, and no command.'}") from None
    if getattr(parsed, "output", None) is None:
        raise InputError(f"`{parsed.command}` without -o writes nothing: name a file for each line.")
    parsed.notes = []
    return parsed


def _require_own_outputs(lines: Sequence[Line], arguments: Namespace) -> None:
    seen: dict[Path, Line] = {}
    for line in lines:
        place = line.output.resolve()
        if place in seen:
            raise InputError(
                f"{seen[place].title} and {line.title} write to the same {line.output}: put a column into its name."
            )
        seen[place] = line
        if arguments.together is not None:
            require_ending(str(line.output), ".csv", what="table that --together can take")
            if place == Path(arguments.together).resolve():
                raise InputError(f"{line.output} is that of --together: give each line a file of its own.")


def _together(lines: Sequence[Line]) -> str:
    """The tables of all lines under each other, the list's cells first; a column that a table lacks stays empty."""
    rows: list[dict[str, str]] = []
    columns = dict.fromkeys(lines[0].cells)
    for line in lines:
        with line.output.open(newline="", encoding="utf-8") as file:
            for row in csv.DictReader(file):
                own = {name if name not in line.cells else f"{name}_measured": cell for name, cell in row.items()}
                rows.append({**line.cells, **own})
                columns |= dict.fromkeys(own)
    return csv_text(list(columns), [[row.get(name, "") for name in columns] for row in rows])
