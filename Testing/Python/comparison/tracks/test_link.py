"""The best explanation of pieces: pairs, merges, splits, ends and beginnings."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from MedProcLib.comparison.tracks.assignment import best
from MedProcLib.comparison.tracks.candidates import ball_overlap
from MedProcLib.comparison.tracks.hypotheses import Before, Hypotheses
from MedProcLib.comparison.tracks.link import link
from MedProcLib.comparison.tracks.pieces import Pieces
from MedProcLib.comparison.tracks.settings import Follow
from MedProcLib.core.errors import InputError

from .samples import volume


def linked(first, second, missed=0, **how):
    """{(before, after)} of lists of (center, radius)."""
    one, two = (Pieces.of_balls([c for c, _ in f], volume(np.array([r for _, r in f], float))) for f in (first, second))
    before = Before(one, np.full(len(one), missed), np.zeros(len(one), bool))
    return {(found.before, found.after) for found in link(before, two, None, Follow(**how))}


@given(st.data())
@settings(max_examples=80, deadline=None)
def test_the_best_set_is_the_best_of_all_sets(data):
    """Against trying them all."""
    count = data.draw(st.integers(1, 9))
    side = st.lists(st.integers(0, 3), min_size=1, max_size=3, unique=True).map(tuple)
    before, after = [], []
    for _ in range(count):
        mine, theirs = data.draw(side), data.draw(side)
        if len(mine) > 1:
            theirs = theirs[:1]
        before.append(mine)
        after.append(theirs)
    gains = np.array(data.draw(st.lists(st.floats(0.1, 10), min_size=count, max_size=count)))
    chosen = best(Hypotheses(before, after, gains), 4, 4)

    def fits(which):
        used = [("b", n) for k in which for n in before[k]] + [("a", n) for k in which for n in after[k]]
        return len(used) == len(set(used))

    every = (w for size in range(count + 1) for w in itertools.combinations(range(count), size))
    expected = max(gains[list(w)].sum() for w in every if fits(w))
    assert fits(chosen.tolist())
    assert gains[chosen].sum() == pytest.approx(expected, rel=1e-6)


def test_overlap_of_balls_agrees_with_counting_points():
    rng = np.random.default_rng(0)
    for r, s, d in [(3, 3, 2), (3, 5, 4), (2, 6, 5), (1, 6, 2), (3, 3, 0), (2, 3, 6)]:
        points = rng.normal(size=(200_000, 3))
        points *= (r * rng.random(len(points)) ** (1 / 3) / np.linalg.norm(points, axis=1))[:, None]
        counted = np.mean(np.linalg.norm(points - [d, 0, 0], axis=1) <= s)
        assert ball_overlap(np.array([r]), np.array([s]), np.array([float(d)]))[0] == pytest.approx(counted, abs=0.005)


def test_two_close_lesions_keep_their_identities_although_each_is_nearer_to_the_other_one():
    # 6 mm apart, both 2 mm off to the same side and 0.5 mm each by itself
    first = [((0, 0, 0), 2.5), ((6, 0, 0), 2.5)]
    second = [((3.4, 0.3, 0), 2.5), ((9.2, -0.3, 0), 2.5)]
    assert linked(first, second) == {((0,), (0,)), ((1,), (1,))}
    assert linked(first, second[::-1]) == {((0,), (1,)), ((1,), (0,))}


def test_crossing_lesions_are_told_apart_by_their_size():
    first = [((0, 0, 0), 5.0), ((9, 0, 0), 2.0)]
    second = [((5, 0, 0), 2.0), ((4, 0, 0), 5.0)]
    assert linked(first, second, registration_error_mm=4) == {((0,), (1,)), ((1,), (0,))}


@pytest.mark.parametrize(("off", "same"), [(2.0, True), (5.0, True), (9.0, False)])
def test_a_lone_lesion_is_found_within_the_registration_error(off, same):
    found = linked([((0, 0, 0), 3)], [((off, 0, 0), 3)])
    assert bool(found) == same
    assert bool(linked([((0, 0, 0), 3)], [((off, 0, 0), 3)], registration_error_mm=0.0)) == (off < 4)


def test_a_shift_shared_by_the_neighborhood_is_found_and_taken_out():
    """A lattice moved by most of its spacing's half: nearest neighbors are wrong for half of the lesions."""
    rng = np.random.default_rng(3)
    places = np.array(list(itertools.product(range(4), repeat=3)), float) * 8
    shift = np.array([3.4, 0.0, 0.0])
    noise = rng.normal(0, 0.9, places.shape)
    radii = rng.uniform(1.5, 2.5, len(places))
    first = list(zip(places.tolist(), radii, strict=True))
    second = list(zip((places + shift + noise).tolist(), radii, strict=True))
    right = {((n,), (n,)) for n in range(len(places))}
    assert linked(first, second) == right
    nearest = np.argmin(np.linalg.norm((places + shift + noise)[:, None] - places[None], axis=2), axis=1)
    assert np.mean(nearest == np.arange(len(places))) < 0.9


def test_merges_and_splits_are_found_by_place_and_volume():
    parts = [((-5, 0, 0), 4), ((5, 0, 0), 4)]
    whole = [((0, 0, 0), 4 * 2 ** (1 / 3))]
    assert linked(parts, whole) == {((0, 1), (0,))}
    assert linked(whole, parts) == {((0,), (0, 1))}
    # the same place with the volume of one: the other one ended
    assert linked(parts, [((-5, 0, 0), 4)]) == {((0,), (0,))}
    three = [*parts, ((0, 8, 0), 4)]
    assert linked(three, [((0, 2.7, 0), 4 * 3 ** (1 / 3))]) == {((0, 1, 2), (0,))}


def test_a_small_lesion_inside_the_reach_of_a_large_one_keeps_its_own():
    first = [((0, 0, 0), 12), ((15, 0, 0), 2)]
    second = [((2, 0, 0), 12.5), ((16, 1, 0), 2.2)]
    assert linked(first, second) == {((0,), (0,)), ((1,), (1,))}


def test_a_small_lesion_that_ends_beside_a_large_one_has_not_merged():
    large, small = ((0, 0, 0), 8), ((10.5, 0, 0), 2.5)
    assert linked([large, small], [((0.3, 0, 0), 8.2)]) == {((0,), (0,))}
    # where the whole reaches over its place, it has
    grown = Pieces.of_balls([(1.0, 0, 0)], volume(np.array([8.2])))
    high = grown.high + np.array([[3.5, 0, 0]])
    one = Pieces.of_balls([c for c, _ in (large, small)], volume(np.array([8, 2.5])))
    before = Before(one, np.zeros(2, int), np.zeros(2, bool))
    (found,) = link(before, replace(grown, high=high), None, Follow())
    assert (found.before, found.after) == ((0, 1), (0,))


def test_growth_to_twenty_times_the_volume_is_one_finding_when_nothing_else_explains_it():
    assert linked([((0, 0, 0), 3)], [((1, 0, 0), 3 * 20 ** (1 / 3))]) == {((0,), (0,))}


def test_a_missed_finding_must_be_nearer_to_come_back():
    assert linked([((0, 0, 0), 3)], [((2, 0, 0), 3)], missed=1)
    assert linked([((0, 0, 0), 3)], [((6.5, 0, 0), 3)]) and not linked([((0, 0, 0), 3)], [((6.5, 0, 0), 3)], missed=1)


@pytest.mark.parametrize("scale", [1e-3, 1e3])
def test_tiny_and_huge_pieces_are_linked(scale):
    first = [((0, 0, 0), 3 * scale), ((40 * scale, 0, 0), 5 * scale)]
    assert linked(first, first) == {((0,), (0,)), ((1,), (1,))}


def test_nothing_before_or_after_gives_no_link():
    assert linked([], [((0, 0, 0), 3)]) == linked([((0, 0, 0), 3)], []) == linked([], []) == set()


def test_settings_out_of_range_are_refused_by_name():
    with pytest.raises(InputError, match="registration_error_mm"):
        Follow(registration_error_mm=-1)
    with pytest.raises(InputError, match="pieces"):
        Follow(pieces="voxels")
    assert {p.name for p in Follow.declared()} == set(Follow().as_dict())


def test_many_touching_pieces_are_linked_in_time():
    """A lattice so dense that all hypotheses hang together."""
    places = np.array(list(itertools.product(range(6), repeat=3)), float) * 5
    first = [(p, 2.4) for p in places.tolist()]
    second = [(p, 2.4) for p in (places + np.random.default_rng(0).normal(0, 0.6, places.shape)).tolist()]
    assert linked(first, second) == {((n,), (n,)) for n in range(len(places))}
