"""One parameter: its type, validators and default, and how its value is written to the node as text or reference."""

import enum
import json
import pathlib
import types
import typing

import slicer

from host.slicer_python.parameter_node.defaults import Default
from host.slicer_python.parameter_node.validators import Validator

SIMPLE_DEFAULTS = {bool: False, int: 0, float: 0.0, str: ""}
TRUE = "True"


class Parameter:
    """What an annotated attribute declares. Known types: node, bool, int, float, str, path, enum, list, dict, pack."""

    def __init__(self, name: str, annotation, class_default=None, has_class_default: bool = False) -> None:
        self.name = name
        self.annotation = annotation
        self.extras: list = []
        if typing.get_origin(annotation) is typing.Annotated:
            self.type, *self.extras = typing.get_args(annotation)
        else:
            self.type = annotation
        self.optional = False
        if typing.get_origin(self.type) is types.UnionType:
            raise TypeError(f"Parameter {name}: Slicer knows typing.Union[A, B, None], not A | B")
        if typing.get_origin(self.type) is typing.Union:
            self._take_union(typing.get_args(self.type))
        self.validators = [extra for extra in self.extras if isinstance(extra, Validator)]
        self.kind = _kind_of(self.type, name)
        self.default = self._first_default(class_default, has_class_default)
        if self.default.value is not None:
            self._check(self.default.value)

    @property
    def node_classes(self) -> tuple:
        return self.type if isinstance(self.type, tuple) else (self.type,)

    def find(self, extra_class: type):
        """The first annotation of a class, or None."""
        return next((extra for extra in self.extras if isinstance(extra, extra_class)), None)

    def is_in(self, node) -> bool:
        if self.kind == "node":
            return node.GetNodeReferenceID(self.name) is not None
        return self.name in node.GetParameterNames()

    def write(self, node, value) -> None:
        """Check the value and put it into the node; ValueError leaves the node as it was."""
        self._check(value)
        if self.kind == "node":
            node.SetNodeReferenceID(self.name, value.GetID() if value is not None else None)
        else:
            node.SetParameter(self.name, self._to_text(value))

    def read(self, node):
        if self.kind == "node":
            return node.GetNodeReference(self.name)
        return self._from_text(node.GetParameter(self.name))

    def _take_union(self, members: tuple) -> None:
        classes = tuple(member for member in members if member is not type(None))
        self.optional = len(classes) < len(members)
        if not self.optional:
            raise TypeError(f"Parameter {self.name}: a union without None cannot start empty in Slicer")
        self.type = classes[0] if len(classes) == 1 else classes

    def _first_default(self, class_default, has_class_default: bool) -> Default:
        if has_class_default:
            return Default(class_default)
        declared = self.find(Default)
        if declared is not None:
            return declared
        if self.kind == "enum":
            return Default(next(iter(self.type)))
        if self.kind == "json":
            return Default(generator=typing.get_origin(self.type) or self.type)
        if self.kind == "path":
            return Default(self.type("."))
        return Default(None if self.optional else SIMPLE_DEFAULTS.get(self.type))

    def _check(self, value) -> None:
        self._check_type(value)
        for validator in self.validators:
            validator.validate(value)

    def _check_type(self, value) -> None:
        if value is None and (self.kind == "node" or self.optional):
            return
        if self.kind == "node":
            accepted = self.node_classes
        elif self.kind == "json":
            accepted = (typing.get_origin(self.type) or self.type,)
        elif self.type is float:
            accepted = (int, float)
        else:
            accepted = (self.type,)
        if not isinstance(value, accepted) or (self.type in (int, float) and isinstance(value, bool)):
            raise ValueError(f"{self.name}: expected {self.type}, got {value!r}")

    def _to_text(self, value) -> str:
        if value is None:
            return "None"
        if self.kind == "enum":
            return value.name
        if self.kind == "json":
            return json.dumps(value)
        return str(value)

    def _from_text(self, text: str):
        if self.optional and text == "None":
            return None
        if self.kind == "bool":
            return text == TRUE
        if self.kind == "enum":
            return self.type[text]
        if self.kind == "json":
            return json.loads(text)
        return self.type(text)


def _kind_of(kind, name: str) -> str:
    if isinstance(kind, tuple):
        if all(_is_node_class(member) for member in kind):
            return "node"
    elif _is_node_class(kind):
        return "node"
    elif kind in SIMPLE_DEFAULTS:
        return kind.__name__
    elif isinstance(kind, type) and issubclass(kind, enum.Enum):
        return "enum"
    elif isinstance(kind, type) and issubclass(kind, pathlib.PurePath):
        return "path"
    elif (typing.get_origin(kind) or kind) in (list, dict):
        return "json"
    raise TypeError(f"Parameter {name}: the host cannot keep values of type {kind}")


def _is_node_class(kind) -> bool:
    return isinstance(kind, type) and issubclass(kind, slicer.vtkMRMLNode)
