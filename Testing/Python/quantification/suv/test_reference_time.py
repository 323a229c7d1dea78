"""To which time voxels were corrected for decay, where the headers agree, contradict and leave it open."""

import datetime
import math

import pytest
from pet_series import DECAY, DURATION, INJECTED, SCANNED, SUV, average_rate_time, bed, clock, header

MINUTE = datetime.timedelta(minutes=1)
LATER = {"SeriesTime": "154500", "SeriesDate": "20250304"}
approx = pytest.approx


def at(moment: datetime.datetime) -> float:
    """SUV of the phantom's activity if it were that of this moment."""
    return SUV * math.exp(DECAY * (moment - SCANNED).total_seconds())


def warned(suv, word: str) -> bool:
    return any(word in warning for warning in suv.last.warnings)


def test_series_time_is_the_reference(suv):
    beds = [bed(SCANNED + i * 4 * MINUTE, SCANNED) for i in range(5)]
    assert suv(*beds) == approx(SUV, rel=1e-9)
    assert len(set(suv.last.per_slice)) == 1 and suv.last.warnings == ()
    assert any("Series Time" in step.source for step in suv.last.steps)


def test_a_part_of_the_beds_has_the_same_reference(suv):
    beds = [bed(SCANNED + i * 4 * MINUTE, SCANNED) for i in range(3, 5)]
    assert suv(*beds) == approx(SUV, rel=1e-9)
    assert suv(*[bed(SCANNED + i * 4 * MINUTE, SCANNED, **LATER) for i in range(3, 5)]) == approx(SUV, rel=1e-6)


@pytest.mark.parametrize("day", ["20250304", "20250307"])
def test_a_series_made_later_leads_back_from_its_frames(suv, day):
    beds = [bed(SCANNED + i * 4 * MINUTE, SCANNED, SeriesTime="154500", SeriesDate=day) for i in range(5)]
    assert suv(*beds) == approx(SUV, rel=1e-6)
    assert warned(suv, "does not fit the acquisition")


def test_a_series_made_later_without_frame_reference_time(suv):
    """The first acquisition (QIBA)."""
    beds = [header(**LATER, **clock(SCANNED + i * 4 * MINUTE)) for i in (2, 0, 1)]
    assert suv(*beds) == approx(SUV, rel=1e-9)


def test_frame_reference_times_that_count_from_the_frame_start(suv):
    """As of some GE scanners: 0 for the first bed position."""
    beds = [header(FrameReferenceTime=i * 240_000, **LATER, **clock(SCANNED + i * 4 * MINUTE)) for i in range(4)]
    assert suv(*beds) == approx(SUV, rel=1e-6)
    for one in beds:
        one.SeriesTime = "110000"
    assert suv(*beds) == approx(SUV, rel=1e-9) and suv.last.warnings == ()


def test_one_acquisition_time_for_all_beds_leaves_series_time(suv):
    """Frame Reference Time runs on, Acquisition Time does not (STS_001): it leads nowhere."""
    beds = [header(FrameReferenceTime=i * 243_000, DecayFactor=math.exp(DECAY * (i * 243 + 90))) for i in range(6)]
    assert suv(*beds) == approx(SUV, rel=1e-9)
    for one in beds:
        one.SeriesTime = "154500"
    assert suv(*beds) == approx(SUV, rel=1e-9)


def test_beds_that_refer_to_their_own_start(suv):
    """A series made later, whose Frame Reference Time does not run on over the bed positions."""
    starts = [SCANNED + i * 10 * MINUTE for i in range(3)]
    beds = [header(FrameReferenceTime=1000 * DURATION / 2, **LATER, **clock(start)) for start in starts]
    suv(*beds)
    assert [5000 * factor for factor in suv.last.per_slice] == approx([at(start) for start in starts], rel=1e-9)
    assert warned(suv, "its own start")
    for one in beds:
        one.SeriesTime = "110000"
    assert suv(*beds) == approx(SUV, rel=1e-9) and warned(suv, "last bed position points to 11:20:00")


def test_beds_that_agree_on_another_time_than_an_earlier_series_time(suv):
    beds = [bed(SCANNED + i * 4 * MINUTE, SCANNED, SeriesTime="104000") for i in range(3)]
    assert suv(*beds) == approx(SUV, rel=1e-6) and warned(suv, "Series Time is 10:40:00")


def test_the_decay_factor_decides_between_series_time_and_one_frame(suv, refusal):
    early = SCANNED - 20 * MINUTE
    factor = math.exp(DECAY * (1200 + average_rate_time(DURATION)))
    to_series = bed(SCANNED, SCANNED, SeriesTime="104000", DecayFactor=factor)
    assert suv(to_series) == approx(at(early), rel=1e-9)
    to_frame = bed(SCANNED, SCANNED, SeriesTime="104000", DecayFactor=math.exp(DECAY * average_rate_time(DURATION)))
    assert suv(to_frame) == approx(SUV, rel=1e-6)
    near = bed(SCANNED, SCANNED, SeriesTime="105500")
    assert suv(near) == approx(at(SCANNED - 5 * MINUTE), rel=1e-9) and warned(suv, "3.2 %")
    assert "10:40:00, and Frame Reference Time" in refusal(bed(SCANNED, SCANNED, SeriesTime="104000"))
    to_itself = bed(SCANNED, SCANNED, SeriesTime="104000", DecayFactor="1.0")
    assert suv(to_itself) == approx(SUV, rel=1e-6) and warned(suv, "Series Time is 10:40:00")


def test_a_decay_factor_of_1_speaks_against_a_series_time_long_before(suv):
    assert suv(header(SeriesTime="103000", DecayFactor="1.0")) == approx(at(SCANNED - 30 * MINUTE), rel=1e-9)
    assert warned(suv, "1 in all slices, points to 11:00:00 as reference time, which would change SUV by 20.9 %")


def test_the_decay_factor_alone_leads_back(suv):
    start = SCANNED + 15 * MINUTE
    factor = math.exp(DECAY * (900 + average_rate_time(DURATION)))
    assert suv(header(DecayFactor=factor, **LATER, **clock(start))) == approx(SUV, rel=1e-6)


@pytest.mark.parametrize("creator", ["GEMS_PETD_01", None])
def test_ge_states_the_scan_start(suv, creator):
    """With Series Time after and before the acquisition, the creator kept or lost at de-identification."""
    for tags in (LATER, {"SeriesTime": "105900"}):
        one = header(**tags, **clock(SCANNED + 10 * MINUTE))
        if creator:
            one.private_block(0x0009, creator, create=True).add_new(0x0D, "DT", "20250304110000.00")
        else:
            one.add_new(0x0009100D, "UN", b"20250304110000.00")
        assert suv(one) == approx(SUV, rel=1e-9)
    assert any("(0009,100d)" in step.source for step in suv.last.steps)


def test_an_element_of_another_creator_is_not_that_of_ge(suv):
    one = header()
    one.private_block(0x0009, "SOMEBODY ELSE", create=True).add_new(0x0D, "DT", "20250304104000")
    assert suv(one) == approx(SUV, rel=1e-9)
    one.private_block(0x0009, "GEMS_PETD_01", create=True).add_new(0x0D, "DT", "20250304104500")
    assert (0x0009, 0x110D) in one
    assert suv(one) == approx(at(SCANNED - 15 * MINUTE), rel=1e-9)


def test_a_stated_time_that_cannot_be_is_left_out(suv):
    one = header()
    one.private_block(0x0009, "GEMS_PETD_01", create=True).add_new(0x0D, "DT", "20190101110000")
    assert suv(one) == approx(SUV, rel=1e-9) and warned(suv, "left out")


def test_siemens_and_the_standard_state_it(suv):
    one = header(**LATER, **clock(SCANNED + 10 * MINUTE))
    one.private_block(0x0071, "SIEMENS MED PT", create=True).add_new(0x22, "DT", "20250304110000.000000")
    assert suv(one) == approx(SUV, rel=1e-9)
    assert suv(header(DecayCorrectionDateTime="20250304110000", **LATER)) == approx(SUV, rel=1e-9)


def test_days_before_the_scan_it_may_be_stated_of_a_nuclide_that_lasts(suv):
    """An enhanced image corrected to the injection, of zirconium."""
    half_life = 78.41 * 3600
    item = {"RadiopharmaceuticalStartDateTime": "20250228110000", "RadiopharmaceuticalStartTime": None}
    item |= {"RadionuclideHalfLife": half_life, "RadionuclideCodeSequence": []}
    assert suv(header(item, DecayCorrectionDateTime="20250228110000")) == approx(5000 * 70000 / 370e6, rel=1e-9)
    assert suv.last.warnings == ()


def test_admin_needs_no_times(suv):
    one = header({"RadiopharmaceuticalStartTime": None}, DecayCorrection="ADMIN", SeriesTime=None, AcquisitionTime=None)
    assert suv(one) == approx(SUV * 2 ** (-3600 / 6586.2), rel=1e-9)


def test_without_correction_each_slice_decays_on_its_own(suv):
    """The phantom's rate, averaged over each frame by numbers, gives the SUV at the injection."""
    at_injection = 9000.0
    beds, rates = [], []
    for start, duration in ((0, 180.0), (7, 180.0), (30, 600.0), (31, 5.5)):
        moment = SCANNED + start * MINUTE
        beds.append(header(DecayCorrection="NONE", ActualFrameDuration=int(1000 * duration), **clock(moment)))
        beds[-1].CorrectedImage = ["ATTN"]
        wait = (moment - INJECTED).total_seconds() + average_rate_time(duration)
        rates.append(at_injection * math.exp(-DECAY * wait))
    suv(*beds)
    uptakes = [rate * factor for rate, factor in zip(rates, suv.last.per_slice, strict=True)]
    assert uptakes == approx([at_injection * 70000 / 370e6] * 4, rel=1e-8)


def test_without_correction_what_is_missing_is_named(refusal):
    assert "Actual Frame Duration" in refusal(header(DecayCorrection="NONE", ActualFrameDuration=None))
    assert "Acquisition Time" in refusal(header(DecayCorrection="NONE", AcquisitionTime=None))


def test_no_time_at_all_asks_for_it(refusal, suv):
    one = header(SeriesTime=None, AcquisitionTime=None)
    assert "--reference-time" in refusal(one)
    assert suv(one, reference=SCANNED) == approx(SUV, rel=1e-9)
    assert suv.last.given == {"reference": "11:00:00"}


def test_a_reference_before_the_injection_is_refused(refusal):
    assert "after the time to which the voxels belong" in refusal(header(SeriesTime="000000"))


def test_times_removed_are_refused(refusal):
    empty = {"SeriesTime": "000000", "AcquisitionTime": "000000"}
    assert "All times are 00:00:00" in refusal(header({"RadiopharmaceuticalStartTime": "000000"}, **empty))
    assert "after the scan" in refusal(header(**empty))
