"""Entry of the command line. Exit codes: 0 done, 2 the user can mend it, 1 a bug, 130 cancelled."""

import argparse
import logging
import os
import signal
import sys
from collections.abc import Sequence

from ..core.errors import Cancelled, InputError
from ..core.progress import Progress
from .cancellable import SIGNALS, leave, run_cancellable
from .command import A_BUG, Command
from .commands import COMMANDS
from .native_output import hide_native_output
from .parser import make_parser, points_joined
from .progress_bar import progress_bar

DONE, BUG, MENDABLE, CANCELLED = 0, 1, 2, 130
MAY_BE_EMPTY = ("reader", "by")  # of names, none at all
THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VTK_SMP_MAX_THREADS")


def main() -> int:
    """The `medproc` script and `python -m MedProcLib`: a process of its own, its exit code returned."""
    for number in SIGNALS:  # until the work listens, and when it is done
        signal.signal(number, lambda *_: leave())
    native = hide_native_output()
    code = run(sys.argv[1:])
    for number in SIGNALS:  # all is written and said: ending takes a moment, and ends with this code
        signal.signal(number, signal.SIG_IGN)
    if code == BUG:
        native.print_last_lines()
    return code


def run(arguments: Sequence[str]) -> int:
    """Run a command line; returns the exit code. Prints results on stdout, the error's one line on stderr."""
    try:
        parsed = make_parser(COMMANDS).parse_args(points_joined(arguments))
    except SystemExit as end:
        return int(end.code or 0)
    command = next(command for command in COMMANDS if command.name == parsed.command)
    parsed.notes = []  # shown when the command is done, so that an error is the one line on stderr
    log = logging.StreamHandler(sys.stderr)
    logger = logging.getLogger("medproc")
    logger.addHandler(log)
    propagated, logger.propagate = logger.propagate, False  # a library may have set up the root's handlers: say it once
    try:
        with progress_bar(sys.stderr) as report:
            run_cancellable(lambda progress: _work(command, parsed, progress), report, command.when_cancelled)
        sys.stdout.flush()
        for note in parsed.notes:
            print(f"note: {note}", file=sys.stderr)
    except InputError as error:
        return _say(parsed, MENDABLE, " ".join(str(error).split()))
    except MemoryError:
        return _say(parsed, MENDABLE, "there is not enough memory; use a smaller image or close other programs.")
    except Cancelled:
        return _say(parsed, CANCELLED, command.when_cancelled)
    except BrokenPipeError:  # the reader of our output has seen enough, as `head` has
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return DONE
    except Exception:  # a bug, whatever it raises: no user can mend it
        logger.exception(A_BUG, f"medproc {parsed.command}")
        return BUG
    finally:
        logger.removeHandler(log)
        logger.propagate = propagated
    return DONE


def _work(command: Command, parsed: argparse.Namespace, progress: Progress) -> None:
    logging.captureWarnings(True)  # libraries warn the programmer; the user hears what concerns the data as a note
    if not logging.getLogger().handlers:
        logging.getLogger().addHandler(logging.NullHandler())
    _set_threads(parsed.threads)
    _require_no_empty(parsed)
    command.run(parsed, progress.noting(parsed.notes))


def _require_no_empty(parsed: argparse.Namespace) -> None:
    """Raise InputError for an argument without text, as a variable of a script that was not set gives it."""
    for name, value in vars(parsed).items():
        if name not in MAY_BE_EMPTY and "" in (value if isinstance(value, list) else [value]):
            raise InputError(f"The argument {name.upper()} is empty: give it a value, or leave it out.")


def _set_threads(threads: int | None) -> None:
    if threads is not None:
        os.environ.update(dict.fromkeys(THREAD_VARIABLES, str(threads)))  # read when the libraries load
    import SimpleITK as sitk

    sitk.ProcessObject.SetGlobalWarningDisplay(False)
    if threads is not None:
        sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(threads)


def _say(parsed: argparse.Namespace, code: int, message: str) -> int:
    print(f"medproc {parsed.command}: {message}", file=sys.stderr)
    return code
