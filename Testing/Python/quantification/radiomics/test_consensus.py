"""Consensus values of IBSI: digital phantom, CT phantom in five configurations, validation data, filtered phantom."""

import csv
import json
import math
from pathlib import Path

import pytest
import SimpleITK as sitk

from MedProcLib.quantification.radiomics.extract import region_features
from MedProcLib.quantification.radiomics.settings_file import preset_named, settings_of

DATA = Path(__file__).resolve().parents[3] / "Data/ibsi1"
FILTERS = DATA.parent / "ibsi2/feature_filters.json"


def rows_of(path):
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def rounded(value, digits=3):
    return (
        value
        if value == 0 or not math.isfinite(value)
        else round(value, digits - 1 - math.floor(math.log10(abs(value))))
    )


def outside_tolerance(found, rows):
    """As IBSI compares: the value to three significant digits lies within the tolerance."""
    return {
        row["tag"]: (found.get(row["tag"]), row["value"], row["tolerance"])
        for row in rows
        if not abs(rounded(found.get(row["tag"], math.nan)) - float(row["value"]))
        <= float(row["tolerance"]) + 1e-9 * abs(float(row["value"]))
    }


def test_digital_phantom(phantom):
    found = region_features(*phantom, preset_named("ibsi_digital_phantom"))
    rows = rows_of(DATA / "digital_phantom.csv")
    assert len(rows) == 482
    assert outside_tolerance({feature.tag: feature.value for feature in found.features}, rows) == {}
    # of the features without consensus: the smallest box is that of the axes
    assert found.value("morph_vol_dens_ombb") == pytest.approx(found.value("morph_vol_dens_aabb"))
    assert found.value("morph_vol_dens_mvee") < found.value("morph_vol_dens_conv_hull")


@pytest.mark.parametrize(("configuration", "count"), [("A", 346), ("B", 346), ("C", 210), ("D", 210), ("E", 210)])
def test_ct_phantom(configuration, count, shared):
    image, mask = (shared(f"ct_phantom/{name}.nii.gz") for name in ("phantom", "mask"))
    found = region_features(image, mask, preset_named(f"ibsi_config_{configuration.lower()}"))
    rows = [row for row in rows_of(DATA / "ct_phantom.csv") if row["configuration"] == configuration]
    assert len(rows) == count
    assert outside_tolerance({feature.tag: feature.value for feature in found.features}, rows) == {}
    assert found.diagnostics["int_mask_vox_count_init_roi"] == 125256


@pytest.mark.parametrize(
    ("modality", "preset", "count"), [("CT", "ct", 223), ("PET", "pet", 222), ("MR_T1", "mr", 224)]
)
def test_validation_data(modality, preset, count, shared):
    folder = "sts_validation/STS_001"
    image, mask = (shared(f"{folder}/{modality}_{name}.nii.gz") for name in ("image", "mask"))
    found = region_features(image, sitk.Cast(mask, sitk.sitkUInt8), preset_named(f"ibsi_validation_{preset}"))
    values = {feature.tag: feature.value for feature in found.features} | found.diagnostics
    path = Path(__file__).resolve().parents[5] / "shared/data/05_ibsi_radiomics" / folder / "consensus_features.csv"
    expected = {row["tag"]: float(row["consensus_value"]) for row in rows_of(path) if row["modality"] == modality}
    assert len(expected) == count
    assert {tag: values.get(tag) for tag in expected} == pytest.approx(expected, rel=5e-4, abs=1e-12)


@pytest.mark.parametrize("name", ["1.A", "1.B", "3.B", "4.A", "6.B", "8.A"])
def test_ct_phantom_filtered(name, shared):
    """IBSI 2; the benchmark tries the others."""
    image, mask = (shared(f"ct_phantom/{each}.nii.gz") for each in ("phantom", "mask"))
    number, configuration = name.split(".")
    how = {"A": {"dimension": "2D"}, "B": {"spacing_mm": 1, "round_intensities": True}}[configuration]
    step = json.loads(FILTERS.read_text(encoding="utf-8"))[number][configuration]
    settings = settings_of({"resegmentation_range": [-1000, 400], "families": "statistics", "filter": step, **how})
    rows = [row for row in rows_of(FILTERS.with_name("feature_values.csv")) if row["filter"] == name]
    found = region_features(image, mask, settings)
    assert len(rows) == 18
    assert outside_tolerance({feature.tag: feature.value for feature in found.features}, rows) == {}
