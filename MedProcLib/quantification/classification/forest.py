"""A random forest as arrays: the mean of the class shares in the leaves that a finding falls into."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from ...core.errors import InputError
from . import checked
from .classifier import Neighbors

LEAF = -1
MOST_TREES = 10_000


@dataclass(frozen=True)
class Tree:
    """Of each node: the feature asked (LEAF: none), threshold (go left when not above), children, class shares."""

    feature: np.ndarray
    threshold: np.ndarray
    left: np.ndarray
    right: np.ndarray
    shares: np.ndarray


@dataclass(frozen=True)
class Forest:
    trees: tuple[Tree, ...]
    features: int
    kind: ClassVar[str] = "forest"

    def probabilities(self, standard: np.ndarray) -> np.ndarray:
        values = standard.astype(np.float32)  # as the trees were grown
        return np.mean([tree.shares[_leaves(tree, values)] for tree in self.trees], axis=0)

    def contributions(self, standard: np.ndarray) -> np.ndarray:
        """Probability that each feature adds on a finding's way down the trees, against the share of the class.

        They add up to the difference of both. Source: Palczewska et al., Interpreting random forest models using a
        feature contribution method, IEEE IRI 2013.
        """
        values = standard.astype(np.float32)
        total = np.zeros((len(values), self.trees[0].shares.shape[1], self.features))
        for tree in self.trees:
            for finding, here, below in _steps(tree, values):
                total[finding, :, tree.feature[here]] += tree.shares[below] - tree.shares[here]
        return total / len(self.trees)

    def neighbors(self, standard: np.ndarray) -> Neighbors | None:
        return None

    def as_dict(self) -> dict[str, Any]:
        return {
            "kind": self.kind,
            "trees": [{name: array.tolist() for name, array in vars(tree).items()} for tree in self.trees],
        }

    @classmethod
    def from_dict(cls, data: Any, classes: int, features: int) -> "Forest":
        trees = checked.entry(data, "trees", list)
        if not 0 < len(trees) <= MOST_TREES:
            raise InputError(f"The model's forest has {len(trees)} trees; it must have 1 to {MOST_TREES}.")
        return cls(tuple(_checked_tree(tree, classes, features) for tree in trees), features)

    @classmethod
    def of_estimators(cls, trees: Sequence[Any], features: int) -> "Forest":
        """Of scikit-learn's decision trees."""
        return cls(tuple(_tree(each.tree_) for each in trees), features)


def _leaves(tree: Tree, values: np.ndarray) -> np.ndarray:
    """The leaf that each finding falls into."""
    at = np.zeros(len(values), np.int64)
    for finding, _, below in _steps(tree, values):
        at[finding] = below
    return at


def _steps(tree: Tree, values: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """From the root down, level by level: findings that are not in a leaf yet, their node, and the one below."""
    finding, here = np.arange(len(values)), np.zeros(len(values), np.int64)
    while True:
        feature = tree.feature[here]
        inner = np.flatnonzero(feature != LEAF)
        if not len(inner):
            return
        finding, here, feature = finding[inner], here[inner], feature[inner]
        below = np.where(values[finding, feature] <= tree.threshold[here], tree.left[here], tree.right[here])
        yield finding, here, below
        here = below


def _tree(grown: Any) -> Tree:
    leaf = grown.children_left < 0
    shares = grown.value[:, 0, :]
    return Tree(
        np.where(leaf, LEAF, grown.feature).astype(np.int64),
        np.where(leaf, 0.0, grown.threshold),
        np.where(leaf, LEAF, grown.children_left).astype(np.int64),
        np.where(leaf, LEAF, grown.children_right).astype(np.int64),
        shares / shares.sum(axis=1, keepdims=True),
    )


def _checked_tree(data: Any, classes: int, features: int) -> Tree:
    feature = checked.array(data, "feature", (None,), whole=True)
    nodes = len(feature)
    threshold = checked.array(data, "threshold", (nodes,))
    left, right = (checked.array(data, name, (nodes,), whole=True) for name in ("left", "right"))
    shares = checked.array(data, "shares", (nodes, classes))
    inner = feature != LEAF
    number = np.arange(nodes)
    # children come after their parents, so that every way down ends
    ordered = all(((child > number) & (child < nodes))[inner].all() for child in (left, right))
    if not nodes or feature.min() < LEAF or feature.max() >= features or not ordered:
        raise InputError("A tree of the model's forest does not fit together: the file is damaged.")
    if shares.min() < 0 or not np.allclose(shares.sum(axis=1), 1):
        raise InputError("The shares of the classes in a tree of the model do not add up to 1: the file is damaged.")
    return Tree(feature, threshold, left, right, shares)
