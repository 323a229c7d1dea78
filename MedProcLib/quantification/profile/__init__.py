"""Histograms of a region and profiles along a line."""
