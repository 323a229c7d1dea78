"""A patient's file with its images, outlines and registrations: written from the scene, and read into it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import SimpleITK as sitk
import slicer

from MedProcLib.comparison.halfway import matrix_of, transform_of
from MedProcLib.comparison.made_masks import made_of
from MedProcLib.comparison.saved import recipe_of
from MedProcLib.comparison.track_names import finding_names
from MedProcLib.comparison.tracks.model import IDENTITY, ImageReference, Patient, TimePoint
from MedProcLib.comparison.tracks.patient_file import absolute_path, read_patient, relative_path, write_patient
from MedProcLib.core.errors import InputError
from MedProcLib.core.files import file_of, read_image, write_image, write_transform
from MedProcLib.core.geometry import Geometry, require_same_grid
from MedProcLib.core.progress import SILENT, Progress
from MedProcLib.core.provenance import Provenance
from MedProcLib.core.recipe import Recipe
from MedProcLib.core.recorded import write_result
from MedProcLib.scene.commit import commit
from MedProcLib.scene.hierarchy import add_folder, add_patient, add_study, modality_of_volume, place_under
from MedProcLib.scene.timeline_nodes import transform_at, volume_at
from MedProcLib.scene.timeline_outlines import Outlines, outlines_of
from MedProcLib.scene.timeline_scene import TimePointNodes, add_timeline, with_verdicts, write_verdict
from MedProcLib.scene.transforms import transform_node_from
from MedProcLib.scene.volumes import volume_from_image


def saving_of(node, path: str | Path) -> Callable[[Progress], list[Path]]:
    """What writes a patient's file, and beside it each time point's image, outlines and, where it is no matrix, its
    registration; it may run in any thread and returns the paths. Main thread; raises InputError."""
    path = Path(path)
    if path.suffix.lower() != ".json":
        raise InputError(f"{path} is not named as a patient's file: end it in .json.")
    patient = with_verdicts(node)
    saved = [_Saved.of(node, patient, point, f"{path.stem}_{n}") for n, point in enumerate(patient.time_points, 1)]

    def write(progress: Progress = SILENT) -> list[Path]:
        points, written = [], [path]
        for one, share in zip(saved, progress.parts(*[1.0] * len(saved)), strict=True):
            points.append(one.write(path, written))
            share(1.0, "Writing")
        write_patient(replace(patient, time_points=tuple(points)), path)
        return written

    return write


@dataclass(frozen=True)
class LoadedPatient:
    """A patient's file with all that it names, read; of masks those of the images as they are now (see
    comparison.made_masks)."""

    patient: Patient
    images: Sequence[sitk.Image]
    label_maps: Sequence[sitk.Image]
    transforms: Sequence[sitk.Transform | None]
    masks: Sequence[sitk.Image | None]
    source: Path


def load_patient(path: str | Path, progress: Progress = SILENT) -> LoadedPatient:
    """Read a patient's file with the images, outlines and registrations that it names. Touches no node.

    Raises InputError for a file that is not there, and for a time point without image or outlines.
    """
    path = Path(path)
    patient = read_patient(path)
    images, label_maps, transforms, masks = [], [], [], []
    shares = progress.parts(*[1.0] * max(len(patient.time_points), 1))
    for point, share in zip(patient.time_points, shares, strict=False):
        if not point.images or not point.segmentation:
            raise InputError(f"{path}: time point '{point.id}' names no image or no outlines; save the patient again.")
        files = ("image", point.images[0].path), ("outlines", point.segmentation)
        image, labels = (read_image(_file(reference, path, f"the {what} of {point.id}")) for what, reference in files)
        require_same_grid(image, labels, f"the image and the outlines of time point '{point.id}'")
        images.append(image)
        label_maps.append(_whole_numbers(labels, point))
        transforms.append(_transform(point, path))
        masks.append(_mask(point, image, patient, path))
        share(1.0, "Reading")
    return LoadedPatient(patient, images, label_maps, transforms, masks, path)


def add_loaded(loaded: LoadedPatient, scene=None):
    """Add a patient that was read to the scene, in one step; returns its text node (see timeline_nodes)."""
    scene = scene or slicer.mrmlScene
    patient, name = loaded.patient, loaded.patient.id or loaded.source.stem
    provenance = Provenance(Recipe(), {"patient": str(loaded.source)})
    with commit(scene):
        item, nodes = add_patient(scene, name), {}
        everything = zip(patient.time_points, loaded.images, loaded.label_maps, loaded.transforms, strict=True)
        for point, image, labels, transform in everything:
            study = add_study(scene, item, point.name or point.id, point.date)
            volume = volume_from_image(image, point.name or point.id, scene)
            place_under(volume, study)
            node = transform_node_from(transform, f"{point.id} to common space", scene) if transform else None
            if node is not None and point.alignment is not None:
                write_verdict(node, point.alignment.verdict, point.alignment.reasons)
            volume.SetAndObserveTransformNodeID(node.GetID() if node is not None else None)
            nodes[point.id] = TimePointNodes(volume, labels, study, node)
        return add_timeline(
            patient, nodes, add_folder(scene, item, "Comparison"), provenance, f"{name} findings", scene
        )


@dataclass(frozen=True)
class _Saved:
    """A time point as it is written. image_file: the volume's own file, '' where it has none to be named."""

    point: TimePoint
    stem: str
    outlines: Outlines
    image_file: str
    modality: str
    title: str

    @classmethod
    def of(cls, node: Any, patient: Patient, point: TimePoint, stem: str) -> "_Saved":
        labels = [v for t in patient.tracks if (o := t.at(point.id)) is not None for v in o.labels]
        outlines, volume = outlines_of(node, point.id, labels), volume_at(node, point.id)
        storage = volume.GetStorageNode()
        file = storage.GetFileName() if storage is not None and not volume.GetModifiedSinceRead() else ""
        plain = transform_at(node, point.id) is None and volume.GetParentTransformNode() is None
        own = file if file and Path(file).is_file() and plain else ""
        return cls(point, stem, outlines, own, modality_of_volume(volume), volume.GetName())

    def write(self, path: Path, written: list[Path]) -> TimePoint:
        image = Path(self.image_file) if self.image_file else path.with_name(f"{self.stem}_image.nrrd")
        labels = path.with_name(f"{self.stem}_outlines.nrrd")
        if not self.image_file:
            write_image(self.outlines.image, image)
            written.append(image)
        called = finding_names(self.outlines.patient.tracks, self.point.id)
        made = Provenance(_known_recipe(self.outlines.patient), {"image": self.title})
        write_result(self.outlines.label_map(), labels, made, segments=called)
        written.append(labels)
        matrix: tuple[float, ...] = IDENTITY
        file = ""
        transform = self.outlines.from_common
        if transform is not None and transform.IsLinear():
            matrix = tuple(matrix_of(transform).ravel().tolist())
        elif transform is not None:
            target = path.with_name(f"{self.stem}_registration.h5")
            write_transform(transform, target)
            written.append(target)
            file = relative_path(target, path)
        return replace(
            self.point,
            images=(ImageReference(relative_path(image, path), self.modality, self.title),),
            segmentation=relative_path(labels, path),
            matrix=matrix,
            transform_file=file,
            mask="",  # it would lie elsewhere
            made_of="",
        )


def _known_recipe(patient: Patient) -> Recipe:
    """Of the comparison; without steps where this MedProc cannot read it, as findings are saved all the same."""
    try:
        return recipe_of(patient)
    except InputError:
        return Recipe()


def _whole_numbers(labels: sitk.Image, point: TimePoint) -> sitk.Image:
    values = sitk.GetArrayViewFromImage(labels)
    if np.issubdtype(values.dtype, np.floating):
        if not np.array_equal(values, np.rint(values)):
            raise InputError(f"The outlines of time point '{point.id}' are no label map: not all are whole numbers.")
        labels = sitk.Cast(labels, sitk.sitkInt32)
    return labels


def _file(reference: str, path: Path, what: str) -> Path:
    """Where a file lies that a patient's file names. One of the same name elsewhere may be another study's."""
    file = absolute_path(reference, path)
    if not file_of(file).exists():
        raise InputError(
            f"{path} takes {what} from {file}, which is not there: it names files by where they lie from its own "
            "folder, so move that folder and the images together, or put it back."
        )
    return file


def _mask(point: TimePoint, image: sitk.Image, patient: Patient, path: Path) -> sitk.Image | None:
    """None where it is gone, or was made of something else: then it is made again."""
    file = absolute_path(point.mask, path) if point.mask else None
    if file is None or not file.is_file() or point.made_of != made_of(image, _known_recipe(patient)):
        return None
    mask = read_image(file)
    return mask if Geometry.of(mask).same_grid(Geometry.of(image)) else None


def _transform(point: TimePoint, path: Path) -> sitk.Transform | None:
    if point.transform_file:
        file = _file(point.transform_file, path, f"the registration of {point.id}")
        try:
            return sitk.ReadTransform(str(file))
        except RuntimeError:
            raise InputError(f"The registration {file} of time point '{point.id}' cannot be read.") from None
    if point.matrix == IDENTITY:
        return None
    return transform_of(np.reshape(point.matrix, (4, 4)))
