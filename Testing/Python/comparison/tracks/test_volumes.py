"""Volumes together, and by which intervals two times are compared."""

import math

import pytest

from MedProcLib.comparison.growth.change import Changed, size_change
from MedProcLib.comparison.growth.measured import Measured
from MedProcLib.comparison.tracks.model import Estimate, Observation, Place
from MedProcLib.comparison.tracks.volumes import NOTHING, compared, true_total
from MedProcLib.core.measurement import Measurement


def ball(volume: float, off: float, border_mm: float | None) -> Observation:
    """A ball of this volume (mm³), known to within this much from study to study."""
    surface = (36 * math.pi) ** (1 / 3) * volume ** (2 / 3)
    place = Place((0, 0, 0), (0, 0, 0), (0, 0, 0), (0, 0, 0), volume, surface)
    estimate = Estimate(Measurement("voxel_volume", volume, "mm3"), volume - off, volume + off)
    return Observation("T1", (1,), place, (estimate,), border_mm=border_mm)


def test_an_error_that_both_share_cancels_out_and_one_that_they_do_not_share_stays():
    first, larger = ball(400, 20, 0.5), ball(480, 20, 0.5)
    assert compared([first], [larger]) == (first.volume, larger.volume)
    assert size_change(*compared([first], [larger])).changed is Changed.YES
    drawn = ball(480, 20, 0.0)
    before, after = compared([first], [drawn])
    assert before == true_total([first]) and after.limits == pytest.approx((460, 500))
    # 0.5 mm around a ball of 400 mm³ is 33 % of it
    assert before.limits == pytest.approx((400 / math.exp(0.3321), 400 * math.exp(0.3318)), rel=1e-3)
    assert size_change(before, after).changed is not Changed.YES
    assert size_change(*compared([first], [ball(700, 20, 0.0)])).changed is Changed.YES


def test_what_is_not_known_of_one_way_is_not_known_of_the_change():
    before, after = compared([ball(400, 20, None)], [ball(480, 20, 0.0)])
    assert before == Measured(400) and after.limits == pytest.approx((460, 500))
    assert size_change(before, after).changed is Changed.CANNOT_SAY
    alike = compared([ball(400, 20, None)], [ball(480, 20, None)])
    assert alike == (Measured(400, 380, 420), Measured(480, 460, 500))


def test_what_is_new_or_gone_is_as_unsure_as_it_is_large():
    """Nothing of its error cancels out; what is not known of the border is left out."""
    here = ball(400, 20, 0.5)
    for before, after in (compared([], [here]), reversed(compared([here], []))):
        assert before == NOTHING and after == true_total([here])
        assert after.high - after.low > 5 * (here.volume.high - here.volume.low)
        assert size_change(before, after).changed is Changed.YES
    assert compared([], [ball(300, 30, None), ball(400, 40, None)])[1] == Measured(700, 650, 750)
