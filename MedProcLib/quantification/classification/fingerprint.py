"""Findings told apart by their features, so that a model knows those that it learned from without keeping them."""

import hashlib

import numpy as np

# hexadecimal digits; two of a million findings are alike by chance once in 500 tables
DIGITS = 12


def fingerprints(values: np.ndarray) -> list[str]:
    """One for each line of raw features (findings, features); equal to nine significant digits, as files keep them."""
    lines = (",".join(f"{value:.9g}" for value in line) for line in values)
    return [hashlib.sha256(line.encode()).hexdigest()[:DIGITS] for line in lines]
