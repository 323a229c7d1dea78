"""Codes of measurements in DICOM: known to pydicom where DICOM has them, and all different."""

import math

import numpy as np
import pydicom
import pytest
from pydicom.sr._concepts_dict import concepts

from MedProcLib.core.errors import InputError
from MedProcLib.core.measurement import Measurement
from MedProcLib.quantification.table_text import KNOWN_FIGURES
from MedProcLib.report.dicom_sr.concepts import (
    DERIVATIONS,
    DIFFUSION,
    METHODS,
    NAMES,
    PRIVATE_SCHEME,
    QUANTITIES,
    SIGNALS,
    concept_of,
    unit_code,
)
from MedProcLib.report.dicom_sr.source_series import read_source_series

STANDARD = [
    *(code for table in (DERIVATIONS, METHODS, NAMES, QUANTITIES, SIGNALS) for code in table.values()),
    DIFFUSION,
]


@pytest.mark.parametrize("code", STANDARD, ids=lambda code: code.meaning)
def test_codes_are_in_the_standard(code):
    meanings = {value: meaning for entry in concepts[code.scheme].values() for value, (meaning, _) in entry.items()}
    known = meanings[code.value].lower()
    assert code.meaning.lower().split()[0] in known or known.split()[0] in code.meaning.lower()


def test_every_figure_is_said_in_a_way_of_its_own():
    """Without the method, which some readers leave out."""
    said = {}
    threshold = {"threshold": "percent_of_maximum"}
    for figure in KNOWN_FIGURES:
        unit = figure.unit or "HU"
        unit = unit if figure.power < 2 else "HU2"
        concept = concept_of(Measurement(figure.name, 1.0, unit, figure.code, threshold), "CT")
        for code in filter(None, (concept.name, concept.derivation, concept.method, concept.unit)):
            assert 0 < len(code.value) <= 16 and 0 < len(code.meaning) <= 64, figure.name
            assert code.meaning.isascii(), figure.name
        said.setdefault(concept.key, set()).add(figure.name)
    assert [names for names in said.values() if len(names) > 1] == [
        {"mean", "mean_lung_density"},  # one and the same, in HU
        {"maximum", "maximum_uptake"},
    ]


def test_quantities_follow_unit_and_modality():
    assert concept_of(Measurement("mean", 1.0, "HU"), "CT").name.meaning == "Attenuation Coefficient"
    assert concept_of(Measurement("mean", 1.0, "SUV"), "PT").name.meaning == "SUVbw"
    for stated, code in (("{SUVlbm(Janma)}g/ml", "126405"), ("{SUVlbm(James128)}g/ml", "126406"), ("", "126402")):
        lean = concept_of(Measurement("peak_uptake", 1.0, "SUL"), "PT", stated)
        assert (lean.name.value, lean.unit.value) == (code, "{SUVlbm}g/ml")
    assert concept_of(Measurement("mean", 1.0, "SUV"), "PT", "{SUVlbm(Janma)}g/ml").name.meaning == "SUVbw"
    assert concept_of(Measurement("mean", 1.0, "intensity"), "MR").name.value == "110852"
    assert concept_of(Measurement("mean", 1.0, "um2/s"), "MR").name == DIFFUSION
    assert concept_of(Measurement("mean", 1.0, "Bq/ml"), "PT").name.value == "110821"
    whole = concept_of(Measurement("mean_uptake", 1.0, "SUV", None, {"threshold": "whole_segment"}), "PT")
    assert whole.derivation == DERIVATIONS["mean"]
    other = concept_of(Measurement("mean", 1.0, "intensity"), "US")
    assert other.name.scheme == PRIVATE_SCHEME and other.unit.meaning == "no units"
    assert concept_of(Measurement("unheard_of", math.pi, "mm"), "CT").name.meaning == "Unheard of"
    assert unit_code("mm3").value == "mm3"
    with pytest.raises(InputError, match="Unknown unit"):
        unit_code("furlong")


def test_what_pet_in_suv_is_normalized_to(series):
    made = series(np.zeros((2, 4, 5)), "PT")
    for units, kind, stated in (("GML", "LBMJANMA", "{SUVlbm(Janma)}g/ml"), ("BQML", "LBMJANMA", ""), ("GML", "", "")):
        for file in made.files:
            header = pydicom.dcmread(file)
            header.Units, header.SUVType = units, kind
            header.save_as(file)
        assert read_source_series(made.files).stated == stated
