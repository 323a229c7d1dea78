"""What a chain makes of an image: its segments and candidates, and what is kept when a step leaves nothing."""

import numpy as np
import pytest
import SimpleITK as sitk

from MedProcLib.core.errors import InputError
from MedProcLib.core.recipe import Recipe, Step
from MedProcLib.core.registry import create_operation
from MedProcLib.core.structure import Structure
from MedProcLib.segmentation.naming import called_as
from MedProcLib.segmentation.outcome import StepError, last_segments, needed, segment
from MedProcLib.segmentation.presets.presets import PRESETS
from MedProcLib.segmentation.presets.proposal import WANTED, WEIGHTINGS, propose, unlike


def recipe(*operations):
    return Recipe.of(*[create_operation(*(each if isinstance(each, tuple) else (each,))) for each in operations])


@pytest.fixture
def image():
    values = np.zeros((12, 20, 24), np.float32)
    values[2:8, 3:9, 3:9], values[3:6, 14:17, 15:18] = 100, 100
    return sitk.GetImageFromArray(values)


ABC = tuple(Structure(name, (1.0, 0.1 * number, 0.0)) for number, name in enumerate("ABC"))
THRESHOLD = ("segmentation.auto_threshold",)
SMALL = ("segmentation.remove_small", {"minimum_volume_mm3": 1e6})


def test_labels_structures_and_candidates(image):
    named = ("segmentation.name_segments", {"names": "1: bone"})
    outcome = segment(recipe("segmentation.auto_threshold", "segmentation.components", named), image=image)
    assert [c.volume_mm3 for c in outcome.candidates] == [216, 27] and outcome.structures[1].name == "Bone"
    assert not outcome.is_empty


@pytest.mark.parametrize(
    ("steps", "names"),
    [
        (["segmentation.components"], {1: "B", 2: "C", 3: "A 1", 4: "A 2"}),
        ([("segmentation.split_touching", {"segments": "2"})], {1: "B", 2: "C", 3: "A"}),
        ([("segmentation.merge", {"rules": "1 -> 2; 2 -> 1; 3 -> 9"})], {1: "B", 2: "A", 9: "C"}),
        ([("segmentation.merge", {"rules": "1 -> 2; 3 -> 7"})], {2: "B", 7: "C"}),
        ([("segmentation.combine_labels", {"first": "1", "second": "2", "result": 5})], {3: "C"}),
        (
            ["segmentation.components", ("segmentation.merge", {"rules": "4 -> 8"})],
            {1: "B", 2: "C", 3: "A 1", 8: "A 2"},
        ),
        (["segmentation.components", "segmentation.name_segments"], {}),
        (["segmentation.name_segments"], {}),
        (["segmentation.remove_small"], {1: "A", 2: "B", 3: "C"}),
        # what is found in organs is no organ
        (["segmentation.search_inside", "segmentation.auto_threshold", "segmentation.components"], {}),
        (["segmentation.search_inside", "segmentation.auto_threshold"], {}),
    ],
)
def test_names_follow_segments_that_are_renumbered(steps, names):
    values = np.zeros((4, 20, 24), np.uint8)
    values[1:3, 2:6, 2:5], values[1:3, 2:6, 8:10], values[1:3, 10:16, 2:10], values[1:3, 10:16, 14:20] = 1, 1, 2, 3
    start = sitk.GetImageFromArray(values)
    outcome = segment(recipe(*steps), image=sitk.Cast(start, sitk.sitkFloat32), labels=start)
    called = called_as(outcome.sources, dict(enumerate(ABC, 1)))
    assert {value: each.name for value, each in called.items()} == names
    assert len({each.color for each in called.values()}) == len(called), "pieces are told apart"


def test_structures_follow_too():
    values = np.zeros((4, 20, 24), np.uint8)
    values[1:3, 2:6, 2:5], values[1:3, 2:6, 8:10], values[1:3, 10:16, 2:10] = 1, 1, 2
    named = ("segmentation.name_segments", {"names": "1: bone, 2: muscle"})
    outcome = segment(recipe(named, "segmentation.components"), labels=sitk.GetImageFromArray(values))
    assert {value: each.name for value, each in outcome.structures.items()} == {1: "Muscle", 2: "Bone 1", 3: "Bone 2"}


def test_a_mask_at_the_end_is_a_segment(image):
    outcome = segment(recipe("segmentation.auto_threshold", "segmentation.search_inside"), image=image)
    assert np.array_equal(np.unique(sitk.GetArrayFromImage(outcome.labels)), [0, 1])


def test_what_the_step_before_found_is_kept(image):
    outcome = segment(recipe("enhancement.gaussian", THRESHOLD, SMALL), image=image)
    assert outcome.is_empty and outcome.message == (
        "Step 3 (Keep components by size) left nothing of what step 2 (Automatic threshold) gave."
    )
    assert (outcome.before.step, outcome.before.thing) == (2, "labels")
    assert np.any(sitk.GetArrayViewFromImage(outcome.before.image))
    classes = ("segmentation.fuzzy_c_means", {"classes": 2})
    assert set(segment(recipe(classes, SMALL), image=image).maps) == {"class_1", "class_2"}, "maps are no segments"
    alone = segment(recipe(SMALL), labels=sitk.GetImageFromArray(np.ones((4, 4, 4), np.uint8)))
    assert alone.is_empty and alone.before is None and alone.message.startswith("Nothing was found")


def test_a_step_that_cannot_go_on_says_which_and_keeps_it_too(image):
    chain = recipe(THRESHOLD, ("segmentation.search_inside", {"segment": 9}), THRESHOLD)
    with pytest.raises(StepError, match=r"Step 2 \(Search inside the segments\)") as caught:
        segment(chain, image=image)
    assert caught.value.before.step == 1
    with pytest.raises(InputError, match="left nothing, so step 3"):
        segment(recipe(THRESHOLD, SMALL, "segmentation.search_inside"), image=image)


def test_a_region_is_step_0_and_numbers_are_those_of_the_panel(image):
    chain = Recipe((Step(create_operation("enhancement.gaussian"), False), *recipe(THRESHOLD, SMALL).steps))
    outcome = segment(
        chain, create_operation("segmentation.body_mask", {"opening_mm": 0, "closing_mm": 0}), image=image
    )
    assert outcome.message.startswith("Step 3 (") and outcome.before.step == 2


def test_what_a_chain_needs():
    required, usable = needed(recipe("segmentation.auto_threshold", "segmentation.keep_at_seeds"))
    assert "seeds" in required and "labels" not in usable and "image" in required
    assert "labels" in needed(recipe("segmentation.keep_at_seeds"))[0]
    with pytest.raises(InputError, match="no segments"):
        last_segments(recipe("enhancement.gaussian"))


def test_proposals_are_of_the_images_kind():
    offered = {preset.group for preset in PRESETS}
    for tags, group in (
        ({"Modality": "CR"}, "Radiograph"),
        ({"Modality": "US"}, "Ultrasound"),
        ({"Modality": "PT"}, "PET"),
    ):
        found = propose(tags)
        assert found.preset.group == group if group in offered else found is None
    assert propose({"Modality": "OT"}) is None
    assert propose({"Modality": "MR", "SeriesDescription": "T2 spine"}) is None  # no head is in it
    assert {group for group, _ in WANTED.values()} <= {"CT", "MR", "PET", "Radiograph", "Ultrasound"}


def test_a_preset_for_another_weighting_is_told():
    assert set(WEIGHTINGS) <= {preset.name for preset in PRESETS}
    lesions = "mr_white_matter_lesions"
    said = (
        "The preset 'White-matter lesions (FLAIR)' is for FLAIR images. MR whose description says 'sub-01_T1w.nii.gz'."
    )
    assert unlike(lesions, {"Modality": ""}, "sub-01_T1w.nii.gz") == said
    assert unlike(lesions, {"Modality": "MR", "SeriesDescription": "t1_mprage"}, "head").endswith("'t1_mprage'.")
    times = {"Modality": "MR", "EchoTime": "90", "RepetitionTime": "9000"}
    assert unlike("mr_tissues", times, "head").endswith("TE 90 ms, TR 9000 ms: T2-weighted.")
    assert not unlike(lesions, {**times, "InversionTime": "2500"}, "head")
    for preset, tags, name in (
        (lesions, {}, "t2_flair.nii.gz"),
        (lesions, {}, "head.nii.gz"),
        (lesions, {"Modality": "CT"}, "T1.nii.gz"),
        ("mr_ventricles", {}, "T1.nii.gz"),
    ):
        assert unlike(preset, tags, name) == ""
