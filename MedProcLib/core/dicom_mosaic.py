"""Siemens mosaics: the slices of a volume (fMRI, diffusion, maps made of them) as tiles of one image, taken apart.

Number of tiles and slice normal are in Siemens' own header (0029,1010), whose layout NiBabel's documentation describes
(nipy.org/nibabel/dicom/siemens_csa.html); where the first tile lies follows from the mosaic's own position, which is
that of an image as large as the mosaic around the same middle (nipy.org/nibabel/dicom/dicom_mosaic.html).
"""

import math
import struct
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import SimpleITK as sitk

from .dicom_header import thickness_of
from .dicom_spacing import pixel_spacing
from .errors import InputError
from .geometry import Geometry
from .slice_stack import stack_geometry, stack_order

WITHOUT_HEADER = (
    "it is a mosaic, slices as tiles of one image, without Siemens' own header (0029,1010), which says where they lie "
    "(left out by an export?): give the original files."
)
NAME_BYTES = 64  # of an element of Siemens' header
PREFIX = b"SV10"
ELEMENTS_AT = 16  # behind prefix, unused bytes, number of elements and a check


@dataclass(frozen=True)
class Mosaic:
    """tiles: how many slices; columns, rows: of one; orientation: of rows and columns; positions, spacing (between
    rows, between columns), apart (from slice to slice): in mm."""

    tiles: int
    columns: int
    rows: int
    orientation: list[float]
    positions: np.ndarray
    spacing: list[float]
    apart: float

    def grid(self) -> tuple[Geometry, np.ndarray]:
        """The grid of the slices, and their order along its normal."""
        order = stack_order(self.positions, self.orientation)
        size = (self.columns, self.rows)
        grid, _ = stack_geometry(self.positions[order], self.orientation, self.spacing, size, self.apart)
        return grid, order

    def slices(self, image: sitk.Image) -> sitk.Image:
        """The tiles of an image as slices, in their own order."""
        values = sitk.GetArrayViewFromImage(image).reshape(image.GetSize()[1::-1])
        down, across = (side // tile for side, tile in zip(values.shape, (self.rows, self.columns), strict=True))
        tiles = values.reshape(down, self.rows, across, self.columns).swapaxes(1, 2)
        return sitk.GetImageFromArray(tiles.reshape(-1, self.rows, self.columns)[: self.tiles])


def is_mosaic(header: Any) -> bool:
    """Whether the image of a header is a mosaic."""
    return "MOSAIC" in (header.get("ImageType") or ()) and int(header.get("NumberOfFrames") or 1) == 1


def read_mosaic(path: Path) -> Mosaic:
    """What the headers of a mosaic say. Raises InputError where Siemens' own is missing or damaged."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        header = pydicom.dcmread(path, stop_before_pixels=True)
    said = _siemens(header)
    try:
        tiles = int(said["NumberOfImagesInMosaic"][0])
        normal = np.array([float(value) for value in said["SliceNormalVector"]])
        side = math.ceil(math.sqrt(tiles))
        columns, rows = int(header.Columns) // side, int(header.Rows) // side
        orientation = [float(value) for value in header.ImageOrientationPatient]
        right, down = np.array(orientation[:3]), np.array(orientation[3:])
        corner = np.array([float(value) for value in header.ImagePositionPatient])
    except (KeyError, IndexError, ValueError, AttributeError, TypeError, ZeroDivisionError) as error:
        raise InputError(WITHOUT_HEADER) from error
    if not columns or not rows:
        raise InputError(WITHOUT_HEADER)
    if normal.shape != (3,) or abs(abs(normal @ np.cross(right, down)) - 1) > 0.01:
        raise InputError(WITHOUT_HEADER)
    spacing, _, scaled = pixel_spacing(header)
    apart = thickness_of(header)
    if not scaled or not apart:
        raise InputError("it is a mosaic that does not state how far its voxels lie apart; export it again.")
    first = corner + right * spacing[1] * (header.Columns - columns) / 2 + down * spacing[0] * (header.Rows - rows) / 2
    positions = first + np.outer(np.arange(tiles) * apart, normal)
    return Mosaic(tiles, columns, rows, orientation, positions, spacing, apart)


def _siemens(header: Any) -> dict[str, list[str]]:
    """Names and values of Siemens' image header (version 2, of VB and later)."""
    try:
        block = bytes(header.private_block(0x0029, "SIEMENS CSA HEADER")[0x10].value)
        if not block.startswith(PREFIX):
            raise InputError(WITHOUT_HEADER)
        (count,) = struct.unpack_from("<I", block, 8)
        found, at = {}, ELEMENTS_AT
        for _ in range(count):
            name = block[at : at + NAME_BYTES].split(b"\0", 1)[0].decode("latin-1")
            (items,) = struct.unpack_from("<i", block, at + NAME_BYTES + 12)
            at += NAME_BYTES + 20
            values = []
            for _ in range(items):
                (length,) = struct.unpack_from("<i", block, at + 4)
                values.append(block[at + 16 : at + 16 + length].split(b"\0", 1)[0].decode("latin-1").strip())
                at += 16 + (length + 3) // 4 * 4
            found[name] = [value for value in values if value]
        return found
    except (KeyError, struct.error) as error:
        raise InputError(WITHOUT_HEADER) from error
