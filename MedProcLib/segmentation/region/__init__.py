"""Regions and seeds."""
