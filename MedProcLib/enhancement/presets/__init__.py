"""Presets by modality and task."""
