import numpy as np
import pytest

from MedProcLib.quantification.bit_mask import BitMask


@pytest.fixture
def mask() -> np.ndarray:
    mask = np.zeros((7, 6, 21), bool)
    mask[2:6, 1:5, 3:20] = np.random.default_rng(2).random((4, 4, 17)) < 0.4
    return mask


def test_reads_as_the_array_does(mask):
    bits = BitMask.of(mask)
    assert (bits[:] == mask).all() and (bits[3] == mask[3]).all() and (np.stack(list(bits)) == mask).all()
    for part in ((slice(1, 5), slice(0, 3), slice(5, 18)), (slice(2, 3), slice(2, 2), slice(9, 9)), (slice(None),) * 3):
        assert bits[part].shape == mask[part].shape and (bits[part] == mask[part]).all()
    bits[2:4, 1:3, :] = ~mask[2:4, 1:3]
    mask[2:4, 1:3] ^= True
    assert (bits[:] == mask).all()


def test_counts_and_places(mask):
    bits = BitMask.of(mask)
    assert bits.count == mask.sum() and (bits.count_by_line == mask.sum(axis=2)).all()
    places = np.nonzero(mask)
    assert all((found == np.unique(p)).all() for found, p in zip(bits.occupied, places, strict=True))
    assert bits.box == tuple(slice(p.min(), p.max() + 1) for p in places)
    assert (bits.part(bits.box)[:] == mask[bits.box]).all()
    assert BitMask((3, 4, 5)).count == 0


def test_fewer_voxels_of_it(mask):
    kept = np.random.default_rng(3).random(mask.sum()) < 0.5
    chosen = BitMask.of(mask).chosen(kept)
    expected = mask.copy()
    expected[mask] = kept
    assert (chosen[:] == expected).all()
    other = np.random.default_rng(4).random(mask.shape) < 0.5
    assert ((BitMask.of(mask) & BitMask.of(other))[:] == mask & other).all()
