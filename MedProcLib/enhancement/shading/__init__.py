"""Shading."""
