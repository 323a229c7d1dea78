import math

import numpy as np
import pytest
import SimpleITK as sitk

from MedProcLib.quantification.ct.lung_density import lung_measurements
from MedProcLib.quantification.measure import Measure


def lung(values, voxel_mm3=1.0):
    return {m.name: m.value for m in lung_measurements(np.asarray(values), voxel_mm3)}


def test_figures_are_those_of_numpy():
    values = np.random.default_rng(0).normal(-870, 60, 50_000).round().astype(np.int16)
    found = lung(values, 0.5)
    assert found == pytest.approx(
        {
            "low_attenuation_950": 100 * np.mean(values < -950),
            "low_attenuation_910": 100 * np.mean(values < -910),
            "low_attenuation_856": 100 * np.mean(values < -856),
            "percentile_density_15": np.percentile(values, 15),
            "mean_lung_density": values.mean(),
            "tissue_mass": np.maximum(values + 1000.0, 0).sum() / 1000 * 0.5 / 1000,
            "air_volume": np.clip(-values.astype(float), 0, 1000).sum() / 1000 * 0.5 / 1000,
        }
    )


def test_a_limit_itself_is_not_below_it():
    assert lung([-950, -951, -949, -950])["low_attenuation_950"] == 25


def test_water_weighs_its_volume_and_air_nothing():
    found = lung(np.zeros(8000))
    assert found["tissue_mass"] == pytest.approx(8) and found["air_volume"] == 0
    found = lung(np.full(8000, -1024.0))
    assert found["tissue_mass"] == 0 and found["air_volume"] == pytest.approx(8)


def test_of_a_slice_there_is_no_mass_and_of_nothing_no_figure():
    assert not {"tissue_mass", "air_volume"} & set(lung([-900, -800], None))
    assert all(math.isnan(value) for value in lung(np.full(5, np.nan)).values())


def test_of_a_turned_volume_and_its_slices(ellipsoid, direction):
    labels, _ = ellipsoid((8, 9, 10), (1, 1, 2), direction)
    inside = sitk.GetArrayViewFromImage(labels) > 0
    values = np.random.default_rng(1).normal(-900, 50, inside.shape)
    image = sitk.GetImageFromArray(values)
    image.CopyInformation(labels)
    settings = Measure(intensity_unit="HU", lung=True, ct=True, components=False, slices=True)
    whole, *slices = settings(image, labels)
    assert whole.value("low_attenuation_950") == pytest.approx(100 * np.mean(values[inside] < -950))
    assert whole.value("tissue_mass") == pytest.approx(np.maximum(values[inside] + 1000, 0).sum() * 2e-6)
    total = sum(row.value("low_attenuation_950") * row.value("count") for row in slices)
    assert total / whole.value("count") == pytest.approx(whole.value("low_attenuation_950"))
    assert whole.value("share_air") + whole.value("share_lung") == pytest.approx(100)
