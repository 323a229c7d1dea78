"""The three ways an action ends early: the user can mend it, the user stopped it, or it is a bug (anything else)."""


class InputError(ValueError):
    """The input cannot be used as it is. The message is one line: what is wrong and what to do about it."""


class Cancelled(Exception):
    """The user stopped the action; nothing was written."""

    def __init__(self, message: str = "Cancelled by the user.") -> None:
        super().__init__(message)
