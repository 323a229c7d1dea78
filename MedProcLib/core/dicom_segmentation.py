"""DICOM segmentations (PS3.3 A.51) as label maps: frames of several segments, in any order, on a grid of their own."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import SimpleITK as sitk

from .dicom_header import MALFORMED
from .errors import InputError
from .geometry import Geometry
from .itk_message import one_line
from .measurement import Code
from .structure import UNNAMED_COLORS, Structure

# Share of the distance between slices by which one may lie off its place, and of a mm within the plane.
OFF_PLACE, OFF_PLANE_MM = 0.05, 0.01
# A voxel belongs to a segment of which it holds at least this share.
HALF = 0.5


@dataclass(frozen=True)
class DicomSegmentation:
    """maps: a voxel's segment number, 0 outside all; several label maps where segments overlap, each whole in one.
    structures: what the named segments show, by number."""

    maps: tuple[sitk.Image, ...]
    structures: dict[int, Structure]


def is_dicom_segmentation(path: Path) -> bool:
    """Whether a file is a DICOM segmentation."""
    try:
        with path.open("rb") as file:
            if file.read(132)[128:] != b"DICM":
                return False
        return str(pydicom.dcmread(path, force=True, specific_tags=["Modality"]).get("Modality")) == "SEG"
    except (*MALFORMED, OSError):
        return False


def read_dicom_segmentation(path: Path, number: int | None = None) -> DicomSegmentation:
    """The label maps of a segmentation, on the smallest grid of its frames' slices.

    number: of the only segment to read. Raises InputError for a damaged file, and frames that make no regular stack.
    """
    try:
        header = pydicom.dcmread(path, force=True)
        frames = [_Frame(header, group) for group in header.PerFrameFunctionalGroupsSequence]
        pixels = header.pixel_array.reshape(len(frames), int(header.Rows), int(header.Columns))
        structures = {int(item.SegmentNumber): _structure(item) for item in header.SegmentSequence}
        if number is not None and number not in structures:
            raise InputError(f"it has no segment #{number}; there are: {_listed(structures)}.")
        geometry, places = _stack(frames, pixels.shape[1:])
        maps = _maps(header, frames, places, pixels, geometry, number)
    except InputError as error:
        raise InputError(f"{path}: {error}") from None
    except (*MALFORMED, RuntimeError) as error:
        raise InputError(f"{path} is a damaged DICOM segmentation ({one_line(error)}); export it again.") from None
    return DicomSegmentation(
        tuple(map(geometry.image_of, maps)),
        {key: each for key, each in structures.items() if key and each.name and number in (None, key)},
    )


def _listed(structures: dict[int, Structure]) -> str:
    return "; ".join(f"#{number} {each.name}".strip() for number, each in sorted(structures.items()) if number)


def _structure(item: Any) -> Structure:
    """Of an item of the segment sequence (PS3.3 C.8.20.2)."""
    name, number = str(item.get("SegmentLabel") or "").strip(), int(item.SegmentNumber)
    kind = _code(item, "SegmentedPropertyTypeCodeSequence")
    modifier = None
    if kind is not None:
        modifier = _code(item.SegmentedPropertyTypeCodeSequence[0], "SegmentedPropertyTypeModifierCodeSequence")
    category = _code(item, "SegmentedPropertyCategoryCodeSequence")
    region = _code(item, "AnatomicRegionSequence")
    return Structure(name, UNNAMED_COLORS[number % len(UNNAMED_COLORS)], category, kind, modifier, region)


def _code(item: Any, sequence: str) -> Code | None:
    """The first code of a sequence; None where there is none of the usual kind, or none at all."""
    found = item.get(sequence)
    if not found or not found[0].get("CodeValue"):
        return None
    return Code(*(str(found[0].get(name) or "") for name in ("CodingSchemeDesignator", "CodeValue", "CodeMeaning")))


class _Frame:
    """Where a frame lies, and of which segment it is: 0 for one whose values are segment numbers."""

    def __init__(self, header: Any, group: Any) -> None:
        shared = header.SharedFunctionalGroupsSequence[0]

        def macro(name: str) -> Any:
            return (group if name in group else shared)[name][0]

        self.position = np.array([float(v) for v in macro("PlanePositionSequence").ImagePositionPatient])
        self.rows_columns = np.reshape(
            [float(v) for v in macro("PlaneOrientationSequence").ImageOrientationPatient], (2, 3)
        )
        measures = macro("PixelMeasuresSequence")
        self.pixel = tuple(float(v) for v in measures.PixelSpacing)
        self.step = float(measures.get("SpacingBetweenSlices") or 0)
        self.thickness = float(measures.get("SliceThickness") or 0)
        self.segment = 0
        if str(header.get("SegmentationType")) != "LABELMAP":
            self.segment = int(macro("SegmentIdentificationSequence").ReferencedSegmentNumber)


def _stack(frames: list[_Frame], size: tuple[int, ...]) -> tuple[Geometry, list[int]]:
    """The grid of all frames, and the slice of each."""
    first = frames[0]
    along = np.cross(*first.rows_columns)
    offsets = np.array([frame.position @ along for frame in frames])
    low = frames[int(offsets.argmin())].position
    step = _step(offsets, first)
    places = (offsets - offsets.min()) / step
    beside = max(float(np.abs(frame.position - low - (frame.position - low) @ along * along).max()) for frame in frames)
    alike = all(np.allclose(frame.rows_columns, first.rows_columns, atol=1e-4) for frame in frames)
    if _off(offsets, step).max() > OFF_PLACE or beside > OFF_PLANE_MM or not alike:
        raise InputError("its frames make no regular stack of slices: export it as a label map (NRRD) and give that.")
    indices = np.rint(places).astype(int).tolist()
    direction = np.column_stack([*first.rows_columns, along])
    row_spacing, column_spacing = first.pixel
    grid = Geometry(
        (size[1], size[0], max(indices) + 1),
        (column_spacing, row_spacing, step),
        tuple(low.tolist()),
        tuple(direction.ravel().tolist()),
    )
    return grid, indices


def _step(offsets: np.ndarray, frame: _Frame) -> float:
    """Between slices (mm): as stated, unless they do not lie where that leads; some state the thickness there."""
    between = np.diff(np.sort(offsets))
    between = between[between > OFF_PLANE_MM]
    if not between.size:
        return frame.step or frame.thickness or 1.0
    if frame.step > 0 and _off(offsets, frame.step).max() <= OFF_PLACE:
        return frame.step
    # over all slices together, as rounded digits of a single distance add up
    return float(np.ptp(offsets) / np.rint(np.ptp(offsets) / between.min()))


def _off(offsets: np.ndarray, step: float) -> np.ndarray:
    """How far each slice lies off its place, as a share of the step."""
    places = (offsets - offsets.min()) / step
    return np.abs(places - np.rint(places))


def _maps(
    header: Any,
    frames: list[_Frame],
    places: list[int],
    pixels: np.ndarray,
    grid: Geometry,
    number: int | None,
) -> list[np.ndarray]:
    """Segment by segment, each in the first label map where none of its voxels is taken."""
    numbers = max([frame.segment for frame in frames] + [int(pixels.max()) if not frames[0].segment else 0])
    kind = np.min_scalar_type(numbers)
    fewest = 1.0
    if str(header.get("SegmentationType")) == "FRACTIONAL":
        fewest = HALF * float(header.get("MaximumFractionalValue") or 1)
    frames_of: dict[int, list[int]] = {}
    for n, frame in enumerate(frames):
        frames_of.setdefault(frame.segment, []).append(n)
    maps = [np.zeros(tuple(reversed(grid.size)), kind)]
    for segment, own in sorted(frames_of.items()):
        drawn = []
        for n in own:
            shown = np.where(pixels[n] >= fewest, segment or pixels[n], 0).astype(kind)
            if number is not None:
                shown[shown != number] = 0
            drawn.append((places[n], shown))
        for labels in maps:
            if not any(((labels[place] != 0) & (shown != 0)).any() for place, shown in drawn):
                break
        else:
            labels = np.zeros_like(maps[0])
            maps.append(labels)
        for place, shown in drawn:
            np.maximum(labels[place], shown, out=labels[place])
    return maps
