"""Frequency and sharpness."""
