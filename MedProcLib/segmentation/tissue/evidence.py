"""What the intensities of voxels say of their tissue: of one image, or of two on one grid."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .intensity_classes import Histogram
from .joint_classes import joint_settled, joint_tables
from .joint_histogram import JointHistogram
from .mixed_voxels import Classes, settled, states_of, tables, volumes_of


@dataclass(frozen=True)
class Evidence:
    """Tables by intensity, and which column of them each voxel has.

    bins (z, y, x): the column; likelihood (states, bins): its logarithm, with how common a state is; fractions (states,
    classes, bins): of the classes in a voxel of that state; volumes: shares of the classes; apart (classes, classes):
    SD of their noise between the means of two classes. Classes are in the image's order, the darkest first.
    """

    bins: np.ndarray
    likelihood: np.ndarray
    fractions: np.ndarray
    volumes: np.ndarray
    apart: np.ndarray

    @classmethod
    def of_image(cls, values: np.ndarray, region: np.ndarray, classes: int) -> "Evidence":
        """Of values (z, y, x) in a region."""
        states, histogram = states_of(classes), Histogram.of(values[region], classes)
        found, common = settled(histogram, classes, states)
        table, fractions = tables(found, states, histogram.middles)
        apart = 2 * abs(found.means[:, None] - found.means) / (found.sds[:, None] + found.sds)
        volumes = volumes_of(common, states, classes)
        return cls(_bins(values, histogram), _weighed(table, common), fractions, volumes, apart)

    @classmethod
    def of_two(
        cls, images: Sequence[np.ndarray], region: np.ndarray, shown: np.ndarray, start: int, order: Sequence[int]
    ) -> "Evidence":
        """Of two images (z, y, x) in a region; shown: where in it the second one shows something.

        start: which of the two says where the classes begin (0 or 1); order: for each class of the result, which
        class of that image it is, counted from its darkest.
        """
        classes = len(order)
        states = states_of(classes)
        both = np.stack([image[shown] for image in images], axis=1)
        joint = JointHistogram.of(both)
        alone = Histogram.of(images[start][region if start == 0 else shown], classes)
        one, common = settled(alone, classes, states)
        one, of_start = Classes(one.means[list(order)], one.sds[list(order)]), _in_order(common, states, order)
        found, common = joint_settled(joint, states, one, of_start, start)
        table, fractions = joint_tables(found, states, joint)
        bins = np.zeros(region.shape, np.int32)
        bins[shown] = joint.where(both)
        likelihood, volumes = _weighed(table, common), volumes_of(common, states, classes)
        rest = region & ~shown
        if rest.any():
            # what the second image does not show, the first one tells alone, by the classes of both; a tissue that is
            # missing where both show something need not be missing there
            histogram = Histogram.of(images[0][rest], 1)
            first = Classes(found.means[:, 0], np.sqrt(found.covariances[:, 0, 0]))
            more, of_more = tables(first, states, histogram.middles)
            bins[rest] = table.shape[1] + _bins(images[0][rest], histogram)
            elsewhere = of_start if start == 0 else common
            likelihood = np.concatenate([likelihood, _weighed(more, elsewhere)], axis=-1)
            fractions = np.concatenate([fractions, of_more], axis=-1)
            both_show = np.count_nonzero(shown) / np.count_nonzero(region)
            volumes = both_show * volumes + (1 - both_show) * volumes_of(elsewhere, states, classes)
        return cls(bins, likelihood, fractions, volumes, found.apart)


def _bins(values: np.ndarray, histogram: Histogram) -> np.ndarray:
    place = (values - histogram.middles[0]) / histogram.width + 0.5
    return np.clip(place, 0, histogram.middles.size - 1).astype(np.int16)


def _weighed(table: np.ndarray, common: np.ndarray) -> np.ndarray:
    """The table of likelihood with how common each state is."""
    return table + np.log(common[:, None]).astype(np.float32)


def _in_order(common: np.ndarray, states: list[tuple[int, ...]], order: Sequence[int]) -> np.ndarray:
    """How common the states are, of classes that are put in another order."""
    return common[[states.index(tuple(sorted(order[k] for k in state))) for state in states]]
