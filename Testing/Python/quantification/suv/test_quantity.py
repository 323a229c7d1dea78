"""What the stored values are: activity, counts with Philips' factors, SUV of some normalization, or of no use."""

import pytest
from pet_series import ACTIVITY, SUV, header

approx = pytest.approx
BODY = {"PatientWeight": 70, "PatientSize": 1.75}
LBM_M = 1.10 * 70 - 120 * (70 / 175) ** 2
JAMES_M = 1.10 * 70 - 128 * (70 / 175) ** 2
LEAN_F = 1.07 * 70 - 148 * (70 / 175) ** 2
JANMA_M = 9270 * 70 / (6680 + 216 * 70 / 1.75**2)
IDEAL_O = (48.0 + 1.06 * 23 + 45.5 + 0.91 * 23) / 2
BSA_CM2 = 0.007184 * 70**0.425 * 175**0.725 * 1e4


def philips(header, suv=None, activity=None, creator="Philips PET Private Group"):
    header.Units, header.Manufacturer = "CNTS", "Philips Medical Systems"
    for element, value in ((0x00, suv), (0x09, activity)):
        if value is None:
            continue
        if creator:
            header.private_block(0x7053, creator, create=True).add_new(element, "DS", value)
        else:
            header.add_new((0x7053, 0x1000 | element), "DS", value)
    return header


@pytest.mark.parametrize("creator", ["Philips PET Private Group", None])
def test_philips_counts(suv, creator):
    assert suv(philips(header(), suv=0.0005, creator=creator), rescaled=2000) == approx(1.0)
    assert suv(philips(header(), activity=0.25, creator=creator), rescaled=4 * ACTIVITY) == approx(SUV)
    assert suv(philips(header(), suv=0.0005, activity=0.25, creator=creator), rescaled=2000) == approx(1.0)


def test_philips_factors_of_each_slice(suv):
    suv(philips(header(), suv=0.0005), philips(header(), suv=0.002))
    assert suv.last.per_slice.tolist() == [0.0005, 0.002]


def test_philips_counts_with_a_figure_given_go_through_activity(suv):
    one = philips(header(), suv=0.0005, activity=0.25)
    assert suv(one, rescaled=4 * ACTIVITY, weight_kg=140) == approx(2 * SUV)
    suv(philips(header(), suv=0.0005), dose_mbq=100)
    assert "was not used" in suv.last.warnings[0]


@pytest.mark.parametrize(("factor", "activity"), [(None, None), (0, None), (0, 0)])
def test_counts_without_factor(refusal, factor, activity):
    assert "7053,1000" in refusal(philips(header(), factor, activity))


@pytest.mark.parametrize("units", ["PROPCNTS", "PROPCPS", "CPS", "1CM", "NONE", "", "KBQ"])
def test_units_of_no_use(refusal, units):
    assert "BQML" in refusal(header(Units=units))


@pytest.mark.parametrize(
    ("tags", "size"),
    [
        ({"Units": "GML"}, 70000),
        ({"Units": "GML", "SUVType": ""}, 70000),
        ({"Units": "GML", "SUVType": "BW"}, 70000),
        ({"Units": "GML", "SUVType": "LBM"}, 1000 * LBM_M),
        ({"Units": "GML", "SUVType": "LBMJAMES128"}, 1000 * JAMES_M),
        ({"Units": "GML", "SUVType": "LBMJAMES128", "PatientSex": "F"}, 1000 * LEAN_F),
        ({"Units": "GML", "SUVType": "LBM", "PatientSex": "O"}, 500 * (LBM_M + LEAN_F)),
        ({"Units": "GML", "SUVType": "LBMJANMA"}, 1000 * JANMA_M),
        ({"Units": "GML", "SUVType": "IBW", "PatientSex": "O"}, 1000 * IDEAL_O),
        ({"Units": "CM2ML"}, BSA_CM2),
        ({"Units": "CM2ML", "SUVType": "BSA"}, BSA_CM2),
    ],
)
def test_values_that_are_suv_become_suv_by_weight(suv, tags, size):
    """Of 1 kBq/ml and 100 MBq there is an uptake of size / 100000 by that size."""
    assert suv(header(**tags), rescaled=size / 1e5) == approx(0.7, rel=1e-9)


def test_values_that_are_suv_need_nothing_else(suv):
    bare = header(
        Units="GML", PatientWeight=None, PatientSize=None, RadiopharmaceuticalInformationSequence=None, SeriesTime=None
    )
    assert suv(bare, rescaled=3.5) == 3.5
    lean = header(Units="GML", SUVType="LBM", PatientWeight=None, RadiopharmaceuticalInformationSequence=None)
    assert suv(lean, rescaled=3.5, normalization="lbm") == 3.5


def test_contradictory_suv_types(refusal):
    assert "which is right" in refusal(header(Units="GML", SUVType="BSA"))
    assert "which is right" in refusal(header(Units="CM2ML", SUVType="BW"))
    assert "none of DICOM's" in refusal(header(Units="GML", SUVType="GLUCOSE"))


def test_slopes(refusal):
    assert "Rescale Intercept" in refusal(header(RescaleIntercept=-1024))
    for slope in (None, 0, -2):
        assert "Rescale Slope" in refusal(header(RescaleSlope=slope))


def test_slices_of_several_series(refusal):
    assert "Units differs between slices" in refusal(header(), header(Units="GML"))
    assert "PatientWeight" in refusal(header(), header(PatientWeight=80))
    assert "Activity, half-life or injection" in refusal(header(), header({"RadionuclideTotalDose": 100e6}))
    assert "no slice" in refusal()
