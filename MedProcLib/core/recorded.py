"""How a result came about, kept with its file: in the header of NRRD and MetaImage, beside NIfTI and tables."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import SimpleITK as sitk

from .atomic import whole_file, write_bytes, write_text, written_together
from .errors import InputError
from .files import IMAGE_ENDINGS, PROVENANCE_KEY, sidecar_of, write_image
from .itk_message import one_line
from .json_file import parsed_json, read_json
from .provenance import Provenance
from .recipe import Recipe

# What a record says besides how the result came about: names by label, and the voxels for which it holds.
SEGMENTS_KEY, VOXELS_KEY = "segments", "voxels"


def write_result(
    image: sitk.Image,
    target: str | Path,
    provenance: Provenance,
    headers: Mapping[str, str] | None = None,
    segments: Mapping[int, str] | None = None,
) -> None:
    """Write an image with how it came about, whole or not at all; see files.write_image.

    segments: of a label map, the names of its labels.
    """
    beside = sidecar_of(target)
    record = provenance.as_dict()
    if segments:
        record[SEGMENTS_KEY] = {str(label): name for label, name in segments.items()}
    if beside is None:
        write_image(image, target, json.dumps(record, sort_keys=True), headers)
        return
    with written_together():
        if headers:
            record["headers"] = dict(headers)
        if headers or segments:
            record[VOXELS_KEY] = sitk.Hash(image)
        write_text(json.dumps(record, indent=2, ensure_ascii=False) + "\n", beside)
        write_image(image, target)


def write_table(text: str | bytes, target: str | Path, provenance: Provenance | None) -> None:
    """Write a table and, beside it, how it came about (NAME.csv.provenance.json): both or none. Raises InputError.

    text: as UTF-8, or the file's bytes. Where that is not known (None), what lies beside of an older table goes. Lines
    of comments in a table stop most readers; the ending stays in the name, as an image may have the same one.
    """
    target, data = Path(target), text.encode("utf-8") if isinstance(text, str) else text
    beside = target.with_name(f"{target.name}.provenance.json")
    if provenance is None:
        # before the table takes its name, so that an older one whose record cannot be removed stays as it was
        with whole_file(target) as temporary:
            temporary.write_bytes(data)
            _remove(beside)
        return
    with written_together():
        record = json.dumps(provenance.as_dict(), indent=2, ensure_ascii=False) + "\n"
        # first, as a folder of that name can stand in the way of it alone
        write_text(record, beside)
        write_bytes(data, target)


def _remove(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise InputError(f"{path} is of an older table and cannot be removed: {error.strerror or error}.") from error


def record_of(path: str | Path) -> dict[str, Any] | None:
    """How an image came about (see Provenance.as_dict), as its file or the one beside it says; None where none does."""
    beside = sidecar_of(path)
    if beside is not None:
        return read_json(beside, "File") if beside.is_file() else None
    if not str(path).lower().endswith(IMAGE_ENDINGS):
        return None
    if not Path(path).is_file():
        raise InputError(f"There is no file {path}; check the path.")
    reader = sitk.ImageFileReader()
    reader.SetFileName(str(path))
    try:
        reader.ReadImageInformation()
    except RuntimeError as error:
        raise InputError(f"{path} cannot be read ({one_line(error)}).") from None
    text = reader.GetMetaData(PROVENANCE_KEY) if reader.HasMetaDataKey(PROVENANCE_KEY) else ""
    return parsed_json(text, f"The record in {path}") if text else None


def recipe_of_file(path: str | Path) -> Recipe:
    """The recipe in a recipe file, or that of a result, which repeats the run on other images. Raises InputError."""
    if not str(path).lower().endswith(IMAGE_ENDINGS):
        return Recipe.load(path)
    record = record_of(path)
    if record is None:
        beside = sidecar_of(path)
        lacking = f"there is no {beside.name} beside it" if beside else "MedProc did not write it"
        raise InputError(f"{path} does not say how it was made, {lacking}: give a recipe file, or a result that does.")
    try:
        return Recipe.from_dict(record)
    except InputError as error:
        raise InputError(f"Recipe of {path}: {error}") from None
