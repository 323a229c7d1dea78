"""SUV of PET volumes in the scene: a new volume beside the one loaded from DICOM, shown as PET is read."""

import json

import slicer

from MedProcLib.core.provenance import Provenance
from MedProcLib.core.recipe import Recipe
from MedProcLib.quantification.suv.normalization import Normalization
from MedProcLib.quantification.suv.settings import SuvSettings
from MedProcLib.quantification.suv.suv_image import SuvImage, suv_image
from MedProcLib.scene.commit import commit
from MedProcLib.scene.dicom_files import dicom_files_of
from MedProcLib.scene.hierarchy import hierarchy_of
from MedProcLib.scene.provenance import write_provenance
from MedProcLib.scene.volumes import require_volume, volume_from_image

# Attribute with every step of the way to the values, as JSON (see quantification.suv.factors).
STEPS = "MedProc.SUV"
# How PET is read: dark is much, 6 and more is black.
COLORS = "vtkMRMLColorTableNodeInvertedGrey"
WINDOW, LEVEL = 6.0, 3.0
NEEDED = "activity, weight and times are not known"
SUV_QUANTITY = ("126400", "DCM", "Standardized Uptake Value")


def suv_volume_of(volume, settings: SuvSettings = SuvSettings(), scene=None):  # noqa: B008 (immutable)
    """Add the SUV volume of a PET volume that was loaded from DICOM, and return it; the volume is not modified.

    Voxels and headers are read from its files again, whole. Raises InputError like dicom_files_of and suv_image.
    """
    require_volume(volume)
    files = dicom_files_of(volume, NEEDED)
    return add_suv_volume(suv_image(files, settings=settings), volume.GetName(), settings, like=volume, scene=scene)


def add_suv_volume(result: SuvImage, name: str, settings: SuvSettings, like=None, scene=None):
    """Add a computed image as a volume node, in one step. name: of the PET; like: its volume node. Main thread only."""
    scene = scene or slicer.mrmlScene
    normalization = result.factors.normalization
    inputs = {"image": name, "normalization": settings.normalization}
    inputs |= {figure: f"{value} (given by the user)" for figure, value in result.factors.given.items()}
    with commit(scene):
        node = volume_from_image(result.image, f"{name} {normalization.code.meaning}", scene, like)
        if like is not None:
            node.SetAndObserveTransformNodeID(like.GetTransformNodeID())
        _show_as_pet(node)
        _say_what_it_is(node, normalization)
        node.SetAttribute(STEPS, json.dumps(result.factors.as_dict(), sort_keys=True))
        node.SetDescription("; ".join(result.factors.warnings))
        write_provenance(node, Provenance(Recipe(()), inputs))
    return node


def _show_as_pet(node) -> None:
    display = node.GetDisplayNode()
    display.SetAndObserveColorNodeID(COLORS)
    display.SetAutoWindowLevel(False)
    display.SetWindowLevel(WINDOW, LEVEL)


def _say_what_it_is(node, normalization: Normalization) -> None:
    """Quantity and unit of the voxels as Slicer keeps them (PS3.16 CID 84 and 85), and PET as modality."""
    node.SetVoxelValueQuantity(_coded(*SUV_QUANTITY))
    node.SetVoxelValueUnits(_coded(normalization.ucum, "UCUM", f"Standardized Uptake Value {normalization.name}"))
    hierarchy = hierarchy_of(node.GetScene())
    item = hierarchy.GetItemByDataNode(node)
    if item:
        attribute = slicer.vtkMRMLSubjectHierarchyConstants.GetDICOMSeriesModalityAttributeName()
        hierarchy.SetItemAttribute(item, attribute, "PT")


def _coded(value: str, scheme: str, meaning: str):
    entry = slicer.vtkCodedEntry()
    entry.SetValueSchemeMeaning(value, scheme, meaning)
    return entry
