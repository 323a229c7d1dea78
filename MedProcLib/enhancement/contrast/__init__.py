"""Contrast and detail."""
