"""What a parameter accepts, says and refuses."""

import math
from typing import Annotated, Literal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from MedProcLib.core.errors import InputError
from MedProcLib.core.parameters import Range, parameter_of

RADIUS = parameter_of("radius_mm", Annotated[float, Range(0.5, 20, "mm"), "radius of the ball"], 1.0)
COUNT = parameter_of("iterations", Annotated[int, Range(1, 100), "most steps"], 10)
MODE = parameter_of("mode", Annotated[Literal["fast", "exact"], "how"], "fast")
CLEAN = parameter_of("clean", Annotated[bool, "remove specks"], True)


def test_a_number_is_kept_in_its_range_and_type():
    assert RADIUS.check(20) == 20.0 and isinstance(RADIUS.check(20), float)
    assert COUNT.check(7.0) == 7 and isinstance(COUNT.check(7.0), int)


@pytest.mark.parametrize("value", [0.49, 20.01, math.nan, math.inf, True, "3", None, [1]])
def test_a_number_outside_its_range_or_type_is_refused_by_name_and_range(value):
    with pytest.raises(InputError, match=r"'radius_mm' is .*; allowed: 0\.5 to 20 mm\."):
        RADIUS.check(value)


def test_numbers_of_numpy_are_numbers():
    assert RADIUS.check(np.float32(2.5)) == 2.5 and type(RADIUS.check(np.float32(2.5))) is float
    assert COUNT.check(np.int64(7)) == 7 and type(COUNT.check(np.int64(7))) is int


def test_a_fraction_is_no_whole_number():
    with pytest.raises(InputError, match=r"1 to 100 \(a whole number\)"):
        COUNT.check(2.5)


def test_a_whole_number_beyond_the_limits_is_said_as_it_was_written():
    assert COUNT.parse("12") == 12 and type(COUNT.parse("12")) is int
    with pytest.raises(InputError, match="'iterations' is 1000; allowed: 1 to 100"):
        COUNT.parse("1000")
    with pytest.raises(InputError, match="'iterations' is inf"):
        COUNT.parse("inf")


@given(st.floats(0.5, 20))
def test_what_is_written_as_text_is_read_back(value):
    assert RADIUS.parse(repr(value)) == value


@pytest.mark.parametrize(("text", "value"), [("yes", True), ("False", False), ("0", False), ("TRUE", True)])
def test_words_for_true_and_false(text, value):
    assert CLEAN.parse(text) is value


@pytest.mark.parametrize("text", ["maybe", "", "2"])
def test_other_words_are_neither_true_nor_false(text):
    with pytest.raises(InputError, match=r"'clean' .*true \| false"):
        CLEAN.parse(text)


def test_a_choice_is_one_of_its_words():
    assert MODE.parse("exact") == "exact"
    with pytest.raises(InputError, match=r"'mode' is 'slow'; allowed: fast \| exact"):
        MODE.check("slow")


def test_title_leaves_the_unit_out():
    assert RADIUS.title == "Radius"
    assert parameter_of("gain_limit", Annotated[float, Range(1, 2), "gain"], 1.0).title == "Gain limit"


def test_description_for_the_panel_and_the_shell():
    assert RADIUS.as_dict() == {
        "name": "radius_mm",
        "type": "float",
        "default": 1.0,
        "minimum": 0.5,
        "maximum": 20,
        "unit": "mm",
        "ucum": "mm",
        "meaning": "radius of the ball",
    }


@pytest.mark.parametrize(
    ("annotation", "default"),
    [
        (float, 1.0),
        (Annotated[float, "no range"], 1.0),
        (Annotated[float, Range(0, 1)], 0.5),
        (Annotated[list, "a list"], []),
    ],
)
def test_a_faulty_declaration_fails_when_it_is_declared(annotation, default):
    with pytest.raises(TypeError):
        parameter_of("faulty", annotation, default)


def test_a_default_outside_the_range_fails_when_it_is_declared():
    with pytest.raises(InputError):
        parameter_of("faulty", Annotated[float, Range(0, 1), "share"], 2.0)


def test_an_empty_range_or_unknown_unit_fails():
    with pytest.raises(ValueError, match="empty"):
        Range(1, 1)
    with pytest.raises(InputError, match="furlong"):
        Range(0, 1, "furlong")
