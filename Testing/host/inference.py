"""What kind of object an expression of the sources is, where that can be told without running them.

A kind is the name of a Qt, CTK, Slicer or VTK class ("QLabel", "vtkMRMLTableNode"), of a class of the sources
("own:TracksForm"), "ui:" for the widgets of a .ui file, "module:" for a library, or None for what is not known. Flow
is not followed: a name that is given things of several kinds is of no known kind.
"""

import ast
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from host.api_data import bare, classes, qt_classes

OWN, UI, MODULE = "own:", "ui:", "module:"
ROUNDS = 5  # of finding out what attributes and functions give, each by what the one before told
NODE_MAKERS = ("AddNewNodeByClass", "CreateNodeByClass", "new_node")
OBJECTS = {"slicer.app": "qSlicerApplication", "slicer.mrmlScene": "vtkMRMLScene"}
GIVEN = {  # what methods of Qt and VTK give that the data does not tell
    "horizontalHeader": "QHeaderView",
    "verticalHeader": "QHeaderView",
    "GetSegmentation": "vtkSegmentation",
}
UNKNOWN = ast.Constant(...)  # stands for a value that is not in the sources


@dataclass
class Own:
    """A class of the sources: its bases as written, what its attributes are, and names that it has at all."""

    bases: list[str] = field(default_factory=list)
    attributes: dict[str, str] = field(default_factory=dict)
    names: set[str] = field(default_factory=set)


class Sources:
    """All sources together, and what is known of them."""

    def __init__(self, paths: Iterable[Path]) -> None:
        self.trees = {path: ast.parse(path.read_text(encoding="utf-8"), str(path)) for path in paths}
        self.own: dict[str, Own] = {}
        self.functions: dict[str, str] = {}
        self.widgets = _ui_widgets(self.trees)
        for tree in self.trees.values():
            self._declare(tree)
        for _ in range(ROUNDS):
            self._learn([scope for tree in self.trees.values() for scope in scopes(tree)])

    def bases_of(self, own: str) -> Iterable[str]:
        """An own class and its bases, own ones and others, by name."""
        waiting, seen = [own], set()
        while waiting:
            name = waiting.pop(0)
            if name not in seen:
                seen.add(name)
                yield name
                waiting += self.own[name].bases if name in self.own else []

    def _declare(self, tree: ast.Module) -> None:
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef):
                known = self.own.setdefault(node.name, Own())
                known.bases += [ast.unparse(base).rpartition(".")[2] for base in node.bases]
                known.names |= {each.name for each in node.body if isinstance(each, ast.FunctionDef)}
                known.names |= {t.id for each in node.body for t in _targets(each) if isinstance(t, ast.Name)}

    def _learn(self, every: list["Scope"]) -> None:
        """One round: names, attributes and functions anew, by what the round before told."""
        attributes: dict[tuple[str, str], set[str | None]] = {}
        functions: dict[str, set[str | None]] = {}
        for scope in every:
            names: dict[str, set[str | None]] = {}
            for name, value in scope.assignments():
                self._add(names, name, value, scope)
            for name, value in scope.assignments_to_self() if scope.owner is not None else ():
                self.own[scope.owner or ""].names.add(name)
                self._add(attributes, (scope.owner or "", name), value, scope)
            if scope.owner is None and scope.name:
                for each in scope.walk():
                    if isinstance(each, ast.Return) and each.value is not None:
                        self._add(functions, scope.name, each.value, scope)
            scope.learned = _certain(names)
        for scope in every:
            scope.names = scope.learned
        self.functions = _certain(functions)
        for (owner, name), kind in _certain(attributes).items():
            self.own[owner].attributes[name] = kind

    def _add(self, known: dict, name: Any, value: ast.expr, scope: "Scope") -> None:
        if not (isinstance(value, ast.Constant) and value.value is None):  # None stands for what comes later
            known.setdefault(name, set()).add(self.kind(value, scope))

    def kind(self, node: ast.expr, scope: "Scope") -> str | None:
        """The kind of an expression within a function or module."""
        if isinstance(node, ast.Name):
            if node.id == "self" and scope.owner is not None:
                return OWN + scope.owner
            library = MODULE if node.id in scope.libraries else None
            return scope.names.get(node.id) or library or (UI if node.id == "ui" else None)
        if isinstance(node, ast.Call):
            return self._made(node, scope)
        if isinstance(node, ast.Attribute):
            return self._attribute(node, scope)
        return None

    def _attribute(self, node: ast.Attribute, scope: "Scope") -> str | None:
        if (dotted := ast.unparse(node)) in OBJECTS:
            return OBJECTS[dotted]
        of = self.kind(node.value, scope)
        if node.attr == "ui" and of is not None and of.startswith(OWN):
            return UI
        if of == UI:
            return self.widgets.get(node.attr)
        if of is not None and of.startswith(OWN):
            for name in self.bases_of(of[len(OWN) :]):
                if name in self.own and node.attr in self.own[name].attributes:
                    return self.own[name].attributes[node.attr]
        return None

    def _made(self, call: ast.Call, scope: "Scope") -> str | None:
        """What a call gives: an object of a class, what a function returns, a node by its class."""
        called = ast.unparse(call.func).rpartition(".")[2]
        first = call.args[0].value if call.args and isinstance(call.args[0], ast.Constant) else None
        if called in NODE_MAKERS and isinstance(first, str) and first.startswith("vtk"):
            return first
        if called in self.own and not isinstance(call.func, ast.Attribute):
            return OWN + called
        if called in qt_classes() or called in classes() or called.startswith("vtk"):
            return called
        if isinstance(call.func, ast.Attribute):
            of = self.kind(call.func.value, scope)
            return _returned(of, called) or GIVEN.get(called) if of is not None else None
        return self.functions.get(called)


@dataclass
class Scope:
    """A function, or a module outside of its functions. owner: the class that it is a method of; libraries: what the
    file imports as a whole."""

    node: ast.AST
    name: str = ""
    owner: str | None = None
    libraries: frozenset[str] = frozenset()
    names: dict[str, str] = field(default_factory=dict)
    learned: dict[str, str] = field(default_factory=dict)

    def walk(self) -> Iterable[ast.AST]:
        """What is in it, without what is in functions and classes inside; lambdas and comprehensions belong to it."""
        waiting = list(ast.iter_child_nodes(self.node))
        while waiting:
            each = waiting.pop(0)
            yield each
            if not isinstance(each, ast.FunctionDef | ast.ClassDef):
                waiting += list(ast.iter_child_nodes(each))

    def assignments(self) -> Iterable[tuple[str, ast.expr]]:
        for target, value in self._pairs():
            if isinstance(target, ast.Name):
                yield target.id, value

    def assignments_to_self(self) -> Iterable[tuple[str, ast.expr]]:
        for target, value in self._pairs():
            if isinstance(target, ast.Attribute) and isinstance(target.value, ast.Name) and target.value.id == "self":
                yield target.attr, value

    def _pairs(self) -> Iterable[tuple[ast.expr, ast.expr]]:
        for each in self.walk():
            if isinstance(each, ast.Assign):
                for target in each.targets:
                    yield from _matched(target, each.value)
            elif isinstance(each, ast.AnnAssign | ast.NamedExpr) and each.value is not None:
                yield each.target, each.value
            elif isinstance(each, ast.For | ast.comprehension):
                yield from ((target, UNKNOWN) for target in _names(each.target))
            elif isinstance(each, ast.arg):
                yield ast.Name(each.arg), UNKNOWN


def scopes(tree: ast.Module) -> list[Scope]:
    """The module and each function of it; the same objects at every call, so that they keep what is learned."""
    if not hasattr(tree, "scopes"):
        imports = (each for each in ast.walk(tree) if isinstance(each, ast.Import))
        libraries = frozenset(alias.asname or alias.name for each in imports for alias in each.names)
        found = [Scope(tree, libraries=libraries)]
        _collect(tree, None, found, libraries)
        tree.scopes = found  # type: ignore[attr-defined]
    return tree.scopes  # type: ignore[attr-defined]


def _collect(node: ast.AST, owner: str | None, found: list[Scope], libraries: frozenset[str]) -> None:
    for each in ast.iter_child_nodes(node):
        if isinstance(each, ast.FunctionDef):
            found.append(Scope(each, each.name, owner, libraries))
            _collect(each, owner, found, libraries)
        else:
            _collect(each, each.name if isinstance(each, ast.ClassDef) else owner, found, libraries)


def _returned(kind: str, method: str) -> str | None:
    """The class of what a method of a Slicer or CTK class gives, where the data tells it."""
    while kind in classes():
        for signature, result in classes()[kind].get("returns", {}).items():
            if bare(signature) == method:
                name = result.rstrip("*& ")
                return name if name in classes() or name in qt_classes() else None
        kind = classes()[kind]["base"]
    return None


def _certain(known: dict[Any, set[str | None]]) -> dict[Any, str]:
    """The names that are of one known kind."""
    return {name: kind for name, kinds in known.items() if len(kinds) == 1 and (kind := next(iter(kinds))) is not None}


def _matched(target: ast.expr, value: ast.expr) -> Iterable[tuple[ast.expr, ast.expr]]:
    if isinstance(target, ast.Tuple | ast.List):
        values = value.elts if isinstance(value, ast.Tuple) and len(value.elts) == len(target.elts) else None
        for number, each in enumerate(target.elts):
            yield from _matched(each, values[number] if values else UNKNOWN)
    else:
        yield target, value


def _names(target: ast.expr) -> list[ast.expr]:
    return [each for each in ast.walk(target) if isinstance(each, ast.Name)]


def _targets(statement: ast.stmt) -> list[ast.expr]:
    if isinstance(statement, ast.Assign):
        return statement.targets
    return [statement.target] if isinstance(statement, ast.AnnAssign) else []


def _ui_widgets(paths: Iterable[Path]) -> dict[str, str]:
    """Class of each widget of the .ui files beside these sources; without names that are of several classes."""
    found: dict[str, str] = {}
    for path in paths:
        for ui in sorted((path.parent / "Resources" / "UI").glob("*.ui")):
            tree = ElementTree.parse(ui)
            for widget in (*tree.iter("widget"), *tree.iter("layout")):
                name, kind = widget.get("name", ""), widget.get("class", "")
                found[name] = kind if found.get(name, kind) == kind else ""
    return {name: kind for name, kind in found.items() if re.fullmatch(r"\w+", kind)}
