"""SUV volumes beside PET volumes that were loaded from DICOM."""

import json

import numpy as np
import pydicom
import pytest
import SimpleITK as sitk
import slicer
import vtk
from pet_series import ACTIVITY, SUV, header, write_slices

from MedProcLib.core.errors import InputError
from MedProcLib.core.files import read_image
from MedProcLib.quantification.suv.settings import SuvSettings
from MedProcLib.scene.bundle import load_bundle, save_bundle
from MedProcLib.scene.hierarchy import add_patient, add_study, hierarchy_of, modality_of_volume, place_under
from MedProcLib.scene.provenance import provenance_of
from MedProcLib.scene.suv_scene import STEPS, suv_volume_of
from MedProcLib.scene.value_unit import is_adc_without_unit, say_values_of, unit_of_values
from MedProcLib.scene.volumes import image_of_volume, volume_from_image


@pytest.fixture
def pet_folder(tmp_path):
    slopes = [2.0, 2.5, 4.0, 5.0]
    headers = [header(RescaleSlope=slope) for slope in slopes]
    write_slices(tmp_path / "pet", headers, [np.full((5, 6), round(ACTIVITY / slope)) for slope in slopes], np.eye(3))
    return tmp_path / "pet"


@pytest.fixture
def loaded(scene, pet_folder, monkeypatch):
    """The volume as Slicer's DICOM module leaves it; the database is Slicer's Qt side, so what it answers is given."""
    files = {pydicom.dcmread(path).SOPInstanceUID: str(path) for path in sorted(pet_folder.iterdir())}

    class Database:
        def fileForInstance(self, instance):
            return files.get(instance, "")

    monkeypatch.setattr(slicer, "dicomDatabase", Database(), raising=False)
    node = volume_from_image(read_image(pet_folder), "PET AC", scene)
    node.SetAttribute("DICOM.instanceUIDs", " ".join(files))
    return node


def coded(entry):
    return entry.GetCodeValue(), entry.GetCodingSchemeDesignator(), entry.GetCodeMeaning()


def test_a_new_volume_beside_the_pet(scene, loaded):
    study = add_study(scene, add_patient(scene, "P"), "Staging")
    place_under(loaded, study)
    before = sitk.GetArrayFromImage(image_of_volume(loaded))
    made = suv_volume_of(loaded)
    image = image_of_volume(made)
    assert made.GetName() == "PET AC SUVbw"
    assert np.allclose(sitk.GetArrayFromImage(image), SUV, rtol=1e-6)
    assert image.GetSpacing() == (2, 3, 4) and image.GetOrigin() == (10, -20, 30)
    assert np.array_equal(sitk.GetArrayFromImage(image_of_volume(loaded)), before)
    hierarchy = hierarchy_of(scene)
    assert hierarchy.GetItemParent(hierarchy.GetItemByDataNode(made)) == study
    assert modality_of_volume(made) == "PT"


def test_units_of_other_maps(scene, shared_data, tmp_path):
    stored = pydicom.dcmread(shared_data / "06_dicom" / "single_and_multiframe" / "MR_small.dcm")
    stored.ImageType = ["DERIVED", "PRIMARY", "DIFFUSION", "ADC"]

    def volume():
        stored.save_as(tmp_path / "map.dcm")
        node = volume_from_image(read_image(tmp_path / "map.dcm"), "Map")
        storage = scene.AddNewNodeByClass("vtkMRMLVolumeArchetypeStorageNode")
        storage.SetFileName(str(tmp_path / "map.dcm"))
        node.SetAndObserveStorageNodeID(storage.GetID())
        item, attributes = hierarchy_of(scene).GetItemByDataNode(node), slicer.vtkMRMLSubjectHierarchyConstants
        hierarchy_of(scene).SetItemAttribute(item, attributes.GetDICOMSeriesModalityAttributeName(), "MR")
        return node

    unknown = volume()
    assert unit_of_values(unknown) == "intensity" and is_adc_without_unit(unknown)
    unit, mapping = pydicom.Dataset(), pydicom.Dataset()
    unit.CodeValue, unit.CodingSchemeDesignator, unit.CodeMeaning = "mm2/s", "UCUM", "mm2/s"
    mapping.MeasurementUnitsCodeSequence, mapping.RealWorldValueSlope = [unit], 1e-6
    stored.RealWorldValueMappingSequence = [mapping]
    known = volume()
    assert unit_of_values(known) == "10-6 mm2/s" and not is_adc_without_unit(known)
    for kept, expected in ((True, "10-6 mm2/s"), (False, "intensity")):
        made = volume_from_image(image_of_volume(known), "Made")
        say_values_of(made, known, kept)
        assert unit_of_values(made) == expected


def test_it_looks_as_pet_is_read(scene, loaded):
    display = suv_volume_of(loaded).GetDisplayNode()
    assert display.GetColorNodeID() == "vtkMRMLColorTableNodeInvertedGrey"
    assert (display.GetWindowLevelMin(), display.GetWindowLevelMax(), display.GetAutoWindowLevel()) == (0, 6, 0)


def test_it_says_what_its_voxels_are(scene, loaded, tmp_path):
    lean = suv_volume_of(loaded, SuvSettings("lbmjanma", weight_kg=70, height_cm=180, sex="F"))
    assert unit_of_values(lean) == "SUL" and unit_of_values(loaded) == "Bq/ml"
    made = suv_volume_of(loaded, SuvSettings("bsa", weight_kg=70, height_cm=180))
    assert coded(made.GetVoxelValueQuantity()) == ("126400", "DCM", "Standardized Uptake Value")
    assert coded(made.GetVoxelValueUnits())[:2] == ("{SUVbsa}cm2/ml", "UCUM")
    assert provenance_of(made).inputs["weight_kg"] == "70 (given by the user)"
    assert json.loads(made.GetAttribute(STEPS))["suv_type"] == "BSA"
    save_bundle(scene, tmp_path / "scene.mrb")
    scene.Clear(0)
    load_bundle(tmp_path / "scene.mrb", scene)
    again = scene.GetFirstNodeByName("PET AC SUVbsa")
    assert coded(again.GetVoxelValueUnits())[:2] == ("{SUVbsa}cm2/ml", "UCUM")


def test_it_follows_the_transform_of_the_pet(scene, loaded):
    transform = slicer.vtkMRMLLinearTransformNode()
    scene.AddNode(transform)
    matrix = vtk.vtkMatrix4x4()
    matrix.SetElement(2, 3, 25)
    transform.SetMatrixTransformToParent(matrix)
    loaded.SetAndObserveTransformNodeID(transform.GetID())
    assert image_of_volume(suv_volume_of(loaded)).GetOrigin() == image_of_volume(loaded).GetOrigin()


def test_what_is_refused_leaves_the_scene_as_it_was(scene, loaded, pet_folder):
    count = scene.GetNumberOfNodes()
    with pytest.raises(InputError, match="does not hold"):
        suv_volume_of(loaded, SuvSettings("lbm", weight_kg=500))
    next(pet_folder.iterdir()).unlink()
    with pytest.raises(InputError, match="1 of 4 DICOM files of 'PET AC' are gone"):
        suv_volume_of(loaded)
    loaded.RemoveAttribute("DICOM.instanceUIDs")
    with pytest.raises(InputError, match="DICOM module"):
        suv_volume_of(loaded)
    with pytest.raises(InputError, match="No volume"):
        suv_volume_of(None)
    assert scene.GetNumberOfNodes() == count
