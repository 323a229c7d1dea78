"""Presets: every one runs and does to a phantom of its modality what its title says, and the right one is proposed."""

import zipfile
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

from MedProcLib.core.acquisition_tags import acquisition_tags
from MedProcLib.core.errors import InputError
from MedProcLib.core.files import read_image
from MedProcLib.core.recipe import Recipe
from MedProcLib.enhancement.presets.content import kind_of
from MedProcLib.enhancement.presets.presets import FOLDER, PRESETS, preset_named, preset_of_recipe
from MedProcLib.enhancement.presets.proposal import propose

NAMES = [preset.name for preset in PRESETS]


@pytest.fixture
def rng():
    return np.random.default_rng(3)


def image_of(values, spacing=None):
    image = sitk.GetImageFromArray(np.asarray(values, np.float32))
    image.SetSpacing(spacing or (1.0,) * np.ndim(values))
    return image


def result_of(name, values, spacing=None):
    made = preset_named(name).recipe().run(image=image_of(values, spacing))["image"]
    return sitk.GetArrayFromImage(made).astype(float)


def distance(shape, center=None):
    center = [(n - 1) / 2 for n in shape] if center is None else center
    grid = np.indices(shape)
    return np.sqrt(sum((axis - middle) ** 2 for axis, middle in zip(grid, center, strict=True)))


# ---- the files


def test_every_file_is_a_preset_and_every_preset_a_valid_file():
    """A preset that names a missing operation or parameter fails here."""
    assert sorted(path.stem for path in FOLDER.glob("*.json")) == sorted(NAMES)
    for preset in PRESETS:
        recipe = Recipe.load(preset.path)
        assert recipe.steps and all(step.enabled for step in recipe.steps)
        for step in recipe.steps:
            declaration = step.operation.declaration
            assert declaration.area == "enhancement" and declaration.gives == ("image",)
            assert "reference" not in declaration.inputs, "a preset must run without further inputs"


def test_presets_are_told_apart_by_their_recipes():
    assert len({preset.recipe() for preset in PRESETS}) == len(PRESETS)
    assert [preset_of_recipe(preset.recipe()) for preset in PRESETS] == list(PRESETS)
    assert preset_of_recipe(Recipe()) is None


def test_an_unknown_preset_is_refused():
    with pytest.raises(InputError, match="ct_lung"):
        preset_named("ct_lnug")


# ---- what they do


@pytest.mark.parametrize(
    ("name", "base", "step", "noise", "left"),
    [("ct_soft_tissue", 30, 60, 12, 0.3), ("ct_low_dose", 30, 120, 40, 0.15), ("ct_lung", -850, 600, 25, 0.25)],
)
def test_ct_keeps_hounsfield_units_and_lowers_noise(name, base, step, noise, left, rng):
    """A ball in tissue: values within 2 HU of what they were, a share of the noise left, the volume within 1.5 %."""
    radius = distance((36, 44, 44))
    added = rng.normal(0, noise, radius.shape)
    made = result_of(name, base + step * np.clip(13.5 - radius, 0, 1) + added)
    for part, value in ((radius < 9, base + step), ((radius > 16) & (radius < 21), base)):
        assert abs(made[part].mean() - value - added[part].mean()) < 1.5
        assert made[part].std() < left * noise
    volume = np.clip((made - base) / step, 0, 1)[radius < 17].sum()  # partial volumes count by their share
    assert volume == pytest.approx(4 / 3 * np.pi * 13**3, rel=0.015)


@pytest.mark.parametrize("name", ["ct_soft_tissue", "ct_lung"])
def test_padding_around_the_circle_of_a_ct_changes_nothing_inside(name, rng):
    """Air was bright beside it, so that its noise was that of the image: a fourth of what is in tissue went."""
    y, x = np.mgrid[-31.5:32, -31.5:32]
    body = np.hypot(y, x / 1.2) < 18
    values = np.where(body, 40 + rng.normal(0, 20, (6, 64, 64)), -1000 + rng.normal(0, 4, (6, 64, 64)))
    outside = np.hypot(y, x) > 30
    whole, padded = (result_of(name, each) for each in (values, np.where(outside, -3024, values)))
    assert np.abs(padded - whole)[:, body].max() < 1
    assert np.abs(padded[:, outside] + 3024).max() < 0.01


def test_ct_lung_sharpens_vessels(rng):
    """A vessel 2 mm wide, 250 HU above the lung, stands out by 10 to 40 % more, of noise no more than a third stays."""
    clean = np.full((20, 40, 40), -850.0)
    clean[:, 19:21] = -600
    made = result_of("ct_lung", clean + rng.normal(0, 25, clean.shape))
    lung, vessel = made[3:-3, 5:13, 5:-5], made[3:-3, 19:21, 5:-5]
    assert 1.1 * 250 < vessel.mean() - lung.mean() < 1.4 * 250
    assert lung.std() < 25 / 3


@pytest.mark.parametrize("name", ["mr_brain_t1", "mr_brain_t2", "mr_brain_flair", "mr_shading"])
def test_mr_evens_out_shading_and_noise(name, rng):
    """White and gray matter under a coil's shading of 40 % and Rician noise part better than before."""
    shape = (20, 36, 36)
    radius = distance(shape) / 16
    white, gray = radius < 0.55, (radius >= 0.6) & (radius < 0.95)
    values = np.where(radius < 0.57, 300.0, np.where(radius < 1, 200.0, 0.0))
    if name == "mr_brain_t2":
        values = np.where(radius < 0.57, 200.0, np.where(radius < 1, 300.0, 0.0))
    gain = 1 + 0.4 * (np.indices(shape)[2] / (shape[2] - 1) - 0.5)
    complex_noise = rng.normal(0, 12, (2, *shape))
    noisy = np.hypot(values * gain + complex_noise[0], complex_noise[1])
    made = result_of(name, noisy, (2.0, 2.0, 2.0))

    def joint_variation(image):
        return (image[white].std() + image[gray].std()) / abs(image[white].mean() - image[gray].mean())

    assert joint_variation(made) < 0.5 * joint_variation(noisy)
    if name in ("mr_brain_t1", "mr_brain_t2"):
        brain_and_more = result_of(name, 3 * noisy, (2.0, 2.0, 2.0))
        np.testing.assert_allclose(brain_and_more[white].mean(), made[white].mean(), rtol=1e-3, atol=0.05)


def test_noise_of_mr_is_taken_out_while_it_is_still_alike_everywhere(rng):
    """Noise goes from the side that a coil sees a quarter as well, too (0.10 is left if shading is taken out first)."""
    shape = (16, 40, 40)
    gain = np.geomspace(1, 0.25, 40)
    noise = rng.normal(0, 15, (2, *shape))
    made = result_of("mr_shading", np.hypot(300 * gain + noise[0], noise[1]), (2.0, 2.0, 2.0))
    far = made[2:-2, 4:-4, -12:-4]
    detail = (far - far.mean(axis=(0, 1))).std() / far.mean()
    assert detail < 0.06


def test_the_gain_of_ultrasound_is_evened_out_and_a_lesion_kept():
    """A dark lesion over a third of the width keeps its contrast to what lies beside it and below it, at any scale."""
    z, x = np.indices((160, 120))
    values = np.where(np.hypot(z - 80, (x - 60) / 1.6) < 25, 60.0, 130.0) + 40 - 80 * z / 160
    for spacing in (0.1, 1.0):
        made = result_of("ultrasound", values, (spacing, spacing))
        inside, below = made[70:90, 50:70].mean(), made[115:135, 50:70].mean()
        assert below - inside > 45


def test_ultrasound_speckle_goes_and_the_border_stays(rng):
    """Log-compressed speckle in two tissues under attenuation: smoother, depths alike, the border where it was."""
    shape = (128, 96)
    depth = np.indices(shape)[0] / shape[0]
    tissue = np.where(np.indices(shape)[1] < 48, 100.0, 160.0)
    speckle = 255 / 60 * 10 * np.log10(rng.gamma(4, 1 / 4, shape))  # 60 dB over 255 gray values
    noisy = np.clip(tissue + 40 - 80 * depth + speckle, 1, 255)
    made = result_of("ultrasound", noisy, (0.5, 0.5))
    left, right = np.s_[10:-10, 5:40], np.s_[10:-10, 56:91]
    for part in (left, right):
        grain = [(image[part] - image[part].mean(axis=1, keepdims=True)).std() for image in (noisy, made)]
        assert grain[1] < 0.6 * grain[0]
        fall = [image[part][:20].mean() - image[part][-20:].mean() for image in (noisy, made)]
        assert abs(fall[1]) < 0.3 * fall[0]
    half = (made[left].mean() + made[right].mean()) / 2
    assert abs(np.argmax(made[10:-10].mean(axis=0) > half) - 48) <= 1


def test_pet_keeps_uptake(rng):
    """A hot ball of 6 times the background, Poisson counts: mean uptake within 2 %, less noise."""
    radius = distance((28, 32, 32))
    clean = 1.0 + 5.0 * (radius < 6)
    noisy = rng.poisson(clean * 30) / 30.0
    made = result_of("pet", noisy, (4.0, 4.0, 4.0))
    background = radius > 10
    assert made[radius < 4].mean() == pytest.approx(6, rel=0.02)
    assert made[background].mean() == pytest.approx(1, rel=0.02)
    assert made[background].std() < 0.6 * noisy[background].std()


def test_radiograph_shows_detail_in_bright_and_dark(rng):
    """A grating of 2 % in a dark and in a bright region gains contrast in relation to the whole range."""
    shape = (160, 160)
    ground = np.where(np.indices(shape)[1] < 80, 800.0, 3000.0)
    clean = ground * (1 + 0.02 * np.sin(2 * np.pi * np.indices(shape)[0] / 8))
    made = result_of("radiograph", clean + rng.normal(0, 2, shape), (0.5, 0.5))
    for part in (np.s_[20:-20, 20:60], np.s_[20:-20, 100:140]):
        before = clean[part].mean(axis=1).std() / np.ptp(np.percentile(clean, (1, 99)))
        after = made[part].mean(axis=1).std() / np.ptp(np.percentile(made, (1, 99)))
        assert after > 1.3 * before


# ---- which one is proposed


@pytest.mark.parametrize(
    ("tags", "expected", "said"),
    [
        ({"Modality": "CT", "ConvolutionKernel": "B70f", "BodyPartExamined": "CHEST"}, "ct_lung", "B70f"),
        ({"Modality": "CT", "ConvolutionKernel": "B30f", "BodyPartExamined": "CHEST"}, "ct_soft_tissue", "chest"),
        ({"Modality": "CT", "ConvolutionKernel": "Br36d\\3"}, "ct_soft_tissue", "Br36d"),
        ({"Modality": "CT", "ConvolutionKernel": "LUNG"}, "ct_lung", "LUNG"),
        ({"Modality": "CT", "ConvolutionKernel": "STANDARD", "SeriesDescription": "Low Dose"}, "ct_low_dose", "Low"),
        ({"Modality": "CT", "Exposure": "25", "ConvolutionKernel": "B70f"}, "ct_low_dose", "25 mAs"),
        (
            # as a scanner wrote it: 513 mA for half a second are no 8 mAs
            {
                "Modality": "CT",
                "Exposure": "8",
                "XRayTubeCurrent": "513",
                "ExposureTime": "500",
                "ConvolutionKernel": "STANDARD",
            },
            "ct_soft_tissue",
            "kernel STANDARD",
        ),
        (
            {"Modality": "CT", "Exposure": "4803", "XRayTubeCurrent": "30", "ExposureTime": "1000"},
            "ct_low_dose",
            "30 mAs",
        ),
        # effective mAs; and a time that is that of the whole scan
        ({"Modality": "CT", "Exposure": "36", "XRayTubeCurrent": "97", "ExposureTime": "500"}, "ct_low_dose", "36 mAs"),
        (
            {"Modality": "CT", "Exposure": "25", "XRayTubeCurrent": "40", "ExposureTime": "9000"},
            "ct_low_dose",
            "25 mAs",
        ),
        (
            {"Modality": "CT", "ConvolutionKernel": "STANDARD", "ProtocolName": "CHEST PULMONARY EMBOLUS"},
            "ct_soft_tissue",
            "STANDARD",
        ),
        ({"Modality": "CT", "ConvolutionKernel": "B30f", "StudyDescription": "Lungs"}, "ct_soft_tissue", "B30f"),
        ({"Modality": "CT", "ConvolutionKernel": "B50f", "SeriesDescription": "LUNG 1mm"}, "ct_lung", "LUNG 1mm"),
        ({"Modality": "CT", "WindowCenter": "-600\\40"}, "ct_lung", "-600 HU"),
        ({"Modality": "CT", "BodyPartExamined": "ABDOMEN"}, "ct_soft_tissue", "abdomen"),
        ({"Modality": "CT"}, "ct_soft_tissue", "no more is known"),
        ({"Modality": "MR", "SeriesDescription": "AX T2 FLAIR"}, "mr_brain_flair", "AX T2 FLAIR"),
        ({"Modality": "MR", "SeriesDescription": "t1_mprage_sag"}, "mr_brain_t1", "t1_mprage_sag"),
        ({"Modality": "MR", "SeriesDescription": "T2 TSE", "BodyPartExamined": "HEAD"}, "mr_brain_t2", "T2 TSE"),
        ({"Modality": "MR", "SeriesDescription": "T2 TSE", "BodyPartExamined": "PROSTATE"}, "mr_shading", "prostate"),
        ({"Modality": "MR", "SeriesDescription": "T2_TSE_C-spine_sag"}, "mr_shading", "c-spine"),
        ({"Modality": "MR", "SeriesDescription": "t1 whole body"}, "mr_shading", "whole body"),
        ({"Modality": "MR", "SeriesDescription": "T2 brain and spine"}, "mr_brain_t2", "T2 brain"),
        ({"Modality": "MR", "SeriesDescription": "T1rho"}, "mr_brain_t1", "T1rho"),
        (
            {"Modality": "MR", "EchoTime": "120", "RepetitionTime": "9000", "InversionTime": "2500"},
            "mr_brain_flair",
            "TI 2500 ms",
        ),
        ({"Modality": "MR", "EchoTime": "90", "RepetitionTime": "4000"}, "mr_brain_t2", "TE 90 ms"),
        (
            {"Modality": "MR", "EchoTime": "3", "RepetitionTime": "2300", "InversionTime": "900"},
            "mr_brain_t1",
            "TI 900",
        ),
        ({"Modality": "MR", "EchoTime": "12", "RepetitionTime": "500"}, "mr_brain_t1", "TR 500"),
        ({"Modality": "MR", "EchoTime": "none"}, "mr_shading", "not stated"),
        ({"Modality": "US"}, "ultrasound", "US"),
        ({"Modality": "PT"}, "pet", "PT"),
        ({"Modality": "NM"}, "pet", "NM"),
        ({"Modality": "DX"}, "radiograph", "DX"),
        ({"Modality": "CR"}, "radiograph", "CR"),
    ],
)
def test_proposed_from_dicom_tags(tags, expected, said):
    preset, reason = propose(tags)
    assert preset.name == expected and said in reason and reason.endswith(".")


def test_nothing_is_proposed_of_nothing():
    assert propose({}) is None


def test_nothing_is_proposed_for_mr_that_is_no_magnitude(rng):
    """Its steps ask for values as they were measured: Rician noise is that of magnitudes."""
    values = rng.normal(100, 30, (6, 20, 20))
    head = [
        (image_of(values - less, (10.0, 10.0, 5.0)), expected) for less, expected in ((100, None), (20, "mr_brain_t1"))
    ]
    for image, expected in head:
        found = propose({"Modality": "MR", "SeriesDescription": "T1"}, image)
        assert (found and found.preset.name) == expected
        named = propose({}, image, "T1c")
        assert (named and named.preset.name) == expected


def test_the_name_helps_where_values_cannot(rng):
    values = image_of(np.abs(rng.normal(100, 30, (6, 20, 20))), (10.0, 10.0, 5.0))
    for name, expected in (
        ("study1_FLAIR", "mr_brain_flair"),
        ("sub-01_T1w", "mr_brain_t1"),
        ("T2", "mr_brain_t2"),
        ("FDG 2", "pet"),
        ("T2 spine cord", "mr_shading"),
        ("prostate_t2w", "mr_shading"),
        ("T1 chip", "mr_brain_t1"),
        ("L1T12", "mr_shading"),
        ("brain", "mr_shading"),
    ):
        preset, reason = propose({}, values, name)
        assert preset.name == expected, name
        assert reason.startswith("No DICOM tags; ")
    ct = image_of(np.where(np.indices((6, 20, 20))[2] < 8, -1000, rng.normal(40, 8, (6, 20, 20))) + 0.0)
    assert propose({}, _with(ct, 500), "T1 vertebra").preset.name == "ct_soft_tissue"


@pytest.mark.parametrize(
    ("spacing", "axes", "head"),
    [
        ((10, 10, 5), (0, 1, 2), True),  # axial slices, however few
        ((10, 10, 5), (1, 2, 0), False),  # sagittal ones over 30 mm from side to side: a spine
        ((10, 10, 20), (1, 2, 0), True),
        ((1, 1, 1), (0, 1, 2), False),
        ((15, 15, 5), (0, 1, 2), True),
        ((18, 18, 5), (0, 1, 2), False),  # a belly
    ],
)
def test_an_image_that_has_no_head_s_size_gets_no_preset_of_the_brain(rng, spacing, axes, head):
    values = image_of(np.abs(rng.normal(100, 30, (6, 20, 20))), [float(side) for side in spacing])
    values.SetDirection(np.eye(3)[:, axes].ravel())
    for tags in ({}, {"Modality": "MR"}):
        preset, reason = propose(tags, values, "t2")
        assert preset.name == ("mr_brain_t2" if head else "mr_shading") and head != ("size of a head" in reason)
        assert propose(tags, values, "t2 brain").preset.name == "mr_brain_t2"
    turned = np.array([[0.8, -0.6, 0], [0.6, 0.8, 0], [0, 0, 1]]) @ np.eye(3)[:, axes]  # the box around it is larger
    values.SetDirection(turned.ravel())
    assert propose({}, values, "t2").preset.name == ("mr_brain_t2" if head else "mr_shading")
    assert propose({}, values, "t2", (180, 220, 30)).preset.name == "mr_brain_t2"  # of which these are some slices


def _with(image, value):
    values = sitk.GetArrayFromImage(image)
    values[3, 10, 10] = value
    return image_of(values)


def test_content_of_phantoms(rng):
    shape = (8, 64, 64)
    body = distance(shape[1:]) < 28
    lungs = (distance(shape[1:], (31.5, 18)) < 9) | (distance(shape[1:], (31.5, 45)) < 9)
    chest = np.where(body, np.where(lungs, -820, 40), -1000) * np.ones(shape)
    chest[:, 30:33, 31:33] = 400
    assert kind_of(image_of(chest + rng.normal(0, 10, shape)))[:2] == ("CT", "lung")
    belly = np.where(body, 40, -1000) * np.ones(shape)
    belly[:, 30:33, 31:33] = 400
    assert kind_of(image_of(belly + rng.normal(0, 10, shape)))[:2] == ("CT", "")
    # foam of the table in its shell, as airy as lung
    y, x = np.indices(shape[1:])
    small = distance(shape[1:], (28, 31.5)) < 22
    table, foam = (np.abs(x - 31.5) < 26) & (y > 48) & (y < 62), (np.abs(x - 31.5) < 25) & (y > 49) & (y < 61)
    on_table = np.where(small, belly, np.where(foam, -850, np.where(table, -200, -1000)))
    assert kind_of(image_of(on_table + rng.normal(0, 10, shape)))[:2] == ("CT", "")
    kind = kind_of(image_of(belly + rng.normal(0, 60, shape)))
    assert kind[:2] == ("CT", "noisy") and "noise of" in kind.reason
    fan = np.abs(np.indices((96, 96))[1] - 48) < np.indices((96, 96))[0] * 0.7
    echo = np.round(np.clip(90 * rng.rayleigh(0.8, (96, 96)), 1, 255)) * fan
    assert kind_of(image_of(echo)).modality == "US"
    assert kind_of(image_of(np.repeat(echo[None], 4, 0))).modality == "US"
    ball = distance((56, 96, 96)) < 30
    head = np.round(np.clip(120 * ball * (1 + 0.3 * rng.normal(0, 1, ball.shape)), 0, 255))
    assert kind_of(image_of(head)).modality == "MR"
    film = np.round(2000 + 800 * np.sin(np.indices((90, 90))[0] / 20) + rng.normal(0, 15, (90, 90)))
    assert kind_of(image_of(film)).modality == "DX"
    assert kind_of(image_of(film[None])).modality == "DX"
    hot = 0.5 + 12.0 * (distance((16, 32, 32)) < 3)
    assert kind_of(image_of(rng.poisson(hot * 20) / 20, (4.0, 4.0, 4.0))).modality == "PT"
    assert kind_of(image_of(np.full((4, 8, 8), 7.0))).modality == "MR"
    assert kind_of(image_of(np.full((4, 8, 8), np.nan))).modality == "MR"


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("01_ct/pyradiomics_lung1/image.nrrd", "ct_lung"),
        ("01_ct/totalseg_example/ct.nii.gz", "ct_soft_tissue"),
        ("05_ibsi_radiomics/ct_phantom/phantom.nii.gz", "ct_lung"),
        ("05_ibsi_radiomics/sts_validation/STS_001/CT_image.nii.gz", "ct_soft_tissue"),
        ("05_ibsi_radiomics/sts_validation/STS_001/PET_image.nii.gz", "pet"),
        ("05_ibsi_radiomics/sts_validation/STS_001/MR_T1_image.nii.gz", "mr_brain_t1"),
        ("02_mr/ms_cross_sectional_patient26/T2.nii.gz", "mr_brain_t2"),
        ("02_mr/spinal_cord_t2/t2.nii.gz", "mr_shading"),
        ("02_mr/brats_2013_pat0005_1/Flair_subtrMeanDivStd.nii.gz", None),  # standardized
        ("02_mr/pyradiomics_breast1/image.nrrd", "mr_shading"),
        ("06_dicom/single_and_multiframe/dx_image.dcm", "radiograph"),
        ("07_ultrasound/spine_phantom_3d.mha", "ultrasound"),
        ("10_registration/prostate_mr_trus_case000000/fixed_images.nii.gz", "ultrasound"),
    ],
)
def test_real_images_without_tags(shared_data, path, expected):
    image = read_image(shared_data / path)
    found = propose({}, image, path.rsplit("/", 1)[1].split(".")[0])
    assert (found and found.preset.name) == expected


@pytest.mark.parametrize(
    ("archive", "expected"),
    [
        ("01_ct/totalseg_dicom/ct_dicom.zip", "ct_soft_tissue"),
        ("04_pet/sts001_fdg/pet_dicom.zip", "pet"),
        ("03_longitudinal/cmb_crc_MSB-06489/adc_1959-12-09.zip", None),  # Image Type DERIVED, SECONDARY, ADC
    ],
)
def test_real_dicom_tags(shared_data, tmp_path, archive, expected):
    with zipfile.ZipFile(shared_data / archive) as files:
        first = next(name for name in files.namelist() if not name.endswith("/"))
        path = Path(files.extract(first, tmp_path))
    tags = acquisition_tags([path])
    proposal = propose(tags)
    assert (proposal and proposal.preset.name) == expected, tags


def test_maps_of_measured_values_are_left_as_they_are(rng):
    """Shading divided out of a diffusion coefficient or a relaxation time changes what was measured."""
    values = image_of(np.abs(rng.normal(100, 30, (6, 20, 20))))
    for name in ("ADC", "sub-01_adc", "T2 map", "R2* map", "t1_map_5"):
        assert propose({}, values, name) is None, name
        assert propose({"Modality": "MR", "SeriesDescription": name}, values) is None, name
    for name in ("T2w", "head", "cadcam", "T1 mapped"):
        assert propose({}, values, name) is not None, name
    assert propose({"Modality": "RTDOSE"}, values) is None
    assert propose({"Modality": "OT"}, values).reason.startswith("DICOM modality OT; ")
