"""The numbers that sizes and their intervals rest on can be had again from the scripts that fitted them."""

import sys
from pathlib import Path

import numpy as np
import pytest
from Benchmarks import _bodies
from scipy.spatial.distance import pdist
from scipy.spatial.transform import Rotation

from MedProcLib.quantification.fitted import FILE, MODELS, models_of

# the scripts import each other by name, as scripts do; afterwards `radiomics` is not the bench of that name
sys.path.insert(0, str(Path(_bodies.__file__).parent))
import _more_bodies as bodies
import fit_diameter_models as diameters
import fit_volume_model as volumes
from _fitting import Wanted, fit_quantiles
from _irregular_bodies import Irregular
from _placements import pieces_of

sys.path.remove(str(Path(_bodies.__file__).parent))

SOME = ("ball", "box", "cylinder", "short box along the grid")


@pytest.fixture
def kept():
    """MODELS as they were, afterwards too."""
    before = dict(MODELS)
    yield before
    MODELS.update(before)


def few(share):
    """Bodies 6 to 10 pixels wide in cubes and thick slices; not those that were fitted to."""
    return [piece for piece in pieces_of(share, SOME, seed=7) if piece.voxel < 2 and piece.width == 3]


def test_a_fit_to_few_bodies_agrees_with_the_shipped_one(kept):
    sample = diameters.sample_of(few(0.012))
    shipped = diameters.figures_of(sample)
    diameters.fit(sample, 30, diameters.ERRORS._replace(rounds=40, hidden=(6,)))
    anew = diameters.figures_of(sample)
    differences = np.abs(anew.lengths - shipped.lengths)
    assert MODELS["long_ends"] is not kept["long_ends"]
    assert 1e-4 < differences.mean() < 0.25, differences.mean(axis=0)
    low, high = np.moveaxis(anew.intervals, 2, 0)
    assert np.mean((low <= sample.truths) & (sample.truths <= high), axis=0) == pytest.approx(0.93, abs=0.07)


def test_a_fit_of_volumes_agrees_with_the_shipped_one(kept):
    sample = volumes.sample_of(few(0.012))
    low, _, high = MODELS["volume_errors"].quantiles(sample.features).T
    volumes.fit(sample, volumes.WANTED._replace(rounds=30, starts=1))
    anew = MODELS["volume_errors"].quantiles(sample.features)
    assert np.median(np.abs(np.log((anew[:, 2] - anew[:, 0]) / (high - low)))) < 0.25


def test_a_fit_gives_the_same_numbers_on_any_number_of_threads():
    rng = np.random.default_rng(0)
    features, groups = rng.normal(size=(20_000, 3)), rng.integers(0, 4, 20_000)
    errors = rng.normal(size=len(features)) * np.exp(0.5 * features[:, 0])
    bounds = np.tile([-np.inf, 0.0, 0.0, np.inf], (len(errors), 1))
    wanted = Wanted(hidden=(4,), rounds=12, misses=0.034, small=2e-4)
    one, three = (fit_quantiles(features, errors, bounds, groups, wanted, threads) for threads in (1, 3))
    assert all(np.array_equal(*parts) for parts in zip(one, three, strict=True))
    low, _, high = one.quantiles(features).T
    assert np.mean((low <= errors) & (errors <= high)) == pytest.approx(1 - wanted.misses, abs=0.005)


def test_a_fit_of_several_is_the_mean_of_each():
    rng = np.random.default_rng(1)
    features = rng.normal(size=(400, 3))
    errors, bounds = features[:, 0] + rng.normal(size=400), np.tile([-np.inf, 0.0, 0.0, np.inf], (400, 1))

    def outputs(hidden, **more):
        wanted = Wanted(hidden, rounds=8, misses=0.034, small=2e-4, **more)
        model = fit_quantiles(features, errors, bounds, np.zeros(400, int), wanted)
        assert len(model.offsets) == more.get("starts", 1) * sum(hidden)
        return model(features)

    of_two, of_three = outputs((2,)), outputs((3,))
    assert outputs((2, 3)) == pytest.approx((of_two + of_three) / 2)
    other = 2 * outputs((3,), starts=2) - of_three
    assert 0.01 < np.abs(other - of_three).mean() < 0.5


def test_the_outputs_of_a_mean_are_fitted_until_it_misses_what_is_wanted():
    rng = np.random.default_rng(3)
    groups = np.repeat([0, 1], 500)
    features = rng.normal(size=(1000, 1)) + groups[:, None]
    errors, bounds = rng.normal(size=1000) * (1 + groups), np.tile([-np.inf, 0.0, 0.0, np.inf], (1000, 1))

    def fitted(**more):
        model = fit_quantiles(features, errors, bounds, groups, Wanted((2,), 40, misses=0.02, small=1e-4, **more))
        low, _, high = model.quantiles(features).T
        return model, np.mean((errors < low) | (errors > high))

    (mean, before), (again, after) = fitted(), fitted(of_mean=0.1)
    assert np.array_equal(mean.weights, again.weights)
    assert (before, after) == pytest.approx((0.02, 0.1), abs=0.015)


def test_groups_of_few_count_together():
    """With those of the other voxels, and of the other sizes where these are few too."""
    balls = [("ball", 0, 1)] * 60 + [("ball", 1, 1)] * 7 + [("ball", 2, 0)] * 8
    assert diameters.pooled(balls)[::30] == [("ball", 0, 1), ("ball", 0, 1), ("ball", -1, 1)]
    assert diameters.pooled(balls)[-1] == ("ball", -1, -1)


def test_what_is_written_is_what_was_fitted(kept, tmp_path):
    """Regressions that were not fitted stay as the file has them."""
    path = tmp_path / "models.json"
    path.write_bytes(FILE.read_bytes())
    diameters.write(path, ["long_ends"])
    assert path.read_bytes() == FILE.read_bytes()
    MODELS["long_ends"] = MODELS["long_ends"]._replace(offsets=kept["long_ends"].offsets + 1)
    diameters.write(path, ["long_ends"])
    for name, model in models_of(path).items():
        assert all(np.array_equal(*parts) for parts in zip(model, MODELS[name], strict=True))


def test_features_far_from_all_that_was_fitted_count_as_the_farthest():
    model = MODELS["long_errors"]
    far = model.mean + 9 * model.sd
    assert model.quantiles(far) == pytest.approx(model.quantiles(model.mean + 4 * model.sd))
    assert (np.diff(model.quantiles(np.stack([far, model.mean]))) >= 0).all()


def test_diameters_of_a_field_s_sections_are_those_of_the_body():
    rng = np.random.default_rng(4)
    for width in (11.0, 16.0):
        body, turn = _bodies.ellipsoid(20.0, width, 10.0), Rotation.random(random_state=rng)
        of_field = Irregular(
            *vars(body).values(), lambda points, half=body.half: 1 - np.linalg.norm(points / half, axis=-1)
        )
        assert of_field.in_plane(turn) == pytest.approx(body.in_plane(turn), abs=0.005)
        assert bodies.superquadric(20.0, width, 10.0, 2.0, 2.0).in_plane(turn) == pytest.approx(body.in_plane(turn))
    cone, squares = _bodies.double_cone(10.0, 18.0), bodies.superquadric(10.0, 10.0, 18.0, 2.0, 1.0)
    assert squares.in_plane(turn) == pytest.approx(cone.in_plane(turn))
    assert squares.volume == pytest.approx(cone.volume)


def test_a_polyhedron_s_longest_diameter_is_that_of_many_sections():
    rng = np.random.default_rng(2)
    for _ in range(6):
        body = bodies.polyhedron(rng.normal(size=(9, 3)) * 10)
        turn = Rotation.random(random_state=rng)
        corners = turn.apply(body.corners)
        longest = 0.0
        for height in np.linspace(corners[:, 2].min(), corners[:, 2].max(), 400)[1:-1]:
            start, end = corners[body.edges[:, 0]], corners[body.edges[:, 1]]
            met = (start[:, 2] - height) * (end[:, 2] - height) < 0
            share = ((height - start[:, 2]) / (end[:, 2] - start[:, 2]))[met, None]
            longest = max(longest, pdist((start[met] + share * (end - start)[met])[:, :2]).max())
        found = body.in_plane(turn)[0]
        assert 0.98 * found < longest <= found * (1 + 1e-9)
