"""Who decides, when, and what a reader knows beside the images."""

import datetime
import getpass
from argparse import Namespace

from ..comparison.tracks.clinical import Clinical, read_clinical
from ..core.errors import InputError


def clinical_of(arguments: Namespace) -> Clinical | None:
    """The data of --clinical, None without. Raises InputError that names the file."""
    if arguments.clinical is None:
        return None
    return read_clinical(arguments.clinical)


def reader_of(arguments: Namespace) -> str:
    """Who chose the targets: the one named, else the user."""
    if arguments.reader is not None:
        if not arguments.reader.strip():
            raise InputError("--reader is empty: give the reader's name.")
        return arguments.reader.strip()
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "unknown"


def now() -> str:
    """This time, ISO 8601."""
    return datetime.datetime.now().astimezone().isoformat(timespec="seconds")
