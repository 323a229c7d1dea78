"""parameterPack: a typed struct whose members are kept as parameters of their own ("range.minimum")."""

import typing

MARK = "_is_parameter_pack"


def parameterPack(classtype=None):
    """Class decorator: members by keyword or in order, equality, and dotted access."""
    if classtype is None:
        return parameterPack
    names = list(typing.get_type_hints(classtype))
    defaults = {name: getattr(classtype, name) for name in names if hasattr(classtype, name)}

    def __init__(self, *values, **named):
        given = dict(zip(names, values, strict=False)) | named
        unknown = set(given) - set(names)
        if unknown or len(values) > len(names):
            raise ValueError(f"{classtype.__name__} has no members {sorted(unknown)}")
        for name, kind in typing.get_type_hints(classtype).items():
            setattr(self, name, given.get(name, defaults.get(name, kind())))

    def __eq__(self, other):
        return type(other) is classtype and all(getattr(self, name) == getattr(other, name) for name in names)

    def __repr__(self):
        members = ", ".join(f"{name}={getattr(self, name)!r}" for name in names)
        return f"{classtype.__name__}({members})"

    classtype.__init__, classtype.__eq__, classtype.__repr__ = __init__, __eq__, __repr__
    classtype.__hash__ = None
    setattr(classtype, MARK, True)
    return classtype


def isParameterPack(obj):
    """True for a pack class or an object of one."""
    return bool(getattr(obj, MARK, False))


def nestedParameterNames(parameterPackClassOrInstance):
    """Dotted names of all members that are not packs themselves."""
    pack = parameterPackClassOrInstance
    pack = pack if isinstance(pack, type) else type(pack)
    names = []
    for name, kind in typing.get_type_hints(pack).items():
        names += [f"{name}.{nested}" for nested in nestedParameterNames(kind)] if isParameterPack(kind) else [name]
    return names
