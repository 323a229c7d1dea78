"""`resample`: an image or a segmentation on the grid of another image, with a transform between the two if need be."""

from argparse import Namespace

import numpy as np
import SimpleITK as sitk

from ..comparison.inverse import inverted
from ..core.dicom_segmentation import is_dicom_segmentation
from ..core.dicom_structure_set import is_structure_set
from ..core.errors import InputError
from ..core.files import ImageFile, file_of, read_transform, require_image_target
from ..core.geometry import Geometry, require_scalar, resample
from ..core.progress import Progress
from ..core.provenance import Provenance
from ..core.recorded import write_result
from ..core.seg_nrrd import is_layered
from ..core.voxels import darkest_value
from ..enhancement.geometry.interpolation import INTERPOLATORS
from .inputs import (
    has_gray_values,
    label_map,
    read_label_map,
    read_labels,
    read_noted,
    require_outputs,
    said_by,
    said_of_values,
)
from .label_output import write_labels
from .segment_names import segment_structures

INSIDE = 0.9999  # of the grid: less than this share is told


def run(arguments: Namespace, progress: Progress) -> None:
    require_image_target(arguments.output)
    require_outputs([arguments.output], arguments.image, arguments.like, arguments.transform)
    if arguments.inverse and arguments.transform is None:
        raise InputError("--inverse is of the transform: give it with --transform.")
    reference = read_noted(arguments.like, arguments.notes, unscaled=True)
    grid = Geometry.of(reference.image)
    given = ("image", "like", "transform", "interpolation", *(["inverse"] if arguments.inverse else []))
    provenance = said_by(arguments, *given)
    if is_structure_set(file_of(arguments.image)):
        if arguments.transform:
            raise InputError("Contours take no transform: resample them onto the image that they were drawn on first.")
        labels = read_labels(arguments.image, reference.image, reference.slices)
        _write_labels(labels, labels, arguments, provenance)
        return
    found = _read(arguments)
    image = found.image
    if image.GetDimension() != grid.dimension:
        raise InputError(f"{arguments.image} is {image.GetDimension()}D and {arguments.like} {grid.dimension}D.")
    transform = _transform(arguments, image, grid)
    inside = _share_inside(image, grid, transform)
    if not inside:
        raise InputError(
            f"{arguments.image} and {arguments.like} have no place in common: give the transform between them with "
            "--transform (`register` finds it)."
        )
    if _is_label_map(image, arguments):
        labels = label_map(image, arguments.image)
        made = resample(labels, grid, transform, sitk.sitkNearestNeighbor, progress=progress.part(0.1, 0.9))
        progress.check()
        _write_labels(made, labels, arguments, provenance)
        return
    darkest = darkest_value(image)
    interpolator = INTERPOLATORS[arguments.interpolation or "linear"]
    made = resample(image, grid, transform, interpolator, darkest, progress=progress.part(0.1, 0.9))
    progress.check()
    if inside < INSIDE:
        arguments.notes.append(f"{1 - inside:.1%} of the grid lie outside {arguments.image}: {darkest:g} there")
    write_result(made, arguments.output, provenance, said_of_values(found))
    print(f"Image on the grid of {arguments.like}: {arguments.output}")


def _read(arguments: Namespace) -> ImageFile:
    path = arguments.image
    if is_dicom_segmentation(file_of(path)):
        return ImageFile(read_label_map(path, arguments.notes), path, "DICOM", "SEG")
    if is_layered(file_of(path)):
        return ImageFile(read_label_map(path, arguments.notes), path, "NRRD")
    found = read_noted(path, arguments.notes, unscaled=True)
    require_scalar(found.image, f"Image {path}")
    return found


def _is_label_map(image: sitk.Image, arguments: Namespace) -> bool:
    """Whether the values are numbers of labels, between which there is nothing: whole ones that neighbors share."""
    if arguments.interpolation is not None:
        return arguments.interpolation == "nearest" and not has_gray_values(sitk.GetArrayViewFromImage(image))
    values = sitk.GetArrayViewFromImage(image)
    return bool(np.isfinite(values).all() and (values == np.rint(values)).all()) and not has_gray_values(values)


def _transform(arguments: Namespace, image: sitk.Image, grid: Geometry) -> sitk.Transform | None:
    if arguments.transform is None:
        return None
    transform = read_transform(arguments.transform)
    if transform.GetDimension() != grid.dimension:
        raise InputError(f"Transform {arguments.transform} is {transform.GetDimension()}D, the images are not.")
    return inverted(transform, Geometry.of(image)) if arguments.inverse else transform


def _share_inside(image: sitk.Image, grid: Geometry, transform: sitk.Transform | None) -> float:
    """Which share of the grid's voxels lies in the image."""
    everywhere = sitk.Image(image.GetSize(), sitk.sitkUInt8) + 1
    everywhere.CopyInformation(image)
    covered = resample(everywhere, grid, transform, sitk.sitkNearestNeighbor)  # which the array is a view of
    return float(sitk.GetArrayViewFromImage(covered).mean())


def _write_labels(made: sitk.Image, before: sitk.Image, arguments: Namespace, provenance: Provenance) -> None:
    """Raises InputError where none is left; of which none is left is noted."""
    present, there = (set(np.unique(sitk.GetArrayViewFromImage(each)).tolist()) - {0} for each in (made, before))
    if there and not present:
        raise InputError(f"No voxel of {arguments.like} lies in a segment of {arguments.image}: is it of this study?")
    structures = segment_structures(arguments.image, None, arguments.notes)
    lost = [structures[n].name if n in structures else f"label {n}" for n in sorted(there - present)]
    if lost:
        arguments.notes.append(f"no voxel is left of {', '.join(lost)}")
    write_labels(made, arguments.output, provenance, structures)
    print(f"Segmentation on the grid of {arguments.like}: {arguments.output}")
