import pytest

from MedProcLib.comparison.response.deauville import deauville_score, lugano_response
from MedProcLib.core.errors import InputError


@pytest.mark.parametrize(
    ("uptake", "score"), [(None, 1), (0.5, 2), (1.5, 2), (1.51, 3), (2.5, 3), (2.51, 4), (5.0, 4), (5.01, 5)]
)
def test_score(uptake, score):
    assert deauville_score(uptake, mediastinum=1.5, liver=2.5) == score


def test_new_lesions_and_the_other_limit_of_markedly():
    assert deauville_score(None, 1.5, 2.5, new_lesion=True) == 5
    assert deauville_score(7.5, 1.5, 2.5, markedly=3) == 4
    assert deauville_score(7.6, 1.5, 2.5, markedly=3) == 5


@pytest.mark.parametrize("bad", [0, -1, float("nan"), float("inf")])
def test_uptake_must_be_a_number_above_zero(bad):
    with pytest.raises(InputError, match="above 0"):
        deauville_score(bad, 1.5, 2.5)
    with pytest.raises(InputError):
        deauville_score(2, bad, 2.5)


@pytest.mark.parametrize(
    ("score", "change", "new", "expected"),
    [
        (1, None, False, "CMR"),
        (3, 2, False, "CMR"),
        (4, -1, False, "PMR"),
        (5, -0.1, False, "PMR"),
        (4, 0, False, "SMD"),
        (4, 1, False, "PMD"),
        (2, -5, True, "PMD"),
        (4, None, False, "NE"),
    ],
)
def test_lugano(score, change, new, expected):
    assert lugano_response(score, change, new) == expected


def test_lugano_needs_a_score():
    with pytest.raises(InputError, match="1 to 5"):
        lugano_response(6, 0)
