"""Radiomic features as the Image Biomarker Standardisation Initiative (IBSI, arXiv 1612.07003) defines them."""
