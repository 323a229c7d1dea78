"""Combining."""
