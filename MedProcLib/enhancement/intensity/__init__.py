"""Intensity."""
