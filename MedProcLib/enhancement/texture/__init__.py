"""Texture filters (IBSI 2)."""
