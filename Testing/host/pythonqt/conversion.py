"""Values between Python and C++ as PythonQt converts them."""

import math

INTEGER_TYPES = ("int", "uint", "long", "qlonglong", "vtkIdType")
FLOAT_TYPES = ("double", "float", "qreal")


def to_python(value):
    """Lists come back from C++ as tuples."""
    return tuple(value) if isinstance(value, list) else value


def to_cpp(type_name: str, value):
    """The value for a property of a C++ type; TypeError when PythonQt would refuse it."""
    type_name = type_name.replace("const ", "").replace("&", "").strip()
    if type_name == "QString":
        return value if isinstance(value, str) else str(value)
    if type_name == "QStringList":
        return _string_list(value)
    if type_name == "bool":
        return _boolean(value)
    if type_name in INTEGER_TYPES:
        return _integer(value)
    if type_name in FLOAT_TYPES:
        return _float(value)
    return value


def _string_list(value) -> list[str]:
    if isinstance(value, str) or not hasattr(value, "__iter__"):
        raise TypeError("a list of strings is needed")
    return [str(item) for item in value]


def _boolean(value) -> bool:
    if value is None or hasattr(value, "__bool__"):
        return bool(value)
    raise TypeError("a bool is needed")


def _integer(value) -> int:
    if isinstance(value, float):
        return math.floor(value)
    if hasattr(value, "__index__"):
        return value.__index__()
    raise TypeError("an int is needed")


def _float(value) -> float:
    if hasattr(value, "__float__") or hasattr(value, "__index__"):
        return float(value)
    raise TypeError("a float is needed")
