"""Edges and contours."""
