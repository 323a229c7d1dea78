"""Names of the labels of a label map: those in its file, and those that the user gives with --names."""

import json
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from ..core.dicom_segmentation import is_dicom_segmentation, read_dicom_segmentation
from ..core.errors import InputError
from ..core.files import file_of
from ..core.json_file import read_json
from ..core.seg_nrrd import names_in_file

WAYS = 'write LABEL=NAME, such as 1=Liver, or give a JSON file such as {"1": "Liver"}'


def segment_names(path: str, given: Sequence[str] | None) -> dict[int, str]:
    """Names by label of the segmentation in a file; given ones (LABEL=NAME, or JSON files) come before its own.

    Raises InputError for what is neither.
    """
    file = file_of(path)
    names = read_dicom_segmentation(file).names if is_dicom_segmentation(file) else names_in_file(path)
    for text in given or ():
        names |= _of_file(text) if text.lower().endswith(".json") and "=" not in text else dict([_pair(text)])
    return names


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


def _of_file(path: str) -> dict[int, str]:
    data = read_json(path, "--names")
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
