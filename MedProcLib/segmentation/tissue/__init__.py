"""Tissue classes."""
