"""Findings told apart by their features, so that a model knows those that it learned from without keeping them."""

import hashlib

import numpy as np

# hexadecimal digits; two of a million findings are alike by chance once in 250 tables
DIGITS = 12
# significant digits that files keep, and tables that Slicer saved with a scene
OF_FILES, OF_SCENES = 9, 6


def fingerprints(values: np.ndarray, digits: int) -> list[str]:
    """One for each line of raw features (findings, features); equal where these are to so many significant digits."""
    lines = (",".join(f"{value:.{digits}g}" for value in line) for line in values)
    return [hashlib.sha256(line.encode()).hexdigest()[:DIGITS] for line in lines]
