"""How much of the volume of two parts agrees."""

import math

import numpy as np

from .part import Part, shared_box


def overlap_values(reference: Part, test: Part, image_voxels: int) -> dict[str, float]:
    """Values of figures.OVERLAP_FIGURES by name; volumes are mm3 (2D: mm2). Not defined: NaN."""
    first, second = shared_box(reference, test)
    both = int(np.count_nonzero(reference.mask[first] & test.mask[second]))
    return values_of_counts(reference.count, test.count, both, image_voxels, reference.voxel_volume)


def values_of_counts(reference: int, test: int, both: int, image_voxels: int, voxel_volume: float) -> dict[str, float]:
    """The same from numbers of voxels: of the reference, the test, both, and the image."""
    difference = test - reference
    outside = image_voxels - reference
    relative = 100 * ratio(difference, reference)
    return {
        "dice": ratio(2 * both, reference + test, 1.0),
        "jaccard": ratio(both, reference + test - both),
        "sensitivity": ratio(both, reference),
        "specificity": ratio(outside - (test - both), outside),
        "precision": ratio(both, test, 0.0 if reference else math.nan),
        "reference_volume": reference * voxel_volume,
        "test_volume": test * voxel_volume,
        "volume_difference": difference * voxel_volume,
        "relative_volume_difference": relative,
        "absolute_volume_difference": abs(difference) * voxel_volume,
        "absolute_relative_volume_difference": abs(relative),
    }


def ratio(part: float, whole: float, otherwise: float = math.nan) -> float:
    """The quotient; `otherwise` when the whole is zero."""
    return part / whole if whole else otherwise
