"""What a command of the command line is: its arguments as data, and the file that does the work."""

import importlib
from argparse import Namespace
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..core.progress import Progress

NOTHING_WRITTEN = "cancelled; nothing was written."
SOME_WRITTEN = "cancelled; what had been written before is whole."
A_BUG = "%s: this is a bug in MedProc; please report the lines below."


@dataclass(frozen=True)
class Argument:
    """names and settings as argparse's add_argument takes them; alone: excludes the others that say so."""

    names: tuple[str, ...]
    settings: Mapping[str, Any]
    alone: bool = False


@dataclass(frozen=True)
class Command:
    """A command NAME is done by `run(arguments, progress)` in app/NAME.py (- is _), imported when it is asked for.

    when_cancelled: what is said then.
    """

    name: str
    summary: str
    arguments: Sequence[Argument]
    examples: Sequence[str]
    when_cancelled: str = NOTHING_WRITTEN

    @property
    def run(self) -> Callable[[Namespace, Progress], None]:
        return importlib.import_module(f"{__package__}.{self.name.replace('-', '_')}").run


def argument(*names: str, alone: bool = False, **settings: Any) -> Argument:
    return Argument(names, settings, alone)
