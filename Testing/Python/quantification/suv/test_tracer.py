"""Activity and half-life: units mistaken, nuclides named, contradictions, several tracers."""

import copy
import datetime

import pytest
from pet_series import HALF_LIFE, SUV, header
from pydicom.dataset import Dataset

from MedProcLib.quantification.suv.nuclides import NUCLIDES, named_nuclides, nuclide_in

approx = pytest.approx


def coded(value: str, meaning: str = "", scheme: str = "SCT", **more) -> dict:
    code = Dataset()
    code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = value, scheme, meaning
    return {"RadionuclideCodeSequence": [code], **more}


def test_activity_in_mbq(suv):
    assert suv(header({"RadionuclideTotalDose": 370.0})) == approx(SUV, rel=1e-12)
    assert "taken as MBq" in suv.last.warnings[0]


def test_activity_in_mci(suv, refusal):
    """10 mCi for 70 kg; 37 MBq of zirconium and 10 MBq for a small child are usual."""
    one = header({"RadionuclideTotalDose": 10.0})
    assert "--dose 370 for 10 mCi" in refusal(one)
    assert suv(one, dose_mbq=370) == approx(SUV, rel=1e-12)
    for dose, weight in ((37.0, 70), (14.0, 5), (5.0, 0.025)):
        suv(header({"RadionuclideTotalDose": dose}, PatientWeight=weight))
        assert "taken as MBq" in " ".join(suv.last.warnings)


@pytest.mark.parametrize("dose", [None, 0, -370e6, 370e3, 3.7e11, 0.37])
def test_activities_that_cannot_be(refusal, suv, dose):
    one = header({"RadionuclideTotalDose": dose})
    assert "--dose" in refusal(one)
    assert suv(one, dose_mbq=370) == approx(SUV, rel=1e-12) and suv.last.given == {"dose_mbq": "370"}


def test_an_activity_that_is_no_number(refusal):
    one = header()
    one.RadiopharmaceuticalInformationSequence[0].RadionuclideTotalDose = None
    assert "--dose" in refusal(one)
    assert "--dose" in refusal(header(RadiopharmaceuticalInformationSequence=[]))


@pytest.mark.parametrize(
    ("name", "code", "seconds"),
    [
        ("F-18", "77004003", 109.77 * 60),
        ("F-18", "C-111A1", 109.77 * 60),
        ("Ga-68", "C-131A3", 67.71 * 60),
        ("C-11", "40565003", 20.39 * 60),
        ("Zr-89", "C-168A4", 78.41 * 3600),
        ("Cu-64", "3932008", 12.7 * 3600),
        ("I-124", "C-114A5", 4.176 * 86400),
        ("Rb-82", "79197006", 76.38),
        ("N-13", "C-107A1", 597.9),
        ("O-15", "129504001", 122.24),
    ],
)
def test_half_lives_by_code(name, code, seconds):
    found = named_nuclides(header(coded(code)).RadiopharmaceuticalInformationSequence[0])
    assert [one.name for one in found.values()] == [name]
    assert NUCLIDES[name].half_life_s == approx(seconds, rel=1e-9)


def test_codes_are_those_of_pydicoms_dictionary():
    """CID 4020, whose SNOMED RT and SNOMED CT codes pydicom keeps apart from ours."""
    from pydicom.sr._cid_dict import cid_concepts
    from pydicom.sr._concepts_dict import concepts
    from pydicom.sr._snomed_dict import mapping

    for keyword in cid_concepts[4020]["SCT"]:
        ((code, (meaning, *_)),) = concepts["SCT"][keyword].items()
        nuclide = nuclide_in(meaning)
        if nuclide is not None:
            assert code in nuclide.codes and mapping["SCT"][code] in nuclide.codes, meaning


@pytest.mark.parametrize(
    ("words", "name"),
    [
        ("^18^Fluorine", "F-18"),
        ("18F", "F-18"),
        ("F-18", "F-18"),
        ("[18F]FDG", "F-18"),
        ("FDG -- fluorodeoxyglucose", "F-18"),
        ("Ga68-PSMA", "Ga-68"),
        ("68Ga-DOTATATE", "Ga-68"),
        ("Zirconium 89", "Zr-89"),
        ("^94m^Technetium", "Tc-94m"),
        ("PSMA-11", None),
        ("PSMA-1007", None),
        ("DOTA-TOC", None),
        ("", None),
    ],
)
def test_nuclides_in_words(words, name):
    found = nuclide_in(words)
    assert (found and found.name) == name


def test_a_missing_half_life_follows_from_the_nuclide(suv, refusal):
    one = header({"RadionuclideHalfLife": None})
    assert suv(one) == approx(SUV, rel=1e-9) and "F-18 was taken" in suv.last.warnings[0]
    unnamed = header({"RadionuclideHalfLife": None, "RadionuclideCodeSequence": []})
    assert "--half-life" in refusal(unnamed)
    assert suv(unnamed, half_life_s=HALF_LIFE) == approx(SUV, rel=1e-12)
    both = header(coded("C-131A1", "^68^Gallium", RadionuclideHalfLife=None))
    assert "named differently (Ga-66, Ga-68)" in refusal(both)


def test_a_half_life_of_another_nuclide_is_refused(refusal):
    assert "Ga-68, 4062.6 s" in refusal(header(coded("C-131A3", "^68^Gallium")))


def test_a_wrong_code_beside_the_right_words(suv):
    """C-131A1 is Ga-66; it is often written for Ga-68."""
    one = header(coded("C-131A1", "^68^Gallium", RadionuclideHalfLife=4057.7))
    assert suv(one) == approx(5000 * 70000 / (370e6 * 2 ** (-3600 / 4057.7)), rel=1e-12)
    assert "Ga-66" in suv.last.warnings[0]


def test_a_half_life_in_minutes(suv):
    assert suv(header({"RadionuclideHalfLife": 109.77})) == approx(SUV, rel=1e-9)
    assert "minutes" in suv.last.warnings[0]


def test_half_lives_of_other_tables_are_believed(suv):
    assert suv(header({"RadionuclideHalfLife": 6588.0})) == approx(SUV, rel=2e-4) and suv.last.warnings == ()
    assert suv(header({"RadionuclideHalfLife": 6700.0})) and "differs" in suv.last.warnings[0]


def test_several_tracers(refusal, suv):
    one = header()
    other = copy.deepcopy(one.RadiopharmaceuticalInformationSequence[0])
    one.RadiopharmaceuticalInformationSequence.append(other)
    assert suv(one) == approx(SUV, rel=1e-12), "the same twice"
    other.RadionuclideTotalDose = 200e6
    assert "2 radiopharmaceuticals" in refusal(one)
    given = {"dose_mbq": 370, "half_life_s": HALF_LIFE, "injection": datetime.time(10)}
    assert suv(one, **given) == approx(SUV, rel=1e-12)
