import itertools
import threading
import time
from dataclasses import replace

import numpy as np
import pytest
import SimpleITK as sitk
from scipy import ndimage

from MedProcLib.comparison.alignment.field import Field, fields
from MedProcLib.comparison.alignment.points import largest_distance
from MedProcLib.comparison.alignment.samples import choose
from MedProcLib.comparison.alignment.state import State
from MedProcLib.comparison.alignment.volume import head_points, prepare
from MedProcLib.comparison.halfway import matrix_of
from MedProcLib.comparison.register import Register, metric_for, register
from MedProcLib.comparison.registration.landmarks import Landmarks
from MedProcLib.comparison.result import Verdict
from MedProcLib.comparison.verdict import MOST_SAMPLES, MOVED_MM, RESIDUAL_MM, Figures, judge, local_displacement
from MedProcLib.core.errors import Cancelled, InputError
from MedProcLib.core.geometry import Geometry
from MedProcLib.core.progress import Progress

from .conftest import RADII, grid_of, head, moved, rigid

CASES = {
    "oblique": ((25, 10, -8), (20, -25, 15), (1.6, 1.6, 3.0), rigid((5, -8, 12), (0, 0, 0))[:3, :3]),
    "left-handed": ((-12, 15, 20), (-30, 10, -20), (1.5, 1.5, 4.0), np.diag([1.0, 1.0, -1.0])),
    "sagittal slices": ((5, -26, 4), (8, 30, -20), (1.5, 1.5, 5.0), np.array([[0.0, 0, 1], [1, 0, 0], [0, 1, 0]])),
}


@pytest.mark.parametrize("case", CASES)
def test_misplaced_real_image_is_found_everywhere_in_the_head(real, case):
    image = real(1)
    degrees, shift, spacing, direction = CASES[case]
    center = Geometry.of(image).center
    matrix = rigid(degrees, (0, 0, 0))
    matrix[:3, 3] = center + shift - matrix[:3, :3] @ center
    other = moved(image, matrix, grid_of(spacing, direction, center + shift, (230, 230, 190)), noise=12)
    found = register(image, other)
    points = head_points(prepare(image, None, "The image"))
    assert found.verdict is Verdict.GOOD, found.reasons
    assert largest_distance(matrix_of(found.transform), matrix, points) < 0.5


@pytest.fixture(scope="module")
def turned():
    """(first, other, matrix, registration) of a head and the head moved by the matrix."""
    matrix = rigid((12, -9, 15), (10, -20, 12))
    first, _ = head(grid_of((3.5, 3.5, 3.5)))
    other, _ = head(grid_of((3, 3, 4), center=(10, -20, 12)), matrix, seed=1)
    return first, other, matrix, register(first, other)


def test_swapping_the_studies_gives_the_inverse(turned):
    first, other, matrix, forward = turned
    backward = register(other, first)
    points = head_points(prepare(first, None, "The image"))
    assert largest_distance(matrix_of(forward.transform), matrix, points) < 0.5
    assert largest_distance(np.linalg.inv(matrix_of(backward.transform)), matrix_of(forward.transform), points) < 0.02
    half = matrix_of(forward.to_other) @ np.linalg.inv(matrix_of(forward.to_first))
    assert np.allclose(half, matrix_of(forward.transform), atol=1e-6)


def test_same_input_gives_the_same_transform(turned):
    first, other, _, once = turned
    assert once.transform.GetParameters() == register(first, other).transform.GetParameters()


def test_affine_finds_a_difference_in_size(real):
    """On a real head: an ellipsoid of faint texture looks the same after many affine maps."""
    image = real(1)
    center = Geometry.of(image).center
    matrix = rigid((4, 0, -6), (0, 0, 0)) @ np.diag([1.03, 0.98, 1.02, 1])
    matrix[:3, 3] = center + np.array([5, 3, 0]) - matrix[:3, :3] @ center
    other = moved(image, matrix, grid_of((2.5, 2.5, 4.0), None, center, (230, 230, 190)), noise=8)
    points = head_points(prepare(image, None, "The image"))
    found = matrix_of(register(image, other, kind="affine").transform)
    assert largest_distance(found, matrix, points) < 0.3
    assert np.linalg.svd(found[:3, :3], compute_uv=False) == pytest.approx([1.03, 1.02, 0.98], abs=2e-3)


def test_landmarks_start_beyond_the_range_of_the_search_and_are_checked():
    """Turned by 80 degrees: the search ends at 40."""
    matrix = rigid((0, 0, 80), (10, -20, 12))
    first, _ = head(grid_of((4, 4, 4)))
    other, _ = head(grid_of((4, 4, 4), center=(10, -20, 12)), matrix, seed=1)
    places = np.random.default_rng(0).uniform(-50, 50, (5, 3))
    there = places @ matrix[:3, :3].T + matrix[:3, 3] + np.random.default_rng(1).normal(0, 1, (5, 3))
    found = register(first, other, landmarks=Landmarks(places, there))
    points = head_points(prepare(first, None, "The image"))
    assert largest_distance(matrix_of(found.transform), matrix, points) < 0.6
    figures = {figure.name: figure.value for figure in found.figures if "landmark" not in figure.parameters}
    assert 0.5 < figures["landmark_error_mean"] < 3
    assert figures["landmark_error_max"] >= figures["landmark_error_mean"]


def test_landmarks_elsewhere_make_the_verdict_worse():
    first, _ = head(grid_of((6, 6, 6)))
    places = np.random.default_rng(0).uniform(-50, 50, (4, 3))
    far = Landmarks(places, places + np.array([25, 0, 0]))
    found = register(first, first, landmarks=far, landmark_use="check")
    assert found.verdict is Verdict.FAILED
    assert "landmarks end 25.0 mm" in found.reasons[0]
    with pytest.raises(InputError, match="at least 3"):
        register(first, first, landmarks=Landmarks(places[:2], places[:2]))


def test_mutual_information_aligns_what_no_gray_value_tells():
    """Both halves of the head's gray values look alike in the other image, as bone and soft tissue do in MR."""
    matrix = rigid((8, -5, 10), (8, -12, 6))
    first, _ = head(grid_of((5, 5, 5)))
    other, _ = head(grid_of((5, 5, 5), center=(8, -12, 6)), matrix, seed=1)
    values = sitk.GetArrayFromImage(other)
    other = Geometry.of(other).image_of(np.where(values > 40, np.abs(values - 95) + 30, values / 8))
    points = head_points(prepare(first, None, "The image"))
    found = register(first, other, metric="mutual_information")
    assert largest_distance(matrix_of(found.transform), matrix, points) < 1
    backward = register(other, first, metric="mutual_information")
    assert largest_distance(np.linalg.inv(matrix_of(backward.transform)), matrix_of(found.transform), points) < 0.2
    assert found.figures[0].parameters == {"metric": "mutual information"}


def test_images_of_one_examination_stay_near_what_their_files_say():
    """Off by 8 degrees and 15 mm they are found without a search; turned by 25 degrees they are refused."""
    first, _ = head(grid_of((4, 4, 4)))
    for degrees, expected in (((5, -4, 5), Verdict.GOOD), ((0, 0, 25), Verdict.FAILED)):
        matrix = rigid(degrees, (10, -8, 8))
        other, _ = head(grid_of((4, 4, 4), center=(10, -8, 8)), matrix, seed=1)
        found = register(first, other, position="near")
        assert found.verdict is expected, found.reasons
    assert "25 degrees and" in found.reasons[0] and "from what the files say" in found.reasons[0]
    bent = register(first, other, position="near", kind="deformable")
    assert bent.verdict is not Verdict.GOOD and "from what the files say" in bent.reasons[0]
    with pytest.raises(InputError, match="elastix cannot be kept near"):
        register(first, other, tool="elastix", position="near")
    with pytest.raises(InputError, match="Unknown position"):
        register(first, other, position="far")


def test_the_metric_follows_the_modalities():
    assert metric_for("CT", "PT") == "mutual_information"
    assert metric_for("MR", "MR") == metric_for("", "CT") == "correlation_ratio"


def test_a_body_larger_than_the_sample_is_judged_too():
    """More samples than are kept at a level: blocks hold fewer, not none."""
    grid = grid_of((8, 8, 8), extent=(600, 520, 640))
    values = ndimage.gaussian_filter(np.random.default_rng(5).normal(size=tuple(reversed(grid.size))), 1.5)
    image = grid.image_of((values / values.std() * 20 + 100).astype(np.float32))
    body = Field(prepare(image, None, "The image"), 8.0)
    samples = choose(body, body, np.eye(4))
    state = State.at(body, body, np.eye(4), samples)
    assert max(local_displacement(state, samples.apart, "correlation_ratio")) < 1


def test_blocks_that_noise_moves_hardly_count():
    """A body that is faint in most of its height, as tissue without uptake in PET; unweighted 2.2 mm are read."""
    grid, random = grid_of((8, 8, 8), extent=(400, 320, 640)), np.random.default_rng(6)
    values = ndimage.gaussian_filter(random.normal(size=tuple(reversed(grid.size))), 1.5)
    values *= np.where(np.arange(grid.size[2]) < 32, 20, 0.5)[:, None, None] / values.std()
    images = [grid.image_of((values + random.normal(size=values.shape)).astype(np.float32)) for _ in range(2)]
    body = grid.image_of(np.ones(values.shape, np.uint8))
    one, two = (Field(prepare(image, body, "The image"), 8.0) for image in images)
    for shift in (0.0, 3.0):
        matrix = rigid((0, 0, 0), (shift, 0, 0))
        samples = choose(one, two, matrix, MOST_SAMPLES)
        found = local_displacement(State.at(one, two, matrix, samples), samples.apart, "correlation_ratio")[0]
        assert found == pytest.approx(shift, abs=0.9), shift


def test_lesions_that_grew_are_no_tissue_that_moved():
    """Lesions of 8 mm radius in all parts of a head grew to 14 mm, each to a side of its own."""
    grid, random = grid_of((4, 4, 4)), np.random.default_rng(1)
    places = np.array(list(itertools.product((-35, 0, 35), (-50, -15, 20, 55), (-30, 10, 40))))
    places = places[np.sum(np.square(places / RADII), axis=1) < 0.6]
    sides = random.normal(size=places.shape)
    grown = places + 6 * sides / np.linalg.norm(sides, axis=1)[:, None]
    before, _ = head(grid, lesions=[(place, 8.0, 120.0) for place in places])
    after, _ = head(grid, lesions=[(place, 14.0, 120.0) for place in grown], seed=1)
    one, two = (levels[1] for levels in fields(*(prepare(image, None, "") for image in (before, after))))

    def displacement(millimeters: float) -> tuple[float, float]:
        matrix = rigid((0, 0, 0), (millimeters, 0, 0))
        samples = choose(one, two, matrix, MOST_SAMPLES)
        return local_displacement(State.at(one, two, matrix, samples), samples.apart, "correlation_ratio")

    assert displacement(0.0)[0] < RESIDUAL_MM["correlation_ratio"][0]
    length, moved_mm = displacement(1.5)
    assert length == pytest.approx(1.5, abs=0.25) and MOVED_MM < moved_mm < length


def test_local_displacement_is_the_same_in_the_opposite_order():
    """Of two contrasts, one of which does not tell the other."""
    first, _ = head(grid_of((4, 4, 4)))
    values = sitk.GetArrayFromImage(first)
    other = Geometry.of(first).image_of(values * (1.4 * np.percentile(values, 99) - values))
    one, two = (levels[1] for levels in fields(*(prepare(image, None, "") for image in (first, other))))
    samples = choose(one, two, np.eye(4), MOST_SAMPLES)
    there = State.at(one, two, np.eye(4), samples)
    back = replace(there, f=there.m, m=there.f, gf=there.gm, gm=there.gf)
    found, opposite = (local_displacement(state, samples.apart, "correlation_ratio") for state in (there, back))
    assert found == pytest.approx(opposite, rel=1e-6) and found[1] < MOVED_MM


def test_what_cannot_be_told_is_said_in_words():
    verdict, reasons = judge(Figures(0.99, 0.95, 0.1, float("inf"), 0.9))
    assert verdict is Verdict.FAILED
    assert reasons == (
        "Too few parts of the body show structure in all directions, as in few slices: how far they still lie apart "
        "cannot be told.",
    )
    assert "still lie 5.0 mm apart" in judge(Figures(0.99, 0.95, 0.1, 5.0, 0.9))[1][0]
    # a CT bent smoothly by 1.3 mm, and a right pair of PET, whose voxels are larger
    bent, pet = (
        judge(Figures(0.997, 0.98, 0.01, r, 0.9, moved_mm=0.42, level_mm=mm)) for r, mm in ((0.92, 4), (0.86, 9))
    )
    assert bent[0] is Verdict.DOUBTFUL and "lie 0.92 mm apart (median; expected at most 0.8 mm)" in bent[1][0]
    assert pet[0] is Verdict.GOOD
    assert judge(Figures(0.998, 0.98, 0.01, 1.4, 0.9, level_mm=9))[0] is Verdict.DOUBTFUL
    assert judge(Figures(0.9974, 0.95, 0.0004, 0.206, 0.9))[1] == (
        "Correlation ratio 0.997, overlap 95 %, inverse consistency below 0.01 mm, local displacement 0.21 mm.",
    )


def test_how_much_is_shared_is_judged_apart_from_how_well_it_agrees():
    for overlap, shared, expected in (
        (0.70, 0.30, Verdict.GOOD),
        (0.69, 0.30, Verdict.DOUBTFUL),
        (0.29, 1.00, Verdict.FAILED),
        (1.00, 0.29, Verdict.DOUBTFUL),
        (1.00, 0.09, Verdict.FAILED),
    ):
        assert judge(Figures(0.99, overlap, 0.4, 0.1, shared))[0] is expected
    assert (
        "29 % of the smaller body lies in what the other study shows" in judge(Figures(0.99, 1, 0.1, 0.1, 0.29))[1][0]
    )


def test_another_contrast_is_no_doubt_where_the_position_is_sure():
    """Raw T1 and FLAIR of one examination, and what would make them doubtful as another patient's are."""

    def of(similarity=0.955, overlap=0.59, restart=0.12, residual=1.55, moved_mm=0.54):
        return judge(Figures(similarity, overlap, restart, residual, 0.95, moved_mm=moved_mm))

    verdict, reasons = of()
    assert verdict is Verdict.GOOD and "displacement 1.55 mm (it hardly makes the images more alike" in reasons[0]
    for doubtful in ({"restart": 0.52}, {"moved_mm": 1.07}, {"similarity": 0.86}, {"overlap": 0.54}):
        assert of(**doubtful)[0] is Verdict.DOUBTFUL, doubtful
    # much noise hides as well what moved: a body bent by 2 mm, and one of which a displaced start ends 0.46 mm away
    for bent in ({"similarity": 0.992}, {"residual": 2.1}, {"similarity": 0.975, "restart": 0.46}):
        verdict, reasons = of(overlap=0.88, **bent)
        assert verdict is Verdict.DOUBTFUL and "Parts of the body still lie" in reasons[0], bent
    assert of(residual=4.1)[0] is Verdict.FAILED
    assert of(overlap=0.05)[0] is Verdict.DOUBTFUL  # all of what one image shows bright lies in the other's body
    assert of(overlap=0.05, restart=0.4)[0] is Verdict.FAILED
    # within masks of the brain, and so of two patients
    assert of(0.54, 0.93, residual=1.93)[0] is Verdict.DOUBTFUL
    assert of(0.54, 0.93, 0.93, 1.93)[0] is Verdict.FAILED


def test_a_field_of_view_that_cuts_the_head_is_no_doubt(real):
    """A slab of a third of the head, turned: most of the head is beyond it, and what both show agrees."""
    image = real(1)
    matrix, center = rigid((10, -6, 12), (0, 0, 0)), Geometry.of(image).center
    there = center + np.array([8.0, -12.0, 10.0])
    matrix[:3, 3] = there - matrix[:3, :3] @ center
    other = moved(image, matrix, grid_of((2, 2, 3), center=there, extent=(230, 230, 60)), noise=12)
    found = register(image, other)
    assert found.verdict is Verdict.GOOD, found.reasons
    figures = {f.name: f.value for f in found.figures}
    assert figures["overlap"] > 85 and figures["shared_body"] > 80
    points = head_points(prepare(other, None, "The image"))
    assert largest_distance(np.linalg.inv(matrix_of(found.transform)), np.linalg.inv(matrix), points) < 0.5


def test_other_anatomy_is_not_called_good():
    first, _ = head(grid_of((6, 6, 6)))
    random = np.random.default_rng(3)
    grid = grid_of((6, 6, 8), extent=(380, 300, 300))
    body = np.zeros(tuple(reversed(grid.size)))
    body[5:-5, 6:-6, 8:-8] = 80
    body[10:30, 20:30, 12:30] += 100
    other = grid.image_of((body + random.normal(0, 5, body.shape)).astype(np.float32))
    with pytest.raises(InputError, match=r"cannot be registered: .+"):
        Register()(first, other)


def test_a_mirrored_study_is_refused_in_words(real):
    first, other = (sitk.BinShrink(real(number)[:, :, 12:28], [4, 4, 1]) for number in (1, 2))
    wrong = Geometry.of(other).image_of(sitk.GetArrayFromImage(other)[:, :, ::-1].copy())
    found = register(first, wrong)
    assert found.verdict is Verdict.FAILED
    assert "left and right seem to be exchanged" in found.reasons[0]


def test_noise_without_any_structure_is_not_called_good():
    random = np.random.default_rng(0)
    grid = grid_of((8, 8, 8))
    shape = tuple(reversed(grid.size))
    one, two = (grid.image_of(random.normal(size=shape).astype(np.float32)) for _ in range(2))
    assert register(one, two).verdict is Verdict.FAILED


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda a: np.full_like(a, 7), "constant"),
        (lambda a: np.full_like(a, np.nan), "no finite voxel"),
    ],
)
def test_images_with_nothing_in_them_are_refused(spoil, message):
    first, _ = head(grid_of((6, 6, 6)))
    grid = Geometry.of(first)
    with pytest.raises(InputError, match=message):
        register(first, grid.image_of(spoil(sitk.GetArrayFromImage(first))))


def test_2d_images_unknown_kinds_and_empty_masks_are_refused():
    first, mask = head(grid_of((6, 6, 6)))
    with pytest.raises(InputError, match="2D"):
        register(first[:, :, 5], first)
    with pytest.raises(InputError, match="Unknown kind"):
        register(first, first, kind="nonsense")
    with pytest.raises(InputError, match="Unknown metric"):
        register(first, first, metric="nonsense")
    with pytest.raises(InputError, match="selects no"):
        register(first, first, fixed_mask=mask * 0)
    with pytest.raises(InputError, match="the other image and its mask differs"):
        register(first, first, moving_mask=mask[1:])
    points = np.array([[0.0, 0, 0], [9, 0, 0], [0, 9, 0]])
    with pytest.raises(InputError, match="points in space"):
        register(first[:, :, 5], first[:, :, 5], tool="elastix", landmarks=Landmarks(points, points))


@pytest.mark.parametrize("kind", ["rigid", "affine", "deformable"])
def test_a_single_slice_in_space_is_refused_at_once(kind):
    """Its own plane is all that it shows: what is turned out of it fits as well."""
    first, _ = head(grid_of((4, 4, 4)))
    for axis in range(3):
        one = tuple(slice(9, 10) if n == axis else slice(None) for n in range(3))
        with pytest.raises(InputError, match="The other image is a single slice"):
            register(first, first[one], kind=kind)
        with pytest.raises(InputError, match="The first image is a single slice"):
            register(first[one], first[one], kind=kind)


def test_nan_voxels_count_as_outside():
    matrix = rigid((6, -4, 8), (5, 6, -7))
    first, _ = head(grid_of((4, 4, 4)))
    other, _ = head(grid_of((4, 4, 4)), matrix, seed=1)
    values = sitk.GetArrayFromImage(other)
    values[:6] = np.nan
    values[:, 4:9, 15:22] = np.inf
    found = register(first, Geometry.of(other).image_of(values))
    assert largest_distance(matrix_of(found.transform), matrix, head_points(prepare(first, None, "The image"))) < 0.5


def test_cancel_ends_within_a_second():
    first, _ = head(grid_of((3, 3, 3)))
    other, _ = head(grid_of((3, 3, 3)), rigid((8, 2, 5), (5, 0, 5)), seed=1)
    progress = Progress()
    asked = []

    def ask() -> None:
        asked.append(time.monotonic())
        progress.cancel()

    threading.Timer(0.4, ask).start()
    with pytest.raises(Cancelled):
        register(first, other, kind="deformable", progress=progress)
    assert asked
