"""What is found of an immutable object, kept with it: found once, gone with the object."""

import functools
from collections.abc import Callable
from typing import Any, TypeVar

Thing = TypeVar("Thing")
Found = TypeVar("Found")


def kept(function: Callable[[Thing], Found]) -> Callable[[Thing], Found]:
    """Have a function of a frozen dataclass remember what it found, in the object's own dictionary.

    As functools.cached_property, for functions of other modules than the class's: copies and equal objects are asked
    anew, and nothing outlives its object. What is found must not be changed by those who get it.
    """
    name = f"{function.__module__}.{function.__qualname__}"

    @functools.wraps(function)
    def found(thing: Thing) -> Found:
        known: dict[str, Any] = thing.__dict__
        if name not in known:
            known[name] = function(thing)
        return known[name]

    return found
