"""What commands read: images with notes about them, label maps, masks, dates."""

import datetime
from argparse import Namespace
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import SimpleITK as sitk

from ..core.atomic import require_writable
from ..core.color import NOTE as COLOR
from ..core.color import brightness, is_color
from ..core.dicom_dose import IN_GY
from ..core.dicom_geometry import NO_POSITION, NO_THICKNESS
from ..core.dicom_header import texts_of
from ..core.dicom_segmentation import is_dicom_segmentation, read_dicom_segmentation
from ..core.dicom_structure_set import is_structure_set, read_structure_set
from ..core.dicom_unit import is_map_of_adc, unit_of_dicom
from ..core.errors import InputError
from ..core.files import MODALITY_KEY, QUANTITY_KEY, ImageFile, file_and_number, file_of, read_image_file
from ..core.geometry import SAME_GRID_TOLERANCE, Geometry, require_same_grid, require_scalar
from ..core.listing import listed
from ..core.provenance import Provenance
from ..core.recipe import Recipe
from ..core.registry import find_operation
from ..core.seg_nrrd import is_layered, label_maps_of_layers, segments_in_file
from ..core.units import ucum, value_unit
from .segment_names import segment_names

LARGEST_LABEL = 2**31 - 1
# Of neighboring voxels without a 0, the share that differ in an image; of labels, more than are so scattered.
GRAY_SHARE, MOST_SCATTERED = 0.6, 100
MOST_LISTED = 30  # segments that a message lists


def read_noted(path: str, notes: list[str], unscaled: bool = False) -> ImageFile:
    """Read an image; what the user should know about the file is added to the notes.

    unscaled: also one whose file does not say how large its pixels are. A color picture becomes a gray one.
    """
    found = read_image_file(path, unscaled)
    if is_color(found.image):
        found = replace(found, image=brightness(found.image), notes=(*found.notes, COLOR))
    notes += [f"{path}: {note}" for note in found.notes]
    return found


def read_measured(path: str, notes: list[str]) -> ImageFile:
    """Read an image to measure in; see read_noted. A single DICOM image that states neither position nor thickness, as
    a radiograph or a frame of ultrasound, becomes a 2D one: it has areas, and no volumes."""
    found = read_noted(path, notes)
    if not has_no_depth(found):
        return found
    notes.remove(f"{path}: {NO_THICKNESS}")
    return replace(found, image=found.image[:, :, 0])


def has_no_depth(found: ImageFile) -> bool:
    """Whether it is a single DICOM image without position and thickness: that of its slice is made up."""
    return {NO_POSITION, NO_THICKNESS} <= set(found.notes)


def read_label_map(path: str, notes: list[str]) -> sitk.Image:
    """A label map that is read for itself, on whatever grid; notes as of read_noted. Raises InputError."""
    file, number = file_and_number(path)
    if is_dicom_segmentation(file):
        return _only(read_dicom_segmentation(file, number).maps, path)
    if is_structure_set(file):
        raise InputError(f"{path} holds contours, which lie on no grid of voxels: give the other one as a label map.")
    if is_layered(file):
        return label_map(_only(maps_in_layers(file, number, path), path), path)
    found = read_image_file(path)
    notes += [f"{path}: {note}" for note in found.notes]
    return label_map(found.image, path)


def read_mask(path: str | None, image: sitk.Image) -> sitk.Image | None:
    """The mask on the image's grid, or None. Raises InputError for another grid, and voxels that are no number."""
    if path is None:
        return None
    file = file_of(path)
    if is_structure_set(file) or is_dicom_segmentation(file) or is_layered(file):
        return read_labels(path, image)
    mask = read_image_file(path, unscaled=True).image  # its grid tells whether it fits
    require_scalar(mask, f"Mask {path}")
    if not np.isfinite(sitk.GetArrayViewFromImage(mask)).all():
        raise InputError(f"Mask {path} holds voxels that are no number: whether they are inside is not known.")
    require_same_grid(image, mask, f"the image and its mask {path}")
    return mask


def read_label_maps(paths: Sequence[str], notes: list[str]) -> list[sitk.Image]:
    """Label maps that are read together; contours of a structure set go on the grid of the first that has one."""
    contours = [is_structure_set(file_of(path)) for path in paths]
    found = {path: read_label_map(path, notes) for path, drawn in zip(paths, contours, strict=True) if not drawn}
    if not found:
        raise InputError(f"{paths[0]} and the other hold contours, which lie on no grid: give one as a label map.")
    grid = next(iter(found.values()))
    return [read_labels(path, grid) if drawn else found[path] for path, drawn in zip(paths, contours, strict=True)]


def read_labels(path: str, image: sitk.Image, slices: Sequence[Path] = ()) -> sitk.Image:
    """The one label map of read_segments. Raises InputError, also where segments overlap."""
    return _only(read_segments(path, image, slices), path)


def read_segments(path: str, image: sitk.Image, slices: Sequence[Path] = ()) -> list[sitk.Image]:
    """A segmentation as label maps on the image's grid: several where segments overlap, no label in two of them.

    Whole numbers stored as floats become integers. slices: the image's DICOM files, if it is made of such, by which
    contours of another coordinate system are known. One that covers a part of the grid, voxel on voxel, is put in its
    place: Slicer saves segments cropped. So is one whose axes are other ones of the grid's, or point the other way:
    converters to NIfTI turn them. 'PATH#N': one segment, of a file that holds them apart. Raises InputError.
    """
    file, number = file_and_number(path)
    maps: Sequence[sitk.Image]
    if is_structure_set(file):
        return [label_map(labels, path) for labels in _maps_of_contours(path, image, slices)]
    if is_dicom_segmentation(file):
        maps = read_dicom_segmentation(file, number).maps
    elif is_layered(file):
        maps = maps_in_layers(file, number, path)
    else:
        maps = [read_image_file(path, unscaled=True).image]
    return [_on_grid(labels, image, path) for labels in maps]


def _on_grid(labels: sitk.Image, image: sitk.Image, path: str) -> sitk.Image:
    require_scalar(labels, f"Segmentation {path}")
    if image.GetDimension() == 2 and labels.GetDimension() == 3 and labels.GetSize()[2] == 1:
        labels = labels[:, :, 0]
    labels = _in_place(labels, image, path)
    require_same_grid(image, labels, f"the image and its segmentation {path}")
    return label_map(labels, path)


def maps_in_layers(file: Path, number: int | None, path: str) -> list[sitk.Image]:
    """The label maps of a file of Slicer with several layers, as many as overlap, or that of one of its segments."""
    segments = segments_in_file(file)
    if number is not None and number not in segments:
        named = {label: segment.name for label, segment in segments.items()}
        raise InputError(f"{path}: it has no segment #{number}; there are: {_listed(named)}.")
    layered = read_image_file(file, unscaled=True).image
    if number is not None:
        segments = {number: segments[number]}
    return label_maps_of_layers(layered, segments)


def _maps_of_contours(path: str, image: sitk.Image, slices: Sequence[Path]) -> list[sitk.Image]:
    file, number = file_and_number(path)
    found = read_structure_set(file, number)
    if slices:
        frame = frame_of_reference(slices)
        if frame and found.frames and frame not in found.frames:
            raise InputError(
                f"{path}: its contours are drawn in another coordinate system (frame of reference) than the image has: "
                "give the image that they were drawn on."
            )
    try:
        return found.label_maps(Geometry.of(image))
    except InputError as error:
        raise InputError(f"{path}: {error}") from None


def _only(maps: Sequence[sitk.Image], path: str) -> sitk.Image:
    """The label map where there is one. Raises InputError where segments overlap, and says which."""
    if len(maps) == 1:
        return maps[0]
    names = segment_names(path, None, [])
    first, second = (sitk.GetArrayViewFromImage(labels) for labels in maps[:2])
    both = (first != 0) & (second != 0)
    pair = "its segments"
    if both.any():
        pair = " and ".join(f"'{names.get(n, n)}'" for n in (int(each[both][0]) for each in (first, second)))
    raise InputError(
        f"{path}: {pair} overlap, which a label map cannot hold: choose one as 'FILE#NUMBER': {_listed(names)}."
    )


def _listed(names: Mapping[int, str]) -> str:
    named = [f"#{number} {name}" for number, name in names.items()]
    return listed(named, MOST_LISTED, ";")


def frame_of_reference(slices: Sequence[Path]) -> str:
    """UID of the coordinate system that an image's DICOM files lie in; '' where they do not say, or there are none."""
    return texts_of(slices[0], ["FrameOfReferenceUID"]).get("FrameOfReferenceUID", "") if slices else ""


def _in_place(labels: sitk.Image, image: sitk.Image, path: str) -> sitk.Image:
    """The labels on the image's grid where their voxels are voxels of it; as they are where not."""
    own, grid = Geometry.of(labels), Geometry.of(image)
    if own.dimension != grid.dimension or own.same_grid(grid):
        return labels
    labels = _turned(labels, own, grid)
    own = Geometry.of(labels)
    corners = own.corners()
    shift = grid.indices(corners) - own.indices(corners)
    first = np.rint(shift.mean(axis=0)).astype(int)
    if np.abs(shift - first).max() > SAME_GRID_TOLERANCE:
        return labels
    low, high = np.clip((first, first + own.size), 0, grid.size)
    values = sitk.GetArrayFromImage(labels)
    inside = tuple(slice(a, b) for a, b in zip((low - first)[::-1], (high - first)[::-1], strict=True))
    if np.count_nonzero(values) > np.count_nonzero(values[inside]):
        raise InputError(f"Segmentation {path} has labels outside the image: give one that was made on it.")
    placed = np.zeros(tuple(reversed(grid.size)), values.dtype)
    placed[tuple(slice(a, b) for a, b in zip(low[::-1], high[::-1], strict=True))] = values[inside]
    return grid.image_of(placed)


def _turned(labels: sitk.Image, own: Geometry, grid: Geometry) -> sitk.Image:
    """The labels with their axes in order and direction of the grid's, where they are along these; as they are else."""
    unit = np.eye(own.dimension)
    steps = grid.indices(own.points(unit)) - grid.indices(own.points(0 * unit))  # a row for each of their axes
    turns = np.rint(steps).astype(int)
    if np.abs(steps - turns).max() > SAME_GRID_TOLERANCE or (np.abs(turns @ turns.T) != unit).any():
        return labels
    order = np.abs(turns).argmax(axis=0).tolist()  # of the grid's axes, which of theirs each is
    backwards = [bool(turns[theirs, axis] < 0) for axis, theirs in enumerate(order)]
    return sitk.Flip(sitk.PermuteAxes(labels, order), backwards)


def label_map(labels: sitk.Image, path: str) -> sitk.Image:
    """The label map of a file; whole numbers stored as floats become integers. Raises InputError for other values."""
    require_scalar(labels, f"Segmentation {path}")
    values = sitk.GetArrayViewFromImage(labels)
    if labels.GetPixelID() not in (sitk.sitkFloat32, sitk.sitkFloat64):
        _require_no_gray_values(values, path)
        return labels
    if not np.isfinite(values).all() or (values != np.rint(values)).any() or np.abs(values).max() > LARGEST_LABEL:
        raise InputError(f"Segmentation {path} holds values that are not whole numbers: it is not a label map.")
    _require_no_gray_values(values, path)
    return sitk.Cast(labels, sitk.sitkInt32)


def _require_no_gray_values(values: np.ndarray, path: str) -> None:
    if has_gray_values(values):
        raise InputError(f"{path} holds gray values, as an image: give a segmentation, whose voxels hold labels.")


def has_gray_values(values: np.ndarray) -> bool:
    """Whether values (any shape) are many, and lie beside others that differ, as in an image, unlike labels."""
    values = np.atleast_1d(np.squeeze(values))  # a sagittal slice has no neighbors along x
    first, second = values[..., 1:], values[..., :-1]
    pairs = (first != 0) & (second != 0)
    beside = np.count_nonzero(pairs)
    if 2 * beside < np.count_nonzero(values):  # single voxels, as of seeds
        return False
    differing = np.count_nonzero(pairs & (first != second))
    return bool(differing > GRAY_SHARE * beside and np.unique(values).size > MOST_SCATTERED)


def parse_date(text: str) -> datetime.date:
    """A date written YYYY-MM-DD. Raises InputError."""
    try:
        return datetime.date.fromisoformat(text)
    except ValueError:
        raise InputError(f"'{text}' is not a date; write it as YYYY-MM-DD, e.g. 2025-01-12.") from None


def unit_of_file(found: ImageFile) -> str:
    """Unit of an image's values, a key of core.units, as far as its file says: HU for CT, else 'intensity'.

    A DICOM image may state its own, such as activity concentration or SUV of PET, or that of a map; a dose is in Gy
    where it says so.
    """
    known = value_unit(found.quantity) or (unit_of_dicom(found.slices[0]) if found.slices else "")
    if not known and IN_GY in found.notes:
        return "Gy"
    return known or ("HU" if found.modality == "CT" else "intensity")


def said_of_values(found: ImageFile, unit_kept: bool = True) -> dict[str, str]:
    """What the header of an image that was made of a file says of its values: their unit, if kept, and the modality.

    Values of CT are taken for HU, so that one whose unit is lost is called no CT.
    """
    unit = unit_of_file(found)
    quantity = found.quantity or (ucum(unit) if unit != "intensity" else "")
    modality = found.modality if unit_kept or unit != "HU" else ""
    said = {QUANTITY_KEY: quantity if unit_kept else "", MODALITY_KEY: modality}
    return {key: text for key, text in said.items() if text}


def about_unknown_unit(found: ImageFile) -> list[str]:
    """A note where a DICOM image without a unit is a map of ADC."""
    if found.modality != "MR" or not found.slices or unit_of_file(found) != "intensity":
        return []
    if not is_map_of_adc(found.slices[0]):
        return []
    return [
        f"{found.source}: a map of ADC that does not state its unit: say it with --unit (values about 1000 in tissue: "
        "'10-6 mm2/s'; about 0.001: mm2/s)"
    ]


def chosen_unit(unit: str | None, found: ImageFile) -> str:
    """The unit that the user gives the values of an image, or that of its file. Raises InputError for another."""
    if unit is None:
        return unit_of_file(found)
    known = find_operation("quantification.measure").parameter("intensity_unit").choices
    if unit not in known:
        raise InputError(f"--unit {unit} is not known; there are: {', '.join(known)}.")
    return unit


def require_outputs(outputs: Iterable[str | None], *inputs: str | None) -> None:
    """Raise InputError unless each output can be written to a file of its own that is no input."""
    taken: set[Path] = set()
    read = {file_of(name).resolve() for name in inputs if name}
    for output in outputs:
        if output is None:
            continue
        require_writable(output)
        place = Path(output).resolve()
        if place in read:
            raise InputError(f"{output} is an input; name another file to write to.")
        if place in taken:
            raise InputError(f"{output} is named for two results; give each a file of its own.")
        taken.add(place)


def said_by(arguments: Namespace, *names: str) -> Provenance:
    """How the result of a command that runs no operation came about: what was given of these arguments."""
    given = {name: getattr(arguments, name) for name in names}
    return Provenance(Recipe(()), {name: _typed(value) for name, value in given.items() if value is not None})


def _typed(value: object) -> str:
    """An argument as it was typed; several values with commas between them, as names may have spaces."""
    return ", ".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)


def require_ending(output: str, *endings: str, what: str) -> None:
    """Raise InputError for a result whose name promises something else. endings: '.csv', ...; what: the result."""
    if not str(output).lower().endswith(endings):
        raise InputError(f"{output} is no {what}: end it in {' or '.join(endings)}.")
