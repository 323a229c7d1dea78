"""Bodies that are flat along the grid."""

import numpy as np
import pytest
from Benchmarks._bodies import ball, box, half_ball
from scipy.spatial.transform import Rotation

from MedProcLib.quantification.uncertainty.diameter import diameter_intervals
from MedProcLib.quantification.uncertainty.volume import volume_interval


@pytest.mark.parametrize("spacing", [(1.0, 1.0, 1.0), (0.8, 1.2, 2.0)])
def test_faces_along_the_grid_are_known_to_half_a_voxel_only(spacing):
    """Boxes whose sides lie along the grid: whole layers are in or out. Balls have no such faces."""
    rng, held = np.random.default_rng(4), []
    for _ in range(60):
        sides = rng.uniform(14, 30, 3)
        counts = [int((side - rng.uniform(0, step)) / step) + 1 for side, step in zip(sides, spacing, strict=True)]
        found = volume_interval(np.pad(np.ones(counts[::-1], bool), 2), spacing)
        held.append(found.low <= np.prod(sides) <= found.high)
    assert np.mean(held) >= 0.88
    found = volume_interval(ball(16).on_grid(Rotation.identity(), (0.2, 0.3, 0.4), spacing), spacing)
    assert found.high / found.low < 1.03


@pytest.mark.parametrize("spacing", [(1.0, 1.0, 1.0), (0.8, 0.8, 2.0)])
def test_plates_along_the_grid_are_between_a_layer_less_and_a_layer_more(spacing):
    """Of 1.5 to 6 layers, 5 and more times as wide. Of n layers a plate is n +- 0.78 thick, 95 times in 100."""
    rng, held = np.random.default_rng(7), []
    for _ in range(60):
        sides = np.array([*rng.uniform(30, 50, 2) * spacing[0], rng.uniform(1.5, 6) * spacing[2]])
        counts = [int((side - rng.uniform(0, step)) / step) + 1 for side, step in zip(sides, spacing, strict=True)]
        found = volume_interval(np.ones(counts[::-1], bool), spacing)
        held.append(found.low <= np.prod(sides) <= found.high)
        most = np.prod((np.array(counts) + 1) * spacing)
        assert found.high <= most * (1 + 1e-9) and found.low >= np.prod((np.array(counts) - 1) * spacing)
    assert np.mean(held) >= 0.9
    found = volume_interval(np.ones((3, 40, 40), bool), spacing)
    assert found.high / found.estimate < 1.31 and found.low / found.estimate > 0.69


@pytest.mark.parametrize("spacing", [(1.0, 1.0, 1.0), (1.0, 1.0, 3.0)])
def test_half_balls_whose_flat_side_lies_along_the_slices(spacing):
    """3 to 15 layers: the slice that the flat side is in or out of is a third of the volume where they are few."""
    rng, held, widths = np.random.default_rng(5), [], []
    for _ in range(80):
        body = half_ball(rng.uniform(16, 30))
        mask = body.on_grid(Rotation.identity(), rng.uniform(-0.5, 0.5, 3) * spacing, spacing)
        found = volume_interval(mask, spacing)
        held.append(found.low <= body.volume <= found.high)
        widths.append((found.high - found.low) / (np.pi * body.half[0] ** 2 * spacing[2]))
    assert np.mean(held) >= 0.88
    assert np.mean(widths) < 1.3  # slices: the flat side is anywhere within one


@pytest.mark.parametrize("spacing", [(1.0, 1.0, 1.0), (0.7, 0.7, 3.0)])
def test_diameters_of_boxes_along_the_grid(spacing):
    """Either side's length is known to 0.78 pixels (95 %), whatever is measured."""
    rng, held, widths = np.random.default_rng(6), [], []
    for _ in range(80):
        body = box(*rng.uniform(12, 30, 3))
        mask = body.on_grid(Rotation.identity(), rng.uniform(-0.5, 0.5, 3) * spacing, spacing)
        found = diameter_intervals(mask, spacing)
        truth = body.in_plane(Rotation.identity())
        held.append([interval.low <= true <= interval.high for interval, true in zip(found, truth, strict=True)])
        widths.append((found.long.high - found.long.low) / spacing[0])
    assert (np.mean(held, axis=0) >= 0.87).all()
    assert np.mean(widths) < 2
