"""Deformable registration: what it recovers, what it leaves alone, and how it judges itself."""

from dataclasses import replace

import numpy as np
import pytest
import SimpleITK as sitk
from scipy import ndimage

from MedProcLib.comparison.alignment.volume import prepare
from MedProcLib.comparison.deformed import judge_given, register_deformed
from MedProcLib.comparison.inverse import inverted
from MedProcLib.comparison.register import register
from MedProcLib.comparison.registration.landmarks import Landmarks
from MedProcLib.comparison.registration.self_similarity import self_similarity
from MedProcLib.comparison.registration.shared_grid import SharedGrid
from MedProcLib.comparison.registration.trust import Trust
from MedProcLib.comparison.registration.velocity import enlarged, exponential, halved, warped
from MedProcLib.comparison.result import Registration, Verdict
from MedProcLib.core.errors import Cancelled, InputError
from MedProcLib.core.geometry import Geometry, resample
from MedProcLib.core.progress import Progress

from .conftest import rigid

SKEW = rigid((20, -10, 15), (0, 0, 0))[:3, :3] @ np.diag([1.0, 1, -1])  # oblique and left-handed


def textured(size=(20, 18, 9), spacing=(4.0, 4.0, 8.0), direction=SKEW, seed=0) -> sitk.Image:
    """A body with structures of a few voxels."""
    flat = (np.asarray(direction) if len(size) == 3 else np.eye(2)).ravel()
    origin = (15.0, -30.0, 40.0)[: len(size)]
    grid = Geometry(size, spacing, origin, tuple(flat.tolist()))
    shape = tuple(reversed(size))
    sigma = [2.5 * min(spacing) / s for s in reversed(spacing)]
    values = ndimage.gaussian_filter(np.random.default_rng(seed).normal(size=shape), sigma)
    places = np.stack(np.meshgrid(*[np.linspace(-1, 1, n) for n in shape], indexing="ij"))
    body = (places**2).sum(axis=0) < 0.8
    return grid.image_of((body * (100 + 25 * values / values.std())).astype(np.float32))


def bend(image: sitk.Image, height: float) -> sitk.Transform:
    """Each axis displaced by a wave along another one, fading at the border."""
    grid = Geometry.of(image)
    n = grid.dimension
    shape = tuple(reversed(grid.size))
    phase = np.stack(np.meshgrid(*[np.linspace(0, np.pi, s) for s in shape], indexing="ij"))[::-1]
    fade = np.prod(np.sin(phase), axis=0)
    shift = np.stack([fade * np.sin(2 * phase[(axis + 1) % n]) for axis in range(n)], axis=-1) * height
    return sitk.DisplacementFieldTransform(grid.stamp(sitk.GetImageFromArray(shift, isVector=True)))


def errors(image: sitk.Image, transform: sitk.Transform, truth: sitk.Transform) -> np.ndarray:
    """Distance in mm by which going there and back misses, over the body."""
    grid = Geometry.of(image)
    points = grid.points(np.argwhere(sitk.GetArrayViewFromImage(image) > 20)[::7, ::-1].astype(float))
    back = [truth.TransformPoint(transform.TransformPoint(p)) for p in points.tolist()]
    return np.linalg.norm(np.array(back) - points, axis=1)


def deformed(fixed: sitk.Image, moving: sitk.Image, **settings) -> Registration:
    both = [prepare(image, None, "The image", "mutual_information") for image in (fixed, moving)]
    return register_deformed(*both, np.eye(fixed.GetDimension() + 1), **settings)


@pytest.fixture(scope="module")
def bent():
    """(fixed, moving of inverted contrast, the transform that bends it, registration)."""
    fixed = textured((30, 28, 14))
    truth = bend(fixed, 8.0)
    moving = resample(fixed, Geometry.of(fixed), truth)
    values = sitk.GetArrayFromImage(moving)
    values = np.where(values > 20, 220 - values, 0) + np.random.default_rng(1).normal(0, 2, values.shape)
    moving = Geometry.of(moving).image_of(values.astype(np.float32))
    return fixed, moving, truth, deformed(fixed, moving)


@pytest.fixture(scope="module")
def plane():
    """(fixed, moving, the transform that bends it, registration) in 2D."""
    fixed = textured((72, 60), (1.5, 2.0))
    truth = bend(fixed, 5.0)
    moving = resample(fixed, Geometry.of(fixed), truth)
    return fixed, moving, truth, register(fixed, moving, kind="deformable")


def test_a_bend_is_followed_under_inverted_contrast_on_oblique_left_handed_thick_slices(bent):
    fixed, _, truth, found = bent
    still = errors(fixed, sitk.AffineTransform(3), truth)
    left = errors(fixed, found.transform, truth)
    assert still.mean() > 3
    assert left.mean() < 0.5 * still.mean()
    assert found.verdict is not Verdict.FAILED, found.reasons
    value = {figure.name: figure.value for figure in found.figures}
    assert value["folded"] == 0
    assert value["jacobian_min"] > 0.2
    assert value["similarity"] > value["similarity_affine"] + 0.03
    assert left.mean() / 2 < value["repeatability"] < 2 * left.mean()  # it foretells the error
    if found.verdict is Verdict.GOOD:
        assert value["starts_apart"] < 2  # half a voxel


def test_two_ways_to_start_that_end_apart_are_doubtful():
    told = Trust(0.7, 0.8, (0.75, 0.78), 0.3, 0.7, 1.0, starts_apart=0.9)
    assert told.judged()[0] is Verdict.GOOD
    verdict, reasons = replace(told, starts_apart=1.8).judged()
    assert verdict is Verdict.DOUBTFUL and "end 1.8 mm from where" in reasons[0]
    assert [f.value for f in told.measurements() if f.name == "starts_apart"] == [0.9]


def test_a_start_that_gray_values_reject_fails_where_the_deformation_is_noise():
    """A body against another of the same outline: structures of the outline alone agree."""
    found = deformed(textured(), textured(seed=5), sure=False)
    assert found.verdict is Verdict.FAILED and found.transform.IsLinear()
    assert "Nor do the gray values agree" in found.reasons[-1]
    fixed = textured()
    held = deformed(fixed, resample(fixed, Geometry.of(fixed), bend(fixed, 8.0)), sure=False)  # 'good' if sure
    assert held.verdict is Verdict.DOUBTFUL and "but the gray values there do not agree" in held.reasons[0]


def test_the_inverse_and_the_half_way_space_belong_to_the_transform(bent):
    fixed, _, _, found = bent
    grid = Geometry.of(fixed)
    back = inverted(found.transform, grid)
    assert errors(fixed, found.transform, back).max() < 0.6
    assert inverted(found.transform, Geometry.of(fixed)) is back  # computed once
    wider = inverted(found.transform, replace(grid, size=(40, 38, 20)))
    assert wider is not back and errors(fixed, found.transform, wider).max() < 0.6
    half = sitk.CompositeTransform([found.to_other, inverted(found.to_first, grid)])
    assert errors(fixed, half, back).max() < 0.8


def test_swapping_the_images_gives_the_inverse(plane):
    fixed, moving, _, found = plane
    backward = register(moving, fixed, kind="deformable")
    assert errors(fixed, found.transform, backward.transform).max() < 0.5


def test_the_same_images_stay_where_they_are(plane):
    fixed = plane[0]
    found = deformed(fixed, fixed)
    assert errors(fixed, found.transform, sitk.AffineTransform(2)).max() < 0.05
    assert found.verdict is Verdict.GOOD, found.reasons


def test_unrelated_images_are_not_deformed_nor_called_good(plane):
    found = register(plane[0], textured((70, 64), (1.5, 2.0), seed=5), kind="deformable")
    assert found.verdict is not Verdict.GOOD  # they share the outline of the body
    assert found.transform.IsLinear()


def test_landmarks_lead_where_the_images_tell_nothing():
    fixed, moving = textured(), textured(seed=5)
    center = Geometry.of(fixed).center
    places = center + np.array([[0, 0, 0], [20, 0, 0], [0, 20, 0], [0, 0, 25.0]])
    marks = Landmarks(places, places + np.array([[4, 0, 0], [0, 0, 0], [0, 4, 0], [0, 0, -4.0]]))
    found = register(fixed, moving, kind="deformable", metric="mutual_information", landmarks=marks)
    there = np.array([found.transform.TransformPoint(p) for p in marks.fixed.tolist()])
    assert np.linalg.norm(there - marks.moving, axis=1).max() < 1.5
    assert found.verdict is Verdict.DOUBTFUL


def test_planes_are_registered_too(plane):
    fixed, moving, truth, found = plane
    still = errors(fixed, sitk.AffineTransform(2), truth)
    assert errors(fixed, found.transform, truth).mean() < 0.35 * still.mean()
    assert found.transform.GetDimension() == 2
    shift, center = np.array([9.0, -6.0]), Geometry.of(fixed).center
    moved = fixed[:, :]
    moved.SetOrigin((np.array(fixed.GetOrigin()) + shift).tolist())
    affine = register(fixed, moved, kind="affine")
    assert np.allclose(affine.transform.TransformPoint(center.tolist()), center + shift, atol=0.3)
    with pytest.raises(InputError, match="'affine' or 'deformable'"):
        register(fixed, moving)
    with pytest.raises(InputError, match="2D and the other 3D"):
        register(fixed, textured())


def test_planes_that_show_different_parts_are_not_called_aligned(plane):
    values = [sitk.GetArrayFromImage(plane[0]) for _ in range(2)]
    values[0][len(values[0]) // 3 :] = np.nan
    values[1][: -len(values[1]) // 3] = np.nan
    one, two = (Geometry.of(plane[0]).image_of(v) for v in values)
    assert register(one, two, kind="affine").verdict is not Verdict.GOOD


def test_a_slice_too_thin_to_be_a_volume_ends_soon(plane):
    grid = Geometry((*plane[0].GetSize(), 1), (2.0, 2.0, 0.1), (0.0, 0.0, 0.0), tuple(np.eye(3).ravel().tolist()))
    image = grid.image_of(sitk.GetArrayFromImage(plane[0])[None])
    volume = prepare(image, None, "The image")
    assert SharedGrid.between(volume, volume, np.eye(4)) is None
    judged = judge_given(volume, volume, sitk.AffineTransform(3))
    assert judged.verdict is Verdict.FAILED and "too thin" in judged.reasons[0]


def test_a_transform_of_another_program_is_judged_by_the_same_figures(bent):
    fixed, moving, truth, _ = bent
    grid = Geometry.of(fixed)
    one, two = (prepare(image, None, "The image", "mutual_information") for image in (fixed, moving))
    right = judge_given(one, two, inverted(truth, grid))
    assert right.verdict is Verdict.GOOD, right.reasons
    wrong = judge_given(one, two, sitk.TranslationTransform(3, (28.0, -18.0, 24.0)))
    assert wrong.verdict is Verdict.FAILED
    assert right.figures[0].value > wrong.figures[0].value + 0.1


def test_cancel_is_heard():
    progress = Progress(lambda fraction, message: progress.cancel() if message == "Deforming" else None)
    with pytest.raises(Cancelled):
        deformed(*[textured((40, 40), (2.0, 2.0))] * 2, progress=progress)


def test_descriptors_do_not_see_contrast_and_stay_silent_where_nothing_is():
    values = sitk.GetArrayFromImage(textured())
    inside = values > 20
    found = self_similarity(values, inside)
    assert found.shape == (*values.shape, 12)
    assert np.allclose(found, self_similarity(220 - 2 * values, inside), atol=1e-4)
    assert found[0, 0, 0].min() == 1  # air
    assert self_similarity(values[6], inside[6]).shape[-1] == 4


def test_the_exponential_of_a_velocity_is_undone_by_that_of_its_negative():
    random = np.random.default_rng(0)
    velocity = np.stack([ndimage.gaussian_filter(random.normal(size=(32, 30, 28)), 4, mode="constant") for _ in "zyx"])
    velocity *= 2 / np.abs(velocity).max()
    there = exponential(velocity)
    back = there + warped(exponential(-velocity), there)
    assert np.abs(back[:, 4:-4, 4:-4, 4:-4]).max() < 0.07
    constant = np.full((3, 8, 8, 8), 1.7)
    assert np.allclose(exponential(constant), 1.7)


def test_coarse_fields_keep_their_place_on_a_finer_grid():
    ramp = np.broadcast_to(np.arange(16, dtype=np.float32)[:, None], (16, 8))[None]
    coarse = halved(ramp, 2)
    assert np.allclose(coarse[0, :, 0], np.arange(8) * 2 + 0.5)
    assert np.allclose(enlarged(coarse, (16, 8))[0, 1:-1], ramp[0, 1:-1])
