"""A comparison made again from its patient's file."""

from dataclasses import replace

import numpy as np
import pytest

from MedProcLib.comparison.change import DetectChange
from MedProcLib.comparison.consensus import ConsensusLabels
from MedProcLib.comparison.defaults import finds_places
from MedProcLib.comparison.findings import MatchFindings
from MedProcLib.comparison.first_space import in_space_of
from MedProcLib.comparison.pipeline import compare
from MedProcLib.comparison.register import Register
from MedProcLib.comparison.result import Verdict
from MedProcLib.comparison.saved import Saved
from MedProcLib.comparison.study import Study
from MedProcLib.comparison.tracks.model import Observation, Patient, Place, TimePoint, Track
from MedProcLib.comparison.tracks.patient_file import patient_of, patient_text
from MedProcLib.comparison.tracks.take_out import take_out
from MedProcLib.core.geometry import Geometry
from MedProcLib.core.recipe import Recipe

from .conftest import grid_of, head, rigid

RECIPE = Recipe.of(Register(), MatchFindings())
PLACES = np.array([[40.0, 0, 0], [-40, 0, 10], [0, 50, -20]])


def marked(name, move, seed):
    """A head after a move, with its landmarks."""
    image, mask = head(grid_of((6, 6, 6), center=move[:3, 3]), move, seed=seed)
    there = (PLACES @ move[:3, :3].T + move[:3, 3]).tolist()
    places = tuple((tuple(place), name) for place, name in zip(there, ("ear", "eye", "nose"), strict=True))
    return Study(name, image, None, Geometry.of(image).empty_image(), mask, "MR", landmarks=places)


def test_later_studies_start_from_their_landmarks_after_reading():
    """The third head is turned so far that nothing else aligns it with the second."""
    moves = [rigid((0, 0, turn), shift) for turn, shift in ((0, (0, 0, 0)), (5, (3, 0, 0)), (125, (30, -20, 10)))]
    studies = [marked(name, move, seed) for seed, (name, move) in enumerate(zip("abc", moves, strict=True))]
    made = compare(studies, RECIPE)
    transforms = [None, *(pair.registration.transform for pair in made.pairs)]
    patient = patient_of(patient_text(made.followed.patient))
    images = [study.image for study in studies]
    saved = Saved(patient, images, made.followed.label_maps, transforms, ["MR"] * 3, list("abc"))
    (later,) = saved.comparison(saved.recipe, also=[(1, 2)]).further
    errors = {f.name: f.value for f in later.registration.figures}
    assert later.registration.verdict is not Verdict.FAILED
    assert errors["landmark_error_max"] == pytest.approx(0, abs=1.2)  # voxels of 6 mm
    # without the first one, in whose space all places are told, the second is the one that is compared with
    rest = take_out(patient, "a", "Dr. Reader", "2026-03-01T09:30:00")
    saved = Saved(rest, images[1:], made.followed.label_maps[1:], transforms[1:], ["MR"] * 2, list("bc"))
    (pair,) = saved.comparison(saved.recipe).pairs
    there, here = ([p for p, _ in study.landmarks] for study in studies[1:])
    found = [pair.registration.transform.TransformPoint(place) for place in there]
    np.testing.assert_allclose(found, here, atol=1.2)
    place = Place((0, 0, 0), (40.0, 0, 0), (39.0, -1, -1), (41.0, 1, 1), 8.0, 24.0)
    seen = Patient("P", (TimePoint("b"),), (Track("F001", (Observation("b", (1,), place),)),))
    moved = in_space_of(seen, transforms[1]).tracks[0].observations[0].place
    np.testing.assert_allclose(moved.common_center, there[0], atol=1.2)
    np.testing.assert_allclose(np.add(moved.low, moved.high) / 2, moved.common_center, atol=1e-9)


@pytest.mark.parametrize("given", [False, True])
def test_a_recipe_of_any_tissue_gives_places_of_change_after_reading_too(given):
    """Its rule allows for the outlines by default, which a rule for given ones does as well."""
    image, mask = head(grid_of((6, 6, 6)), seed=0)
    labels = Geometry.of(image).empty_image() if given else None
    studies = [Study(name, image, None, labels, mask) for name in "ab"]
    made = compare(studies, Recipe.of(DetectChange(contrast="any"), ConsensusLabels(), MatchFindings()))
    patient = patient_of(patient_text(made.followed.patient))
    for known in (patient, replace(patient, time_points=tuple(replace(p, given=None) for p in patient.time_points))):
        saved = Saved(known, [image] * 2, made.followed.label_maps, [None] * 2, [""] * 2, list("ab"))
        again = saved.comparison(saved.recipe)
        assert finds_places(again.studies, again.recipe) is (known is patient and not given)
