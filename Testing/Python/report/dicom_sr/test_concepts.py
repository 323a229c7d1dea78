"""Codes of measurements in DICOM: known to pydicom where DICOM has them, and all different."""

import math

import pytest
from pydicom.sr._concepts_dict import concepts

from MedProcLib.core.errors import InputError
from MedProcLib.core.measurement import Measurement
from MedProcLib.quantification.table_text import KNOWN_FIGURES
from MedProcLib.report.dicom_sr.concepts import (
    DERIVATIONS,
    METHODS,
    MR_SIGNAL,
    NAMES,
    PRIVATE_SCHEME,
    QUANTITIES,
    concept_of,
    unit_code,
)

STANDARD = [*DERIVATIONS.values(), *METHODS.values(), *NAMES.values(), *QUANTITIES.values(), MR_SIGNAL]


@pytest.mark.parametrize("code", STANDARD, ids=lambda code: code.meaning)
def test_codes_are_in_the_standard(code):
    meanings = {value: meaning for entry in concepts[code.scheme].values() for value, (meaning, _) in entry.items()}
    known = meanings[code.value].lower()
    assert code.meaning.lower().split()[0] in known or known.split()[0] in code.meaning.lower()


def test_every_figure_is_said_in_a_way_of_its_own():
    said = {}
    for figure in KNOWN_FIGURES:
        unit = figure.unit or "HU"
        concept = concept_of(Measurement(figure.name, 1.0, unit if figure.power < 2 else "HU2", figure.code), "CT")
        for code in filter(None, (concept.name, concept.derivation, concept.method, concept.unit)):
            assert 0 < len(code.value) <= 16 and 0 < len(code.meaning) <= 64, figure.name
            assert code.meaning.isascii(), figure.name
        key = (concept.name, concept.derivation, concept.method)
        said.setdefault(key, []).append(figure.name)
    alike = [names for names in said.values() if len(set(names)) > 1]
    # a figure of PET is the same as that of any image, of the voxels above its threshold
    assert all(any(name.endswith("uptake") for name in names) for names in alike), alike


def test_quantities_follow_unit_and_modality():
    assert concept_of(Measurement("mean", 1.0, "HU"), "CT").name.meaning == "Attenuation Coefficient"
    assert concept_of(Measurement("mean", 1.0, "SUV"), "PT").name.meaning == "SUVbw"
    assert concept_of(Measurement("mean", 1.0, "intensity"), "MR").name == MR_SIGNAL
    other = concept_of(Measurement("mean", 1.0, "intensity"), "US")
    assert other.name.scheme == PRIVATE_SCHEME and other.unit.meaning == "no units"
    assert concept_of(Measurement("unheard_of", math.pi, "mm"), "CT").name.meaning == "Unheard of"
    assert unit_code("mm3").value == "mm3"
    with pytest.raises(InputError, match="Unknown unit"):
        unit_code("furlong")
