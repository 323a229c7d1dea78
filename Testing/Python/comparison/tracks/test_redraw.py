"""Outlines drawn anew by a reader: place and figures follow, one history entry, and undo."""

from dataclasses import replace

import numpy as np
import pytest
import SimpleITK as sitk

from MedProcLib.comparison.growth.change import Changed, size_change
from MedProcLib.comparison.tracks.changes import intervals, since
from MedProcLib.comparison.tracks.edits import edit_measurement
from MedProcLib.comparison.tracks.follow import follow_findings
from MedProcLib.comparison.tracks.history import undo
from MedProcLib.comparison.tracks.measuring import measure_observations
from MedProcLib.comparison.tracks.model import Status
from MedProcLib.comparison.tracks.patient_file import patient_of, patient_text
from MedProcLib.comparison.tracks.redraw import measure_missing, redraw
from MedProcLib.comparison.tracks.relinking import merge_tracks
from MedProcLib.comparison.tracks.volumes import compared
from MedProcLib.core.errors import InputError
from MedProcLib.core.geometry import Geometry
from MedProcLib.core.measurement import Measurement

from .samples import OBLIQUE, WHEN, WHO, balls, grid_of, labelled, volume

LEFT, RIGHT, NEW = (-15.0, 0.0, 0.0), (15.0, 5.0, 3.0), (0.0, 20.0, -5.0)
GRID = grid_of((1.0, 1.2, 1.5), OBLIQUE * [1, 1, -1], extent=(80, 80, 60))  # oblique, left-handed


def image_of(labels: sitk.Image) -> sitk.Image:
    return Geometry.of(labels).image_of(np.where(sitk.GetArrayFromImage(labels) > 0, 60.0, -20.0).astype(np.float32))


@pytest.fixture
def start():
    """Patient of two time points, measured, and its label maps."""
    followed = follow_findings([labelled(n, (LEFT, 6), (RIGHT, 4), grid=GRID) for n in (1, 2)])
    patient = followed.patient
    for point, labels in zip(("T1", "T2"), followed.label_maps, strict=True):
        patient = measure_observations(patient, point, image_of(labels), labels)
    return patient, followed.label_maps


def drawn(labels: sitk.Image, **balls_by_label) -> sitk.Image:
    """The label map with these labels drawn anew as balls (None: erased)."""
    values = sitk.GetArrayFromImage(labels).astype(np.uint8)
    for name, ball in balls_by_label.items():
        label = int(name[1:])
        values[values == label] = 0
        if ball is not None:
            values[sitk.GetArrayFromImage(balls(ball, grid=GRID)) > 0] = label
    return Geometry.of(labels).image_of(values)


def test_place_and_figures_are_those_of_the_new_outline(start):
    patient, maps = start
    labels = drawn(maps[1], L2=(RIGHT, 8))
    new = redraw(patient, "T2", image_of(labels), labels, {2}, WHO, WHEN)
    seen = new.track("F002").at("T2")
    assert (seen.status, seen.reader, seen.decided) == (Status.EDITED, WHO, WHEN)
    assert seen.volume.value == pytest.approx(volume(8), rel=0.02)
    assert seen.volume.low < volume(8) < seen.volume.high
    assert seen.place.center == pytest.approx(RIGHT, abs=0.2)
    assert seen.place.volume_mm3 == pytest.approx(volume(8), rel=0.02)
    # the part that was cut out for speed gives what the whole gives
    whole = measure_observations(replace(new, tracks=(new.track("F002"),)), "T2", image_of(labels), labels)
    for estimate in whole.track("F002").at("T2").estimates:
        again = seen.estimate(estimate.measurement.name)
        assert again.measurement.value == pytest.approx(estimate.measurement.value, rel=1e-9)
    assert new.track("F001") == patient.track("F001") and new.track("F002").at("T1") == patient.track("F002").at("T1")
    assert patient_of(patient_text(new)) == new
    assert undo(new, WHO, WHEN).tracks == patient.tracks


def test_one_outline_drawn_anew_is_compared_with_the_error_of_the_other_ones_border(start):
    patient, maps = start
    found = [replace(t, observations=tuple(replace(o, border_mm=0.8) for o in t.observations)) for t in patient.tracks]
    patient = patient.with_tracks(*found)
    labels = drawn(maps[1], L1=(LEFT, 6.7))
    new = redraw(patient, "T2", image_of(labels), labels, {1}, WHO, WHEN)
    (way,) = intervals(new)["F001"]
    then, now = new.track("F001").observations
    for measured, seen in ((way.before, then), (way.after, now)):
        assert measured.value == seen.volume.value and measured.limits == pytest.approx(seen.true_volume.limits)
    assert way.before.high - way.before.low > 3 * (then.volume.high - then.volume.low)
    shared = compared([then], [replace(now, border_mm=0.8)])
    assert size_change(*shared).changed is Changed.YES and way.size(25).changed is not Changed.YES
    assert since(new, new.track("F001"), "T2", "baseline").before == way.before
    (other,) = intervals(new)["F002"]  # nobody drew it
    assert other.before == new.track("F002").at("T1").volume


def test_erased_is_rejected_and_a_new_outline_is_a_new_track(start):
    patient, maps = start
    labels = drawn(maps[1], L2=None, L9=(NEW, 5))
    new = redraw(patient, "T2", image_of(labels), labels, {2, 9}, WHO, WHEN)
    assert new.track("F002").at("T2").status is Status.REJECTED
    assert new.track("F003").at("T2").volume.value == pytest.approx(volume(5), rel=0.05)
    assert (new.last_number, len(new.history)) == (3, len(patient.history) + 1)
    back = undo(new, WHO, WHEN)
    assert back.tracks == patient.tracks


def test_a_value_that_a_reader_wrote_stays(start):
    patient, maps = start
    patient = edit_measurement(patient, "F001", "T2", Measurement("long_diameter", 13.5, "mm"), WHO, WHEN)
    labels = drawn(maps[1], L1=(LEFT, 7))
    seen = redraw(patient, "T2", image_of(labels), labels, {1}, WHO, WHEN).track("F001").at("T2")
    assert seen.estimate("long_diameter").measurement.value == 13.5
    assert seen.volume.value == pytest.approx(volume(7), rel=0.03)


def test_what_a_merge_joined_is_measured_as_one(start):
    patient, maps = start
    merged = merge_tracks(patient, "F001", "F002", WHO, WHEN)
    for point, labels in zip(("T1", "T2"), maps, strict=True):
        assert merged.track("F001").at(point).estimates == ()
        merged = measure_missing(merged, point, image_of(labels), labels)
        assert merged.track("F001").at(point).volume.value == pytest.approx(volume(6) + volume(4), rel=0.03)
    assert measure_missing(merged, "T1", image_of(maps[0]), maps[0]) is merged


def test_the_place_in_the_common_space_follows_the_transform():
    move = sitk.TranslationTransform(3, (5.0, -3.0, 2.0))
    followed = follow_findings([labelled(1, (LEFT, 6), grid=GRID)])
    labels = followed.label_maps[0]
    new = redraw(followed.patient, "T1", image_of(labels), labels, {1}, WHO, WHEN, move)
    place = new.track("F001").at("T1").place
    assert place.center == pytest.approx(LEFT, abs=0.2)
    assert place.common_center == pytest.approx(np.subtract(LEFT, (5, -3, 2)), abs=0.2)


@pytest.mark.parametrize(
    ("changed", "who", "point", "said"),
    [({7}, WHO, "T2", "Nothing"), ({1}, " ", "T2", "name"), ({1}, WHO, "T9", "no time point")],
)
def test_what_is_wrong_is_said(start, changed, who, point, said):
    patient, maps = start
    with pytest.raises(InputError, match=said):
        redraw(patient, point, image_of(maps[1]), maps[1], changed, who, WHEN)
