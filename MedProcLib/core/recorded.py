"""How a result came about, kept with its file: in the header of NRRD and MetaImage, in a file beside NIfTI."""

import json
from collections.abc import Mapping
from pathlib import Path

import SimpleITK as sitk

from .atomic import write_text, written_together
from .errors import InputError
from .files import IMAGE_ENDINGS, PROVENANCE_KEY, stem, write_image
from .itk_message import one_line
from .provenance import Provenance
from .recipe import Recipe

WITHOUT_HEADER = (".nii.gz", ".nii")


def write_result(
    image: sitk.Image, target: str | Path, provenance: Provenance, headers: Mapping[str, str] | None = None
) -> None:
    """Write an image with how it came about, whole or not at all; see files.write_image."""
    beside = sidecar_of(target)
    if beside is None:
        write_image(image, target, provenance.to_json(), headers)
        return
    with written_together():
        record = provenance.as_dict() | ({"headers": dict(headers)} if headers else {})
        write_text(json.dumps(record, indent=2, ensure_ascii=False) + "\n", beside)
        write_image(image, target)


def sidecar_of(target: str | Path) -> Path | None:
    """The file beside an image that says how it came about: NAME.provenance.json; None where the image itself does."""
    if not str(target).lower().endswith(WITHOUT_HEADER):
        return None
    return Path(target).with_name(f"{stem(target)}.provenance.json")


def recipe_of_file(path: str | Path) -> Recipe:
    """The recipe in a recipe file, or that of a result, which repeats the run on other images. Raises InputError."""
    if not str(path).lower().endswith(IMAGE_ENDINGS):
        return Recipe.load(path)
    beside = sidecar_of(path)
    if beside is not None:
        if not beside.is_file():
            raise InputError(f"{path} does not say how it was made: there is no {beside.name} beside it.")
        return Recipe.load(beside)
    reader = sitk.ImageFileReader()
    reader.SetFileName(str(path))
    try:
        reader.ReadImageInformation()
    except RuntimeError as error:
        raise InputError(f"Recipe {path} cannot be read ({one_line(error)}).") from None
    if not reader.HasMetaDataKey(PROVENANCE_KEY):
        raise InputError(f"{path} does not say how it was made: give a recipe file, or a result that MedProc wrote.")
    try:
        return Recipe.from_json(reader.GetMetaData(PROVENANCE_KEY))
    except InputError as error:
        raise InputError(f"Recipe of {path}: {error}") from None
