"""Figures of PET: uptake and metabolic volume."""
