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
import _fitted_bodies as bodies
import fit_diameter_models as diameters
import fit_volume_model as volumes

sys.path.remove(str(Path(_bodies.__file__).parent))

SOME = ("ball", "box", "cylinder", "box along the grid")


@pytest.fixture
def kept(monkeypatch):
    """MODELS as they were, afterwards too; bodies 6 to 20 pixels wide in cubes and thick slices."""
    monkeypatch.setattr(bodies, "SPACINGS", bodies.SPACINGS[:2])
    monkeypatch.setattr(bodies, "CLASSES", ((6, 10), (10, 20)))
    before = dict(MODELS)
    yield before
    MODELS.update(before)


def few(share):
    """Not those that were fitted to."""
    return bodies.placements(share, 7, {name: bodies.FAMILIES[name] for name in SOME})


def test_a_fit_to_few_bodies_agrees_with_the_shipped_one(kept):
    sample = diameters.sample_of(few(0.06))
    shipped = [(each.long.mm, each.short.mm) for each in sample.measured()]
    diameters.fit(sample, rounds=30)
    differences = np.subtract([(each.long.mm, each.short.mm) for each in sample.measured()], shipped)
    assert MODELS["long_ends"] is not kept["long_ends"]
    assert 1e-4 < np.abs(differences).mean() < 0.25, np.abs(differences).mean(axis=0)
    features, errors, _ = diameters.errors_of(sample)
    for column, name in enumerate(("long_errors", "short_errors")):
        low, _, high = MODELS[name].quantiles(features).T
        assert np.mean((low <= errors[:, column]) & (errors[:, column] <= high)) == pytest.approx(0.95, abs=0.05)


def test_a_fit_of_volumes_agrees_with_the_shipped_one(kept):
    features, errors, groups = volumes.sample_of(few(0.06))
    low, _, high = MODELS["volume_errors"].quantiles(features).T
    volumes.fit(features, errors, groups, rounds=30)
    anew = MODELS["volume_errors"].quantiles(features)
    assert np.median(np.abs(np.log((anew[:, 2] - anew[:, 0]) / (high - low)))) < 0.25


def test_what_is_written_is_what_was_fitted(kept, tmp_path):
    diameters.write(tmp_path / "models.json")
    assert (tmp_path / "models.json").read_bytes() == FILE.read_bytes()
    for name, model in models_of(FILE).items():
        assert all(np.array_equal(*parts) for parts in zip(model, kept[name], strict=True))


def test_features_far_from_all_that_was_fitted_count_as_the_farthest():
    model = MODELS["long_errors"]
    far = model.mean + 9 * model.sd
    assert model.quantiles(far) == pytest.approx(model.quantiles(model.mean + 4 * model.sd))
    assert (np.diff(model.quantiles(np.stack([far, model.mean]))) >= 0).all()


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
