"""Pictures (PNG, JPEG, TIFF): microscopy, photographs, screen shots. They have no scale."""

from pathlib import Path

import SimpleITK as sitk

from .errors import InputError
from .itk_message import one_line

# how a file starts, and what ITK calls its reader
READERS = {
    b"\x89PNG": "PNGImageIO",
    b"\xff\xd8\xff": "JPEGImageIO",
    b"II*\0": "TIFFImageIO",
    b"MM\0*": "TIFFImageIO",
}


def is_picture(start: bytes) -> bool:
    """Whether a file that starts like this is a picture."""
    return start.startswith(tuple(READERS))


def read_picture(path: Path, number: int | None = None) -> sitk.Image:
    """The 2D image of a picture file, 1 mm a pixel, gray or color.

    number: which page of a TIFF file, counted from 1. Raises InputError for a damaged file, and for several pages of
    which none is chosen.
    """
    with path.open("rb") as file:
        start = file.read(8)
    reader = next(name for mark, name in READERS.items() if start.startswith(mark))
    try:
        image = sitk.ReadImage(str(path), imageIO=reader)
    except RuntimeError as error:
        raise InputError(f"{path} cannot be read ({one_line(error)}); copy it again from its source.") from None
    pages = image.GetSize()[2] if image.GetDimension() == 3 else 1
    if number is None and pages > 1:
        raise InputError(f"{path} holds {pages} pictures; choose one as '{path}#NUMBER'.")
    if not 1 <= (number or 1) <= pages:
        raise InputError(f"{path} holds {pages} pictures; there is no number {number}: choose 1 to {pages}.")
    if image.GetDimension() == 3:
        image = sitk.Extract(image, (*image.GetSize()[:2], 0), (0, 0, (number or 1) - 1))
    # what a picture says of its resolution is that of the print
    image.SetSpacing((1.0, 1.0))
    image.SetOrigin((0.0, 0.0))
    for key in image.GetMetaDataKeys():
        image.EraseMetaData(key)
    return image
