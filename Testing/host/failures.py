"""What goes wrong where PythonQt would only print: exceptions in slots and connections to misspelt signals."""

import sys
import traceback
from dataclasses import dataclass


class HostError(Exception):
    """The code under test uses something that Slicer does not have."""


class NotImitated(NotImplementedError):
    """The call exists in Slicer, but this host does not imitate it."""


class UiError(HostError):
    """A .ui file names a class, property or connection that Slicer does not have."""


@dataclass(frozen=True)
class Failure:
    """One collected failure: the slot or place, the exception, and where it came from."""

    where: str
    error: BaseException
    traceback: str

    def __str__(self) -> str:
        return f"{self.where}: {type(self.error).__name__}: {self.error}\n{self.traceback}"


errors: list[Failure] = []


def collect(where, error: BaseException) -> None:
    """Keep a failure for the end of the test, and print it as PythonQt does."""
    text = "".join(traceback.format_exception(error))
    errors.append(Failure(getattr(where, "__qualname__", str(where)), error, text))
    sys.stderr.write(text)


def install_excepthook() -> None:
    """Exceptions in VTK observers and Qt virtual functions end in the hook: collect them as well."""
    previous = sys.excepthook

    def hook(kind, error, trace):
        errors.append(Failure("observer or event handler", error, "".join(traceback.format_exception(error))))
        previous(kind, error, trace)

    sys.excepthook = hook
