"""Classes of Slicer and CTK, made from the API data at first use, with behavior where it was written by hand.

A behavior is a class decorated with `@behavior("ctkSliderWidget", decimals=2)`, keywords being first values of
properties. With `accept_all`, methods without behavior do nothing instead of raising NotImitated (placeholders).
Its members are put into the generated class:
- `_setup(self)`: runs after construction, base classes first;
- `get_<property>` and `set_<property>`: in place of plain storage in `self._values`;
- any method or Qt virtual method, by its name in Slicer; names that Slicer does not have are refused.
"""

from dataclasses import dataclass, field
from typing import Any

from PySide6 import QtCore, QtWidgets

from host.api_data import bare, classes, is_offered
from host.failures import HostError, NotImitated
from host.pythonqt.conversion import to_cpp, to_python
from host.pythonqt.native import is_native, is_standin, raw_get
from host.pythonqt.signals import emit

TYPE_DEFAULTS = {"bool": False, "int": 0, "uint": 0, "double": 0.0, "QString": "", "vtkIdType": 0, "std::string": ""}
_behaviors: dict[str, "_Behavior"] = {}
_made: dict[str, type] = {}


@dataclass(frozen=True)
class _Behavior:
    members: dict[str, Any] = field(default_factory=dict)
    defaults: dict[str, Any] = field(default_factory=dict)
    accept_all: bool = False


def behavior(class_name: str, *, accept_all: bool = False, **defaults):
    """Register the decorated class as the behavior of a Slicer class."""
    unknown = set(defaults) - set(_all_properties(class_name))
    if class_name not in classes() or unknown:
        raise HostError(f"Slicer has no {class_name} with {', '.join(sorted(unknown)) or 'this name'}")

    def register(cls: type) -> type:
        _behaviors[class_name] = _Behavior(dict(vars(cls)), defaults, accept_all)
        return cls

    return register


def standin(class_name: str) -> type:
    """The stand-in of a Slicer or CTK class; bases are made first."""
    if class_name not in _made:
        _made[class_name] = _make(class_name)
    return _made[class_name]


def exists(class_name: str) -> bool:
    """True for a class that Python code in Slicer can name."""
    return is_offered(class_name)


def make_inside(class_name: str, *arguments):
    """An object of a class that only Slicer itself may construct (application, managers)."""
    cls = standin(class_name)
    obj = cls.__new__(cls, *arguments)
    obj._host_may_construct = True
    obj.__init__(*arguments)
    return obj


def _make(class_name: str) -> type:
    contract = classes()[class_name]
    base = _base_class(contract["base"])
    own = _behaviors.get(class_name, _Behavior())
    members = _Members(class_name, contract, base, own)
    namespace = {
        **members.build(),
        "__init__": _constructor(class_name, contract, base, own),
        "host_class_name": class_name,
        "host_kinds": members.kinds,
        "host_signals": frozenset(contract["signals"]),
        "host_read_only": frozenset(contract.get("read_only", ())),
        "host_property_types": contract["properties"],
    }
    return type(class_name, (base,), namespace)


def _all_properties(class_name: str) -> dict[str, str]:
    properties: dict[str, str] = {}
    while class_name in classes():
        properties |= classes()[class_name]["properties"]
        class_name = classes()[class_name]["base"]
    return properties


def _base_class(name: str | None) -> type:
    if name in classes():
        return standin(name)
    for module in (QtWidgets, QtCore):
        if name and hasattr(module, name):
            return getattr(module, name)
    return QtWidgets.QWidget if name and "Widget" in name else QtCore.QObject


def _constructor(class_name: str, contract: dict, base: type, own: _Behavior):
    constructible = contract.get("ctor", "(QWidget*)") is not None

    def __init__(self, *arguments):
        state = raw_get(self, "__dict__")
        outermost = type(self).host_class_name == class_name
        if outermost and not constructible and not state.get("_host_may_construct"):
            raise TypeError(f"{class_name} cannot be constructed from Python")
        state.setdefault("_values", {})
        base.__init__(self, *arguments)
        self._values.update(own.defaults)
        if "_setup" in own.members:
            own.members["_setup"](self)

    return __init__


class _Members:
    """Collects what the generated class holds, and of which kind each name is."""

    def __init__(self, class_name: str, contract: dict, base: type, own: _Behavior) -> None:
        self.class_name = class_name
        self.contract = contract
        self.base = base
        self.behavior = own.members
        self.accept_all = own.accept_all
        self.kinds: dict[str, str] = {}
        self.namespace: dict[str, Any] = {}

    def build(self) -> dict[str, Any]:
        for name, type_name in self.contract["properties"].items():
            self._add_property(name, type_name)
        for enum_name, enumerators in self.contract["enums"].items():
            self._add_enum(enum_name, enumerators)
        for signature in self.contract["signals"]:
            self.kinds[bare(signature)] = "signal"
        for name in sorted(self._method_names()):
            if name not in self.contract["properties"]:  # a property hides the method of the same name
                self._add_method(name)
        self._add_rest_of_behavior()
        return self.namespace

    def _method_names(self) -> set[str]:
        added = self.contract.get("decorators", {})
        signatures = [*self.contract["slots"], *self.contract["invokables"]]
        return {bare(item) for item in [*signatures, *added.get("methods", ()), *added.get("static", ())]}

    def _add_property(self, name: str, type_name: str) -> None:
        getter, setter = self.behavior.get(f"get_{name}"), self.behavior.get(f"set_{name}")
        changed = self._change_signals(name)
        first = [] if type_name.startswith(("QStringList", "QList")) else TYPE_DEFAULTS.get(type_name)

        def read(obj):
            return to_python(getter(obj) if getter else obj._values.get(name, first))

        def write(obj, value):
            if setter:
                setter(obj, value)
                return
            old = obj._values.get(name, first)
            obj._values[name] = value
            if value != old:
                for signature in changed:
                    emit(obj, signature, value)

        self.kinds[name] = "property"
        self.namespace[name] = property(read, write)
        setter_name = f"set{name[0].upper()}{name[1:]}"
        if setter_name in self._method_names() and setter_name not in self.behavior:
            self.namespace[setter_name] = lambda obj, value: write(obj, to_cpp(type_name, value))

    def _change_signals(self, name: str) -> list[str]:
        wanted = (self.contract.get("notify", {}).get(name), f"{name}Changed")
        return [signature for signature in self.contract["signals"] if bare(signature) in wanted]

    def _add_enum(self, enum_name: str, enumerators: dict) -> None:
        self.kinds[enum_name] = "enum"
        self.namespace[enum_name] = int
        for name, value in enumerators.items():
            if isinstance(value, int):
                self.kinds[name] = "enum"
                self.namespace[name] = value

    def _add_method(self, name: str) -> None:
        self.kinds[name] = "method"
        if name in self.behavior:
            self.namespace[name] = self._with_tuples(name, self.behavior[name])
        elif name not in self.namespace and not self._is_inherited(name):
            self.namespace[name] = self._stub(name)

    def _is_inherited(self, name: str) -> bool:
        for ancestor in self.base.__mro__:
            if name in ancestor.__dict__ and (is_native(ancestor) or is_standin(ancestor)):
                return not getattr(ancestor.__dict__[name], "host_is_stub", False) or not self.accept_all
        return False

    def _returns(self, name: str) -> str:
        declared = {**self.contract.get("returns", {}), **self.contract.get("decorators", {}).get("returns", {})}
        return next((kind for signature, kind in declared.items() if bare(signature) == name), "void")

    def _with_tuples(self, name: str, method):
        if not self._returns(name).startswith(("QStringList", "QList")):
            return method
        return lambda obj, *arguments: to_python(method(obj, *arguments))

    def _stub(self, name: str):
        class_name = self.class_name
        if self.accept_all:
            returns = self._returns(name)
            value = () if returns.startswith(("QStringList", "QList")) else TYPE_DEFAULTS.get(returns)
            return lambda obj, *arguments: value

        def stub(obj, *arguments):
            raise NotImitated(f"{class_name}.{name} exists in Slicer, but this host does not imitate it")

        stub.host_is_stub = True
        return stub

    def _add_rest_of_behavior(self) -> None:
        """Private helpers and Qt virtual methods of the behavior."""
        for name, member in self.behavior.items():
            if name.startswith(("__", "get_", "set_")) or name == "_setup":
                continue
            if not name.startswith("_") and name not in self.kinds and not hasattr(self.base, name):
                raise HostError(f"The behavior of {self.class_name} has {name}, which Slicer does not have")
            self.namespace.setdefault(name, member)
