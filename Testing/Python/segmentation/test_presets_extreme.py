"""What each preset says of an image that shows nothing: a reason that names the cause."""

import numpy as np
import pytest
import SimpleITK as sitk

from MedProcLib.core.errors import InputError
from MedProcLib.segmentation.common.hounsfield import hounsfield
from MedProcLib.segmentation.detection.pet_findings import PetFindings
from MedProcLib.segmentation.outcome import StepError, segment
from MedProcLib.segmentation.presets.presets import PRESETS, preset_named
from MedProcLib.segmentation.threshold.pet_threshold import PetThreshold

from .torso import torso

SEEDED = ("us_region", "outline_around_point", "grow_from_seeds", "region_from_point")
PICTURES = ("radiograph_lungs", "nuclei", "nuclei_stained_dark", "nuclei_in_cells")
CT = [preset.name for preset in PRESETS if preset.group == "CT"]
BRAINS = [preset.name for preset in PRESETS if preset.group == "MR" and preset.name != "mr_head"]
AIR = {
    "ct_lungs": "there is no body",
    "ct_nodules": "there is no body",
    "ct_airways": "No trachea was found",
    "ct_body": "Nothing is above -300 HU",
    "ct_without_table": "Nothing is above -300 HU",
    "ct_bones": "nothing is above 110 HU",
    "ct_calcifications": "Nothing is above -300 HU",
    "ct_fat_muscle": "No body was found",
    "ct_liver": "no soft tissue is 28 mm thick",
    "ct_kidneys": "-1000 HU, which is no kidney",
}


def run(name: str, values: np.ndarray) -> dict:
    image = sitk.GetImageFromArray((values[0] if name in PICTURES else values).astype(np.float32))
    image.SetSpacing([3.0] * image.GetDimension())
    seeds = sitk.Image(image.GetSize(), sitk.sitkUInt8)
    seeds.CopyInformation(image)
    seeds[[n // 2 for n in image.GetSize()]] = 1
    preset = preset_named(name)
    return preset.recipe().run(image=image, **({"seeds": seeds} if preset.seeds else {}))


def cube(value: float) -> np.ndarray:
    return np.full((16, 16, 16), value)


def test_every_preset_of_ct_is_tried():
    assert set(AIR) == set(CT)


@pytest.mark.parametrize("name", CT)
def test_a_constant_image_is_not_in_hounsfield_units(name):
    with pytest.raises(InputError, match="from 100 to 100, so it is not in Hounsfield units"):
        run(name, cube(100.0))


def test_a_ct_as_it_was_stored_is_not_in_hounsfield_units():
    """HU + 1024 with what was not measured below air, and a few voxels below it, as a spline leaves them."""
    hu = sitk.GetArrayFromImage(torso())
    stored = hu + 1024
    stored[:, :10], stored[20, 30, 40:43] = -2000, -90
    with pytest.raises(InputError, match=r"from -2000 to .*, so it is not in Hounsfield units"):
        hounsfield(sitk.GetImageFromArray(stored))
    # a piece of soft tissue and bone without fat is taken as it is
    crop = hu[20:34, 50:62, 46:54].copy()
    crop[0, 0, 0] = -60
    assert crop.max() > 500 and np.count_nonzero(crop < -50) == 1
    assert sitk.GetArrayFromImage(hounsfield(sitk.GetImageFromArray(crop))).max() == crop.max()


@pytest.mark.parametrize("name", CT)
def test_air_alone_shows_no_body(name):
    with pytest.raises(InputError, match=AIR[name]):
        run(name, cube(-1000.0))


@pytest.mark.parametrize("name", [*BRAINS, "mr_head", *PICTURES, *SEEDED, "vessels"])
@pytest.mark.parametrize("value", [0.0, 100.0, 1e30])
def test_a_constant_image_is_called_constant(name, value):
    with pytest.raises(InputError, match="image is constant"):
        run(name, cube(value))


def test_uptake_that_is_the_same_everywhere_is_no_focus_and_the_step_is_named():
    image = sitk.Image((16, 16, 16), sitk.sitkFloat32) + 7.0
    with pytest.raises(
        StepError, match=r"^Step 2 \(PET threshold of each lesion\): The image is constant \(7"
    ) as error:
        segment(preset_named("pet_lesions").recipe(), image=image)
    assert error.value.before.title == "Smooth (Gaussian)" and error.value.before.thing == "image"


@pytest.mark.parametrize("name", BRAINS)
@pytest.mark.parametrize("size, scale", [(2, 300.0), (16, 300.0), (16, 1e30)])
def test_noise_holds_no_brain_however_small_or_large_it_is(name, size, scale):
    noise = np.random.default_rng(0).normal(0, scale, (size,) * 3)
    with pytest.raises(InputError, match=r"Step 1 .*(Nothing was found|no background|No brain)"):
        run(name, noise)


@pytest.mark.parametrize("name", ["ct_lungs", "ct_liver"])
def test_noise_holds_no_organ_and_clipped_values_are_no_error(name):
    with pytest.raises(InputError, match=r"No lung was found|No liver was found"):
        run(name, np.random.default_rng(0).normal(0, 1e30, (16, 16, 16)))


def test_activity_in_place_of_suv_is_refused():
    activity = np.random.default_rng(0).uniform(1e3, 9e3, (16, 16, 16))
    with pytest.raises(InputError, match=r"above [45]\d{3}, so the image is not in SUV but perhaps in Bq/ml"):
        run("pet_lesions", activity)
    with pytest.raises(InputError, match="not in SUV"):
        PetThreshold()(sitk.GetImageFromArray(activity.astype(np.float32)))


def test_a_body_in_air_in_bq_per_ml_is_refused_though_most_that_exceeds_3_is_air():
    """28 l of 2,000 Bq/ml in 303 l of about 10: as SUV that is the mass of 58 tons."""
    activity = np.random.default_rng(0).uniform(4, 16, (36, 36, 36)).astype(np.float32)
    activity[9:27, 9:27, 12:24] = 2000
    image = sitk.GetImageFromArray(activity)
    image.SetSpacing((19.2, 19.2, 19.2))
    with pytest.raises(InputError, match=r"a body of 58,\d{3} kg, so the image is not in SUV"):
        segment(preset_named("pet_lesions").recipe(), image=image)
    labels = sitk.Cast(image > 3, sitk.sitkUInt8)
    with pytest.raises(InputError, match="not in SUV"):
        PetFindings()(image, labels)
    with pytest.raises(InputError, match="not in SUV"):
        PetThreshold()(image)


def test_uptake_below_the_least_maximum_is_said_with_its_largest_value():
    with pytest.raises(InputError, match=r"No uptake reaches 3; the largest value inside is 1\.\d"):
        run("pet_lesions", np.random.default_rng(0).uniform(0, 2, (16, 16, 16)))
