"""Chains that run again and again while seeds are drawn: what is computed again, and that the result is the same."""

import numpy as np
import SimpleITK as sitk

from MedProcLib.core.recipe import Recipe
from MedProcLib.core.registry import create_operation
from MedProcLib.segmentation.outcome import segment
from MedProcLib.segmentation.step_memory import StepMemory

CHAIN = Recipe.of(
    create_operation("enhancement.gaussian", {"sd_mm": 1.0}),
    create_operation("segmentation.grow_from_seeds", {"reach_mm": 0.0}),
    create_operation("segmentation.remove_small", {"minimum_volume_mm3": 5.0}),
)


def image_and_seeds():
    values = np.random.default_rng(0).normal(100, 5, (20, 30, 30)).astype(np.float32)
    values[5:15, 8:20, 8:20] += 80
    seeds = np.zeros(values.shape, np.uint8)
    seeds[10, 12, 10:14], seeds[10, 3, 5:25] = 1, 2
    return sitk.GetImageFromArray(values), seeds


class Counting:
    """A memory that tells which images the steps gave."""

    def __init__(self):
        self.memory, self.given = StepMemory(), []

    def __call__(self, operation, things, progress):
        made = self.memory(operation, things, progress)
        self.given.append(made)
        return made

    def run(self, recipe, **things):
        self.given = []
        self.memory.begin()
        return sitk.GetArrayFromImage(segment(recipe, run=self, **things).labels)


def test_steps_before_the_seeds_run_once_and_the_result_is_that_of_the_chain():
    image, seeds = image_and_seeds()
    running = Counting()
    drawn = sitk.GetImageFromArray(seeds)
    np.testing.assert_array_equal(
        running.run(CHAIN, image=image, seeds=drawn),
        sitk.GetArrayFromImage(CHAIN.run(image=image, seeds=drawn)["labels"]),
    )
    assert running.memory.exact
    smooth = running.given[0]["image"]
    seeds[12, 16, 14:18] = 1
    drawn = sitk.GetImageFromArray(seeds)
    running.run(CHAIN, image=image, seeds=drawn)
    assert running.given[0]["image"] is smooth
    assert not running.memory.exact  # a stroke changes what intensities at the seeds are like
    again = running.run(CHAIN, image=image, seeds=drawn)
    assert running.memory.exact
    np.testing.assert_array_equal(again, sitk.GetArrayFromImage(CHAIN.run(image=image, seeds=drawn)["labels"]))


def test_other_settings_and_images_are_computed_anew():
    image, seeds = image_and_seeds()
    drawn = sitk.GetImageFromArray(seeds)
    running = Counting()
    running.run(CHAIN, image=image, seeds=drawn)
    smooth = running.given[0]["image"]
    stronger = Recipe.of(
        create_operation("enhancement.gaussian", {"sd_mm": 2.0}), *[s.operation for s in CHAIN.steps[1:]]
    )
    changed = running.run(stronger, image=image, seeds=drawn)
    assert running.given[0]["image"] is not smooth and running.memory.exact
    expected = sitk.GetArrayFromImage(stronger.run(image=image, seeds=drawn)["labels"])
    np.testing.assert_array_equal(changed, expected)
    other = image + 1.0
    running.run(stronger, image=other, seeds=drawn)
    assert running.memory.exact
    shorter = Recipe(CHAIN.steps[1:2])
    np.testing.assert_array_equal(
        running.run(shorter, image=other, seeds=drawn),
        sitk.GetArrayFromImage(shorter.run(image=other, seeds=drawn)["labels"]),
    )


def test_seeds_follow_a_step_that_gives_another_grid():
    image, seeds = image_and_seeds()
    chain = Recipe.of(create_operation("enhancement.resample", {"spacing_mm": 1.3}), CHAIN.steps[1].operation)
    mask = sitk.GetImageFromArray(np.ones(seeds.shape, np.uint8))
    running = Counting()
    smaller = None
    for stroke in (None, np.s_[12, 16, 14:18], np.s_[6, 24, 3:9]):
        if stroke is not None:
            seeds[stroke] = 1
        drawn = sitk.GetImageFromArray(seeds)
        found = running.run(chain, image=image, mask=mask, seeds=drawn)
        if not running.memory.exact:
            found = running.run(chain, image=image, mask=mask, seeds=drawn)
        assert running.memory.exact
        expected = chain.run(image=image, mask=mask, seeds=drawn)["labels"]
        np.testing.assert_array_equal(found, sitk.GetArrayFromImage(expected))
        assert smaller in (None, running.given[0]["image"])  # it is made once
        smaller = running.given[0]["image"]
