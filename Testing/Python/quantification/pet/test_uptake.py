import math

import numpy as np
import pytest
import SimpleITK as sitk

from MedProcLib.core.errors import InputError
from MedProcLib.quantification.intensity_peak import intensity_peaks
from MedProcLib.quantification.measure import Measure
from MedProcLib.quantification.pet.uptake import UptakeThreshold, uptake_measurements
from MedProcLib.quantification.region import Region

PET = {"intensity_unit": "SUV", "pet": True, "size": False, "diameters": False, "intensity": False}


@pytest.fixture
def tumor(ellipsoid, direction):
    """A warm ellipsoid in cold noise: image in SUV, label map, values and mask."""
    labels, _ = ellipsoid((14, 12, 20), (2, 2, 3), direction)
    inside = sitk.GetArrayFromImage(labels) > 0
    values = np.random.default_rng(0).gamma(4, 0.2, inside.shape) + 6 * inside
    image = sitk.GetImageFromArray(values.astype(np.float32))
    image.CopyInformation(labels)
    return image, labels, sitk.GetArrayFromImage(image).astype(float), inside


@pytest.mark.parametrize(
    ("settings", "lowest"),
    [
        ({}, lambda inside: -math.inf),
        ({"uptake": "suv", "uptake_suv": 7.0}, lambda inside: 7.0),
        ({"uptake": "percent_of_maximum", "uptake_percent": 80.0}, lambda inside: 0.8 * inside.max()),
    ],
)
def test_figures_are_those_of_numpy(tumor, settings, lowest):
    image, labels, values, mask = tumor
    row = Measure(**PET, **settings)(image, labels)[0]
    hot = values[mask][values[mask] >= lowest(values[mask])]
    volume = hot.size * 12 / 1000
    local, highest = intensity_peaks(values, mask, (2, 2, 3))
    assert row.value("maximum_uptake") == values[mask].max()
    assert row.value("peak_uptake") == pytest.approx(highest) and row.value("peak_at_maximum") == pytest.approx(local)
    assert row.value("mean_uptake") == pytest.approx(hot.mean())
    assert row.value("sd_uptake") == pytest.approx(hot.std())
    assert row.value("metabolic_volume") == pytest.approx(volume)
    assert row.value("total_lesion_glycolysis") == pytest.approx(hot.mean() * volume)


def test_threshold_of_percist_from_a_segment_of_the_liver(tumor):
    image, labels, values, _mask = tumor
    numbers = sitk.GetArrayFromImage(labels)
    numbers[:3] = 9
    both = sitk.GetImageFromArray(numbers)
    both.CopyInformation(labels)
    liver = values[numbers == 9]
    settings = Measure(**PET, uptake="percist_liver", reference_segment=9, components=False)
    row = settings(image, both)[0]
    by_name = {m.name: m for m in row.measurements}
    threshold = 1.5 * liver.mean() + 2 * liver.std()
    assert by_name["metabolic_volume"].parameters["threshold_SUV"] == pytest.approx(threshold)
    here = values[numbers == 1]
    assert row.value("metabolic_volume") == pytest.approx(np.sum(here >= threshold) * 0.012)
    with pytest.raises(InputError, match="none of label 5"):
        Measure(**PET, uptake="percist_liver", reference_segment=5)(image, both)


def test_units_codes_and_definitions(tumor):
    by_name = {m.name: m for m in Measure(**PET, uptake="suv")(*tumor[:2])[0].measurements}
    assert (by_name["peak_uptake"].unit, by_name["peak_uptake"].code.value) == ("SUV", "0F91")
    assert by_name["metabolic_volume"].code.value == "126032" and by_name["metabolic_volume"].unit == "ml"
    assert by_name["total_lesion_glycolysis"].code.value == "126033"
    assert by_name["metabolic_volume"].parameters == {"threshold": "suv", "threshold_SUV": 4.0}


def test_uptake_by_lean_body_mass(tumor):
    by_weight, by_lean_mass = (
        Measure(**{**PET, "intensity_unit": unit})(*tumor[:2])[0].measurements for unit in ("SUV", "SUL")
    )
    assert [m.value for m in by_weight] == [m.value for m in by_lean_mass]
    assert by_lean_mass[0].unit == "SUL" and by_lean_mass[0].ucum == "{SUVlbm}g/ml"


def test_nothing_reaches_the_threshold():
    values = np.ones((4, 5, 6))
    found = uptake_measurements(values, [Region(values > 0, (0, 0, 0))], (4, 4, 4), UptakeThreshold("suv", 2.0))
    by_name = {m.name: m.value for m in found}
    assert by_name["metabolic_volume"] == by_name["total_lesion_glycolysis"] == 0
    assert math.isnan(by_name["mean_uptake"]) and by_name["peak_uptake"] == pytest.approx(1)


def test_voxels_without_number_and_none_at_all():
    values = np.full((3, 4, 5), 2.0)
    values[0] = np.nan
    region = [Region(np.ones(values.shape, bool), (0, 0, 0))]
    by_name = {m.name: m for m in uptake_measurements(values, region, (10, 10, 10), UptakeThreshold())}
    assert by_name["metabolic_volume"].value == pytest.approx(40)
    assert by_name["metabolic_volume"].parameters["voxels_without_number"] == 20
    values[:] = np.nan
    assert all(math.isnan(m.value) for m in uptake_measurements(values, region, (1, 1, 1), UptakeThreshold()))


def test_activity_is_not_called_suv(tumor):
    image, labels, *_ = tumor
    with pytest.raises(InputError, match="Bq/ml: convert it to SUV"):
        Measure(**PET)(image * 4000, labels)
    with pytest.raises(InputError, match="2D image"):
        Measure(**PET)(image[:, :, 5], labels[:, :, 5])
