"""DICOM structure sets (PS3.3 A.19): the contours of radiotherapy, as a label map on an image's grid."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pydicom

from .contours import mask_of_contours
from .dicom_header import MALFORMED
from .errors import InputError
from .geometry import Geometry
from .itk_message import one_line
from .listing import listed
from .structure import UNNAMED_COLORS, Structure

STORAGE = "1.2.840.10008.5.1.4.1.1.481.3"
# Geometric types (3006,0042) that enclose an area.
CLOSED = ("CLOSED_PLANAR", "CLOSEDPLANAR_XOR")
MOST_LISTED = 30


@dataclass(frozen=True)
class StructureSet:
    """Structures that have closed contours, by their place in the file's list, counted from 1.

    contours: each (n, 3) LPS mm; frames: UIDs of the coordinate systems that they are drawn in, empty where not stated.
    """

    structures: Mapping[int, Structure]
    contours: Mapping[int, list[np.ndarray]]
    frames: frozenset[str] = frozenset()

    def label_maps(self, grid: Geometry) -> list[Any]:
        """Images whose voxels have the number of the structure they are in, 0 outside all; several where structures
        overlap, each whole in one.

        Raises InputError for structures that lie outside the grid, or across its slices.
        """
        if grid.dimension != 3:
            raise InputError("contours lie in 3D, and the image is not: give the image that they were drawn on.")
        empty = np.zeros(grid.size[::-1], np.min_scalar_type(max(self.structures)))
        maps = [empty]
        for number, contours in self.contours.items():
            mask = mask_of_contours(contours, grid)
            labels = next((each for each in maps if not each[mask].any()), None)
            if labels is None:
                labels = np.zeros_like(empty)
                maps.append(labels)
            labels[mask] = number
        if not any(labels.any() for labels in maps):
            raise InputError("no voxel of the image is inside its contours: give the image that they were drawn on.")
        return [grid.image_of(labels) for labels in maps]

    def listed(self) -> str:
        named = [f"#{number} {structure.name}" for number, structure in self.structures.items()]
        return listed(named, MOST_LISTED, ";")


def is_structure_set(path: Path) -> bool:
    """Whether a file is a DICOM structure set; some are written without DICOM's mark."""
    try:
        header = pydicom.dcmread(path, force=True, specific_tags=["SOPClassUID"])
        return str(header.get("SOPClassUID")) == STORAGE
    except (*MALFORMED, OSError):
        return False


def read_structure_set(path: Path, number: int | None = None) -> StructureSet:
    """The structures of a file, or only that with a number. Raises InputError, also where nothing is contoured."""
    try:
        data = pydicom.dcmread(path, force=True)
        found = _structures(data)
    except (*MALFORMED, RuntimeError) as error:
        raise InputError(f"{path} is a damaged DICOM structure set ({one_line(error)}); export it again.") from None
    if not found.structures:
        raise InputError(f"{path} holds no closed contours, so nothing is inside them: export it again.")
    if number is None:
        return found
    if number not in found.structures:
        raise InputError(f"{path} has no structure #{number} with closed contours; there are: {found.listed()}.")
    return StructureSet({number: found.structures[number]}, {number: found.contours[number]}, found.frames)


def _structures(data: Any) -> StructureSet:
    drawn = {int(item.ReferencedROINumber): item for item in data.get("ROIContourSequence") or ()}
    structures, contours, frames = {}, {}, set()
    for place, said in enumerate(data.get("StructureSetROISequence") or (), 1):
        item = drawn.get(int(said.ROINumber), pydicom.Dataset())
        closed = [
            np.array(part.ContourData, float).reshape(-1, 3)
            for part in item.get("ContourSequence") or ()
            if str(part.ContourGeometricType) in CLOSED and len(part.ContourData) >= 9
        ]
        if not closed:
            continue
        name = str(said.get("ROIName") or "").strip() or f"Structure {place}"
        color = item.get("ROIDisplayColor")
        red, green, blue = (int(c) / 255 for c in color) if color else UNNAMED_COLORS[place % len(UNNAMED_COLORS)]
        structures[place] = Structure(name, (red, green, blue))
        contours[place] = closed
        frames.add(str(said.get("ReferencedFrameOfReferenceUID") or ""))
    return StructureSet(structures, contours, frozenset(frames - {""}))
