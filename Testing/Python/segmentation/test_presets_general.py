"""Presets of pictures and of any image, run as a user would; nuclei are counted."""

import numpy as np
import pytest
import SimpleITK as sitk
from scipy import ndimage

from MedProcLib.core.geometry import Geometry
from MedProcLib.core.recipe import Recipe
from MedProcLib.segmentation.common.seeds import seeds_from_points
from MedProcLib.segmentation.naming import structures_of
from MedProcLib.segmentation.presets.presets import PRESETS, preset_named, preset_of_recipe

from .case import ball_image, ball_labels, ball_seeds


def overlap(found, truth):
    return 2 * np.count_nonzero(found & truth) / (np.count_nonzero(found) + np.count_nonzero(truth))


@pytest.mark.parametrize("preset", PRESETS, ids=lambda preset: preset.name)
def test_each_preset_is_a_recipe_with_a_result_and_known_names(preset):
    recipe = preset.recipe()
    assert Recipe.from_json(recipe.to_json()) == recipe and preset_of_recipe(recipe) is not None
    given = {name for _, operation in recipe.enabled_steps for name in operation.declaration.gives}
    assert given & {"labels", "mask"}
    structures_of(recipe)
    needs_seeds = any("seeds" in op.declaration.inputs for _, op in recipe.enabled_steps)
    assert not needs_seeds or preset.seeds, "say what the user has to mark"
    assert preset.title and preset.about and preset.group


def test_names_of_presets_are_unique():
    assert len({preset.name for preset in PRESETS}) == len(PRESETS)
    assert len({(preset.group, preset.title) for preset in PRESETS}) == len(PRESETS)


def nuclei(seed: int, count: int = 60, size: int = 320) -> tuple[sitk.Image, np.ndarray]:
    """Elliptic bright nuclei, some touching, on an uneven ground, in Poisson noise; and their numbers."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:size, :size]
    truth, light, centers = np.zeros((size, size), int), np.zeros((size, size)), []
    while len(centers) < count:
        center, (a, b), angle = rng.uniform(12, size - 12, 2), rng.uniform(8, 13, 2), rng.uniform(0, np.pi)
        if any(np.hypot(*(center - other)) < 17 for other in centers):
            continue
        centers.append(center)
        along = (x - center[1]) * np.cos(angle) + (y - center[0]) * np.sin(angle)
        across = (y - center[0]) * np.cos(angle) - (x - center[1]) * np.sin(angle)
        inside = (along / a) ** 2 + (across / b) ** 2 < 1
        truth[inside & (truth == 0)] = len(centers)
        light[inside] = np.maximum(light[inside], rng.uniform(90, 160))
    light = rng.poisson(ndimage.gaussian_filter(light, 1.2) + 20 + 20 * x / size) + rng.normal(0, 4, light.shape)
    return sitk.GetImageFromArray(light.astype(np.float32)), truth


@pytest.mark.parametrize("name, sign", [("nuclei", 1), ("nuclei_stained_dark", -1)])
def test_nuclei_are_counted_and_outlined(name, sign):
    image, truth = nuclei(3)
    image = image if sign > 0 else 255 - image
    found = sitk.GetArrayFromImage(preset_named(name).recipe().run(image=image)["labels"])
    assert counted(found, truth) > 0.95


def counted(found: np.ndarray, truth: np.ndarray) -> float:
    """F1 of nuclei, matched by an overlap of more than half."""
    hits = 0
    for number in range(1, truth.max() + 1):
        nucleus = truth == number
        votes = np.bincount(found[nucleus])[1:]
        if votes.any():
            same = found == votes.argmax() + 1
            hits += np.count_nonzero(nucleus & same) > 0.5 * np.count_nonzero(nucleus | same)
    return 2 * hits / (truth.max() + len(np.unique(found)) - 1)


def test_dark_nuclei_within_gray_cells_are_told_from_the_cell():
    """Cells of unlike thickness, some as dark as the nuclei of others: one threshold took those whole."""
    rng = np.random.default_rng(1)
    y, x = np.mgrid[:300, :300]
    truth, dark = np.zeros(y.shape, int), np.zeros(y.shape)
    for number, (row, column) in enumerate(np.ndindex(6, 6), 1):
        at = np.array([row, column]) * 48 + 30 + rng.uniform(-6, 6, 2)
        thick = rng.uniform(30, 100)
        dark[np.hypot(y - at[0], x - at[1]) < rng.uniform(13, 18)] = thick
        nucleus = np.hypot(y - at[0] - rng.uniform(-4, 4), x - at[1]) < rng.uniform(5, 7)
        dark[nucleus], truth[nucleus] = thick + 60, number
    image = sitk.GetImageFromArray(220 - ndimage.gaussian_filter(dark, 1.0) + rng.normal(0, 5, dark.shape))
    found = sitk.GetArrayFromImage(preset_named("nuclei_in_cells").recipe().run(image=image)["labels"])
    assert counted(found, truth) > 0.95


@pytest.mark.parametrize("name", ["grow_from_seeds", "region_from_point", "outline_around_point"])
def test_presets_that_start_from_seeds(name):
    image = ball_image()
    seeds = ball_seeds(image)
    if name != "grow_from_seeds":
        seeds = sitk.Cast(seeds == 1, sitk.sitkUInt8)
    found = sitk.GetArrayFromImage(preset_named(name).recipe().run(image=image, seeds=seeds)["labels"])
    assert overlap(found == 1, sitk.GetArrayFromImage(ball_labels(image)) == 1) > 0.93


@pytest.mark.parametrize("name, sign", [("bright_regions", 1), ("dark_regions", -1)])
def test_regions_by_threshold(name, sign):
    image = sign * ball_image()
    found = sitk.GetArrayFromImage(preset_named(name).recipe().run(image=image)["labels"])
    assert overlap(found == 1, sitk.GetArrayFromImage(ball_labels(sign * image)) == 1) > 0.97


def test_a_cyst_in_speckle_from_any_point_in_it():
    """Log-compressed speckle, 9 dB darker inside, with a shadow at its side: Dice from three places of the click."""
    rng = np.random.default_rng(0)
    y, x = np.mgrid[:200, :200] * 0.25
    along, across = (x - 25) * 0.92 + (y - 24) * 0.39, (y - 24) * 0.92 - (x - 25) * 0.39
    cyst = (along / 9) ** 2 + (across / 6) ** 2 < 1
    waves = [ndimage.gaussian_filter(rng.normal(size=cyst.shape), (1.0, 2.0)) for _ in range(2)]
    echo = np.hypot(*waves) * np.where(cyst, 0.35, 1.0) * np.where((np.abs(x - 34) < 2) & (y > 24), 0.25, 1.0)
    decibels = np.clip(20 * np.log10(echo / echo.mean() + 1e-3) + 45, 0, 60)
    image = sitk.GetImageFromArray(decibels.astype(np.float32))
    image.SetSpacing((0.25, 0.25))
    recipe = preset_named("us_region").recipe()
    for click in ((25, 24), (28, 26), (21, 22)):
        seeds = seeds_from_points(Geometry.of(image), np.array([click]))
        found = sitk.GetArrayFromImage(recipe.run(image=image, seeds=seeds)["labels"]) > 0
        assert overlap(found, cyst) > 0.9
