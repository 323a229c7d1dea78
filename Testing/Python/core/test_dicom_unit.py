"""Units that DICOM images state of their values."""

import numpy as np
import pydicom
import pytest
import SimpleITK as sitk
from pydicom.dataset import Dataset

from MedProcLib.core.dicom_unit import unit_of_dicom
from MedProcLib.core.files import read_image
from MedProcLib.core.geometry import Geometry


def mapping(code: str, slope: float, intercept: float = 0.0) -> Dataset:
    unit, found = Dataset(), Dataset()
    unit.CodeValue, unit.CodingSchemeDesignator, unit.CodeMeaning = code, "UCUM", code
    found.MeasurementUnitsCodeSequence = [unit]
    found.RealWorldValueSlope, found.RealWorldValueIntercept = slope, intercept
    return found


FOLDER = "06_dicom/single_and_multiframe"


@pytest.mark.parametrize(
    ("code", "slope", "intercept", "unit"),
    [
        ("mm2/s", 2.0, -6.0, "mm2/s"),
        ("mm2/s", 2e-6, -6e-6, "10-6 mm2/s"),
        ("um2/s", 2.0, -6.0, "10-6 mm2/s"),
        ("um2/s", 2e6, -6e6, "mm2/s"),
        ("s", 2e-3, -6e-3, "ms"),
        ("/ms", 2e-3, -6e-3, "1/s"),
        ("Bq/ml", 2.0, -6.0, "Bq/ml"),
        ("Bq/ml", 0.2, -0.6, ""),  # what is rescaled is another quantity
        ("ms", 2.0, 0.0, ""),
        ("ms", 5.0, -15.0, ""),
        ("1", 2.0, -6.0, ""),
    ],
)
def test_a_mapping_tells_the_unit_of_the_rescaled_values(shared_data, tmp_path, code, slope, intercept, unit):
    stored = pydicom.dcmread(shared_data / FOLDER / "MR_small.dcm")
    stored.RescaleSlope, stored.RescaleIntercept = 2, -6
    stored.RealWorldValueMappingSequence = [mapping("1", 7.0), mapping(code, slope, intercept)]
    stored.save_as(tmp_path / "map.dcm")
    assert unit_of_dicom(tmp_path / "map.dcm") == unit


def test_a_parametric_map_of_floats_is_read(shared_data, tmp_path):
    stored = pydicom.dcmread(shared_data / FOLDER / "eCT_Supplemental.dcm")
    before = read_image(stored.filename) + 1024  # its Rescale Intercept
    values = (stored.pixel_array * 1e-6).astype("<f4")
    (shared,) = stored.SharedFunctionalGroupsSequence
    for group in (shared, *stored.PerFrameFunctionalGroupsSequence):
        group.pop("PixelValueTransformationSequence", None)
    shared.RealWorldValueMappingSequence = [mapping("mm2/s", 1.0)]
    stored.SOPClassUID = stored.file_meta.MediaStorageSOPClassUID = pydicom.uid.ParametricMapStorage
    del stored.PixelData
    stored.BitsAllocated, stored.FloatPixelData = 32, values.tobytes()
    stored.save_as(tmp_path / "adc.dcm")
    found = read_image(tmp_path / "adc.dcm")
    assert Geometry.of(found) == Geometry.of(before)
    np.testing.assert_allclose(*(sitk.GetArrayFromImage(i).astype(float) for i in (found * 1e6, before)), atol=1e-3)
    assert unit_of_dicom(tmp_path / "adc.dcm") == "mm2/s"
