"""Static check of scripted-module sources against the API data: what Slicer of a version does not have.

Use: python Testing/host/lint.py [--minimum 5.12] file.py ...
"""

import argparse
import ast
import functools
import re
import sys
from pathlib import Path

if __package__ in (None, ""):  # run as a file
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from host.api_data import classes, is_offered, load, qt_classes

MINIMUM = "5.12"
UNRELEASED = (99,)
QT_CLASS = re.compile(r"\b(qt|ctk)\.\w+|slicer\.q(MRML|Slicer)\w+")


def lint(paths, minimum: str = MINIMUM) -> list[str]:
    """Findings as "file:line: text", in the order of files and lines."""
    findings = []
    for path in paths:
        tree = ast.parse(Path(path).read_text(encoding="utf-8"), filename=str(path))
        for node in ast.walk(tree):
            findings += [(str(path), node.lineno, text) for text in _problems(node, _version(minimum))]
    return [f"{path}:{line}: {text}" for path, line, text in sorted(findings)]


def _problems(node, minimum: tuple) -> list[str]:
    if isinstance(node, ast.Attribute):
        return _attribute_problems(ast.unparse(node), minimum)
    if isinstance(node, ast.ImportFrom) and node.module == "slicer.util":
        return [problem for alias in node.names for problem in _util_problems(alias.name, minimum)]
    if isinstance(node, ast.Call):
        return _call_problems(node, minimum)
    return []


def _attribute_problems(dotted: str, minimum: tuple) -> list[str]:
    if re.fullmatch(r"slicer\.util\.\w+", dotted):
        return _util_problems(dotted.rpartition(".")[2], minimum)
    if re.fullmatch(r"(ctk\.ctk|slicer\.q(MRML|Slicer))\w+", dotted):
        return _class_problems(dotted, minimum)
    if re.fullmatch(r"qt\.Q\w+", dotted) and dotted[3:] not in qt_classes():
        return [f"{dotted} is not offered by PythonQt"]
    if re.fullmatch(r"qt\.(QRegExp|QSignalMapper|QDesktopWidget)", dotted):
        return [f"{dotted} is not there with Qt 6"]
    return []


def _util_problems(name: str, minimum: tuple) -> list[str]:
    known = load("slicer_python_api")["modules"]["slicer.util"]["names"]
    if name != "*" and name not in known:
        return [f"slicer.util.{name} is not in Slicer"]
    return _too_new(f"slicer.util.{name}", known.get(name, {}).get("since", "0"), minimum)


def _class_problems(dotted: str, minimum: tuple) -> list[str]:
    name = dotted.rpartition(".")[2]
    if not is_offered(name):
        return [f"{dotted} is not in Slicer"]
    return _too_new(dotted, load("slicer_qt_api_since")["new"].get(name, {}).get("class_since", "0"), minimum)


def _call_problems(call: ast.Call, minimum: tuple) -> list[str]:
    function = ast.unparse(call.func)
    if function == "isinstance" and len(call.args) == 2 and QT_CLASS.search(ast.unparse(call.args[1])):
        return ['isinstance() with a Qt class is False for its bases: use obj.inherits("...") or className()']
    is_connect = function.endswith((".connect", ".disconnect")) and call.args
    if is_connect and isinstance(call.args[0], ast.Constant) and isinstance(call.args[0].value, str):
        return _signal_problems(re.sub(r"\s+", "", call.args[0].value), minimum)
    return []


def _signal_problems(signature: str, minimum: tuple) -> list[str]:
    signals = _signals()
    if signature in signals["qt5 only"]:
        return [f"signal {signature} exists only with Qt 5"]
    if signature in signals["qt6 only"]:
        return [f"signal {signature} exists only with Qt 6"]
    if signature not in signals["all"]:
        return [f"no class has a signal {signature}"]
    return _too_new(f"signal {signature}", signals["since"].get(signature, "0"), minimum)


@functools.cache
def _signals() -> dict:
    versions = load("qt5_vs_qt6_api")
    own = {signal for entry in classes().values() for signal in entry["signals"]}
    qt5 = {signal for entry in versions["qt5"].values() for signal in entry.get("signals", ())}
    differences = versions["difference"].values()
    since = {
        signal: version
        for members in load("slicer_qt_api_since")["new"].values()
        for version, added in members.items()
        if isinstance(added, dict)
        for signal in added.get("signals", ())
    }
    return {
        "all": own | qt5,
        "qt5 only": {signal for entry in differences for signal in entry.get("signals_only_qt5", ())} - own,
        "qt6 only": {signal for entry in differences for signal in entry.get("signals_only_qt6", ())} - own - qt5,
        "since": since,
    }


def _too_new(what: str, since: str, minimum: tuple) -> list[str]:
    return [f"{what} exists since {since}"] if _version(since) > minimum else []


def _version(text: str) -> tuple:
    if text.startswith("main"):
        return UNRELEASED
    if text.startswith("<"):
        return (0,)
    return tuple(int(part) for part in re.findall(r"\d+", text)[:2])


def main(arguments: list[str] | None = None) -> int:
    """Print the findings; exit status 1 when there are any."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minimum", default=MINIMUM, help="oldest Slicer to run on")
    parser.add_argument("files", nargs="+")
    options = parser.parse_args(arguments)
    findings = lint(options.files, options.minimum)
    print("\n".join(findings) or "ok")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
