"""Tissue classes on a brain whose tissue is known, the optimum of k-means, and memberships by their definition."""

import itertools

import numpy as np
import pytest
import SimpleITK as sitk
from Benchmarks._brain_phantom import brain_phantom

from MedProcLib.core.errors import InputError
from MedProcLib.core.geometry import Geometry
from MedProcLib.core.recipe import Recipe
from MedProcLib.segmentation.tissue.fuzzy_c_means import FuzzyCMeans
from MedProcLib.segmentation.tissue.intensity_classes import Histogram, best_means, mixture
from MedProcLib.segmentation.tissue.k_means import KMeans
from MedProcLib.segmentation.tissue.tissue_classes import TissueClasses
from MedProcLib.segmentation.tissue.tissues_beside_lesions import TissuesBesideLesions

TISSUES = ("csf", "grey_matter", "white_matter")


def array(image):
    return sitk.GetArrayFromImage(image)


def dice(first, second):
    return 2 * np.count_nonzero(first & second) / (np.count_nonzero(first) + np.count_nonzero(second))


@pytest.fixture(scope="module")
def phantom():
    return brain_phantom((2.0, 2.0, 2.0))


def masked(phantom):
    return sitk.Cast(phantom.placed(phantom.mask.astype(np.uint8)), sitk.sitkUInt8)


def by_k_means(image, phantom):
    """Dice by SimpleITK's k-means of three classes with the background as a fourth, each tissue at its T1 mean."""
    found = array(sitk.ScalarImageKmeans(image, [0.0, 35.0, 72.0, 100.0]))
    return [dice((found == k) & phantom.mask, phantom.labels == k) for k in (1, 2, 3)]


@pytest.mark.parametrize(
    "weighting, noise, bias, least",
    [
        ("T1", 3, 20, (0.96, 0.94, 0.96)),
        ("T1", 5, 40, (0.92, 0.88, 0.94)),
        ("T1", 9, 40, (0.88, 0.79, 0.91)),
        ("T2", 3, 20, (0.95, 0.91, 0.92)),
        ("FLAIR", 3, 20, (0.95, 0.83, 0.87)),
    ],
)
def test_tissues_of_a_known_brain(phantom, weighting, noise, bias, least):
    image = phantom.image(weighting, noise, bias)
    labels, maps = TissueClasses(weighting=weighting)(image, masked(phantom))
    found = array(labels)
    scores = [dice(found == k, phantom.labels == k) for k in (1, 2, 3)]
    assert all(score > limit for score, limit in zip(scores, least, strict=True)), scores
    assert set(maps) == set(TISSUES)
    shares = np.stack([array(maps[name]) for name in TISSUES])
    np.testing.assert_allclose(shares.sum(axis=0)[phantom.mask], 1, atol=1e-5)
    assert not shares[:, ~phantom.mask].any()
    if weighting == "T1":
        assert all(ours > theirs for ours, theirs in zip(scores, by_k_means(image, phantom), strict=True))


def test_shares_measure_volumes_better_than_labels(phantom):
    image = phantom.image("T1", 3, 20)
    labels, maps = TissueClasses()(image, masked(phantom))
    for value, name in enumerate(TISSUES, 1):
        truth = phantom.fractions[value - 1]
        share = array(maps[name])
        hard = (array(labels) == value).astype(float)
        inside = phantom.mask
        assert np.sqrt(np.mean((share - truth)[inside] ** 2)) < 0.75 * np.sqrt(np.mean((hard - truth)[inside] ** 2))
        assert share.sum() == pytest.approx(truth.sum(), rel=0.05)


def test_the_bias_field_is_what_the_bias_term_takes_out(phantom):
    image = phantom.image("T1", 3, 40)
    scores = []
    for size in (0.0, 25.0):
        found = array(TissueClasses(bias_mm=size)(image, masked(phantom))[0])
        scores.append(np.mean([dice(found == k, phantom.labels == k) for k in (1, 2, 3)]))
    assert scores[1] > scores[0] + 0.02


def test_a_standardized_image_divides_as_well(phantom):
    image = phantom.image("T1", 3, 0)
    standardized = (image - 70) / 25.0
    one, other = (array(TissueClasses()(each, masked(phantom))[0]) for each in (image, standardized))
    assert (one == other)[phantom.mask].mean() > 0.97


def test_without_a_mask_an_extracted_brain_is_taken_as_it_is(phantom):
    image = phantom.image("T1", 3, 0)
    values = array(image)
    values[(array(image) < 45) & phantom.mask & (np.indices(values.shape)[0] % 7 == 0)] = 0
    labels = array(TissueClasses()(phantom.placed(values))[0])
    assert dice(labels > 0, phantom.mask) > 0.97


@pytest.mark.parametrize("contrast, asked", [("FLAIR", "T1"), ("T1", "FLAIR")])
def test_another_weighting_is_told_by_gray_matter_that_lies_too_deep(contrast, asked):
    """The brain's rim is gray, whatever the contrast; a small part of a brain is not judged."""
    distance = np.sqrt(sum(m**2 for m in np.indices((72, 72, 72)) - 35.5)) * 2
    tissue = np.select([distance < 12, distance < 50, distance < 60], [1, 3, 2], 0)
    means = {"T1": (0, 35, 72, 100), "FLAIR": (0, 20, 120, 90)}[contrast]
    values = np.take(means, tissue) + np.random.default_rng(0).normal(0, 4, tissue.shape)
    image = sitk.GetImageFromArray(values.astype(np.float32))
    brain = sitk.GetImageFromArray((tissue > 0).astype(np.uint8))
    for each in (image, brain):
        each.SetSpacing((2, 2, 2))
    with pytest.raises(InputError, match=f"not {asked}-weighted: its gray matter would lie"):
        TissueClasses(weighting=asked)(image, brain)
    labels = array(TissueClasses(weighting=contrast)(image, brain)[0])
    assert dice(labels == 3, tissue == 3) > 0.95
    for each in (image, brain):
        each.SetSpacing((1, 1, 1))
    TissueClasses(weighting=asked, bias_mm=0)(image, brain)


def errors(maps, phantom):
    """Root mean square error of the shares of each tissue."""
    found = [array(maps[name]) for name in TISSUES]
    return np.array(
        [np.sqrt(np.mean((f - t)[phantom.mask] ** 2)) for f, t in zip(found, phantom.fractions, strict=True)]
    )


def centered(image):
    """With its middle at 0, whatever its voxels."""
    half = (np.array(image.GetSize()) - 1) / 2 * image.GetSpacing()
    image.SetOrigin((-half).tolist())
    return image


def test_a_second_image_helps_against_noise(phantom):
    first, other, mask = phantom.image("T1", 9, 40), phantom.image("T2", 9, 40, seed=1), masked(phantom)
    alone, both = (errors(TissueClasses()(first, mask, second)[1], phantom) for second in (None, other))
    assert (both < np.array((0.7, 0.85, 0.85)) * alone).all(), (alone, both)


def test_t1_leads_whichever_of_the_two_it_is(phantom):
    first, other, mask = phantom.image("T1", 5, 20), phantom.image("FLAIR", 5, 20, seed=1), masked(phantom)
    one = TissueClasses(second_weighting="FLAIR")(first, mask, other)
    two = TissueClasses(weighting="FLAIR", second_weighting="T1")(other, mask, first)
    assert (array(one[0]) == array(two[0]))[phantom.mask].mean() > 0.99
    assert errors(two[1], phantom).max() < 0.12


def test_a_second_image_lies_on_any_grid(phantom):
    """Oblique and left-handed, with other voxels; as if it had been brought to the image's voxels before."""
    first, mask = centered(phantom.image("T1", 5, 20)), centered(masked(phantom))
    other = centered(phantom.image("T2", 5, 0))
    turn = np.reshape(sitk.VersorTransform((0.6, 0, 0.8), 0.5).GetMatrix(), (3, 3)) * (1, 1, -1)
    size, spacing = np.array((110, 100, 80)), np.array((2.1, 2.3, 3.0))
    grid = Geometry(
        tuple(size.tolist()), tuple(spacing), tuple(-turn @ ((size - 1) / 2 * spacing)), tuple(turn.ravel())
    )
    moved = sitk.Resample(other, grid.empty_image(), sitk.Transform(3, sitk.sitkIdentity), sitk.sitkLinear)
    brought = sitk.Resample(moved, first, sitk.Transform(3, sitk.sitkIdentity), sitk.sitkLinear)
    one, two = (array(TissueClasses(bias_mm=0)(first, mask, each)[0]) for each in (moved, brought))
    assert (one == two)[phantom.mask].mean() > 0.995


def test_where_the_second_image_ends_the_first_one_tells(phantom):
    first, mask = phantom.image("T1", 5, 20), masked(phantom)
    part = phantom.image("T2", 5, 0)[:, :, :40]
    labels, maps = TissueClasses()(first, mask, part)
    assert ((array(labels) > 0) == phantom.mask).all()
    np.testing.assert_allclose(sum(array(maps[name]) for name in TISSUES)[phantom.mask], 1, atol=1e-5)
    beyond = phantom.mask & (np.indices(phantom.mask.shape)[0] >= 40)
    assert (array(labels) == phantom.labels)[beyond].mean() > 0.9
    part.SetOrigin((500, 0, 0))
    with pytest.raises(InputError, match="does not show the part of the patient"):
        TissueClasses()(first, mask, part)


@pytest.mark.parametrize("weighting, second_weighting", [("T1", "T2"), ("T2", "T1")])
def test_a_tissue_that_the_second_image_shows_nothing_of_is_not_lost(phantom, weighting, second_weighting):
    """A few slices, and none of the fluid in them: as of an examination of another part."""
    first, mask = phantom.image(weighting, 5, 20), masked(phantom)
    values = array(phantom.image(second_weighting, 5, 0, seed=1))
    values[phantom.fractions[0] > 0.01] = np.nan
    values[:36], values[46:] = np.nan, np.nan
    settings = TissueClasses(weighting=weighting, second_weighting=second_weighting)
    alone, both = (array(settings(first, mask, second)[1]["csf"]).sum() for second in (None, phantom.placed(values)))
    assert both == pytest.approx(alone, rel=0.05)


def test_a_second_image_of_another_dimension_is_refused(phantom):
    first, mask = phantom.image("T1", 5, 20), masked(phantom)
    with pytest.raises(InputError, match="The second image is 3D, and the image 2D"):
        TissueClasses()(first[:, :, 40], mask[:, :, 40], first)


def test_lesions_are_a_class_of_their_own_and_do_not_make_gray_matter_larger(phantom):
    """Half of the white matter's deep part becomes a lesion as bright as gray matter, noisier than any tissue."""
    image, mask = phantom.image("T1", 3, 20), masked(phantom)
    deep = phantom.fractions[2] > 0.99
    deep &= np.indices(deep.shape)[2] > deep.shape[2] // 2
    values = array(image)
    values[deep] = np.random.default_rng(1).normal(72, 8, np.count_nonzero(deep))
    lesions = phantom.placed(deep.astype(np.uint8))
    sick = phantom.placed(values)
    labels, maps = TissuesBesideLesions()(sick, lesions, mask)
    assert ((array(labels) == 4) == (deep & phantom.mask)).all()
    shares = {name: array(maps[name]) for name in (*TISSUES, "lesion")}
    np.testing.assert_allclose(sum(shares.values())[phantom.mask], 1, atol=1e-5)
    gray = phantom.fractions[1].sum()
    assert shares["grey_matter"].sum() == pytest.approx(gray, rel=0.05)
    assert array(TissueClasses()(sick, mask)[1]["grey_matter"]).sum() > 1.15 * gray
    assert TissuesBesideLesions().structures[4] == "lesion"
    with pytest.raises(InputError, match="All of the brain"):
        TissuesBesideLesions()(sick, mask, mask)


def test_names_follow_the_weighting():
    assert TissueClasses(weighting="T2").structures == {1: "csf", 2: "grey_matter", 3: "white_matter"}
    assert TissueClasses(weighting="T1", classes=4).structures == {}
    assert Recipe.of(TissueClasses()).enabled_steps
    with pytest.raises(InputError, match="fewer than 3"):
        ones = sitk.Image(20, 20, 20, sitk.sitkUInt8) + 1
        TissueClasses()(sitk.Image(20, 20, 20, sitk.sitkInt16) + 4, ones)


def test_k_means_is_the_optimum_over_all_divisions():
    generator = np.random.default_rng(3)
    values = np.round(np.concatenate([generator.normal(m, 8, 40) for m in (20, 90, 100)]))
    histogram = Histogram.of(values, 3)
    means = best_means(histogram, 3)

    def cost(limits):
        parts = [values[(values >= a) & (values < b)] for a, b in itertools.pairwise([-np.inf, *limits, np.inf])]
        return sum(part.size * part.var() for part in parts) if all(part.size for part in parts) else np.inf

    best = min(cost(limits) for limits in itertools.combinations(np.unique(values) + 0.5, 2))
    assert cost((means[:-1] + means[1:]) / 2) <= best * 1.01


def test_k_means_smooths_first_if_asked():
    truth = (np.indices((60, 60))[1] > 30).astype(int)
    image = sitk.GetImageFromArray(
        (50 * truth + np.random.default_rng(0).normal(0, 30, truth.shape)).astype(np.float32)
    )
    rough, smooth = (array(KMeans(classes=2, smoothing_mm=s)(image)) - 1 for s in (0.0, 3.0))
    assert (rough == truth).mean() < 0.85 and (smooth == truth).mean() > 0.97


def test_memberships_are_those_of_the_definition():
    """u_k = 1 / sum_j (d_k / d_j)^(2 / (m - 1)), and each center is the mean weighted by u^m (Bezdek 1981)."""
    generator = np.random.default_rng(1)
    values = np.concatenate([generator.normal(m, 6, 3000) for m in (30, 70, 120)]).reshape(60, 150)
    labels, maps = FuzzyCMeans()(sitk.GetImageFromArray(values))
    u = np.stack([array(maps[f"class_{k}"]) for k in (1, 2, 3)]).astype(float)
    centers = (u**2 * values).sum(axis=(1, 2)) / (u**2).sum(axis=(1, 2))
    assert centers == pytest.approx([30, 70, 120], abs=1)
    inverse = 1 / ((values - centers[:, None, None]) ** 2 + 1e-9)
    np.testing.assert_allclose(u, inverse / inverse.sum(axis=0), atol=0.02)
    np.testing.assert_array_equal(array(labels), u.argmax(axis=0) + 1)
    np.testing.assert_allclose(u.sum(axis=0), 1, atol=1e-5)


def test_neighbors_quiet_fuzzy_classes():
    truth = (np.indices((60, 60))[1] > 30).astype(int)
    grid = Geometry((60, 60), (1.0, 1.0), (0.0, 0.0), (1.0, 0.0, 0.0, 1.0))
    image = grid.image_of(50 * truth + np.random.default_rng(0).normal(0, 25, truth.shape))
    alone, together = (
        (array(FuzzyCMeans(classes=2, neighbor_weight=w, neighborhood_mm=1.5)(image)[0]) - 1 == truth).mean()
        for w in (0.0, 6.0)
    )
    assert alone < 0.9 < 0.96 < together


def test_a_mixture_finds_the_distributions_it_is_made_of():
    generator = np.random.default_rng(0)
    values = np.concatenate([generator.normal(30, 5, 20000), generator.normal(60, 8, 60000)])
    histogram = Histogram.of(values, 2)
    means, sds, shares = mixture(histogram, best_means(histogram, 2))
    assert means == pytest.approx([30, 60], abs=0.5)
    assert sds == pytest.approx([5, 8], rel=0.05) and shares == pytest.approx([0.25, 0.75], abs=0.01)


def test_tissues_that_the_image_does_not_tell_apart_are_refused(phantom):
    signal = 100 * (phantom.fractions[1] + phantom.fractions[2]) + 30 * phantom.fractions[0]
    noise = np.random.default_rng(0).normal(0, 8, signal.shape)
    image = phantom.placed((signal + noise).astype(np.float32))
    with pytest.raises(InputError, match="does not tell gray from white"):
        TissueClasses(weighting="FLAIR", bias_mm=0)(image, masked(phantom))
    # what is to be done differs: who gave a second image is not told to add one
    with pytest.raises(InputError, match=r"together do not tell .* leave the second image out"):
        TissueClasses(weighting="FLAIR", bias_mm=0)(image, masked(phantom), image)
    labels = array(TissueClasses(classes=2, bias_mm=0)(image, masked(phantom))[0])
    assert dice(labels == 1, phantom.labels == 1) > 0.95


def test_a_cortex_that_is_lost_in_white_matter_is_refused(phantom):
    """Two of five slices of gray matter as bright as white matter."""
    bright = (phantom.labels == 2) & (np.indices(phantom.mask.shape)[2] % 5 < 2)
    values = np.where(bright, 100, np.tensordot((35, 72, 100), phantom.fractions, 1))
    values = values + np.random.default_rng(0).normal(0, 3, values.shape)
    with pytest.raises(InputError, match=r"it would have [0-9]+ ml of gray and [0-9]+ ml of white matter"):
        TissueClasses(bias_mm=0, smoothness=0)(phantom.placed(values.astype(np.float32)), masked(phantom))
