"""What the labels of a label map show: names, codes and colors in or beside its file, and names given with --names."""

import json
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

from ..core.dicom_segmentation import is_dicom_segmentation, read_dicom_segmentation
from ..core.dicom_structure_set import is_structure_set, read_structure_set
from ..core.errors import InputError
from ..core.files import file_and_number
from ..core.json_file import read_json
from ..core.label_names import label_names, segments_in_record
from ..core.label_table import segments_in_table
from ..core.seg_nrrd import FileSegment, is_layered
from ..core.structure import UNNAMED_COLORS, Structure
from ..scene.terminology import entry_in
from ..segmentation.structures import STRUCTURES

WAYS = 'write LABEL=NAME, such as 1=Liver, or give a file: JSON such as {"1": "Liver"}, or a table of labels or colors'
NUMBERED = re.compile(r"(.+) \d+")


def segment_names(path: str, given: Sequence[str] | None, notes: list[str]) -> dict[int, str]:
    """Names by label; see segment_structures."""
    return {label: structure.name for label, structure in segment_structures(path, given, notes).items()}


def segment_structures(path: str, given: Sequence[str] | None, notes: list[str]) -> dict[int, Structure]:
    """What the labels of the segmentation in a file show; given names (LABEL=NAME, or files) come before its own.

    One that gets another name keeps its color but not its codes, as it may show something else. One without codes has
    those of the structure of its name, where MedProc knows it. Where they lie beside the file is added to the notes.
    Raises InputError for names that are neither.
    """
    structures = _in_file(path, [] if given else notes)
    for text in given or ():
        if "=" in text:
            label, name = _pair(text)
            structures[label] = _renamed(structures.get(label), label, name)
        elif text.lower().endswith(".json"):
            names = _of_json(text)
            structures |= {label: _renamed(structures.get(label), label, name) for label, name in names.items()}
        else:
            structures |= _of_table(text)
    return {label: _with_codes(structure) for label, structure in structures.items()}


def _in_file(path: str, notes: list[str]) -> dict[int, Structure]:
    file, number = file_and_number(path)
    if is_dicom_segmentation(file):
        return read_dicom_segmentation(file, number).structures
    if is_structure_set(file):
        return dict(read_structure_set(file, number).structures)
    found = label_names(path)
    notes += found.notes
    apart = number is not None and is_layered(file)
    return _structures({label: said for label, said in found.segments.items() if not apart or label == number})


def _structures(segments: Mapping[int, FileSegment]) -> dict[int, Structure]:
    structures = {}
    for label, said in segments.items():
        entry = entry_in(said.term)
        color = said.color or _color(label, said.name)
        structures[label] = Structure(said.name, color, entry.category, entry.type, entry.modifier, entry.region)
    return structures


def _renamed(structure: Structure | None, label: int, name: str) -> Structure:
    if structure is None:
        return Structure(name, _color(label, name))
    same = _plain(structure.name) == _plain(name)
    return replace(structure, name=name) if same else Structure(name, structure.color)


def _with_codes(structure: Structure) -> Structure:
    known = _known(structure.name)
    if structure.category is not None or known is None:
        return structure
    return replace(structure, category=known.category, type=known.type, modifier=known.modifier)


def _plain(name: str) -> str:
    return name.casefold().replace("_", " ")


def _color(label: int, name: str) -> tuple[float, float, float]:
    known = _known(name)
    return known.color if known is not None else UNNAMED_COLORS[label % len(UNNAMED_COLORS)]


def _known(name: str) -> Structure | None:
    """MedProc's structure of this name, with a number behind it as well."""
    numbered = NUMBERED.fullmatch(name)
    return _KNOWN.get(_plain(name)) or (_KNOWN.get(_plain(numbered[1])) if numbered else None)


_KNOWN = {_plain(name): each for key, each in STRUCTURES.items() for name in (key, each.name)}


def note_on_names(names: Mapping[int, str], given: Sequence[str] | None, present: Collection[int]) -> list[str]:
    """That labels named with --names are nowhere in the segmentation, where this is so of any; files may name more."""
    pairs = [text for text in given or () if "=" in text]
    absent = [label for label, _ in map(_pair, pairs) if label not in present]
    listed = ", ".join(f"{label} ({names[label]})" for label in absent)
    return [f"--names: the segmentation has no label {listed}"] if absent else []


def _pair(text: str) -> tuple[int, str]:
    label, equals, name = text.partition("=")
    if not (equals and name.strip() and _is_label(label)):
        raise InputError(f"--names: '{text}' names no label; {WAYS}.")
    return int(label), name.strip()


def _of_table(path: str) -> dict[int, Structure]:
    """Of a table of labels, or as another segmentation names them."""
    if not file_and_number(path)[0].exists():
        raise InputError(f"--names: '{path}' names no label, and there is no such file; {WAYS}.")
    structures = _in_file(path, []) or _structures(segments_in_table(path))
    if not structures:
        raise InputError(f"--names {path} holds no names of labels; {WAYS}.")
    return structures


def _of_json(path: str) -> dict[int, str]:
    data = read_json(path, "--names")
    recorded = segments_in_record(data)
    if recorded:  # in the file that MedProc writes beside a result
        return {label: segment.name for label, segment in recorded.items()}
    if isinstance(data, dict) and isinstance(data.get("labels"), dict):
        data = data["labels"]  # of a data set's description, as nnU-Net has it
    if not isinstance(data, dict) or not data:
        raise InputError(f"--names {path} holds no names of labels; {WAYS}.")
    return dict(_entry(key, value, path) for key, value in data.items())


def _entry(key: str, value: Any, path: str) -> tuple[int, str]:
    """Label and name, whichever of them is the key."""
    for label, name in ((key, value), (value, key)):
        if _is_label(label) and isinstance(name, str) and name.strip():
            return int(label), name.strip()
    raise InputError(f"--names {path}: '{key}': {json.dumps(value)[:60]} names no label; {WAYS}.")


def _is_label(text: Any) -> bool:
    if isinstance(text, str):
        return text.strip().removeprefix("-").isdecimal()
    return isinstance(text, int) and not isinstance(text, bool)
