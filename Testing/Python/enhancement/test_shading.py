"""Fields that were put into images come out again, and are the same on a part as on the whole."""

from dataclasses import replace

import numpy as np
import pytest
import SimpleITK as sitk
from scipy import interpolate

from MedProcLib.core.errors import InputError
from MedProcLib.core.geometry import Geometry
from MedProcLib.core.image_filter import learned_of
from MedProcLib.core.progress import Progress
from MedProcLib.enhancement.shading.coarse_field import CoarseField, Coarsening, mean_inside
from MedProcLib.enhancement.shading.flat_field import FlatField
from MedProcLib.enhancement.shading.n4 import N4


def grid_of(shape, spacing):
    dimension = len(shape)
    identity = tuple(float(x) for x in np.eye(dimension).ravel())
    return Geometry(shape[::-1], tuple(spacing[::-1]), (0.0,) * dimension, identity)


def image_of(values, spacing=None):
    return grid_of(values.shape, spacing or (1.0,) * values.ndim).image_of(values.astype(np.float32))


def array_of(image):
    return sitk.GetArrayFromImage(image)


class TestCoarseField:
    @pytest.mark.parametrize("make", ["to_spacing", "in_blocks"])
    @pytest.mark.parametrize(
        "shape, spacing", [((31, 47, 50), (2.0, 1.0, 0.7)), ((1, 40, 52), (5, 1, 1)), ((40, 53), (1, 1))]
    )
    def test_a_smooth_field_comes_back_on_all_voxels(self, make, shape, spacing):
        grid = grid_of(shape, spacing)
        coarsening = (
            Coarsening.to_spacing(grid, 4.0) if make == "to_spacing" else Coarsening.in_blocks(grid, [4.0] * len(shape))
        )
        assert min(n for n, whole in zip(coarsening.count, shape, strict=True) if whole > 1) > 7

        def smooth(*places):
            return sum(np.sin(p * s / 25 + 0.3 * k) for k, (p, s) in enumerate(zip(places, spacing, strict=True)))

        coarse = np.meshgrid(
            *[
                a + f * np.arange(n)
                for a, f, n in zip(coarsening.first, coarsening.factors, coarsening.count, strict=True)
            ],
            indexing="ij",
        )
        field = CoarseField.through(smooth(*coarse), coarsening).on(tuple(slice(0, n) for n in shape))
        expected = smooth(*np.meshgrid(*[np.arange(n) for n in shape], indexing="ij"))
        inner = tuple(slice(6, -6) if n > 1 else slice(None) for n in shape)
        assert np.abs(field - expected)[inner].max() < 2e-3
        assert np.abs(field - expected).max() < 0.04

    def test_it_is_the_cubic_spline_of_scipy(self):
        coarsening = Coarsening.to_spacing(grid_of((80,) * 2, (1, 1)), 5.0)
        rng = np.random.default_rng(0)
        values = rng.normal(0, 1, coarsening.count)
        field = CoarseField.through(values, coarsening).on((slice(0, 80), slice(0, 80)))
        knots = [a + 5 * np.arange(n) for a, n in zip(coarsening.first, coarsening.count, strict=True)]
        expected = interpolate.RectBivariateSpline(*knots, values, kx=3, ky=3, s=0)(np.arange(80), np.arange(80))
        # the splines differ in their ends, which is gone after a few knots
        np.testing.assert_allclose(field[30:50, 30:50], expected[30:50, 30:50], atol=2e-3)
        np.testing.assert_allclose(field[np.ix_(*[np.array(k, int) for k in knots])], values, atol=1e-5)

    def test_a_part_is_the_part_of_the_whole(self):
        coarsening = Coarsening.to_spacing(grid_of((30, 40, 50), (1, 1, 1)), 4.0)
        field = CoarseField.through(np.random.default_rng(0).normal(0, 1, coarsening.count), coarsening)
        whole = field.on((slice(0, 30), slice(0, 40), slice(0, 50)))
        for box in ((slice(7, 8), slice(0, 40), slice(0, 50)), (slice(3, 29), slice(39, 40), slice(11, 30))):
            np.testing.assert_allclose(field.on(box), whole[box], atol=1e-5)
        inside = np.random.default_rng(1).random((30, 40, 50)) > 0.7
        mean = mean_inside(field, whole, inside, lambda f, v: f + v)
        assert mean == pytest.approx(2 * whole[inside].mean(dtype=float), abs=1e-6)

    def test_the_last_bits_of_the_spacing_do_not_matter(self):
        wanted = 4.0
        exact, off = (Coarsening.to_spacing(grid_of((64, 64), (s, s)), wanted) for s in (0.8, 0.80000001))
        assert exact == off and exact.factors == (5, 5)


class TestN4:
    def test_headers_that_differ_in_the_last_bits_give_one_field(self, real_flair):
        image = sitk.Shrink(sitk.Cast(real_flair, sitk.sitkFloat32), [8, 8, 2])
        settings = N4(iterations=4, output="field")
        field = array_of(settings(image))
        moved = sitk.Image(image)
        moved.SetSpacing([s * (1 + 3e-7) for s in image.GetSpacing()])
        moved.SetOrigin((17.3, -40.1, 3.3))
        np.testing.assert_array_equal(array_of(settings(moved)), field)

    def test_image_is_corrected_times_field(self, real_flair):
        image = sitk.Shrink(sitk.Cast(real_flair, sitk.sitkFloat32), [8, 8, 2])
        field, corrected = (array_of(N4(iterations=4, output=o)(image)) for o in ("field", "corrected"))
        np.testing.assert_allclose(field * corrected, array_of(image), rtol=1e-5, atol=1e-3)
        head = learned_of_region(image)
        assert field[head].mean(dtype=float) == pytest.approx(1, abs=1e-4)

    def test_a_line_of_voxels(self):
        values = 100 + 30 * np.sin(np.arange(60.0)) + np.arange(60.0)
        for shape in ((1, 1, 60), (60, 1, 1), (1, 60)):
            with pytest.raises(InputError, match="along two axes"):
                N4()(image_of(values.reshape(shape)))


def learned_of_region(image):
    from MedProcLib.core.voxels import foreground

    values = array_of(image)
    return foreground(values, np.ones(values.shape, bool))


def radiograph(seed=0, shape=(300, 240)):
    """Small structures on an even ground, and the field of a heel effect."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[-1 : 1 : 1j * shape[0], -1 : 1 : 1j * shape[1]]
    truth = 1000 + 400 * (rng.random(shape) < 0.03) + rng.normal(0, 15, shape)
    return truth, np.exp(0.4 * x - 0.25 * x * y - 0.3 * y**2), x, y


class TestFlatField:
    @pytest.mark.parametrize("method, within", [("polynomial", 0.004), ("gaussian", 0.03)])
    def test_a_field_is_divided_out(self, method, within):
        truth, field, _, _ = radiograph()
        result = array_of(FlatField(method=method, scale_mm=15)(image_of(truth * field)))
        left = result / truth
        assert left.std() / left.mean() < within < 0.1 < field.std() / field.mean()
        assert result.mean() == pytest.approx((truth * field).mean(), rel=1e-3)

    @pytest.mark.parametrize("method, within", [("polynomial", 6), ("gaussian", 30)])
    def test_an_additive_field_is_subtracted(self, method, within):
        truth, _, x, y = radiograph()
        field = 300 * x - 200 * y**2
        made = array_of(FlatField(method=method, mode="additive", scale_mm=15)(image_of(truth + field)))
        left = made - truth
        assert left.std() < within < 0.2 * field.std()
        assert made.mean() == pytest.approx((truth + field).mean(), rel=1e-3)

    def test_structures_that_stick_out_do_not_count_in_the_polynomial(self):
        truth, field, x, y = radiograph()
        truth[np.hypot(x - 0.4, y + 0.3) < 0.35] *= 3
        rest = np.hypot(x - 0.4, y + 0.3) > 0.4
        left = array_of(FlatField()(image_of(truth * field))) / truth
        assert left[rest].std() / left[rest].mean() < 0.01

    def test_the_dark_around_a_head_is_no_shading(self, real_flair):
        """A field put into a real image comes out, and nothing far brighter than what is in the image."""
        image = sitk.Shrink(sitk.Cast(real_flair, sitk.sitkFloat32), [4, 4, 1])
        values = array_of(image)
        y, x = np.mgrid[-1 : 1 : values.shape[1] * 1j, -1 : 1 : values.shape[2] * 1j]
        put = np.broadcast_to(0.3 * x - 0.2 * y - 0.2 * x * y, values.shape)
        fields = [array_of(FlatField(output="field")(image_of(v))) for v in (values, values * np.exp(put))]
        head = learned_of_region(image)
        assert (np.log(fields[1] / fields[0]) - put)[head].std() < 0.05 < 0.1 < put[head].std()
        assert array_of(FlatField()(image)).max() < 1.3 * values.max()

    def test_the_polynomial_is_numpys(self):
        rng = np.random.default_rng(0)
        values = 200 + np.linspace(0, 80, 64) - 40 * np.linspace(-1, 1, 64) ** 2 + rng.normal(0, 1, (64, 64))
        field = array_of(FlatField(mode="additive", output="field")(image_of(values)))
        expected = np.polynomial.Polynomial.fit(np.arange(64), values.mean(0), 2)(np.arange(64))
        np.testing.assert_allclose(field.mean(0), expected - expected.mean(), atol=0.3)

    def test_depth_gain_is_one_value_per_depth(self):
        """An ultrasound sector on black, dark in the depth."""
        rng = np.random.default_rng(0)
        depth = np.arange(200)[:, None] * np.ones((200, 160))
        speckle = rng.rayleigh(20, depth.shape)
        gain = np.exp(-depth / 80)
        sector = np.abs(np.arange(160) - 80)[None] < 20 + 0.25 * depth
        image = image_of(np.where(sector, speckle * gain, 0), (0.5, 0.5))
        field = array_of(FlatField(method="depth_gain", scale_mm=10, output="field")(image))
        assert np.ptp(field, axis=1).max() < 1e-4 * field.max()
        slope = np.polyfit(np.arange(30, 170), np.log(field[30:170, 0]), 1)[0]
        assert slope == pytest.approx(-1 / 80, rel=0.05)
        result = array_of(FlatField(method="depth_gain", scale_mm=10)(image))
        assert (result[~sector] == 0).all()
        top, bottom = (result[a:b][sector[a:b]].mean() for a, b in ((25, 60), (140, 175)))
        assert bottom / top == pytest.approx(1, abs=0.05)

    def test_black_around_the_sector_stays_in_the_additive_mode(self):
        rng = np.random.default_rng(0)
        values = 100 - np.arange(80.0)[:, None] + rng.normal(0, 5, (80, 60))
        values[:, :15] = -20
        specks = np.zeros(values.shape, bool)
        specks[50:62:4, 30:50:3] = specks[51:63:4, 30:50:3] = True  # of a shadow: they stayed, as holes in it
        values[specks] = -20
        flatten = FlatField(method="depth_gain", mode="additive", scale_mm=8)
        result, field = (array_of(made(image_of(values))) for made in (flatten, replace(flatten, output="field")))
        assert (result[:, :15] == -20).all()
        np.testing.assert_allclose(result[specks], (values - field)[specks], atol=1e-3)
        assert abs(field[specks].mean()) > 5
        values[specks] = result[specks] = np.nan
        rows, before = (np.nanmean(each[8:72, 15:], axis=1) for each in (result, values))
        assert rows.std() < 0.15 * before.std()

    @pytest.mark.parametrize("axis", [0, 1, 2])
    def test_the_depth_may_lie_along_any_axis(self, axis):
        shape = (24, 30, 36)
        gain = np.exp(-np.arange(shape[axis]) / 15).reshape([-1 if a == axis else 1 for a in range(3)])
        values = 100 * gain * np.ones(shape)
        settings = FlatField(method="depth_gain", scale_mm=4, depth_axis="zyx"[axis], output="field")
        field = array_of(settings(image_of(values)))
        inner = tuple(slice(8, -8) if a == axis else slice(None) for a in range(3))
        ratio = (field / (gain * np.ones(shape)))[inner]
        assert ratio.std() / ratio.mean() < 0.02

    def test_the_mask_says_what_is_learned_from(self):
        truth, field, _, _ = radiograph()
        values = truth * field
        values[:, :60] = 5000
        mask = np.ones(values.shape, np.uint8)
        mask[:, :60] = 0
        left = array_of(FlatField()(image_of(values), image_of(mask)))[:, 60:] / truth[:, 60:]
        assert left.std() / left.mean() < 0.01

    def test_refused(self):
        values = np.random.default_rng(0).normal(-50, 5, (40, 40))
        with pytest.raises(InputError, match="additive"):
            FlatField()(image_of(values))
        progress = Progress()
        FlatField()(image_of(values + 50), progress=progress)
        assert "additive" in "".join(progress.notes)
        with pytest.raises(InputError, match="no depth along z"):
            FlatField(method="depth_gain", depth_axis="z")(image_of(values + 200))
        with pytest.raises(InputError, match="lower order"):
            FlatField(order=4)(image_of(values[:4, :4] + 200))

    def test_values_that_are_large(self):
        truth, field, _, _ = radiograph(shape=(80, 60))
        for mode in ("multiplicative", "additive"):
            once = array_of(FlatField(mode=mode)(image_of(truth * field)))
            many = array_of(FlatField(mode=mode)(sitk.GetImageFromArray((truth * field) * 1e40)))
            np.testing.assert_allclose(many * 1e-40, once, rtol=1e-3)


def test_learned_figures_are_small(real_flair):
    """What a preview keeps of the field: far less than the image."""
    learned = learned_of(N4(iterations=1), real_flair, None)
    assert learned.coefficients.size < real_flair.GetNumberOfPixels() / 15
