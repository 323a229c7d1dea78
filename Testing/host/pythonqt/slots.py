"""Calling a Python slot as PythonQt does: with as many arguments as it declares, exceptions printed and not raised."""

import inspect
import types

from host.failures import collect


def call_slot(slot, arguments: tuple) -> None:
    """Call a slot; an exception is collected, and the sender goes on."""
    accepted = _accepted_arguments(slot)
    try:
        slot(*(arguments if accepted is None else arguments[:accepted]))
    except Exception as error:  # noqa: BLE001 - PythonQt prints whatever a slot raises
        collect(slot, error)


def _accepted_arguments(slot) -> int | None:
    """Positional arguments that the slot declares, defaulted ones included; None: all are passed on."""
    if isinstance(slot, types.MethodType) and isinstance(slot.__func__, types.FunctionType):
        code, bound = slot.__func__.__code__, 1
    elif isinstance(slot, types.FunctionType):
        code, bound = slot.__code__, 0
    else:
        return None
    return None if code.co_flags & inspect.CO_VARARGS else code.co_argcount - bound
