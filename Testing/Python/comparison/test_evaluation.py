"""Which response criteria are applied, to which targets, and that without good reason there are none."""

import dataclasses
import datetime

import numpy as np
import pytest

from MedProcLib.comparison.evaluation import criteria_named, evaluate, evaluate_marked, suitable_criteria, without_role
from MedProcLib.comparison.findings import MatchFindings
from MedProcLib.comparison.response.model import Kind
from MedProcLib.comparison.result import Comparison
from MedProcLib.comparison.study import Study
from MedProcLib.comparison.tracks.case import case_of
from MedProcLib.comparison.tracks.edits import mark, reject
from MedProcLib.comparison.tracks.follow import Followed, Labelled, follow_findings
from MedProcLib.comparison.tracks.measuring import measure_observations
from MedProcLib.comparison.tracks.model import TimePoint
from MedProcLib.core.errors import InputError
from MedProcLib.core.geometry import Geometry
from MedProcLib.core.recipe import Recipe
from MedProcLib.segmentation.anatomy.brain_mask import BrainMask

from .tracks.samples import patient_of

GRID = Geometry((30, 30, 10), (2.0, 2.0, 4.0), (0.0, 0.0, 0.0), (1, 0, 0, 0, 1, 0, 0, 0, 1))
WHEN = "2026-03-01T09:30:00"


def made(dates=(2020, 2021), recipe=Recipe.of(MatchFindings()), given=True, parted=False) -> Comparison:  # noqa: B008 (immutable)
    """Two studies: a box of 24 mm that grows to 36 mm, one of 6 mm that stays, and a new one.

    parted: the first one does not grow but comes apart, into 12 and 8 mm, and there is no new one.
    """
    arrays = [np.zeros((10, 30, 30), np.uint8) for _ in dates]
    for n, array in enumerate(arrays):
        array[3:6, 3:6, 3 : 15 + 6 * n] = 1
        array[3:5, 20:23, 20:23] = 2
        array[7:9, 12:16, 12:16] = 3 * n
    if parted:
        arrays[1][3:6, 3:6, 3:21] = [1] * 6 + [0] * 2 + [1] * 4 + [0] * 6
        arrays[1][7:9] = 0
    days = [datetime.date(year, 1, 1) if year else None for year in dates]
    labels = [GRID.image_of(array) for array in arrays]
    studies = tuple(
        Study(f"s{n}", GRID.image_of(a.astype(np.float32)), day, image if given else None)
        for n, (a, day, image) in enumerate(zip(arrays, days, labels, strict=True))
    )
    points = [TimePoint(study.name, study.name, study.date) for study in studies]
    followed = follow_findings([Labelled(p, image) for p, image in zip(points, labels, strict=True)])
    patient = followed.patient
    for point, study, image in zip(points, studies, followed.label_maps, strict=True):
        patient = measure_observations(patient, point.id, study.image, image)
    return Comparison(studies, (), recipe, (), Followed(patient, followed.label_maps))


def test_names_may_be_short_and_are_taken_once():
    assert criteria_named("RECIST, volumetric,recist_1_1") == ("recist_1_1", "volume_recist")
    assert criteria_named("RECIST 1.1, RANO 2.0,nodules") == ("recist_1_1", "rano_2", "nodule_growth")
    for text, words in (
        ("recist,magic", "no response criterion 'magic'; there are: recist_1_1, .*For short: recist, rano_2_0, "),
        ("RANO", "'rano' may be any of rano_2010, rano_lgg_2011, rano_2, rano_2_volume: name one"),
        (" , ", "No criterion"),
    ):
        with pytest.raises(InputError, match=words):
            criteria_named(text)


@pytest.mark.parametrize(
    ("comparison", "words"),
    [
        (lambda: made(recipe=Recipe.of(BrainMask(), MatchFindings())), "none holds for every lesion in MR of the head"),
        (lambda: made(given=False), "proposals, not lesions a reader drew"),
        (lambda: made(dates=(2020, None)), "need the dates"),
        (lambda: made(dates=(2020, 2020)), "need the dates"),
    ],
)
def test_none_is_applied_unasked_where_it_may_not_hold(comparison, words):
    compared = comparison()
    after, found = evaluate(compared)
    assert found.evaluations == () and words in found.note and after is compared


def test_delineated_lesions_are_judged_by_size():
    assert suitable_criteria(made())[0] == ("recist_1_1", "volume_recist")
    after, found = evaluate(made())
    assert [str(e.responses[1].category) for e in found.evaluations] == ["PD", "PD"]
    kinds = {t.id: str(t.kind) for t in after.followed.patient.tracks}
    assert sorted(kinds.values()) == ["new", "non-target", "target"]
    target = next(name for name, kind in kinds.items() if kind == "target")
    assert "measurable" in found.reasons[target] and len(after.followed.patient.history) == 2


def test_a_readers_choice_is_recorded():
    small = next(t.id for t in made().followed.patient.tracks if t.observations[0].place.volume_mm3 < 1000)
    after, found = evaluate(made(), ["recist_1_1"], [small], "Dr. R", WHEN)
    assert str(after.followed.patient.track(small).kind) == "target"
    assert f"{small} " in found.evaluations[0].responses[0].steps[0] and "Dr. R" in found.note
    assert {edit.who for edit in after.followed.patient.history[2:]} == {"Dr. R"}


@pytest.mark.parametrize(("target", "words"), [("F099", "no track 'F099'"), ("F003", "was not there at baseline")])
def test_targets_that_cannot_be(target, words):
    with pytest.raises(InputError, match=words):
        evaluate(made(), ["recist_1_1"], [target], "Dr. R", WHEN)


def test_a_target_that_a_reader_rejects_is_no_lesion():
    """It would make every sum incomplete: without it the sum is that of the others."""
    after, found = evaluate(made(), ["volume_recist"], ["F001", "F002"], "Dr. R", WHEN)
    patient = reject(after.followed.patient, "F002", "Dr. R", WHEN)
    before, now = (e.evaluations[0] for e in (found, evaluate_marked(patient, ["volume_recist"])))
    assert "F002" in {n.id for n in before.case.lesions} and "F002" not in {n.id for n in now.case.lesions}
    assert [r.figure("sum_of_volumes") for r in now.responses] == [36 * 3 * 16, 54 * 3 * 16]
    assert not evaluate_marked(patient, ["volume_recist"]).reasons
    notes = [evaluate_marked(p, ["volume_recist"]).note for p in (after.followed.patient, patient)]
    assert "Not decided" not in notes[0] and notes[1].endswith(
        "Not decided yet, but counted in the criteria: F001, F003."
    )
    # what a reader gave no role is said: the third came after baseline, so that as a new lesion it would be progression
    bare = mark(mark(patient, "F003", None, "Dr. R", WHEN), "F001", None, "Dr. R", WHEN)
    assert without_role(patient) == "" and without_role(bare) == (
        "Without a role, so not counted in the criteria: F003 (not there at baseline: new lesions?); F001."
    )


def test_pieces_of_a_target_add_up_and_are_no_new_lesion():
    """RECIST 1.1: the longest diameters of what a target fell into are summed."""
    names = ["recist_1_1", "who", "volume_recist"]
    after, found = evaluate(made(parted=True), names)
    (piece,) = (t for t in after.followed.patient.tracks if t.parent)
    target = after.followed.patient.track(piece.parent)
    assert target.kind == "target" and piece.kind is None
    sizes = {t.id: t.observations[-1].estimate("long_diameter").measurement.value for t in (target, piece)}
    diameters, products, volumes = (e.responses[1] for e in found.evaluations)
    assert diameters.figure("sum_of_diameters") == pytest.approx(sum(sizes.values()))
    terms = [f"{name} {sizes[name]:.2f}".rstrip("0").rstrip(".") for name in (target.id, piece.id)]
    assert " + ".join(terms) in diameters.steps[0] and "new" not in " ".join(diameters.steps)
    assert str(diameters.category) == "SD" and str(products.category) == "SD"
    assert volumes.figure("sum_of_volumes") == 30 * 3 * 16
    alone = after.followed.patient.with_tracks(dataclasses.replace(piece, kind=Kind.NEW))  # a reader knows better
    assert str(evaluate_marked(alone, names).evaluations[0].responses[1].category) == "PD"


def test_pieces_that_rejoin_or_are_out_of_sight():
    """A target that its own piece took up is that piece; what a study shows without one is too small a sum."""
    target, piece = (((0.0, 0.0, 0.0), 8.0), ((15.0, 0.0, 0.0), 6.0))
    patient = patient_of([target], [target, piece], [target, piece], [target])
    whole = dataclasses.replace(patient.track("F001"), kind=Kind.TARGET)
    part = dataclasses.replace(patient.track("F002"), parent="F001")

    def told(*tracks):
        (lesion,) = case_of(patient.with_tracks(*tracks)).lesions
        return [(str(a.status), len(a.pieces)) for a in lesion.assessments]

    assert told(whole, part) == [("present", 0), ("present", 2), ("present", 2), ("present", 0)]
    hidden = dataclasses.replace(part, outside=("T4",))
    assert told(whole, hidden)[3] == ("not evaluable", 0)
    merged = {"merged_into": "F001", "merged_at": "T4"}
    assert told(whole, dataclasses.replace(hidden, **merged))[3] == ("present", 0)
    taken_up = {"observations": whole.observations[:2], "merged_into": "F002", "merged_at": "T3"}
    assert told(dataclasses.replace(whole, **taken_up), part)[2:] == [("present", 0), ("absent", 0)]


def test_nothing_followed_nothing_judged():
    compared = made()
    bare = Comparison(compared.studies, (), compared.recipe)
    assert "no findings could be followed" in evaluate(bare)[1].note


def test_what_merged_into_a_lesion_that_was_rejected_is_gone():
    """There is no such lesion to be measured with any more."""
    after, _ = evaluate(made(), ["volume_recist"], ["F001", "F002"], "Dr. R", WHEN)
    patient = after.followed.patient
    last = patient.time_points[1].id
    second = patient.track("F002")
    merged = dataclasses.replace(second, observations=second.observations[:1], merged_into="F003", merged_at=last)
    patient = reject(patient.with_tracks(merged), "F003", "Dr. R", WHEN)
    (found,) = evaluate_marked(patient, ["volume_recist"]).evaluations
    assert {n.id: str(n.assessments[-1].status) for n in found.case.lesions}["F002"] == "absent"
