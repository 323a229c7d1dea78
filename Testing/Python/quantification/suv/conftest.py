"""What the tests of SUV ask: the SUV of the phantom by its headers, and why one is refused."""

import pytest
from pet_series import ACTIVITY

from MedProcLib.core.errors import InputError
from MedProcLib.quantification.suv.factors import suv_factors
from MedProcLib.quantification.suv.settings import SuvSettings


@pytest.fixture
def suv():
    """suv(header, ..., normalization=..., rescaled=5000) -> SUV of the first slice; the factors are suv.last."""

    def compute(*headers, rescaled=ACTIVITY, **settings):
        compute.last = suv_factors(list(headers), SuvSettings(**settings))
        return rescaled * compute.last.per_slice[0]

    return compute


@pytest.fixture
def refusal():
    """refusal(header, ..., weight_kg=...) -> the one line it is refused with."""

    def compute(*headers, **settings):
        with pytest.raises(InputError) as caught:
            suv_factors(list(headers), SuvSettings(**settings))
        assert "\n" not in str(caught.value)
        return str(caught.value)

    return compute
