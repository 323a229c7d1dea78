"""Standardized uptake values (SUV) from DICOM PET."""
