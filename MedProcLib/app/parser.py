"""The argument parser of the commands: help with examples, and errors in one line."""

import argparse
import re
from collections.abc import Sequence
from typing import Any, NoReturn

from .. import __version__
from .command import Command

PROGRAM = "medproc"  # as README has it, `python3 run.py medproc` in a checkout
# A point that begins with a minus: argparse takes it for an option.
NEGATIVE_POINT = re.compile(r"-[\d.]+(?:[eE][-+]?\d+)?(?:,[-+]?[\d.]+(?:[eE][-+]?\d+)?)+(?:=\d+)?")
NOT_CLINICAL = "For research. A qualified reader decides on every finding."


def make_parser(commands: Sequence[Command]) -> argparse.ArgumentParser:
    """A parser whose result has the command's name as `command`. It exits with 0 (help) or 2 (an error)."""
    parser = OneLineParser(
        prog=PROGRAM,
        description="Enhance, segment, measure and compare studies of a patient. " + NOT_CLINICAL,
        epilog=_examples(example for command in commands for example in command.examples[:1]),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"MedProc {__version__}")
    subparsers = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for command in commands:
        _add(subparsers, command)
    return parser


def points_joined(arguments: Sequence[str]) -> list[str]:
    """Arguments with a point that begins with a minus joined to its option: --seed -12,40,7 as --seed=-12,40,7."""
    joined: list[str] = []
    for argument in map(str, arguments):
        if joined and joined[-1].startswith("--") and "=" not in joined[-1] and NEGATIVE_POINT.fullmatch(argument):
            joined[-1] += f"={argument}"
        else:
            joined.append(argument)
    return joined


class OneLineParser(argparse.ArgumentParser):
    """argparse prints the usage before an error; scripts and readers want the one line that says what is wrong."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message}; `{self.prog} --help` shows how it is used.\n")


def _add(subparsers: Any, command: Command) -> None:
    parser = subparsers.add_parser(
        command.name,
        help=command.summary,
        description=command.summary[0].upper() + command.summary[1:] + ".",
        epilog=_examples(command.examples),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    alone = [argument for argument in command.arguments if argument.alone]
    group = parser.add_mutually_exclusive_group(required=True) if alone else parser
    for argument in command.arguments:
        (group if argument.alone else parser).add_argument(*argument.names, **argument.settings)
    parser.add_argument(
        "--threads", type=_threads, metavar="N", help="how many threads to compute with (default: all processors)"
    )


def _threads(text: str) -> int:
    if not text.isdigit() or not 1 <= int(text) <= 1024:
        raise argparse.ArgumentTypeError(f"'{text}' is not a number of threads from 1 to 1024")
    return int(text)


def _examples(examples: Any) -> str:
    return "examples:\n" + "\n".join(f"  {PROGRAM} {example}" for example in examples)
