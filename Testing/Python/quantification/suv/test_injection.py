"""When the tracer was given: the ways DICOM states it, midnight, time zones, contradictions."""

import datetime
import math

import pytest
from pet_series import DECAY, INJECTED, SUV, header

approx = pytest.approx
NO_TIME = {"RadiopharmaceuticalStartTime": None}
ZIRCONIUM = {"RadionuclideHalfLife": 78.41 * 3600, "RadionuclideCodeSequence": []}
DAY = datetime.timedelta(days=1)


def dated(value: str, **more):
    return {"RadiopharmaceuticalStartDateTime": value, **NO_TIME, **more}


@pytest.mark.filterwarnings("ignore:Invalid value for VR TM")
@pytest.mark.parametrize("time", ["10", "1000", "100000", "10:00:00", "100000.000000", "100000.0 "])
def test_the_ways_to_write_a_time(suv, time):
    assert suv(header({"RadiopharmaceuticalStartTime": time})) == approx(SUV, rel=1e-12)


@pytest.mark.parametrize("value", ["20250304100000", "20250304100000.000000", "202503041000"])
def test_a_date_and_time_alone(suv, value):
    assert suv(header(dated(value))) == approx(SUV, rel=1e-12)


def test_fractions_of_seconds_count(suv):
    one = header({"RadiopharmaceuticalStartTime": "100000.75", "RadionuclideHalfLife": 122.24}, SeriesTime="100200.5")
    one.AcquisitionTime = "100200.50"
    one.RadiopharmaceuticalInformationSequence[0].RadionuclideCodeSequence = []
    assert suv(one, rescaled=370e6 / 70000) == approx(2 ** (119.75 / 122.24), rel=1e-9)


@pytest.mark.parametrize(
    ("item", "dates"),
    [
        ({"RadiopharmaceuticalStartTime": "233000"}, {}),
        ({"RadiopharmaceuticalStartTime": "233000"}, {"SeriesDate": None, "AcquisitionDate": None}),
        (dated("20250303233000"), {}),
    ],
)
def test_across_midnight(suv, item, dates):
    one = header(item, **{"SeriesTime": "003000", "AcquisitionTime": "003000", **dates})
    assert suv(one) == approx(SUV, rel=1e-12)
    assert "2025" not in str(suv.last.as_dict()), "dates identify a patient"


def test_beds_across_midnight(suv):
    beds = [
        header(
            {"RadiopharmaceuticalStartTime": "225500"}, SeriesTime="235500", AcquisitionDate=date, AcquisitionTime=time
        )
        for date, time in (("20250304", "235500"), ("20250304", "235900"), ("20250305", "000300"))
    ]
    assert suv(*beds) == approx(SUV, rel=1e-12)
    for date in ("", "20250304"):
        for one in beds:
            one.AcquisitionDate = date
        assert suv(*beds) == approx(SUV, rel=1e-12)


def test_a_bed_after_midnight_alone(suv):
    """Its date is missing, and that of the series is the day before."""
    item = {"RadiopharmaceuticalStartTime": "225500"}
    one = header(item, SeriesTime="235500", AcquisitionDate=None, AcquisitionTime="000300")
    assert suv(one) == approx(SUV, rel=1e-12)
    assert not any("Series Time" in warning for warning in suv.last.warnings)


def test_an_injection_after_the_scan_is_refused(refusal):
    for item in ({"RadiopharmaceuticalStartTime": "112000"}, dated("20250304112000")):
        assert "--injection-time" in refusal(header(item))


def test_a_dynamic_series_starts_with_the_injection(suv, refusal):
    item = {"RadiopharmaceuticalStartTime": "110010"}
    assert suv(header(item, SeriesType=["DYNAMIC", "IMAGE"])) == approx(SUV * math.exp(-DECAY * 3610), rel=1e-9)
    assert "after" in refusal(header(item))


def test_nothing_is_left_after_ten_half_lives(refusal):
    assert "half-lives before the scan" in refusal(header(dated("20250303120000")))


def test_a_long_lived_nuclide_needs_the_day(suv, refusal):
    assert "imaged for days" in refusal(header(ZIRCONIUM))
    days_before = dated("20250228110000", **ZIRCONIUM)
    expected = 5000 * 70000 / 370e6 * 2 ** (4 * 24 / 78.41)
    assert suv(header(days_before)) == approx(expected, rel=1e-9)
    assert any("4 days before" in step.value for step in suv.last.steps)
    assert suv(header(ZIRCONIUM), injection=datetime.datetime(2025, 2, 28, 11)) == approx(expected, rel=1e-9)


def test_a_phantom_of_germanium_needs_no_day(suv):
    item = {"RadionuclideHalfLife": 23410080.0, "RadionuclideCodeSequence": []}
    assert suv(header(item)) == approx(5000 * 70000 / 370e6, rel=2e-4)


@pytest.mark.parametrize(
    ("value", "zone"),
    [("20250304100000+0100", "+0100"), ("20250304090000+0000", "+0100"), ("20250304050000-0400", "+0100")],
)
def test_time_zones(suv, value, zone):
    assert suv(header(dated(value), TimezoneOffsetFromUTC=zone)) == approx(SUV, rel=1e-12)


def test_utc_without_the_zone_of_the_scanner(suv, refusal):
    assert "time zone" in refusal(header(dated("20250304100000+0000")))
    assert suv(header(dated("20250304100000+0100"))) == approx(SUV, rel=1e-12)


def test_dates_changed_at_deidentification(suv):
    """The time of day is the same, the date is not."""
    item = {"RadiopharmaceuticalStartDateTime": "20130617100000"}
    assert suv(header(item)) == approx(SUV, rel=1e-12)
    assert "dates changed" in " ".join(suv.last.warnings)


@pytest.mark.parametrize("date", ["20130617", "20250305", "20250304"])
def test_a_date_that_cannot_be_leaves_the_time_of_day(suv, date):
    """Alone: changed at de-identification, the day after, or not moved back over midnight."""
    late = {"SeriesTime": "003000", "AcquisitionTime": "003000"} if date == "20250304" else {}
    one = header(dated(f"{date}{'233000' if late else '100000'}"), **late)
    assert suv(one) == approx(SUV, rel=1e-12)
    assert "time of day of (0018,1078) was taken" in " ".join(suv.last.warnings)


def test_a_start_time_that_cannot_be_leaves_the_date_and_time(suv):
    item = {"RadiopharmaceuticalStartDateTime": "20250304100000", "RadiopharmaceuticalStartTime": "120000"}
    assert suv(header(item)) == approx(SUV, rel=1e-12)
    assert "Start Time (0018,1072), 12:00:00, does not fit" in suv.last.warnings[0]


def test_two_times_that_differ_are_refused(refusal, suv):
    item = {"RadiopharmaceuticalStartDateTime": "20250304093000"}
    assert "differ" in refusal(header(item))
    assert suv(header(item), injection=datetime.time(10)) == approx(SUV, rel=1e-12)
    item = {"RadiopharmaceuticalStartDateTime": "202503041000", "RadiopharmaceuticalStartTime": "100030"}
    assert suv(header(item)) == approx(SUV, rel=1e-12)


def test_ge_states_the_administration(suv, refusal):
    one = header(NO_TIME)
    assert "--injection-time" in refusal(one)
    one.private_block(0x0009, "GEMS_PETD_01", create=True).add_new(0x3B, "DT", "20250304100000.00")
    assert suv(one) == approx(SUV, rel=1e-12)


def test_the_time_given_stands_in(suv):
    one = header({"RadiopharmaceuticalStartTime": "093000"})
    assert suv(one, injection=datetime.time(10)) == suv(one, injection=INJECTED) == approx(SUV, rel=1e-12)
    assert suv.last.given == {"injection": "10:00:00"}
