"""Texture matrices of discretized intensities and their features (IBSI, arXiv 1612.07003, 3.6 to 3.11)."""
