"""PET foci: usual uptake is told from lesions by its place; nothing is told where the place is not known."""

import numpy as np
import pytest
import SimpleITK as sitk

from MedProcLib.core.errors import InputError
from MedProcLib.core.geometry import Geometry
from MedProcLib.core.recipe import Recipe
from MedProcLib.segmentation.detection.body_frame import body_frame
from MedProcLib.segmentation.detection.pet_findings import PetFindings
from MedProcLib.segmentation.detection.physiologic import Focus, likely_organ
from MedProcLib.segmentation.outcome import segment
from MedProcLib.segmentation.presets.presets import preset_named

from .pet_body import LEGS, LESIONS, ORGANS, SPACING, TRUNK, pet_body, pet_labels

TURNED = sitk.VersorTransform((0, 0, 1), np.pi / 2).GetMatrix()


def test_crotch_and_neck_of_a_body():
    frame = body_frame(pet_body())
    assert frame.crotch == pytest.approx(LEGS * SPACING, abs=2 * SPACING)
    assert frame.neck == pytest.approx((LEGS + TRUNK) * SPACING, abs=2 * SPACING)
    height, side, depth = frame.place(np.array([31.5 + 26 * 0.4, 4.5 + 30 * 0.75, LEGS + TRUNK * 0.5]) * SPACING)
    np.testing.assert_allclose((height, side, depth), (0.5, 0.4, 0.75), atol=0.05)


def test_organs_are_marked_and_lesions_come_first():
    image = pet_body()
    labels, candidates = PetFindings()(image, pet_labels(image))
    assert [c.number for c in candidates] == list(range(1, len(ORGANS) + len(LESIONS) + 1))
    suspicious = [c for c in candidates if "physiologic" not in c.reason]
    assert [c.score for c in suspicious] == pytest.approx([7.0, 5.0], abs=0.3)
    assert suspicious == candidates[:2]
    assert "outlined from 6." in suspicious[0].reason and "% of the maximum)" in suspicious[0].reason
    marked = " ".join(c.reason for c in candidates[2:])
    for organ in ("bladder", "heart", "brain"):
        assert f"likely physiologic: {organ}" in marked
    assert marked.count("kidney (") == 2
    array = sitk.GetArrayFromImage(labels)
    for candidate in candidates:
        index = np.rint(Geometry.of(labels).indices(np.array([candidate.position])))[0].astype(int)
        assert array[tuple(index[::-1])] == candidate.number


def test_a_body_that_lies_otherwise_in_the_voxels():
    image = pet_body()
    labels = pet_labels(image)
    expected = [c.reason for c in PetFindings()(image, labels)[1]]
    turned = [sitk.PermuteAxes(sitk.Flip(thing, (True, False, True)), (2, 0, 1)) for thing in (image, labels)]
    assert [c.reason for c in PetFindings()(*turned)[1]] == expected


def test_nothing_is_marked_where_the_trunk_is_cut():
    image, legs_gone = pet_body(), slice(LEGS + 5, LEGS + TRUNK - 5)
    part, labels = image[:, :, legs_gone], pet_labels(image)[:, :, legs_gone]
    _, candidates = PetFindings()(part, labels)
    assert candidates and not any("physiologic" in c.reason for c in candidates)


def test_figures_are_of_the_image_before_it_was_smoothed():
    body = pet_body()
    uptake = sitk.GetArrayFromImage(body)
    noise = np.random.default_rng(5).normal(1, 0.2, uptake.shape).clip(0.2)
    image = Geometry.of(body).image_of((uptake * noise).astype(np.float32))
    outcome = segment(preset_named("pet_lesions").recipe(), image=image)
    values, numbers = sitk.GetArrayFromImage(image), sitk.GetArrayFromImage(outcome.labels)
    for candidate in outcome.candidates:
        inside = values[numbers == candidate.number]
        assert candidate.reason.startswith(f"SUVmax {inside.max():.1f}, mean {inside.mean():.1f}, ")
        assert " after smoothing)" in candidate.reason


def test_the_preset_finds_and_marks_by_itself():
    image = pet_body()
    made = preset_named("pet_lesions").recipe().run(image=image)
    suspicious = [c for c in made["candidates"] if "physiologic" not in c.reason]
    assert len(made["candidates"]) == len(ORGANS) + len(LESIONS) and len(suspicious) == 2
    truth = sitk.GetArrayFromImage(pet_labels(image)) == len(ORGANS) + 1
    found = sitk.GetArrayFromImage(made["labels"]) == 1
    assert 2 * np.count_nonzero(found & truth) / (found.sum() + truth.sum()) > 0.85


@pytest.mark.parametrize(
    "focus, organ",
    [
        (Focus(0.2, 0.1, 0.5, 100, 30, 20, 1.2), "bladder"),
        (Focus(0.05, 0.3, 0.5, 300, 8, 4, 1.3), None),  # a mass of the groin
        (Focus(0.3, 0.2, 0.6, 4, 12, 6, 4.0), "ureter"),
        (Focus(0.5, -0.4, 0.7, 120, 7, 3, 1.6), "kidney"),
        (Focus(0.5, -0.4, 0.2, 20, 7, 3, 1.6), None),  # in front of the kidneys
        (Focus(0.75, -0.5, 0.5, 20, 7, 3, 1.2), None),  # right lung
        (Focus(1.22, 0.0, 0.5, 1300, 7, 4, 1.2), "brain"),
        (Focus(1.11, 0.0, 0.7, 40, 8, 5, 2.4), "brain"),  # cerebellum where the field of view ends
        (Focus(1.06, -0.4, 0.5, 24, 5.4, 3, 2.0), None),  # a tumor of the throat
        (Focus(1.05, 0.4, 0.5, 10, 3.5, 2.5, 1.5), "salivary gland"),
    ],
)
def test_rules(focus, organ):
    rule = likely_organ(focus)
    assert (rule.organ if rule else None) == organ


def test_too_small_to_list_is_explained():
    image = pet_body()
    with pytest.raises(InputError, match="at least 900 ml"):
        PetFindings(smallest_ml=900)(image, pet_labels(image))


def test_the_preset_is_a_recipe_to_change():
    recipe = preset_named("pet_lesions").recipe()
    assert Recipe.from_json(recipe.to_json()) == recipe and len(recipe.steps) >= 3
