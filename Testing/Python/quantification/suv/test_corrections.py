"""Images SUV cannot be computed from, and patients whose weight, height or sex is missing or mistaken."""

import math

import pytest
from pet_series import SCANNED, SUV, header

from MedProcLib.core.errors import InputError
from MedProcLib.quantification.suv.normalization import NORMALIZATIONS
from MedProcLib.quantification.suv.settings import SuvSettings

approx = pytest.approx


def test_images_without_attenuation_correction(refusal, suv):
    assert "attenuation" in refusal(header(CorrectedImage=["DECY", "SCAT"]))
    assert "attenuation" in refusal(header(AttenuationCorrectionMethod="NONE"))
    assert suv(header(CorrectedImage=None)) == approx(SUV) and "not stated" in suv.last.warnings[0]


def test_decay_correction_that_is_missing_or_contradictory(refusal, suv):
    assert "--reference-time" in refusal(header(DecayCorrection=None))
    assert suv(header(DecayCorrection=None), reference=SCANNED) == approx(SUV)
    lacking = header(CorrectedImage=["ATTN"])
    assert "lacks DECY" in refusal(lacking)
    lacking.DecayFactor = 1.02
    assert suv(lacking) == approx(SUV) and "shows that decay was corrected" in suv.last.warnings[0]
    assert suv(header(DecayCorrection="NONE")) and "NONE was believed" in suv.last.warnings[0]


def test_other_images_than_pet_volumes(refusal):
    assert "modality NM" in refusal(header(Modality="NM"))
    assert "projection" in refusal(header(SeriesType=["WHOLE BODY", "REPROJECTION"]))
    assert "projection" in refusal(header(ImageType=["DERIVED", "SECONDARY", "MIP"]))
    assert "gated" in refusal(header(SeriesType=["GATED", "IMAGE"]))


def test_weight(suv, refusal):
    assert suv(header(PatientWeight=70000)) == approx(SUV) and "taken as g" in suv.last.warnings[0]
    for weight in (None, 0):
        assert "--weight" in refusal(header(PatientWeight=weight))
        assert suv(header(PatientWeight=weight), weight_kg=70) == approx(SUV)
    assert "was the weight entered there" in refusal(header(PatientWeight=None, PatientSize=70))
    assert suv(header(PatientWeight=0.025)) and "unusual" in suv.last.warnings[0]


def test_height_and_sex(suv, refusal):
    expected = SUV * (1.10 * 70 - 120 * 0.16) / 70
    assert suv(header(), normalization="lbm") == approx(expected)
    assert suv(header(PatientSize=175), normalization="lbm") == approx(expected)
    assert suv(header(PatientSize=None, PatientSex=""), normalization="lbm", height_cm=175, sex="M") == approx(expected)
    assert "--height" in refusal(header(PatientSize=None), normalization="bsa")
    assert "--height" in refusal(header(PatientSize=17.5), normalization="bsa")
    assert "--sex" in refusal(header(PatientSex=""), normalization="ibw")
    assert suv(header(PatientSex="", PatientSize=None)) == approx(SUV), "neither is needed for body weight"


def test_lean_body_mass_of_the_obese(suv, refusal):
    suv(header(PatientWeight=140, PatientSize=1.6, PatientSex="F"), normalization="lbm")
    assert "falls as weight grows" in " ".join(suv.last.warnings)
    suv(header(PatientWeight=140, PatientSize=1.6, PatientSex="F"), normalization="lbmjanma")
    assert "falls as weight grows" not in " ".join(suv.last.warnings)
    assert "does not hold" in refusal(header(PatientWeight=280, PatientSize=1.6, PatientSex="F"), normalization="lbm")


def test_published_lean_body_mass():
    """Janmahasatian 2005: of a man of 82 kg and 1.78 m and a woman of 75 kg and 1.62 m, worked by hand."""
    assert NORMALIZATIONS["lbmjanma"].size(82, 178, "M") == approx(1000 * 9270 * 82 / (6680 + 216 * 25.8805), rel=1e-5)
    assert NORMALIZATIONS["lbmjanma"].size(75, 162, "F") == approx(1000 * 9270 * 75 / (8780 + 244 * 28.5780), rel=1e-5)
    # Du Bois: 70 kg, 170 cm is 1.81 m2
    assert NORMALIZATIONS["bsa"].size(70, 170, None) == approx(18100, rel=1e-3)


@pytest.mark.parametrize(
    "settings",
    [
        {"weight_kg": 0},
        {"weight_kg": math.nan},
        {"height_cm": 1.75},
        {"dose_mbq": 370e6},
        {"sex": "X"},
        {"normalization": "fat"},
        {"half_life_s": -1},
    ],
)
def test_what_cannot_be_given(settings):
    with pytest.raises(InputError):
        SuvSettings(**settings)
