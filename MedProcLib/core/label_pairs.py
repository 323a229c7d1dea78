"""Which labels of two label maps lie upon each other."""

import numpy as np
import SimpleITK as sitk

BITS = 32


def label_pairs(labels: sitk.Image, others: sitk.Image) -> set[tuple[int, int]]:
    """Pairs (label, what the other label map has there, 0 too) of label maps of one size, background left out."""
    pairs = set[int]()
    # slice by slice: pairs of all voxels of large organs would take gigabytes
    for own, other in zip(*(sitk.GetArrayViewFromImage(each) for each in (labels, others)), strict=True):
        there = own != 0
        both = np.stack([own[there], other[there]])
        if both.size:
            # runs along a row are mostly of one pair
            starts = np.append(0, np.flatnonzero(np.any(both[:, 1:] != both[:, :-1], axis=0)) + 1)
            first, second = both[:, starts].astype(np.uint64)
            pairs.update(np.unique(first << BITS | second).tolist())
    return {(pair >> BITS, pair % (1 << BITS)) for pair in pairs}
