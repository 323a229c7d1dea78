"""Default: the annotation that carries a first value, for types whose value must not be shared."""


class Default:
    """A value, or a generator of fresh values."""

    def __init__(self, value=None, *, generator=None):
        self._value = value
        self._generator = generator

    @property
    def value(self):
        return self._generator() if self._generator else self._value
