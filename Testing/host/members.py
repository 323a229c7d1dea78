"""Static check of members: attributes, properties and signals of objects whose class can be told from the sources.

What the tests run is checked by the stand-ins themselves; this looks at every line, run or not.
Use: python Testing/host/members.py file.py ...
"""

import ast
import functools
import importlib
import re
import sys
from collections.abc import Iterable
from pathlib import Path

if __package__ in (None, ""):  # run as a file
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from host.api_data import bare, classes, load, qt_classes
from host.inference import MODULE, OWN, UI, Scope, Sources, scopes

DECORATED = frozenset(  # what PythonQt adds to every object
    ("className", "connect", "delete", "disconnect", "findChild", "findChildren", "help", "inherits", "name")
)
QT_CLASS = re.compile(r"(?:qt|ctk|slicer)\.(Q\w+|ctk\w+|q(?:MRML|Slicer)\w+)")
VTK_NAME = re.compile(r"[A-Z][a-z]\w*[a-z]\w*")


def check(paths: Iterable[str | Path]) -> list[str]:
    """Findings as "file:line: text", in the order of files and lines."""
    sources = Sources(map(Path, paths))
    findings = []
    for path, tree in sources.trees.items():
        for scope in scopes(tree):
            called = {id(each.func) for each in scope.walk() if isinstance(each, ast.Call)}
            for each in scope.walk():
                texts = _problems(each, scope, sources, called)
                findings += [(str(path), each.lineno, text) for text in texts]  # type: ignore[attr-defined]
    return [f"{path}:{line}: {text}" for path, line, text in sorted(set(findings))]


def _problems(node: ast.AST, scope: Scope, sources: Sources, called: set[int]) -> list[str]:
    if isinstance(node, ast.Attribute):
        return _attribute(node, scope, sources, id(node) in called)
    if (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in ("connect", "disconnect")
    ):
        return _signal(node, scope, sources)
    return []


def _attribute(node: ast.Attribute, scope: Scope, sources: Sources, is_called: bool) -> list[str]:
    if named := QT_CLASS.fullmatch(ast.unparse(node.value)):
        return [] if node.attr in _members(named[1]) else [f"{named[1]} has no {node.attr}"]
    kind = sources.kind(node.value, scope)
    if kind is None:
        return _vtk_name(node.attr, sources)
    if kind == MODULE:
        return _library_name(ast.unparse(node))
    if kind == UI:
        return [] if node.attr in sources.widgets else [f"no .ui file has a widget {node.attr}"]
    if kind.startswith(OWN):
        return _own_attribute(node.attr, kind[len(OWN) :], sources)
    if kind.startswith("vtk"):
        return [] if _vtk_has(kind, node.attr) else [f"{kind} has no {node.attr}"]
    if node.attr not in _members(kind):
        return [f"{kind} has no {node.attr}"]
    if is_called and node.attr in _properties(kind):
        return [f"{kind}.{node.attr} is a property, not a method"]
    if isinstance(node.ctx, ast.Store) and node.attr not in (*_properties(kind), "name"):
        return [f"{kind}.{node.attr} is no property: it cannot be set"]
    return []


def _library_name(dotted: str) -> list[str]:
    """slicer.vtk... and vtk.vtk...; lint.py looks after the others."""
    library, _, name = dotted.partition(".")
    if library not in ("slicer", "vtk") or not name.startswith("vtk"):
        return []
    return [] if hasattr(importlib.import_module(library), name) else [f"{dotted} is not there"]


def _own_attribute(name: str, own: str, sources: Sources) -> list[str]:
    """Attributes of classes of the sources, unless a base is known by name only."""
    bases = list(sources.bases_of(own))
    outside = [base for base in bases if base not in sources.own and base not in qt_classes()]
    if outside or any(name in sources.own[base].names for base in bases if base in sources.own):
        return []
    known = any(base in qt_classes() and name in _members(base) for base in bases) or name.startswith("__")
    return [] if known else [f"{own} has no {name}"]


def _signal(call: ast.Call, scope: Scope, sources: Sources) -> list[str]:
    assert isinstance(call.func, ast.Attribute)
    kind = sources.kind(call.func.value, scope)
    given = call.args[0].value if call.args and isinstance(call.args[0], ast.Constant) else None
    if kind is None or kind.startswith((OWN, UI, MODULE, "vtk")) or not isinstance(given, str):
        return []
    signature = re.sub(r"\s+", "", given)
    known = _signals(kind)
    if signature in known or any(each.startswith(signature[:-1]) for each in known if bare(each) == bare(signature)):
        return []  # arguments at the end that have defaults may be left out
    return [f"{kind} has no signal {signature}"]


def _vtk_name(name: str, sources: Sources) -> list[str]:
    """A name in VTK's style on something unknown must be one of some class."""
    if not VTK_NAME.fullmatch(name) or name in _capital_names() or name in _own_names(sources):
        return []
    return [f"no class of Slicer, VTK, SimpleITK or Qt has {name}"]


@functools.cache
def _members(kind: str) -> frozenset[str]:
    names: set[str] = set(DECORATED)
    for each in _line(kind):
        names.update(qt_classes().get(each, {}).get("names", ()))
        entry = classes().get(each, {})
        names.update(entry.get("properties", ()), entry.get("enums", ()))
        names.update(bare(text) for key in ("slots", "invokables", "signals") for text in entry.get(key, ()))
    return frozenset(names)


@functools.cache
def _properties(kind: str) -> frozenset[str]:
    return frozenset(name for each in _line(kind) for name in _entry(each).get("properties", ()))


@functools.cache
def _signals(kind: str) -> frozenset[str]:
    return frozenset(signal for each in _line(kind) for signal in _entry(each).get("signals", ()))


def _line(kind: str) -> Iterable[str]:
    """A Qt, CTK or Slicer class and its bases."""
    while kind in classes() or kind in qt_classes():
        yield kind
        kind = _entry(kind).get("base") or qt_classes().get(kind, {}).get("base", "")


def _entry(kind: str) -> dict:
    """Base, properties and signals of a class; empty for one that is no QObject."""
    return classes().get(kind) or load("qt5_vs_qt6_api")["qt5"].get(kind, {})


def _vtk_has(kind: str, name: str) -> bool:
    import slicer
    import vtk

    found = getattr(slicer, kind, None) or getattr(vtk, kind, None)
    return found is None or hasattr(found, name)


@functools.cache
def _capital_names() -> frozenset[str]:
    """Names with a capital first letter in all classes of the application's libraries, and of these themselves."""
    import SimpleITK
    import slicer
    import vtk

    names: set[str] = set()
    for library in (slicer, vtk, SimpleITK):
        for name, value in vars(library).items():
            names.add(name)
            if isinstance(value, type):
                names.update(dir(value))
    for kind in (*qt_classes(), *classes()):
        names |= _members(kind)
        names.add(kind)
    return frozenset(name for name in names if name[:1].isupper())


def _own_names(sources: Sources) -> set[str]:
    return {*sources.own, *(name for own in sources.own.values() for name in own.names)}


def main(arguments: list[str] | None = None) -> int:
    """Print the findings; exit status 1 when there are any."""
    findings = check(sys.argv[1:] if arguments is None else arguments)
    print("\n".join(findings) or "ok")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
