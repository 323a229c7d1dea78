"""A comparison made again from its patient's file."""

from dataclasses import replace

import numpy as np
import pytest
import SimpleITK as sitk

from MedProcLib.comparison.change import DetectChange
from MedProcLib.comparison.consensus import ConsensusLabels
from MedProcLib.comparison.defaults import finds_places
from MedProcLib.comparison.findings import MatchFindings
from MedProcLib.comparison.first_space import in_space_of
from MedProcLib.comparison.made_masks import makes_one
from MedProcLib.comparison.pipeline import compare
from MedProcLib.comparison.register import Register
from MedProcLib.comparison.result import Verdict
from MedProcLib.comparison.saved import Saved
from MedProcLib.comparison.study import Study
from MedProcLib.comparison.tracks.model import Observation, Patient, Place, TimePoint, Track
from MedProcLib.comparison.tracks.patient_file import patient_of, patient_text, read_patient, write_patient
from MedProcLib.comparison.tracks.take_out import take_out
from MedProcLib.core.geometry import Geometry
from MedProcLib.core.recipe import Recipe
from MedProcLib.enhancement.shading.n4 import N4
from MedProcLib.segmentation.anatomy.body_mask import BodyMask
from MedProcLib.segmentation.cleanup.search_inside import SearchInside

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


def test_masks_that_were_made_are_not_made_again_of_the_same_image_and_recipe(tmp_path, monkeypatch):
    """All of the comparison is as it is with masks made anew; of another image, and of other steps, they are."""
    from MedProcLib.app.patient_files import with_paths
    from MedProcLib.core.files import write_image
    from MedProcLib.scene.headless import import_slicer

    import_slicer()
    from MedProcLib.scene.timeline_files import load_patient

    studies, names = [], "ab"
    for seed, name in enumerate(names):
        image, _mask = head(grid_of((6, 6, 6)), seed=seed)
        write_image(image, tmp_path / f"{name}.nrrd")
        studies.append(Study(name, image, modality="MR", source=str(tmp_path / f"{name}.nrrd")))
    recipe = Recipe.of(BodyMask(), DetectChange(contrast="any"), ConsensusLabels(), MatchFindings())
    made = compare(studies, recipe)
    for name, mask, labels in zip(names, made.masks, made.followed.label_maps, strict=True):
        write_image(mask, tmp_path / f"{name}_mask.nii.gz")
        write_image(labels, tmp_path / f"{name}_labels.nrrd")
    file = tmp_path / "patient.json"

    def saved(comparison):
        files = [{n: f"{n}_{what}" for n in names} for what in ("labels.nrrd", "mask.nii.gz")]
        write_patient(with_paths(comparison, file, files[0], {}, files[1]), file)
        return load_patient(file)

    calls = []
    body = BodyMask.__call__
    monkeypatch.setattr(BodyMask, "__call__", lambda self, *a, **k: calls.append(1) or body(self, *a, **k))
    loaded = saved(made)
    parts = loaded.patient, loaded.images, loaded.label_maps, loaded.transforms, ["MR"] * 2, list(names)
    made_anew, kept = (Saved(*parts, masks=masks).comparison(recipe) for masks in ((), loaded.masks))
    assert len(calls) == 2
    for one, two in zip(made_anew.pairs, kept.pairs, strict=True):
        for each in ("difference", "region", "change", "fixed_image"):
            assert np.array_equal(*(sitk.GetArrayFromImage(getattr(pair, each)) for pair in (one, two)))
    write_image(studies[1].image + 1, tmp_path / "a.nrrd")
    assert [mask is None for mask in load_patient(file).masks] == [True, False]
    (tmp_path / "b_mask.nii.gz").unlink()
    assert load_patient(file).masks == [None, None]
    other = Recipe.of(BodyMask(closing_mm=3.0), *[op for _, op in recipe.enabled_steps[1:]])
    file.write_text(patient_text(replace(read_patient(file), recipe=other.as_dict())))
    write_image(studies[0].image, tmp_path / "a.nrrd")
    assert load_patient(file).masks == [None, None]
    of_tomorrow = {"recipe": 1, "steps": [{"operation": "comparison.of_tomorrow", "parameters": {}}]}
    file.write_text(patient_text(replace(read_patient(file), recipe=of_tomorrow)))
    assert load_patient(file).masks == [None, None], "findings can be read whatever made them"


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ((BodyMask(),), True),
        ((BodyMask(), N4()), True),
        ((N4(), BodyMask()), False),  # shading would be learned within the mask that is known, instead of everywhere
        ((BodyMask(), SearchInside()), False),
        ((SearchInside(),), False),  # labels may be edited
        ((N4(),), False),
    ],
)
def test_a_mask_is_kept_where_it_is_of_the_image_alone_and_leads_no_step_before_it(steps, expected):
    assert makes_one(list(enumerate(steps, 1))) is expected
