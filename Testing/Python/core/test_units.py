"""Units as shown and as coded."""

import pytest

from MedProcLib.core.errors import InputError
from MedProcLib.core.measurement import Measurement
from MedProcLib.core.units import SQUARED, shown, ucum, value_unit


def test_codes_of_the_field():
    assert ucum("ml") == "mL" and ucum("HU") == "[hnsf'U]" and ucum("mm3") == "mm3" and ucum("") == "1"


def test_units_of_values_by_their_code():
    assert all(value_unit(ucum(unit)) == unit for unit in SQUARED)
    assert value_unit("{SUVlbm(Janma)}g/ml") == value_unit("{SUVlbm(James128)}g/ml") == "SUL"
    assert [value_unit(code) for code in ("", "mm", "%", "{SUVbsa}cm2/ml")] == [None] * 4


def test_an_unknown_unit_is_refused_with_the_known_ones():
    with pytest.raises(InputError, match="'inch'; known units are: %, mm"):
        ucum("inch")


def test_every_unit_can_be_shown():
    assert [shown(unit) for unit in ("mm3", "mm2", "deg", "intensity")] == ["mm³", "mm²", "°", ""]
    units = ("um4/s2", "10-12 mm4/s2", "SUL2", "HU.mm3", "1/s2", "Bq/ml", "1/mm", "intensity.mm3", "ml", "g/l")
    assert [shown(unit) for unit in units] == [
        *("µm⁴/s²", "10⁻¹² mm⁴/s²", "SUL²", "HU·mm³", "1/s²", "Bq/ml", "1/mm", "mm³", "ml", "g/l"),
    ]


def test_column_names_carry_the_unit():
    assert Measurement("volume", 1.0, "mm3").column == "volume_mm3"
    assert Measurement("overlap", 1.0, "%").column == "overlap_percent"
    assert Measurement("mean", 1.0, "intensity").column == "mean"
    assert Measurement("volume", 1.0, "ml").ucum == "mL"
